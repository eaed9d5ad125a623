"""What a pool costs, on its Deployments and pods (R8): on request and hourly, for each write is several to the cluster.

A Deployment bears what its tier costs an hour and has cost this month, a pod its share of the tier's hour.
"""

from collections.abc import Iterable, Iterator
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

WORKLOAD, PODS = "Workload", "Pods"


async def write(kube: KubeClient, pool: Pool, cluster: Cluster) -> None:
    """Write what was asked for and is not there yet; who is gone, or has another's name, is left alone.

    Raises:
        KubeError: some may have been written; those that were not are tried again.
    """
    known, wanted = pool.reckoning.marked, tuple(wanted_marks(pool, cluster))
    for path, uid, marks in wanted:
        if known.get(uid) != marks:
            with suppress(NotFound, Invalid):
                await kube.patch(path, {"metadata": {"uid": uid, "annotations": marks}})
            known[uid] = marks
    living = {uid for _, uid, _ in wanted}
    pool.reckoning.marked = {uid: marks for uid, marks in known.items() if uid in living}


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
            path = f"/apis/apps/v1/namespaces/{found.namespace}/deployments/{found.name}"
            yield path, found.uid, of_tier(statement, tier)
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
