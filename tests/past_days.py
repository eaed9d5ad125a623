"""Days of a pool that are over, for tests about its money: a Monday first."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import cycle, islice

from poolkeeper.core.account import Past

MONDAY = date(2026, 3, 2)
WEEK = (140, 150, 140, 145, 130, 70, 60)
"""What a week of a pool costs that people work with."""


def past(costs: Iterable[float], begin: date = MONDAY) -> tuple[Past, ...]:
    """Return days of these costs, all of it on-demand at a unit of the currency for a GPU-hour."""
    return tuple(priced(begin + timedelta(days=number), cost) for number, cost in enumerate(costs))


def priced(on: date, cost: float) -> Past:
    """Return a day of this cost."""
    amount = Decimal(str(cost))
    return Past(on, amount, (("on-demand", amount, amount),))


def weeks(days: int, level: float = 1) -> Iterator[float]:
    """Yield the costs of so many days from a Monday on, week by week the same."""
    return islice(cycle(level * cost for cost in WEEK), days)
