"""One pool: its YAML, then its target and its sources as the operator would see them, and what it would do now."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any, NamedTuple

from poolkeeper.api import memo, names
from poolkeeper.api.explain import explanation
from poolkeeper.api.spec import Spec, SpecError, parse_spec
from poolkeeper.cli import money_text
from poolkeeper.cli.checks import idle, pages, ties
from poolkeeper.cli.checks.known import template_of
from poolkeeper.cli.checks.look import Asked, Look, look
from poolkeeper.cli.windows import notes
from poolkeeper.core.decide import decide
from poolkeeper.core.model import Mode
from poolkeeper.core.observation import Observation, Reading
from poolkeeper.core.reasons import Reason
from poolkeeper.core.vanishing import believed
from poolkeeper.shell import covering, observe
from poolkeeper.shell.clock import Clock
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import Invalid, TimedOut
from poolkeeper.shell.pools import Pool, Pools

Json = dict[str, Any]

NAMED = 3
REMEDIES = {
    Reason.METRIC_REFUSED: "name the port that serves the metrics in the source's port",
    Reason.METRIC_SERVER_ERROR: "name the right port, and tokenSecretRef where the page wants a token",
    Reason.METRIC_UNKNOWN_ENGINE: "name the engine in the source's engine, or ask a Prometheus",
    Reason.METRIC_UNKNOWN_SERVER: "give the operator --prometheus NAME=URL, or name one that it has in server",
    Reason.METRIC_STALE: "raise the source's maxAge over the scrape interval, or mend the scraping",
    Reason.METRIC_SEVERAL: "put sum() around the query",
    Reason.METRIC_DEAD_POD: "have the scrape keep the labels namespace and pod as the pods have them",
}
"""What would be right, by what is wrong with a metric."""

PATIENCE = 10
"""How long to wait for the cluster's objects, in seconds."""


def examined(pool: Json) -> Json:
    """Return what the YAML alone tells."""
    metadata = pool.get("metadata") or {}
    told: Json = {"problems": [], "unanswered": [], "notes": [], "pods": []}
    finding: Json = {"name": metadata.get("name", ""), **told, "decision": None}
    if pool.get("apiVersion") != names.API_VERSION:
        finding["problems"].append(f"apiVersion: must be {names.API_VERSION} (got {pool.get('apiVersion')!r})")
        return finding
    if not finding["name"]:
        finding["problems"].append("metadata.name: missing")
    try:
        spec = parse_spec(pool.get("spec") or {})
    except SpecError as error:
        finding["problems"] += error.problems
    else:
        finding["problems"] += ties.itself(spec.to_core(), finding["name"])
        finding["notes"] += hurried(spec, spec.template) if spec.template else []
        now = Clock.of_this_machine().now()
        finding["notes"] += [*pages.cautions(spec.to_core()), *idle.cautions(spec.to_core())]
        finding["notes"] += [*notes(spec.to_core(), now), *money_text.notes(spec, now)]
    return finding


def hurried(spec: Spec, template: Json) -> list[str]:
    """Return a note where the pods are given less time to end than the pool waits for an idle one (R6)."""
    given = (template.get("spec") or {}).get("terminationGracePeriodSeconds")
    grace, deadline = timedelta(seconds=30 if given is None else given), spec.to_core().drain_deadline
    if grace >= deadline:
        return []
    said = f"terminationGracePeriodSeconds of the pods is {grace.total_seconds():g}"
    return [f"{said}, less than drain.deadline of {spec.drain.deadline}: what a busy pod serves then is cut off sooner"]


async def examine(kube: KubeClient, raw: Json, finding: Json, asked: Asked) -> None:
    """Ask the API server whether it would take the pool, then look at its target as the operator would."""
    namespace = raw["metadata"]["namespace"]
    collection = f"/apis/{names.API_VERSION}/namespaces/{namespace}/{names.PLURAL}"
    raw["metadata"].setdefault("generateName", f"{raw['metadata']['name']}-")
    trial = raw | {"metadata": {"generateName": raw["metadata"]["generateName"], "namespace": namespace}}
    try:
        await kube.post(f"{collection}?dryRun=All&fieldValidation=Strict", trial)
    except Invalid as error:
        finding["problems"].append(f"the API server refuses it: {error}")
        return
    pools = Pools()
    for other in await kube.list(collection, item=dict):
        pools.take(other)
    known = pools.get((namespace, raw["metadata"]["name"]))
    finding["notes"] += money_text.lacking(known.status) if known else ()
    pool = pools.take(as_stored(raw, pools, kube))
    async with reflected(kube, namespace) as cluster:
        seen = await look(pool, cluster, asked, kube)
        found_target = conclude(pool, Scene(cluster, pools, kube.clock.now()), seen, finding)
    finding["problems"] += ties.lacking(pool, pools, asked.beside)
    if pool.spec is not None and found_target and not pool.spec.owns_workload:
        found: Json = await kube.get(pool.kind.path(namespace, pool.target), into=dict)
        finding["notes"] += hurried(pool.spec, template_of(found["spec"]))


class Scene(NamedTuple):
    """What a pool is looked at in: the cluster in memory, the other pools, and the time."""

    cluster: Cluster
    pools: Pools
    now: datetime


