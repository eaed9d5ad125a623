"""Where spending goes: the days to come, from the days that were (R8).

    known days      the days to come                        how far off they may be
    2 to 13         the mean of the last seven              a share of it, the same for all pools
    14 and more     their level, slope and weekday          what such forecasts were off by, made on the same days
                    (season.py)

The interval is split conformal (Lei et al., 2018): the 90 % quantile of the errors of forecasts of one day and of the
next two, four and seven together, from every second day on as if it were the last. Beyond a week it grows with the
cube root of the days: a history of 98 days holds too few months to learn that from (docs/benchmarks.md says how well
it holds). A pool's first day is not whole and counts for nothing; days without a price are gaps (gaps.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate
from math import cbrt, ceil, exp, hypot, sqrt
from statistics import mean
from zoneinfo import ZoneInfo

from poolkeeper.core import gaps
from poolkeeper.core.account import Past
from poolkeeper.core.days import Amount, money, next_month
from poolkeeper.core.gaps import costs_of
from poolkeeper.core.season import WEEK, Course, Season, season
from poolkeeper.core.week import HOUR
from poolkeeper.core.zones import instant

DAY = timedelta(days=1)
COVERED = 0.9
SEASONAL = 14
"""So many days must be known for weekdays to count."""
LEARNED = 28
"""Forecasts of the past begin once so many days were known, or half of what is known by now."""
STEP = 2
TOGETHER = (1, 2, 4, WEEK)
FEW = ((1, 0.4), (WEEK, 0.2))
"""How far off a day, and a week, may be while too little is known to measure that, as shares."""
UNSEEN = 2
"""How much larger errors may be that were not seen yet: so many stretches count as having been far off."""
LASTING = 3.0
"""For about so many hours a pool goes on as it is, before it is as it usually is."""


@dataclass(frozen=True, slots=True)
class Expected:
    """An amount to come: the one expected, and the interval that should hold 90 % of outcomes."""

    amount: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the days to come cost, and the half widths of intervals: of one day, of several days by their number."""

    costs: tuple[float, ...]
    level: float
    widths: tuple[tuple[int, float], ...]

    def together(self, days: float) -> float:
        """Return the half width of the sum of so many days."""
        known = [(number, width) for number, width in self.widths if number >= days]
        if not known:
            number, width = self.widths[-1]
            return self.level * days * width * cbrt(days / number)
        return self.level * days * known[0][1]

    def one(self, ahead: int) -> float:
        """Return the half width of one day, so many days ahead: its own noise, and how far the level may have moved."""
        moved = sqrt(3) * self.widths[-1][1] * cbrt((ahead - 1) / WEEK)
        return self.level * hypot(self.widths[0][1], moved)


def month_end(history: tuple[Past, ...], month: Amount, hour: Amount, now: datetime, zone: ZoneInfo) -> Expected | None:
    """Return what the month will have cost when it ends, None where nothing is known.

    It is what was expected when the hour began, as if the pool had cost since then what it does now: while nothing but
    the clock moves, it stays the same for an hour.

    Args:
        history: the days that are over, oldest first, yesterday last, none left out.
        month: what the month has come to by now.
        hour: what an hour comes to now.
        now: the instant.
        zone: whose days and months count.
    """
    today = now.astimezone(zone).date()
    midnight = instant(datetime.combine(today + DAY, time()), zone)
    left = (midnight - now) / HOUR
    days = (next_month(today) - today).days - 1
    known = outlook(history, days + 1)
    rate = float(hour.cost)
    if known is None:
        rest = rate * (left + 24 * days)
        return around(month.cost, rest, rest) if rate or month.cost else None
    began = ceil(left)
    rest = rest_of_day(rate, known.costs[0] / 24, began) + sum(known.costs[1:])
    return around(month.cost, rest - rate * (began - left), known.together(days + began / 24))


