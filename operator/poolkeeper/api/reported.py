"""The shapes of a report: a period, and in each currency what is told of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from poolkeeper.api.allocation import Group
from poolkeeper.api.overheads import Spread
from poolkeeper.api.periods import DAY, Period
from poolkeeper.core.account import Past
from poolkeeper.core.spending import Expected
from poolkeeper.core.teams import Overhead
from poolkeeper.core.unusual import Unusual

Json = dict[str, Any]
Rows = tuple["Row", ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A group's amounts in the period, and in the one before; None: there is nothing to compare with.

    `trend` is how much more a day cost, 0.1 being a tenth; None where nothing can be compared.
    """

    now: Group
    before: Group | None = None
    trend: float | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """What so many days to come are expected to cost, and how far off such forecasts were; None: too few days known."""

    days: int
    expected: Expected
    error: float | None = None


@dataclass(frozen=True, slots=True)
class Odd:
    """A day of a pool that was far off."""

    pool: str
    day: Unusual


@dataclass(frozen=True, slots=True)
class Section:
    """All that is told in one currency. `history` are the days until the period's last, `coming` those after it."""

    currency: str
    total: Row
    groups: Rows
    pools: Rows
    tiers: tuple[Group, ...]
    history: tuple[Past, ...]
    coming: tuple[tuple[date, Expected], ...]
    sums: tuple[Sum, ...]
    odd: tuple[Odd, ...]
    overheads: tuple[Spread, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """What a pool's status says as of now: the share of requests inside its SLO, and how its budget stands."""

    slo: str | None = None
    budget: Json | None = None


@dataclass(frozen=True, slots=True)
class Aside:
    """What the ledger does not tell: the pools' standings by name, since when the newest price holds, and overheads.

    `standings` None: the pools could not be asked.
    """

    standings: Mapping[str, Standing] | None = None
    priced_since: datetime | None = None
    overheads: tuple[Overhead, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A report on a period. `by` is what groups are made by, `days` all that the ledger has by the period's end."""

    period: Period
    before: Period
    by: str
    made: datetime
    clusters: tuple[str, ...]
    days: frozenset[date]
    sections: tuple[Section, ...]
    aside: Aside = field(default_factory=Aside)

    @property
    def begins(self) -> date | None:
        """The ledger's first day, None: it is empty."""
        return min(self.days, default=None)

    @property
    def lacking(self) -> tuple[date, ...]:
        """The days of the period after the ledger's first of which it has nothing: nobody counted, or saved it."""
        every = (self.period.first + number * DAY for number in range(self.period.days))
        return tuple(day for day in every if self.begins is not None and self.begins < day and day not in self.days)

    def counted(self, period: Period) -> int:
        """Return how many days of a period the ledger has, 1 at least."""
        return max(1, sum(period.holds(day) for day in self.days))

    @property
    def is_compared(self) -> bool:
        """Whether the ledger has the whole of the period before."""
        return self.begins is not None and self.begins <= self.before.first