@asynccontextmanager
async def reflected(kube: KubeClient, namespace: str) -> AsyncIterator[Cluster]:
    """Have a namespace in memory as the operator has it; TimedOut where that does not succeed."""
    cluster = Cluster(kube, (namespace,))
    reflecting = asyncio.create_task(cluster.run())
    try:
        await filled(cluster)
        yield cluster
    finally:
        reflecting.cancel()
        with suppress(asyncio.CancelledError):
            await reflecting


def conclude(pool: Pool, scene: Scene, seen: Look, finding: Json) -> bool:
    """Say what a look at a pool's target and sources tells; return whether there is a target."""
    cluster = scene.cluster
    if words := observe.uninstalled(pool, cluster):
        finding["problems"].append(f"spec.targetRef.kind: {words}")
        return False
    finding["unanswered"] += (f"source {name}: {words}" for name, words in seen.unasked.items())
    finding["notes"] += (f"source {name}: not checked from here: {words}" for name, words in seen.elsewhere.items())
    sight = observe.observation(pool, cluster, scene.pools, seen.readings, scene.now)
    if sight.target is None and pool.spec is not None and not pool.spec.owns_workload:
        finding["problems"].append(absent(pool, cluster))
        return False
    judge(pool, sight, scene.now, finding)
    finding["notes"] += pages.told(seen.pages)
    finding["pods"] = [page._asdict() for page in seen.pages]
    if words := covering.left_out(pool, cluster):
        finding["problems"].append(f"{Reason.PODS_NOT_PICKED.sentence}: {words}")
    return sight.target is not None


def absent(pool: Pool, cluster: Cluster) -> str:
    """Return that the target is not there, and which ones of its kind are."""
    namespace, name = pool.key[0], pool.target
    known = sorted(found for place, found in cluster.workloads[pool.kind].items if place == namespace)
    near = get_close_matches(name, known, NAMED) or known[:NAMED]
    there = f"there is {', '.join(near)}" if near else f"there is no {pool.kind.name} at all"
    return f"spec.targetRef.name: {pool.kind.shown(name)} does not exist in {namespace}; {there}"


async def filled(cluster: Cluster) -> None:
    """Wait until everything was listed once; TimedOut, which says what was not, after `PATIENCE`."""
    try:
        async with asyncio.timeout(PATIENCE):
            await cluster.synced()
    except TimeoutError:
        missing = (kind for kind, reflector in cluster.reflectors.items() if not reflector.is_synced)
        words = "; ".join(cluster.problems()) or "no answer"
        raise TimedOut(f"{', '.join(missing)} could not be listed within {PATIENCE} s: {words}") from None


def as_stored(raw: Json, pools: Pools, kube: KubeClient) -> Json:
    """Return a pool's object as if it had just been made, or just been changed where there is one of its name.

    Of that one's status, what it remembers is kept: what covers for spot now is no part of the size.
    """
    known = pools.get((raw["metadata"]["namespace"], raw["metadata"]["name"]))
    made = {
        "uid": known.uid if known else "check",
        "generation": known.generation + 1 if known else 1,
        "creationTimestamp": (known.created_at if known else kube.clock.now()).isoformat(),
    }
    status = {"memory": known.status.get("memory")} if known else {}
    return raw | {"metadata": {"annotations": {}, **raw["metadata"], **made}, "status": status}


def judge(pool: Pool, seen: Observation, now: datetime, finding: Json) -> None:
    """Say what the look means."""
    if seen.conflict is not None:
        looks_on = pool.core is not None and pool.core.mode is Mode.OBSERVE
        finding["notes" if looks_on else "problems"].append(f"{seen.conflict.reason.sentence}: {seen.conflict.detail}")
    if seen.unsplit is not Reason.AS_EXPECTED:
        passing = seen.unsplit is Reason.SIBLING_MISSING
        words = ": ".join(filter(None, (seen.unsplit.sentence, seen.unsplit_detail)))
        finding["notes" if passing else "problems"].append(f"spec.capacity: {words}")
    memory = memo.load(pool.status.get("memory") or {}, None, now)
    for reading in believed(seen.readings, memory.known_queues)[0]:
        broken = reading.fault is not None or (reading.faults and not reading.pods)
        finding["problems" if broken else "notes"].append(told(reading) + (remedy(reading) if broken else ""))
    asked = {source.name for source in pool.core.queue.sources} if pool.core else set()
    answered = asked == {reading.source for reading in seen.readings}
    if pool.core is not None and seen.target is not None and answered:
        decision, _ = decide(pool.core, seen, memory, now)
        finding["decision"] = explanation(decision, now)


def remedy(reading: Reading) -> str:
    """Return what would be right, where the fault alone says so."""
    reason = reading.fault or reading.faults[0].reason
    return f"; {REMEDIES[reason]}" if reason in REMEDIES else ""


def told(reading: Reading) -> str:
    """Return what a source answered, in words."""
    if not reading.applies:
        return f"source {reading.source}: no pod is ready, so there is nobody to ask"
    if reading.fault is not None:
        return f"source {reading.source}: {reading.fault.value}: {reading.detail or reading.fault.sentence}"
    if reading.waiting is not None:
        return f"source {reading.source}: {reading.waiting:g} waiting"
    answered, silent = len(reading.pods), len(reading.faults)
    words = f"source {reading.source}: {answered} of {answered + silent} pods answer"
    if answered:
        return f"{words}, {sum(pod.waiting for pod in reading.pods):g} waiting"
    return f"{words} ({reading.faults[0].reason.value}: {reading.faults[0].detail})"
