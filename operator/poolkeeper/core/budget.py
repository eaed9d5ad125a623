"""What a month's budget has reached, and what of that was told (R8).

A threshold is told once a month: when the cost has reached it, or, from the month's third day on, when the month is
expected to end there. What was told is remembered with the budget that it was told of. Once that is another amount,
what is reached of the new one counts as told where the same was told of the old one; all else can be told again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from poolkeeper.core.account import Told
from poolkeeper.core.costing import Budget
from poolkeeper.core.days import ZERO, month_of
from poolkeeper.core.reasons import Reason
from poolkeeper.core.spending import Expected

FORECAST_FROM = 3
"""The day of the month from which on a forecast of it is told."""
ALL = 100


class Basis(StrEnum):
    """What has reached a threshold: what the month has cost, or what it is expected to cost."""

    ACTUAL = "Actual"
    FORECAST = "Forecast"


@dataclass(frozen=True, slots=True)
class Threshold:
    """A percentage of the month's budget, and what has reached it."""

    percent: int
    basis: Basis

    @property
    def key(self) -> str:
        """Its name within a month."""
        return f"{self.percent} {self.basis}"


def share(amount: Decimal, budget: Budget) -> Decimal:
    """Return an amount as a share of the month's budget, 1 being all; a budget of nothing is used up."""
    return amount / budget.monthly if budget.monthly > 0 else Decimal(1)


def reached(budget: Budget, used: Decimal, end: Expected | None, today: date) -> tuple[Threshold, ...]:
    """Return the thresholds that the month has reached, lowest first, each with what has reached it first.

    Args:
        budget: of the month of `today`, a day of the pool's zone.
        used: what the month has cost, in the budget's currency.
        end: where the month is expected to end.
        today: the day it is.
    """
    certain = share(used, budget) * ALL
    expected = share(end.amount, budget) * ALL if end is not None and today.day >= FORECAST_FROM else ZERO
    bases = ((Basis.ACTUAL, certain), (Basis.FORECAST, expected))
    found = (next((basis for basis, at in bases if at >= percent), None) for percent in percents(budget))
    return tuple(Threshold(percent, basis) for percent, basis in zip(percents(budget), found, strict=True) if basis)


def percents(budget: Budget) -> list[int]:
    """Return the percentages to tell, each once, lowest first."""
    return sorted(set(budget.alert_at_percent))


def standing(used: Decimal, expected: Decimal | None, found: Iterable[Threshold], *, lifted: bool) -> Reason:
    """Return how the month stands: `used` and `expected` are shares of its budget, `expected` None while too early."""
    if used >= 1:
        return Reason.BUDGET_LIFTED if lifted else Reason.BUDGET_EXCEEDED
    if expected is not None and expected >= 1:
        return Reason.BUDGET_FORECAST
    alerted = any(threshold.basis is Basis.ACTUAL for threshold in found)
    return Reason.BUDGET_ALERT if alerted else Reason.WITHIN_BUDGET


def untold(told: Told, budget: Budget, found: tuple[Threshold, ...], today: date) -> tuple[Threshold, ...]:
    """Return what has been reached and not been told this month."""
    known = known_of(told, budget, found, today)
    return tuple(threshold for threshold in found if memo(threshold, budget) not in known)


def known_of(told: Told, budget: Budget, found: tuple[Threshold, ...], today: date) -> tuple[str, ...]:
    """Return what was told of this month's budget; of another amount's only what is still reached counts as told."""
    if told.month != month_of(today):
        return ()
    same = tuple(one for one in told.thresholds if one.endswith(f" of {amount(budget)}"))
    if len(same) == len(told.thresholds):
        return same
    before = {one.partition(" of ")[0] for one in told.thresholds}
    carried = (memo(threshold, budget) for threshold in found if threshold.key in before)
    return tuple(dict.fromkeys((*same, *carried)))


def remembered(told: Told, budget: Budget, found: tuple[Threshold, ...], today: date) -> tuple[str, ...]:
    """Return what is told of this month's budget once all that has been reached is."""
    known = known_of(told, budget, found, today)
    return tuple(dict.fromkeys((*known, *(memo(threshold, budget) for threshold in found))))


def highest(fresh: tuple[Threshold, ...]) -> Iterator[Threshold]:
    """Yield what to tell of news: of several thresholds that are reached at once in the same way, the highest."""
    for basis in Basis:
        same = [one for one in fresh if one.basis is basis]
        if same:
            yield max(same, key=lambda one: one.percent)


def memo(threshold: Threshold, budget: Budget) -> str:
    """Return what is remembered of a threshold that was told."""
    return f"{threshold.key} of {amount(budget)}"


def amount(budget: Budget) -> str:
    """Return the month's budget in digits, the same however it was written."""
    return f"{budget.monthly.normalize():f}"
