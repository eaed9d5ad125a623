"""Keeps the PodDisruptionBudget across both halves of a split pool (api.disruption)."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from poolkeeper.api.disruption import budget, budget_name, min_available
from poolkeeper.api.names import TIER_LABEL, shown
from poolkeeper.api.sibling import TIER
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import ConflictError, NotFound
from poolkeeper.shell.observe import OVERLAY
from poolkeeper.shell.pools import Key, Pool
from poolkeeper.shell.sibling import Standing, listed
from poolkeeper.shell.views import DisruptionBudgetView, Requirement

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Covered:
    """What a budget is to cover: a target's `selector`, and the `labels` of its pods."""

    selector: Json
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Tried:
    """What became of a budget that was applied over what was seen then."""

    seen: DisruptionBudgetView | None
    body: Json
    standing: Standing
    at: datetime

    def holds(self, now: datetime) -> bool:
        """Whether trying again is of no use: others keep it, or the watch is late to show it."""
        return self.standing.reason is not Reason.AS_EXPECTED or now - self.at <= OVERLAY


class Budgets:
    """The budgets of all pools, and what was last tried of them."""

    def __init__(self, kube: KubeClient, cluster: Cluster) -> None:
        self._kube, self._cluster = kube, cluster
        self._tried: dict[Key, _Tried] = {}

    def forget(self, key: Key) -> None:
        """Take in that a pool is gone."""
        self._tried.pop(key, None)

    async def keep(self, pool: Pool, covered: Covered, size: int) -> Standing:
        """Bring the budget to what a pool of `size` can spare; none where somebody else's selects the pods.

        Call it before the pool shrinks and after it has grown, each time with the smaller size. Nothing is written
        where nothing differs. What covered another target of the pool goes first: two block every eviction.
        FOREIGN_BUDGET says that the pods are guarded as others want it.

        Raises:
            KubeError: the API server refused, in its own words.
        """
        known = self._cluster.budgets(pool.key[0])
        await self._delete(one for one in known if _is_stray(one, pool))
        ours = next((one for one in known if _is_ours(one, pool)), None)
        foreign = _in_the_way(known, pool, covered)
        least = None if foreign else min_available(size)
        if least is None:
            await self._delete([ours] if ours else [])
        elif ours is None or not _is_as(ours, covered.selector, least):
            return await self._apply(pool, ours, budget(pool.target, (*pool.key, pool.uid), covered.selector, least))
        self._tried.pop(pool.key, None)
        return Standing(Reason.FOREIGN_BUDGET, foreign) if foreign else Standing()

    async def remove(self, pool: Pool) -> None:
        """Delete the budgets of a pool that is split no more.

        Raises:
            KubeError: the API server refused, in its own words.
        """
        await self._delete(self._made_for(pool))

    def has_any(self, pool: Pool) -> bool:
        """Return whether a budget of the pool is seen."""
        return bool(self._made_for(pool))

    def hinder(self, pool: Pool, size: int) -> bool:
        """Return whether a budget of the pool, as it is seen, asks for more than a pool of `size` can spare."""
        least = min_available(size) or 0
        asked = (one.min_available for one in self._made_for(pool))
        return any(not isinstance(one, int) or one > least for one in asked)

    def _made_for(self, pool: Pool) -> list[DisruptionBudgetView]:
        known = self._cluster.budgets(pool.key[0])
        return [one for one in known if _is_ours(one, pool) or _is_stray(one, pool)]

    async def _apply(self, pool: Pool, ours: DisruptionBudgetView | None, body: Json) -> Standing:
        """Apply the budget; one that somebody edited is theirs until it changes, or ours is to change."""
        tried, now = self._tried.get(pool.key), self._kube.clock.now()
        if tried and (tried.seen, tried.body) == (ours, body) and tried.holds(now):
            return tried.standing
        name = body["metadata"]["name"]
        try:
            await self._kube.apply(f"{_collection(pool.key[0])}/{name}", body)
            standing = Standing()
        except ConflictError as error:
            if not error.owners:
                raise
            words = f"poddisruptionbudget/{name}: others own {listed(error.owners)}"
            standing = Standing(Reason.FOREIGN_BUDGET, words)
        self._tried[pool.key] = _Tried(ours, body, standing, now)
        return standing

    async def _delete(self, unwanted: Iterable[DisruptionBudgetView]) -> None:
        for one in unwanted:
            options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": one.uid}}
            with suppress(NotFound):  # the watch has not told yet
                await self._kube.delete(f"{_collection(one.namespace)}/{one.name}", options=options)


def _in_the_way(known: Iterable[DisruptionBudgetView], pool: Pool, covered: Covered) -> str:
    """Return somebody else's budget that selects pods of either half, or has the name of ours; empty: none."""
    halves = (covered.labels, {**covered.labels, TIER_LABEL: TIER})
    for one in known:
        if _is_ours(one, pool) or _is_stray(one, pool):
            continue
        if one.name == budget_name(pool.target):
            return f"poddisruptionbudget/{one.name} was not made for {shown(pool.key[1])}: rename or delete it"
        if any(one.selects(labels) for labels in halves):
            return f"poddisruptionbudget/{one.name} guards the pods"
    return ""


def _is_as(ours: DisruptionBudgetView, selector: Json, least: int) -> bool:
    asked = selector.get("matchExpressions", ())
    expressions = tuple(Requirement(one["key"], one["operator"], tuple(one.get("values") or ())) for one in asked)
    wanted = (least, selector.get("matchLabels", {}), expressions)
    return (ours.min_available, ours.match_labels, ours.match_expressions) == wanted


def _is_ours(one: DisruptionBudgetView, pool: Pool) -> bool:
    return one.pool == pool.key[1] and one.name == budget_name(pool.target)


def _is_stray(one: DisruptionBudgetView, pool: Pool) -> bool:
    """Return whether the pool made it for another target, which it has turned from since."""
    return one.pool == pool.key[1] and pool.uid in one.owners and one.name != budget_name(pool.target)


def _collection(namespace: str) -> str:
    return f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets"
