"""Pools of other shards, by what their own processes have written into their statuses.

of          what is read
a tie       memory.asked: the size; memory.needs: what it would be for its own sake, stored where it is tied itself
a budget    cost: the month to date, its expected end, and whether anything of it is unknown
a claim     the spec, which everybody reads alike
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

from poolkeeper.api.units import parse_instant
from poolkeeper.core.days import month_of
from poolkeeper.core.reasons import Reason
from poolkeeper.core.teams import Labels, Share
from poolkeeper.core.zones import zone
from poolkeeper.shell.pools import Pool

Json = dict[str, Any]


def told(pool: Pool) -> Json:
    """Return what to store of our pool for those that are tied to it.

    A pool that is tied to none comes down by itself: its size says enough, and its status has no news of its needs.
    """
    tied = pool.core is not None and pool.core.tie is not None
    return {"needs": pool.decision.needs} if tied and pool.decision is not None else {}


def peer(status: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Return a pool's size and what it needs; None, None where it was not decided yet, or that cannot be read."""
    memory = status.get("memory") or {}
    size, needs = memory.get("asked"), memory.get("needs")
    if not isinstance(size, int):
        return None, None
    return size, needs if isinstance(needs, int) else size


def lacks_target(status: Mapping[str, Any]) -> bool:
    """Return whether a pool's target does not exist."""
    conditions = status.get("conditions") or ()
    return any(one.get("reason") == Reason.TARGET_NOT_FOUND.value for one in conditions)


def has_cost(pool: Pool) -> bool:
    """Return whether a pool of another shard tells what it costs."""
    return not pool.leading and "cost" in pool.status


def share(pool: Pool, labels: Labels) -> Iterator[Share]:
    """Yield what a pool of another shard has cost, as far as it tells that, in whole cents."""
    cost = pool.status.get("cost") or {}
    if not has_cost(pool) or pool.core is None:
        return
    with suppress(ArithmeticError, KeyError, TypeError, ValueError):
        at = parse_instant(cost["asOf"]).astimezone(zone(pool.core.cost.timezone))
        end = cost.get("forecastMonthEnd")
        yield Share(
            pool="/".join(pool.key),
            labels=labels,
            currency=cost["currency"],
            first=month_of(at.date()),
            cost=Decimal(cost.get("monthToDate", 0)),
            end=None if end is None else Decimal(end),
            whole="monthToDate" in cost and not cost.keys() & {"unpricedGPUHours", "uncountedReplicaHours"},
        )
