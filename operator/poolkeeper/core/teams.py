"""What pools cost together, beside each pool's own budget (R8): the administrator's budgets and overheads.

    share       what one pool has come to this month, with the labels that it bears
    team        a budget for all that bear certain labels: in one currency, for calendar months of one zone
    overhead    what is paid besides, by the month: it stands beside the pools' cost and is never added to it

Currencies are never added: what is in another one than the budget's is left out, and that is said.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from poolkeeper.core import budget as budgets
from poolkeeper.core.account import Told
from poolkeeper.core.budget import Threshold
from poolkeeper.core.costing import Budget
from poolkeeper.core.days import ZERO, month_of, next_month
from poolkeeper.core.spending import Expected

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Team:
    """A budget for the pools that bear all labels of `selector`; an empty one means all pools."""

    name: str
    selector: Labels
    budget: Budget
    currency: str = "USD"
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Overhead:
    """What is paid by the month besides the pools, for those that bear all labels of `selector`."""

    name: str
    monthly: Decimal
    currency: str = "USD"
    selector: Labels = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Share:
    """What a pool has come to in the month that began on `first`, in its own zone.

    `end` is where that month will end, None while nothing can be said; `whole`: all of it is known.
    """

    pool: str
    labels: Labels
    currency: str
    first: date
    cost: Decimal
    end: Decimal | None = None
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Standing:
    """How a team's month stands: `cost` and `end` (None: nothing can be said yet) in its currency.

    `used` and `expected` are shares of the budget. `fresh` are the thresholds that are news, `told` is what to remember
    once they are told. `missing`: pools whose cost is in another currency or not known whole, in words.
    """

    cost: Decimal
    end: Decimal | None
    used: Decimal
    expected: Decimal | None
    fresh: tuple[Threshold, ...]
    told: Told
    missing: tuple[str, ...] = ()


def selects(selector: Labels, labels: Labels) -> bool:
    """Return whether labels are among those that are selected."""
    return all(labels.get(key) == value for key, value in selector.items())


def stand(team: Team, shares: Iterable[Share], told: Told, today: date) -> Standing:
    """Return how a team's month stands on `today`, a day of its zone.

    The month's end is that of its pools' months, added up; of one that cannot say yet its cost counts.
    """
    selected = [one for one in shares if selects(team.selector, one.labels) and one.first == month_of(today)]
    counted = [one for one in selected if one.currency == team.currency]
    cost = sum((one.cost for one in counted), ZERO)
    end = ending(counted)
    expected = None if end is None else Expected(end, end, end)
    found = budgets.reached(team.budget, cost, expected, today)
    return Standing(
        cost,
        end,
        used=budgets.share(cost, team.budget),
        expected=None if end is None else budgets.share(end, team.budget),
        fresh=budgets.untold(told, team.budget, found, today),
        told=Told(month_of(today), budgets.remembered(told, team.budget, found, today)),
        missing=tuple(missing(team, selected)),
    )


def ending(shares: Sequence[Share]) -> Decimal | None:
    """Return what months are expected to end at together, None where none of them can say."""
    known = [one.end for one in shares if one.end is not None]
    return sum(known, sum((one.cost for one in shares if one.end is None), ZERO)) if known else None


def missing(team: Team, shares: Iterable[Share]) -> Iterator[str]:
    """Yield which pools are not in a team's sum, or not with all of their cost."""
    for one in shares:
        if one.currency != team.currency:
            yield f"{one.pool} counts in {one.currency}, not in {team.currency}: it is not in the sum"
        elif not one.whole:
            yield f"{one.pool} uses GPUs whose price or number is unknown: they are not in the sum"


def accrued(monthly: Decimal, begin: date, end: date) -> Decimal:
    """Return what a monthly amount comes to from one day to another, both included: each day of a month alike."""
    whole = ZERO
    while begin <= end:
        until = min(end, next_month(begin) - timedelta(days=1))
        length = (next_month(begin) - month_of(begin)).days
        whole += monthly * Decimal((until - begin).days + 1) / length
        begin = until + timedelta(days=1)
    return whole
