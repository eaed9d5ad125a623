"""The halves of a pool on spot (R7): whose spot it is, what the target says of its sibling, and what is kept of both.

look    before a decision: can the pool be split? At most one GET, when the target's spec has changed
keep    before the sizes are written: the disruption budget at the smaller size, then the sibling at its template
"""

from dataclasses import dataclass, field, replace

from poolkeeper.api.target import DEPLOYMENT
from poolkeeper.core.decision import Decision
from poolkeeper.core.reasons import Reason
from poolkeeper.shell import observe
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.disruption import Budgets, Covered
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import KubeError
from poolkeeper.shell.noting import noting
from poolkeeper.shell.pools import Division, Key, Pool
from poolkeeper.shell.sibling import Siblings, Standing
from poolkeeper.shell.views import WorkloadView


@dataclass(frozen=True, slots=True)
class Kept:
    """How the halves stand; `may_shrink`: no budget of the pool asks for more than a shrink would leave."""

    standing: Standing = field(default_factory=Standing)
    may_shrink: bool = True


class Halves:
    """Keeps the siblings and budgets of all pools."""

    def __init__(self, kube: KubeClient, cluster: Cluster) -> None:
        self._kube, self._cluster = kube, cluster
        self._siblings, self._budgets = Siblings(kube, cluster), Budgets(kube, cluster)

    def forget(self, key: Key) -> None:
        """Take in that a pool is gone."""
        self._siblings.forget(key)
        self._budgets.forget(key)

    async def look(self, pool: Pool) -> None:
        """Find out how the pool can be split."""
        target, spot = observe.target_of(pool, self._cluster), pool.core.spot if pool.core else None
        if target is None or spot is None:
            pool.division = Division()
            return
        pool.division = await self._division(pool, target, spot.provider)

    async def _division(self, pool: Pool, target: WorkloadView, named: str) -> Division:
        sibling = observe.sibling_of(pool, self._cluster)
        is_split = sibling is not None
        provider = self._cluster.signals.provider(named, sibling.provider if sibling else "")
        if provider is None:  # nodes may all be gone for a while: what is split stays so
            return Division() if is_split else Division(unsplit=Reason.PROVIDER_UNKNOWN)
        try:
            plan = await self._siblings.blueprint(pool, target, provider)
        except KubeError as error:
            unread = Division(provider, unsplit=Reason.SIBLING_MISSING, detail=str(error))
            return replace(pool.division, provider=provider) if is_split else unread
        if pool.spec and pool.spec.owns_workload and not plan.pinned:
            return Division(provider, unsplit=Reason.SIBLING_MISSING, detail="the on-demand half is being pinned")
        standing = self._siblings.unsplit(target, plan)
        return Division(provider, plan, standing.reason, standing.detail)

    async def keep(self, pool: Pool, decision: Decision) -> Kept:
        """Make and keep the budget and the sibling, or take them away; return what is not as it should be.

        Call it where the pool may write, before its sizes are written. Either is kept whatever becomes of the other.
        """
        target = observe.target_of(pool, self._cluster)
        if target is None:
            return Kept()
        if _is_split(pool):
            pool.is_bare = False
        guarded, may_shrink = await self._guard(pool, target, min(decision.current, decision.size))
        standing = await self._keep_sibling(pool, target, decision)
        return Kept(guarded if standing.reason is Reason.AS_EXPECTED else standing, may_shrink)

    async def _guard(self, pool: Pool, target: WorkloadView, least: int) -> tuple[Standing, bool]:
        """Keep the budget for a size; return how it stands, and whether it lets the pool have that size."""
        if not pool.budget_rest.rests(self._kube.clock.now()):
            with noting(self._kube, pool, pool.budget_rest):
                return await self._keep_budget(pool, target, least), True
        return Standing(), not self._budgets.hinder(pool, least)

    async def _keep_budget(self, pool: Pool, target: WorkloadView, least: int) -> Standing:
        covered = self._covered(pool, target) if _is_split(pool) else None
        if covered is not None:
            return await self._budgets.keep(pool, covered, least)
        if not (_is_split(pool) or pool.is_bare):
            await self._budgets.remove(pool)
        return Standing()

    def _covered(self, pool: Pool, target: WorkloadView) -> Covered | None:
        """Return what the budget is to cover, also while the target cannot be read; None where nobody knows."""
        plan = pool.division.plan or self._siblings.last_plan(pool, target)
        if plan is not None:
            return Covered(plan.selector, plan.labels)
        labels = target.match_labels
        return None if target.match_expressions else Covered({"matchLabels": labels}, labels)

    async def _keep_sibling(self, pool: Pool, target: WorkloadView, decision: Decision) -> Standing:
        if pool.sibling_rest.rests(self._kube.clock.now()):
            return Standing()
        with noting(self._kube, pool, pool.sibling_rest):
            if not _is_split(pool):
                await self._clear(pool, target)
            elif pool.division.plan is not None:
                return await self._siblings.keep(pool, target, pool.division.plan, _spot_size(pool, decision))
        return Standing()

    async def _clear(self, pool: Pool, target: WorkloadView) -> None:
        """Take away the sibling that a pool that is split no more has left behind."""
        if not pool.is_bare:
            alone = target.kind is not DEPLOYMENT or await self._siblings.remove(target)
            pool.is_bare = alone and not self._budgets.has_any(pool)


def _is_split(pool: Pool) -> bool:
    return pool.core is not None and pool.core.spot is not None and pool.division.unsplit is Reason.AS_EXPECTED


def _spot_size(pool: Pool, decision: Decision) -> int:
    spot = observe.tier_of(pool, spot=True)
    return next(share.size for share in decision.shares if share.tier == spot)
