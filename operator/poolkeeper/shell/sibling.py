"""Makes and keeps the sibling of a pool's target (api.sibling): its template here, its size like any other target's.

Every step stands by itself and can be taken again after a crash anywhere:

missing            -> applied at the size that is asked for, once, however late the watch is
somebody else's    -> left alone, and said
another template   -> applied at the size that it has, on the version at which it had it
fields of others'  -> applied without them, and said; it then bears no digest, so that a restart finds out again
no longer used     -> deleted once it is empty, on the version at which it was
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from poolkeeper.api.field_paths import without
from poolkeeper.api.names import TIER_LABEL
from poolkeeper.api.providers import Provider
from poolkeeper.api.sibling import TIER, Blueprint, blueprint, sibling_name
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.apply import TRIES, Scale
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import ConflictError, FieldOwner
from poolkeeper.shell.pools import Key, OwnWrite, Pool
from poolkeeper.shell.views import WorkloadView
from poolkeeper.shell.workload import collection
from poolkeeper.shell.write_budget import Priority

Json = dict[str, Any]

_REPLICAS = ".spec.replicas"
_ANNOTATIONS = ".metadata.annotations"


@dataclass(frozen=True, slots=True)
class Standing:
    """How the sibling stands: AS_EXPECTED, SIBLING_MISSING, SIBLING_TAKEN or SIBLING_BEHIND, and the case in words."""

    reason: Reason = Reason.AS_EXPECTED
    detail: str = ""


@dataclass(frozen=True, slots=True)
class _Read:
    """A blueprint, and what it was read from."""

    uid: str
    generation: int
    provider: str
    plan: Blueprint


@dataclass(frozen=True, slots=True)
class _Tried:
    """What became of a blueprint on a sibling as it was then."""

    uid: str
    generation: int
    digest: str
    standing: Standing


class Siblings:
    """The siblings of all pools: what was read of their targets, and what could not be applied."""

    def __init__(self, kube: KubeClient, cluster: Cluster) -> None:
        self._kube, self._cluster = kube, cluster
        self._read: dict[Key, _Read] = {}
        self._tried: dict[Key, _Tried] = {}

    def forget(self, key: Key) -> None:
        """Take in that a pool is gone, or splits nothing any more."""
        self._read.pop(key, None)
        self._tried.pop(key, None)

    async def blueprint(self, pool: Pool, target: WorkloadView, provider: Provider) -> Blueprint:
        """Return what the target says of its sibling; it is read anew when its spec has changed.

        Raises:
            KubeError: the target could not be read.
        """
        known = self._read.get(pool.key)
        if known and known.generation >= target.generation and (known.uid, known.provider) == _of(target, provider):
            return known.plan
        found = await self._kube.get(f"{collection(target.namespace)}/{target.name}", into=Json)
        metadata, plan = found["metadata"], blueprint(found, pool.key[1], provider)
        self._read[pool.key] = _Read(metadata["uid"], metadata["generation"], provider.name, plan)
        return plan

    def last_plan(self, pool: Pool, target: WorkloadView) -> Blueprint | None:
        """Return what the target was last read to say, None where it was not read."""
        known = self._read.get(pool.key)
        return known.plan if known and known.uid == target.uid else None

    def unsplit(self, target: WorkloadView, plan: Blueprint) -> Standing:
        """Return why the target cannot be split, AS_EXPECTED where it can."""
        if not plan.pinned:
            return Standing(Reason.TARGET_NOT_PINNED, plan.advice)
        found = self._cluster.deployment((target.namespace, plan.name))
        return Standing() if found is None else _taken(found, target)

    async def keep(self, pool: Pool, target: WorkloadView, plan: Blueprint, size: int) -> Standing:
        """Make the sibling at `size` where it is missing; bring one that is there to the target's template.

        Call it where the pool may write and nothing is `unsplit`. Nothing is written where nothing differs. One that
        was made is among the pool's own writes.

        Raises:
            KubeError: the API server refused, in its own words.
        """
        found = self._cluster.deployment((target.namespace, plan.name))
        path = f"{collection(target.namespace)}/{plan.name}"
        if found is None:
            if plan.name not in pool.own_writes:
                written = await self._kube.apply(path, plan.manifest(size), priority=Priority.SCALE_UP)
                version, now = written.metadata.resource_version, self._kube.clock.now()
                pool.own_writes[plan.name] = OwnWrite(size, version, now)
            return Standing(Reason.SIBLING_MISSING, f"deployment/{plan.name} is being made")
        taken = _taken(found, target)
        if taken.reason is not Reason.AS_EXPECTED or found.template_hash == plan.digest:
            return taken
        tried = self._tried.get(pool.key)
        if tried and (tried.uid, tried.generation, tried.digest) == (found.uid, found.generation, plan.digest):
            return tried.standing
        return await self._update(pool, path, plan, found)

    async def remove(self, target: WorkloadView) -> bool:
        """Delete the sibling if nothing runs there any more; return whether none is left to drain or delete.

        Call it where the pool may write and uses no spot capacity.

        Raises:
            KubeError: the API server refused, or the sibling has changed since it was seen.
        """
        found = self._cluster.deployment((target.namespace, sibling_name(target.name)))
        if found is None or not is_ours(found, target):
            return True
        if found.replicas == 0 and found.existing == 0 and not self._works(found):
            conditions = {"uid": found.uid, "resourceVersion": found.resource_version}
            options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": conditions}
            await self._kube.delete(f"{collection(found.namespace)}/{found.name}", options=options)
        return False

    def _works(self, found: WorkloadView) -> bool:
        """Return whether pods of it may still be serving: those that terminate may, those that ended never go."""
        return any(pod.phase not in {"Succeeded", "Failed"} for pod in self._cluster.ownership.pods_of(found.uid))

    async def _update(self, pool: Pool, path: str, plan: Blueprint, found: WorkloadView) -> Standing:
        """Apply the blueprint; what others own of the sibling is theirs until the one or the other changes."""
        generation, left = await self._apply(path, plan, found)
        words = f"deployment/{plan.name}: others own {listed(left)}"
        standing = Standing(Reason.SIBLING_BEHIND, words) if left else Standing()
        self._tried[pool.key] = _Tried(found.uid, generation, plan.digest, standing)
        return standing

    async def _apply(self, path: str, plan: Blueprint, found: WorkloadView) -> tuple[int, Sequence[FieldOwner]]:
        """Apply at the size that the sibling has, tried again where only something else of it has moved."""
        replicas, version = found.replicas, found.resource_version
        for left in reversed(range(TRIES)):
            try:
                return await give_way(self._kube, path, plan.manifest(replicas), version)
            except ConflictError:
                if not left:
                    raise
                scale = await self._kube.get(f"{path}/scale", into=Scale)
                replicas, version = scale.spec.replicas, scale.metadata.resource_version
        raise AssertionError("unreachable: the last try returns or raises")


async def give_way(kube: KubeClient, path: str, body: Json, version: str) -> tuple[int, Sequence[FieldOwner]]:
    """Apply the body without what others own; return the generation that it now has, and those fields.

    Raises:
        ConflictError: the object is at another version, or another size.
        KubeError: the API server refused, in its own words.
    """
    try:
        written = await kube.apply(path, body, resource_version=version)
    except ConflictError as error:
        if not error.owners or any(one.path == _REPLICAS for one in error.owners):
            raise
        left = error.owners
        rest = without(body, [*(one.path for one in left), _ANNOTATIONS])
        written = await kube.apply(path, rest, resource_version=version)
        return written.metadata.generation, left
    return written.metadata.generation, ()


def listed(owners: Sequence[FieldOwner]) -> str:
    """Return fields and their owners in words."""
    return ", ".join(f"{one.path} ({one.manager})" for one in owners)


def is_ours(found: WorkloadView, target: WorkloadView) -> bool:
    """Return whether a Deployment was derived from the target, whichever pool it was for.

    One that lost its owner (its target was deleted with `--cascade=orphan`, or restored) still bears the label.
    """
    return found.tier == TIER and (not found.owners or target.uid in found.owners)


def _taken(found: WorkloadView, target: WorkloadView) -> Standing:
    if is_ours(found, target):
        return Standing()
    if found.tier == TIER:
        words = f"deployment/{found.name} belongs to a deployment/{target.name} that is gone, and goes with it"
        return Standing(Reason.SIBLING_MISSING, words)
    return Standing(Reason.SIBLING_TAKEN, f"deployment/{found.name} has no label {TIER_LABEL}: rename or delete it")


def _of(target: WorkloadView, provider: Provider) -> tuple[str, str]:
    return target.uid, provider.name
