"""What a pool costs, on its Deployments and pods (R8): on request and hourly, for each write is several to the cluster.

A Deployment bears what its tier costs an hour and has cost this month, a pod its replica's share of the tier's hour.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress

from poolkeeper.api import names
from poolkeeper.api.money import cents, has_price, rate
from poolkeeper.core.days import Line
from poolkeeper.core.statement import Statement
from poolkeeper.shell import observe
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import Invalid, NotFound
from poolkeeper.shell.pools import Pool
from poolkeeper.shell.views import PodView

Marks = dict[str, str]
Wanted = tuple[str, str, Marks]
"""A path, the UID of what must be there, and what it is to bear."""
Known = dict[str, tuple[str, Marks]]

WORKLOAD, PODS = "Workload", "Pods"


async def write(kube: KubeClient, pool: Pool, cluster: Cluster) -> None:
    """Write what was asked for and is not there yet, and take away what we wrote and nobody asks for any longer.

    Who is gone, or has another's name, is left alone.

    Raises:
        KubeError: some may have been written; those that were not are tried again.
    """
    known, wanted = pool.reckoning.marked, {uid: (path, marks) for path, uid, marks in wanted_marks(pool, cluster)}
    for uid, (path, marks) in wanted.items():
        if known.get(uid) != (path, marks):
            await _patch(kube, path, uid, marks)
            known[uid] = path, marks
    await _take_away(kube, known, known.keys() - wanted.keys(), cluster)


async def _take_away(kube: KubeClient, known: Known, unwanted: Collection[str], cluster: Cluster) -> None:
    """Take away what we wrote; of pods that are gone there is nothing to ask."""
    living = cluster.live_uids() if unwanted else set()
    for uid in unwanted:
        path, marks = known[uid]
        if uid in living or "/pods/" not in path:
            await _patch(kube, path, uid, dict.fromkeys(marks))
        del known[uid]


async def _patch(kube: KubeClient, path: str, uid: str, marks: Mapping[str, str | None]) -> None:
    with suppress(NotFound, Invalid):
        await kube.patch(path, {"metadata": {"uid": uid, "annotations": marks}})


def wanted_marks(pool: Pool, cluster: Cluster) -> Iterator[Wanted]:
    """Yield what each Deployment and pod is to bear; what has no price bears nothing."""
    statement, cost = pool.reckoning.statement, pool.spec.cost if pool.spec else None
    if statement is None or cost is None or not cost.annotate:
        return
    for found in filter(None, (observe.target_of(pool, cluster), observe.sibling_of(pool, cluster))):
        tier = observe.tier_of(pool, spot=found.name != pool.target)
        if not has_price(statement.hour.lines.get(tier, Line())):
            continue
        if WORKLOAD in cost.annotate:
            yield found.kind.path(found.namespace, found.name), found.uid, of_tier(statement, tier)
        if PODS in cost.annotate:
            yield from of_pods(statement.hour.lines[tier], cluster.pods_of(found))


def of_tier(statement: Statement, tier: str) -> Marks:
    """Return what a tier costs an hour, and has cost this month."""
    hour, month = (amount.lines.get(tier, Line()) for amount in (statement.hour, statement.month))
    return {names.COST_PER_HOUR: rate(hour.effective), names.COST_MONTH_TO_DATE: cents(month.effective)}


def of_pods(hour: Line, pods: Iterable[PodView]) -> Iterator[Wanted]:
    """Yield each pod's share of what its tier costs an hour; one that waits for a node costs nothing."""
    if not hour.replica_hours:
        return
    marks = {names.COST_PER_HOUR: rate(hour.effective / hour.replica_hours)}
    for pod in pods:
        if pod.scheduled_at is not None:
            yield f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}", pod.uid, marks
