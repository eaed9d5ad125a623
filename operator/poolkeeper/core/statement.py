"""What there is to say of a pool's money at one instant (R8), and what of that is news.

rates.py      what an hour costs          spending.py   where the month and the next 90 days will end
account.py    what the month has cost     budget.py     which thresholds that reaches
prices.py     what has no price           unusual.py    a day that is far off
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from poolkeeper.core.costing import Baseline
from poolkeeper.core.days import Amount
from poolkeeper.core.prices import Quote
from poolkeeper.core.reasons import Reason
from poolkeeper.core.spending import Expected
from poolkeeper.core.unusual import Unusual


@dataclass(frozen=True, slots=True)
class News:
    """Something that is told once, as an event: `key` names it within the pool, for good."""

    key: str
    reason: Reason
    words: str


@dataclass(frozen=True, slots=True)
class Pricing:
    """Whether all has a price, and the quote of each tier that is in use."""

    reason: Reason = Reason.PRICED
    detail: str = ""
    quotes: tuple[tuple[str, Quote], ...] = ()


@dataclass(frozen=True, slots=True)
class Budgeted:
    """The month's budget. `used` and `expected` (by the month's end) are shares of it, 1 being all.

    `holds`: it is used up and holds the pool back; `lifted_until`: somebody lifted that.
    """

    monthly: Decimal
    used: Decimal
    expected: Decimal | None
    reason: Reason
    holds: bool = False
    lifted_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """A pool's money. `hour` is what an hour costs now, `month` what the month that began on `first` has cost.

    `end` is where that month will end, None while nothing can be said; `budget` None: there is none; `unusual` the last
    day that was far off, None where it was not; `idle` the share of the month's ready
    replica-hours with nothing to do.
    """

    at: datetime
    currency: str
    first: date
    hour: Amount
    month: Amount
    end: Expected | None = None
    baseline: Baseline | None = None
    pricing: Pricing = field(default_factory=Pricing)
    budget: Budgeted | None = None
    unusual: Unusual | None = None
    idle: float | None = None
