"""The cluster's memory and a pool's readings -> Observation. No input or output here: both were gathered before."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from poolkeeper.api.names import POOL_LABEL
from poolkeeper.core.observation import Conflict, Observation, Reading, Target
from poolkeeper.core.reasons import Reason
from poolkeeper.shell import conflicts, projections
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.pools import Pool, Pools
from poolkeeper.shell.queues.demultiplex import Roster
from poolkeeper.shell.queues.scrape import ScrapeTarget
from poolkeeper.shell.views import DeploymentView, PodView

OVERLAY = timedelta(seconds=15)


def observation(pool: Pool, cluster: Cluster, pools: Pools, readings: tuple[Reading, ...]) -> Observation:
    """Return what is seen of a pool now."""
    found = target_of(pool, cluster)
    if found is None:
        return Observation(None, readings, paused_until=pool.paused_until)
    return Observation(
        target=overlaid(pool, projections.target(found, cluster.pods_of(found)), found),
        readings=readings,
        conflict=name_taken(pool, found) or conflicts.find(pool, found, cluster, pools),
        paused_until=pool.paused_until,
    )


def target_of(pool: Pool, cluster: Cluster) -> DeploymentView | None:
    """Return the pool's Deployment as last seen."""
    return cluster.deployment((pool.key[0], pool.target))


def name_taken(pool: Pool, found: DeploymentView) -> Conflict | None:
    """Return the conflict of a pool that should own its Deployment and finds one that no pool made."""
    if pool.spec is None or not pool.spec.owns_workload or found.match_labels.get(POOL_LABEL) == pool.key[1]:
        return None
    return Conflict(Reason.CONFLICT_NAME, f"rename the pool or use targetRef: {found.name}")


def overlaid(pool: Pool, target: Target, found: DeploymentView) -> Target:
    """Return the target with our own last write, while the watch has not shown it yet."""
    own = pool.own_write
    if own is None or newest_version(pool, found) == found.resource_version:
        return target
    return replace(target, replicas=own.replicas, ours=True, writer="")


def forget_old_write(pool: Pool, now: datetime) -> None:
    """Drop our own last write where the watch should have caught up with it long since."""
    if pool.own_write is not None and now - pool.own_write.at > OVERLAY:
        pool.own_write = None


def newest_version(pool: Pool, found: DeploymentView) -> str:
    """Return the target's resource version as last seen or last written by us, whichever is newer.

    Resource versions of one kind compare as integers (Kubernetes 1.35, KEP-5504, and all versions before in fact).
    """
    own = pool.own_write.resource_version if pool.own_write else "0"
    return max(own, found.resource_version, key=int)


def ready_pods(pool: Pool, cluster: Cluster) -> tuple[PodView, ...]:
    """Return the pods that a source is expected to answer for."""
    found = target_of(pool, cluster)
    return tuple(pod for pod in cluster.pods_of(found) if pod.ready_at and pod.ip) if found else ()


def scrape_targets(pods: Iterable[PodView]) -> tuple[ScrapeTarget, ...]:
    """Return pods as the scraper wants them."""
    return tuple(ScrapeTarget(pod.uid, pod.ip, pod.ports) for pod in pods)


def roster(pool: Pool, cluster: Cluster) -> Roster:
    """Return who is alive in the pool's namespace, and who of them is the pool's: what series are joined to."""
    found = target_of(pool, cluster)
    own = cluster.pods_of(found) if found else ()
    return Roster(
        live={name: pod.uid for name, pod in cluster.live_pods[pool.key[0]].items()},
        target=frozenset(pod.uid for pod in own),
        ready=frozenset(pod.uid for pod in own if pod.ready_at),
    )
