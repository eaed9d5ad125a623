"""The cluster's memory and a pool's readings -> Observation. No input or output here: both were gathered before."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from poolkeeper.api.names import POOL_LABEL, shown
from poolkeeper.api.sibling import TIER, sibling_name
from poolkeeper.api.target import DEPLOYMENT
from poolkeeper.core.model import ON_DEMAND, CapacityType
from poolkeeper.core.observation import Conflict, Observation, Peer, Pod, Reading, Target
from poolkeeper.core.reasons import Reason
from poolkeeper.shell import conflicts, workload_projections
from poolkeeper.shell.backoff import Backoff
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.kube_errors import NO_KIND
from poolkeeper.shell.pools import Pool, Pools
from poolkeeper.shell.queues.demultiplex import Roster
from poolkeeper.shell.replicas import is_ready
from poolkeeper.shell.sibling import is_ours
from poolkeeper.shell.views import PodView, WorkloadView

OVERLAY = timedelta(seconds=15)


def observation(
    pool: Pool, cluster: Cluster, pools: Pools, readings: tuple[Reading, ...], now: datetime
) -> Observation:
    """Return what is seen of a pool now."""
    found = target_of(pool, cluster)
    if found is None:
        return Observation(None, readings, paused_until=pool.paused_until, lifted_until=pool.lifted.until)
    sibling = sibling_of(pool, cluster)
    return Observation(
        target=half(pool, cluster, found, now),
        readings=readings,
        conflict=name_taken(pool, found) or conflicts.find(pool, found, cluster, pools),
        paused_until=pool.paused_until,
        siblings=(half(pool, cluster, sibling, now),) if sibling else unseen(pool, cluster),
        unsplit=pool.division.unsplit,
        unsplit_detail=pool.division.detail,
        lifted_until=pool.lifted.until,
        pinned=pool.pinned,
        peer=peer_of(pool, pools),
        overridden_until=pool.overridden_until,
    )


def note_scale(pool: Pool, cluster: Cluster) -> None:
    """Note what the pool's own `/scale` tells: the target's selector, and who scales the pool in our place."""
    found = target_of(pool, cluster)
    whole = found is not None and not found.match_expressions
    pool.selector = ",".join(f"{key}={value}" for key, value in found.match_labels.items()) if found and whole else ""
    pool.scaled_by = conflicts.scaler_of(pool, cluster)


def peer_of(pool: Pool, pools: Pools) -> Peer | None:
    """Return the pool that this one is tied to: its size as last asked for, or found where we write nothing."""
    name = pool.core.tie.name if pool.core and pool.core.tie else None
    if name is None:
        return None
    other = pools.get((pool.key[0], name))
    lack = lacking(pool, other)
    size = other.memory.edits.asked if other else None
    if other is None or size is None or lack:
        return Peer(name, detail=f"{shown(name)} {lack or 'has not been looked at yet'}")
    return Peer(name, size, other.decision.needs if other.decision else held(pool, size))


def held(pool: Pool, peer_size: int) -> int:
    """Return the need of a peer not decided since a restart: by it the pool neither grows nor loses what it has."""
    percent = pool.core.tie.min_percent if pool.core and pool.core.tie else 0
    size = pool.memory.edits.asked or 0
    return min(peer_size, 100 * size // percent) if percent else 0


def lacking(pool: Pool, peer: Pool | None) -> str:
    """Return why nothing can be known of a peer's size; empty where it can."""
    if peer is None:
        return f"is not in {pool.key[0]}"
    if peer is pool:
        return "is this pool itself"
    if peer.core is None:
        return "has no spec that can be accepted"
    missing = peer.decision is not None and peer.decision.reason is Reason.TARGET_NOT_FOUND
    return "has no target" if missing else ""


def target_of(pool: Pool, cluster: Cluster) -> WorkloadView | None:
    """Return the workload that the pool names, as last seen."""
    return cluster.workload(pool.kind, (pool.key[0], pool.target))


def absence(pool: Pool, cluster: Cluster) -> str:
    """Return what to say of a target that is not there: perhaps its kind is not, or may not be seen."""
    if words := uninstalled(pool, cluster):
        return words
    words = f"{pool.kind.shown(pool.target)} is not in {pool.key[0]}"
    reflector = cluster.workloads[pool.kind]
    return f"{words}: {reflector.problem}" if reflector.is_missing else words


def uninstalled(pool: Pool, cluster: Cluster) -> str:
    """Return what to say of a target of a kind that the cluster does not have; empty where it has it, or hides it."""
    reflector = cluster.workloads[pool.kind]
    if not (reflector.is_missing and reflector.problem.endswith(NO_KIND)):
        return ""
    return f"the cluster has no {pool.kind.name} ({pool.kind.api_version}): install it"


def sibling_of(pool: Pool, cluster: Cluster) -> WorkloadView | None:
    """Return the sibling on spot as last seen, None where there is none that is the target's: only Deployments have."""
    if pool.kind is not DEPLOYMENT:
        return None
    found = cluster.deployment((pool.key[0], sibling_name(pool.target)))
    target = target_of(pool, cluster) if found else None
    return found if found and target and is_ours(found, target) else None


