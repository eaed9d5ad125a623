"""Keeps the PodDisruptionBudget across both halves of a split pool (api.disruption)."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from poolkeeper.api.disruption import budget, budget_name, min_available
from poolkeeper.api.names import TIER_LABEL, shown
from poolkeeper.api.sibling import TIER, Blueprint
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import ConflictError, NotFound
from poolkeeper.shell.pools import Key, Pool
from poolkeeper.shell.sibling import Standing, listed
from poolkeeper.shell.views import DisruptionBudgetView

Json = dict[str, Any]


class Budgets:
    """The budgets of all pools, and what of them others have taken over."""

    def __init__(self, kube: KubeClient, cluster: Cluster) -> None:
        self._kube, self._cluster = kube, cluster
        self._tried: dict[Key, tuple[DisruptionBudgetView | None, Json, Standing]] = {}

    def forget(self, key: Key) -> None:
        """Take in that a pool is gone."""
        self._tried.pop(key, None)

    async def keep(self, pool: Pool, plan: Blueprint, size: int) -> Standing:
        """Bring the budget to what a pool of `size` can spare; none where somebody else's selects the pods.

        Call it before the pool shrinks and after it has grown, each time with the smaller size. Nothing is written
        where nothing differs. FOREIGN_BUDGET says that the pods are guarded as others want it.

        Raises:
            KubeError: the API server refused, in its own words.
        """
        known = self._cluster.budgets(pool.key[0])
        ours = next((one for one in known if _is_ours(one, pool)), None)
        foreign = _in_the_way(known, pool, plan)
        least = None if foreign else min_available(size)
        if least is None:
            await self._delete(ours)
        elif ours is None or (ours.min_available, ours.match_labels) != (least, plan.selector.get("matchLabels", {})):
            return await self._apply(pool, ours, budget(pool.target, (*pool.key, pool.uid), plan.selector, least))
        return Standing(Reason.FOREIGN_BUDGET, foreign) if foreign else Standing()

    async def remove(self, pool: Pool) -> None:
        """Delete the budget of a pool that is split no more.

        Raises:
            KubeError: the API server refused, in its own words.
        """
        await self._delete(next((one for one in self._cluster.budgets(pool.key[0]) if _is_ours(one, pool)), None))

    async def _apply(self, pool: Pool, ours: DisruptionBudgetView | None, body: Json) -> Standing:
        """Apply the budget; one that somebody edited is theirs until it changes, or ours is to change."""
        seen, tried, standing = self._tried.get(pool.key, (None, {}, Standing()))
        if (seen, tried) == (ours, body) and standing.reason is not Reason.AS_EXPECTED:
            return standing
        name = body["metadata"]["name"]
        try:
            await self._kube.apply(f"{_collection(pool.key[0])}/{name}", body)
            standing = Standing()
        except ConflictError as error:
            if not error.owners:
                raise
            words = f"poddisruptionbudget/{name}: others own {listed(error.owners)}"
            standing = Standing(Reason.FOREIGN_BUDGET, words)
        self._tried[pool.key] = (ours, body, standing)
        return standing

    async def _delete(self, ours: DisruptionBudgetView | None) -> None:
        if ours is None:
            return
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": ours.uid}}
        with suppress(NotFound):  # the watch has not told yet
            await self._kube.delete(f"{_collection(ours.namespace)}/{ours.name}", options=options)


def _in_the_way(known: Iterable[DisruptionBudgetView], pool: Pool, plan: Blueprint) -> str:
    """Return somebody else's budget that selects pods of either half, or has the name of ours; empty: none."""
    halves = (plan.labels, {**plan.labels, TIER_LABEL: TIER})
    for one in known:
        if _is_ours(one, pool):
            continue
        if one.name == budget_name(pool.target):
            return f"poddisruptionbudget/{one.name} was not made for {shown(pool.key[1])}: rename or delete it"
        if any(one.selects(labels) for labels in halves):
            return f"poddisruptionbudget/{one.name} guards the pods"
    return ""


def _is_ours(one: DisruptionBudgetView, pool: Pool) -> bool:
    return one.pool == pool.key[1] and one.name == budget_name(pool.target)


def _collection(namespace: str) -> str:
    return f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets"