def coming(history: tuple[Past, ...], on: date, days: int = 90) -> tuple[tuple[date, Expected], ...]:
    """Return what each of so many days from `on` on is expected to cost; nothing while too little is known.

    `history` are the days that are over, oldest first, none left out; `on` is none of them.
    """
    ahead = (on - history[-1].on).days if history else 0
    known = outlook(history, ahead + days - 1)
    if known is None:
        return ()
    numbers = range(ahead, ahead + days)
    zero = Decimal(0)
    return tuple(
        (on + (number - ahead) * DAY, around(zero, known.costs[number - 1], known.one(number))) for number in numbers
    )


def backtest(history: tuple[Past, ...], horizon: int) -> float | None:
    """Return how far off forecasts of so many days together were on these days, as a share of what they came to.

    That is the sum of the absolute errors over the sum of what came (a weighted absolute percentage error). None where
    the days are too few, or cost nothing.
    """
    if not history:
        return None
    days = season(costs_of(history), history[0].on.weekday())
    pairs = [
        (sum(days.course(end).costs(horizon)), sum(days.costs[end : end + horizon])) for end in ends(days, horizon)
    ]
    came = sum(cost for _, cost in pairs)
    return sum(abs(made - cost) for made, cost in pairs) / came if came else None


def outlook(history: tuple[Past, ...], days: int) -> Outlook | None:
    """Return the days to come after a history, None where it has no whole day whose cost is known."""
    whole = gaps.known(history[1:])
    if len(history) >= SEASONAL and len(whole) >= WEEK:
        known, found = studied(costs_of(history), history[0].on.weekday())
        return Outlook(tuple(known.costs(days)), known.level, found)
    rates = [float(past.cost) for past in whole[-WEEK:]]
    if not rates:
        return None
    rate = mean(rates)
    return Outlook((rate,) * days, rate, FEW)


@lru_cache(maxsize=1024)
def studied(costs: tuple[float, ...], weekday: int) -> tuple[Course, tuple[tuple[int, float], ...]]:
    """Return where costs go, and how far off that may be; asked for once a minute, it changes once a day."""
    days = season(costs, weekday)
    return days.course(len(costs)), widths(days)


def widths(days: Season) -> tuple[tuple[int, float], ...]:
    """Return, for sums of several days, the share of their level that nine in ten forecasts were off by at most.

    With few stretches of so many days the largest errors have not been seen yet; so all are taken to be larger.
    """
    errors: dict[int, list[float]] = {number: [] for number in TOGETHER}
    for end in ends(days, 1):
        found, done = days.course(end), days.costs[end : end + WEEK]
        off = (cost - made for cost, made in zip(done, found.costs(len(done)), strict=True))
        for number, error in enumerate(accumulate(off), start=1):
            if number in errors and found.level > 0:
                errors[number].append(abs(error) / (found.level * number))
    stretch = len(days.costs) - first_end(days)
    return tuple((number, covering(found) * (1 + UNSEEN * number / stretch)) for number, found in errors.items())


def ends(days: Season, horizon: int) -> range:
    """Return how many days were known for each forecast of so many days that can be held against what came."""
    return range(first_end(days), len(days.costs) - horizon + 1, STEP)


def first_end(days: Season) -> int:
    """Return how many days are known for the first of these forecasts."""
    return max(WEEK, min(LEARNED, len(days.costs) // 2))


def covering(errors: Sequence[float]) -> float:
    """Return what nine in ten errors to come are expected to be below."""
    place = ceil((len(errors) + 1) * COVERED)
    return sorted(errors)[min(place, len(errors)) - 1] if errors else 0.0


def rest_of_day(rate: float, usual: float, left: float) -> float:
    """Return what the hours that are left of a day come to, the rate going back to what is usual."""
    return max(0.0, usual * left + (rate - usual) * LASTING * (1 - exp(-left / LASTING)))


def around(spent: Decimal, more: float, width: float) -> Expected:
    """Return what is spent and what more is expected; what is spent stays so."""
    low, amount, high = (money(max(0.0, value)) for value in (more - width, more, more + width))
    return Expected(spent + amount, spent + low, spent + high)