def unseen(pool: Pool, cluster: Cluster) -> tuple[Target, ...]:
    """Return the sibling that is not there: as we have just made it, or why it cannot be made; none otherwise."""
    name, tier = sibling_name(pool.target), tier_of(pool, spot=True)
    if pool.division.unsplit is not Reason.AS_EXPECTED or cluster.deployment((pool.key[0], name)) is not None:
        return ()
    own = pool.own_writes.get(name)
    if own is not None:
        return (Target(own.replicas, tier=tier, ours=True),)
    words = refusal(pool.sibling_rest)
    return (Target(0, tier=tier, ours=True, refused=words),) if words else ()


def refusal(rest: Backoff | None) -> str:
    """Return in what words a write is refused for good; what is passing is tried again before it counts."""
    return rest.problem if rest and rest.lasting else ""


def name_of(pool: Pool, tier: str) -> str:
    """Return the name of one tier's workload, whether it is there or not."""
    return pool.target if tier == tier_of(pool, spot=False) else sibling_name(pool.target)


def workload_of(pool: Pool, cluster: Cluster, tier: str) -> WorkloadView | None:
    """Return the workload of one tier."""
    return target_of(pool, cluster) if tier == tier_of(pool, spot=False) else sibling_of(pool, cluster)


def tier_of(pool: Pool, *, spot: bool) -> str:
    """Return the name of a tier as the spec has it; spot that the spec has no more keeps the name of its label."""
    kind = CapacityType.SPOT if spot else CapacityType.ON_DEMAND
    tiers = pool.core.tiers if pool.core else ()
    return next((tier.name for tier in tiers if tier.type is kind), TIER if spot else ON_DEMAND.name)


def half(pool: Pool, cluster: Cluster, found: WorkloadView, now: datetime) -> Target:
    """Return one half's workload, with all that is said of its pods and their nodes."""

    def see(pod: PodView) -> Pod:
        return cluster.signals.pod(pod, now)

    seen = workload_projections.target(found, cluster.replicas_of(found), see)
    tier, reclaimed = tier_of(pool, spot=found.name != pool.target), cluster.reclaimed(found, now)
    refused = refusal(pool.scale_rests.get(tier))
    return overlaid(pool, replace(seen, tier=tier, reclaimed=reclaimed, refused=refused), found)


def name_taken(pool: Pool, found: WorkloadView) -> Conflict | None:
    """Return the conflict of a pool that should own its Deployment and finds one that no pool made."""
    if pool.spec is None or not pool.spec.owns_workload or found.match_labels.get(POOL_LABEL) == pool.key[1]:
        return None
    return Conflict(Reason.CONFLICT_NAME, f"rename the pool or use targetRef: {found.name}")


def overlaid(pool: Pool, target: Target, found: WorkloadView) -> Target:
    """Return the target with our own last write, while the watch has not shown it yet."""
    own = pool.own_writes.get(found.name)
    if own is None or newest_version(pool, found.name, found) == found.resource_version:
        return target
    return replace(target, replicas=own.replicas, ours=True, writer="")


def forget_old_writes(pool: Pool, cluster: Cluster, now: datetime) -> None:
    """Drop our own last writes that the watch has caught up with, or should have long since."""
    for name, own in tuple(pool.own_writes.items()):
        found = cluster.workload(pool.kind, (pool.key[0], name))
        seen = found is not None and newest_version(pool, name, found) == found.resource_version
        if seen or now - own.at > OVERLAY:
            del pool.own_writes[name]


def newest_version(pool: Pool, name: str, found: WorkloadView | None) -> str | None:
    """Return a workload's resource version as last seen or last written by us, whichever is newer; None: neither.

    Resource versions of one kind compare as integers (Kubernetes 1.35, KEP-5504, and all versions before in fact).
    """
    own = pool.own_writes.get(name)
    versions = [own.resource_version if own else None, found.resource_version if found else None]
    return max(filter(None, versions), key=int, default=None)


def pods_of(pool: Pool, cluster: Cluster) -> tuple[PodView, ...]:
    """Return one live pod for each replica of both halves: the one that leads it."""
    return tuple(leader for leader, *_ in replicas_of(pool, cluster))


def replicas_of(pool: Pool, cluster: Cluster) -> Iterator[tuple[PodView, ...]]:
    """Yield the live pods of each replica of both halves, the one that leads it first."""
    for found in filter(None, (target_of(pool, cluster), sibling_of(pool, cluster))):
        yield from cluster.replicas_of(found)


def ready_pods(pool: Pool, cluster: Cluster) -> tuple[PodView, ...]:
    """Return the pods that a source is expected to answer for: those that lead a replica that is ready as a whole."""
    return tuple(pods[0] for pods in replicas_of(pool, cluster) if is_ready(pods) and pods[0].ip)


def roster(pool: Pool, cluster: Cluster) -> Roster:
    """Return who is alive in the pool's namespace, and who of them is the pool's: what series are joined to."""
    own = tuple(replicas_of(pool, cluster))
    return Roster(
        live={name: pod.uid for name, pod in cluster.live_pods[pool.key[0]].items()},
        target=frozenset(pods[0].uid for pods in own),
        ready=frozenset(pods[0].uid for pods in own if is_ready(pods)),
    )
