"""What is to be released: the pool, or what one that is gone has left, and the sizes that count."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from poolkeeper.api import names
from poolkeeper.api.sibling import TIER, sibling_name
from poolkeeper.api.spec import Spec, SpecError, parse_spec
from poolkeeper.api.target import DEPLOYMENT, WorkloadKind
from poolkeeper.cli import room
from poolkeeper.cli.connection import stored
from poolkeeper.cli.releasing.leading import somebody_leads
from poolkeeper.cli.releasing.note import begun
from poolkeeper.cli.releasing.seen import is_sibling
from poolkeeper.core.model import PoolSpec
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import Forbidden, NotFound

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """A pool and its workload, as JSON; `pool` is empty where it is gone, `found` where its target is.

    `size` is the target's, `spot` the sibling's, None without one; `total` the size to be left with, `begun` that of a
    release under way. `steered`: an operator lives that stands by the pool's status.
    """

    namespace: str
    name: str
    target: str
    pool: Json = field(default_factory=dict)
    spec: Spec | None = None
    found: Json = field(default_factory=dict)
    spot: int | None = None
    budgets: tuple[str, ...] = ()
    quotas: tuple[Json, ...] = ()
    begun: int | None = None
    steered: bool = True

    @property
    def kind(self) -> WorkloadKind:
        """What kind of workload it is."""
        return self.spec.kind if self.spec else DEPLOYMENT

    @property
    def core(self) -> PoolSpec | None:
        """The pool's spec, None where it is gone."""
        return self.spec.to_core() if self.spec else None

    @property
    def drain(self) -> timedelta:
        """How long a busy replica is waited for."""
        return self.core.drain_deadline if self.core else timedelta(0)

    @property
    def path(self) -> str:
        """The target's path."""
        return self.kind.path(self.namespace, self.target)

    @property
    def pool_path(self) -> str:
        """The pool's path."""
        return f"/apis/{names.API_VERSION}/namespaces/{self.namespace}/{names.PLURAL}/{self.name}"

    @property
    def shown(self) -> str:
        """How messages name the target."""
        return self.kind.shown(self.target)

    @property
    def size(self) -> int:
        """How many replicas the target asks for."""
        return int((self.found.get("spec") or {}).get("replicas", 0))

    @property
    def total(self) -> int:
        """The size to be left with.

        That of the first run where this is not the first, else what an operator that lives decided for a pool that it
        splits; what covers for spot is no part of it.
        """
        if self.begun is not None:
            return max(self.begun, self.size)
        decided = (self.pool.get("status") or {}).get("desiredReplicas")
        if self.steered and decided is not None and self.spec is not None and self.spec.mode != "Observe":
            return max(int(decided), self.size)
        return self.size + (self.spot or 0)

    @property
    def obstacles(self) -> list[str]:
        """What keeps the target from growing to the whole size, in words."""
        more = self.total - self.size
        if self.spot is None or more <= 0:
            return []
        template = self.found["spec"]["template"]
        return [
            f"{one.shown}: {more} more replicas of {self.shown} ask for {one.wanted:f} of {one.resource} and "
            f"{one.left:f} are left; raise spec.hard.{one.resource} to {one.needed:f}"
            for one in room.shortages(self.quotas, room.requests(template), more)
        ]


async def find(kube: KubeClient, namespace: str | None, name: str) -> Subject:
    """Return what is to be released.

    Raises:
        NotFound: there is neither a pool of this name nor a sibling that one has left.
    """
    place = namespace or kube.access.namespace
    try:
        pool = await stored(kube, namespace, name)
    except NotFound:
        target = await _left_by(kube, place, name)
        if target is None:
            raise
        return await looked(kube, Subject(place, name, target))
    spec = _accepted(pool)
    target = spec.target_ref.name if spec and spec.target_ref else name
    return await looked(kube, Subject(place, name, target, pool, spec, steered=await somebody_leads(kube)))


async def looked(kube: KubeClient, subject: Subject) -> Subject:
    """Return it with the sizes that its workload has now."""
    namespace, found, spot = subject.namespace, await _get(kube, subject.path), None
    if found and subject.kind is DEPLOYMENT:
        sibling = await _get(kube, DEPLOYMENT.path(namespace, sibling_name(subject.target)))
        spot = sibling["spec"]["replicas"] if sibling and is_sibling(sibling, found) else None
    asked = {"labelSelector": f"{names.POOL_LABEL}={subject.name}"}
    budgets = await kube.list(
        f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets", item=dict[str, Any], params=asked
    )
    return replace(
        subject,
        found=found,
        spot=spot,
        budgets=tuple(one["metadata"]["name"] for one in budgets),
        quotas=await _quotas(kube, namespace),
        begun=begun(subject.pool, kube.clock.now()),
    )


async def _get(kube: KubeClient, path: str) -> Json:
    try:
        return await kube.get(path, into=dict)
    except NotFound:
        return {}


async def _quotas(kube: KubeClient, namespace: str) -> tuple[Json, ...]:
    """Return the quotas; who may not read them learns of one when the API server refuses a pod."""
    try:
        return await kube.list(f"/api/v1/namespaces/{namespace}/resourcequotas", item=dict[str, Any])
    except Forbidden:
        return ()


async def _left_by(kube: KubeClient, namespace: str, name: str) -> str | None:
    """Return the target of a sibling that a pool of this name has left."""
    asked = {"labelSelector": f"{names.POOL_LABEL}={name},{names.TIER_LABEL}={TIER}"}
    collection = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    found = await kube.list(collection, item=dict[str, Any], params=asked)
    return next(_targets(found), None)


def _targets(siblings: tuple[Json, ...]) -> Iterator[str]:
    for one in siblings:
        yield one["metadata"]["name"].removesuffix(f"-{TIER}")


def _accepted(pool: Json) -> Spec | None:
    """Return the spec, else the last good one, None without either."""
    for one in (pool["spec"], (pool.get("status") or {}).get("acceptedSpec")):
        try:
            return parse_spec(one) if one else None
        except SpecError:
            continue
    return None
