"""The halves of a pool on spot (R7): whose spot it is, what the target says of its sibling, and what is kept of both.

look    before a decision: can the pool be split? At most one GET, when the target's spec has changed
keep    before the sizes are written: the sibling at its template, the disruption budget at the smaller size
"""

from dataclasses import replace

from poolkeeper.core.decision import Decision
from poolkeeper.core.reasons import Reason
from poolkeeper.shell import observe
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.disruption import Budgets
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import KubeError
from poolkeeper.shell.pools import Division, Key, Pool
from poolkeeper.shell.sibling import Siblings, Standing
from poolkeeper.shell.views import DeploymentView


class Halves:
    """Keeps the siblings and budgets of all pools."""

    def __init__(self, kube: KubeClient, cluster: Cluster) -> None:
        self._cluster = cluster
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

    async def _division(self, pool: Pool, target: DeploymentView, named: str) -> Division:
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

    async def keep(self, pool: Pool, decision: Decision) -> Standing:
        """Make and keep the sibling and the budget, or take them away; return what is not as it should be.

        Call it where the pool may write, before its sizes are written.

        Raises:
            KubeError: the API server refused, in its own words.
        """
        target, division = observe.target_of(pool, self._cluster), pool.division
        if target is None:
            return Standing()
        if pool.core is None or pool.core.spot is None or division.unsplit is not Reason.AS_EXPECTED:
            return await self._clear(pool, target)
        pool.is_bare = False
        if division.plan is None:
            return Standing()
        spot = pool.core.spot.name
        size = next(share.size for share in decision.shares if share.tier == spot)
        standing = await self._siblings.keep(pool, target, division.plan, size)
        least = min(decision.current, decision.size)
        guarded = await self._budgets.keep(pool, division.plan, least)
        return guarded if standing.reason is Reason.AS_EXPECTED else standing

    async def _clear(self, pool: Pool, target: DeploymentView) -> Standing:
        """Take away what a pool that is split no more has left behind."""
        if not pool.is_bare:
            await self._budgets.remove(pool)
            pool.is_bare = await self._siblings.remove(target)
        return Standing()
