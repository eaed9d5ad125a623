"""The whole examination: the cluster, then namespace by namespace the operator's rights there and each pool."""

import asyncio
from collections.abc import Iterable
from itertools import groupby
from typing import Any, NamedTuple

from poolkeeper.api import names
from poolkeeper.api.spec import SpecError, parse_spec
from poolkeeper.cli import money_text
from poolkeeper.cli.checks import operators, reading, rights, table, ties
from poolkeeper.cli.checks.finding import Finding, Level
from poolkeeper.cli.checks.known import Known, PoolSeen
from poolkeeper.cli.checks.look import Asked, look
from poolkeeper.cli.checks.pool import Scene, conclude, examined, reflected
from poolkeeper.shell import observe
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import KubeError, NotFound
from poolkeeper.shell.pools import Pool, Pools
from poolkeeper.shell.servers import load_servers
from poolkeeper.shell.views import PodView

Json = dict[str, Any]


class Places(NamedTuple):
    """The namespaces of the pools and of the operator that are looked at, None: all."""

    pools: str | None = None
    operator: str | None = None


FIELDS = {Level.WRONG: "problems", Level.UNKNOWN: "unanswered", Level.NOTE: "notes"}


async def examine_all(kube: KubeClient, places: Places, asked: Asked) -> Json:
    """Return what was found of the cluster and of each pool."""
    inside = f"/namespaces/{places.pools}" if places.pools else ""
    whole, pools = await asyncio.gather(reading.cluster(kube, places.operator), _pools(kube, inside))
    told: Json = {"cluster": blank("cluster"), "items": []}
    take(told["cluster"], table.of_the_cluster(whole))
    take(told["cluster"], rights.unseen(whole))
    if places.pools and not pools:
        take(told["cluster"], await reading.absent(kube, places.pools))
    asked = heard(whole, asked)
    for place, mine in groupby(sorted(pools, key=place_of), key=lambda one: str(one["metadata"]["namespace"])):
        known = await reading.namespace(kube, place, whole)
        told["items"] += await examine_namespace(kube, known, list(mine), asked)
        if account := rights.whose(whole):
            wanted = list(rights.needed(place, seen_of(known, pools, place)))
            take(told["cluster"], await rights.look(kube, account, wanted))
    return told


async def _pools(kube: KubeClient, inside: str) -> tuple[Json, ...]:
    """Return the pools; none where there is no CRD, which is a finding of its own."""
    try:
        return await kube.list(f"/apis/{names.API_VERSION}{inside}/{names.PLURAL}", item=dict[str, Any])
    except NotFound:
        return ()


def place_of(pool: Json) -> tuple[str, str]:
    """Return a pool's namespace and name."""
    return pool["metadata"]["namespace"], pool["metadata"]["name"]


def blank(name: str, namespace: str = "") -> Json:
    """Return a part of the answer in which nothing was found yet."""
    return {"name": name, "namespace": namespace, "problems": [], "unanswered": [], "notes": [], "findings": []}


def take(part: Json, findings: Iterable[Finding]) -> None:
    """Add findings to a part of the answer: whole, and by how bad they are as one line each."""
    for one in findings:
        part["findings"].append(one.json)
        part[FIELDS[one.level]].append(str(one))


def heard(known: Known, asked: Asked) -> Asked:
    """Return whom pools may name; where nobody said so, as the operator's Deployment has it."""
    if asked.servers or not (given := operators.servers(known)):
        return asked
    try:
        return asked._replace(servers=load_servers(given, None), overheard=True)
    except ValueError:  # the operator would not start with them: that is told of its Deployment
        return asked


def seen_of(known: Known, pools: Iterable[Json], place: str) -> list[PoolSeen]:
    """Return the pools of a namespace whose spec can be read."""
    return [PoolSeen(known, one, spec) for one in pools if place_of(one)[0] == place and (spec := accepted(one))]


def accepted(pool: Json) -> Any:  # noqa: ANN401  a Spec or nothing
    """Return a pool's spec, None where it cannot be read."""
    try:
        return parse_spec(pool["spec"])
    except SpecError:
        return None


async def examine_namespace(kube: KubeClient, known: Known, raw: list[Json], asked: Asked) -> list[Json]:
    """Return what was found of each pool of a namespace."""
    place, found = raw[0]["metadata"]["namespace"], [examined(one) | blank_findings(one) for one in raw]
    try:
        async with reflected(kube, place) as cluster:
            pools = Pools()
            taken = [pools.take(one) for one in raw]
            for pool, one, part in zip(taken, raw, found, strict=True):
                await _examine(kube, Scene(cluster, pools, kube.clock.now()), (pool, one, part), (known, asked))
    except KubeError as error:
        for part in found:
            part["unanswered"].append(f"could not look: {error}")
    return found


def blank_findings(pool: Json) -> Json:
    """Return what a pool's part has beside what its YAML alone tells."""
    return {"namespace": pool["metadata"]["namespace"], "findings": []}


async def _examine(kube: KubeClient, scene: Scene, subject: tuple[Pool, Json, Json], told: tuple[Known, Asked]) -> None:
    (pool, raw, part), (known, asked) = subject, told
    part["notes"] += money_text.lacking(pool.status)
    spec = accepted(raw)
    if spec is None:
        return
    conclude(pool, scene, await look(pool, scene.cluster, asked, kube), part)
    part["problems"] += ties.lacking(pool, scene.pools, frozenset())
    target = await _target(kube, pool)
    take(part, table.of_a_pool(PoolSeen(known, raw, spec, target, pods_of(pool, scene))))


async def _target(kube: KubeClient, pool: Pool) -> Json:
    try:
        return await kube.get(pool.kind.path(pool.key[0], pool.target), into=dict)
    except NotFound:
        return {}


def pods_of(pool: Pool, scene: Scene) -> tuple[PodView, ...]:
    """Return the pods of both halves that have not ended."""
    halves = filter(None, (observe.target_of(pool, scene.cluster), observe.sibling_of(pool, scene.cluster)))
    return tuple(pod for half in halves for pod in scene.cluster.pods_of(half))
