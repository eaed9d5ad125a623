"""A day that cost far more, or far less, than days of its kind do (R8).

    usual      the median of the last 14 days of its kind, each taken for the same weekday as the day; kinds are
               weekdays and days at the weekend
    step       how far most of the last three days were off, of its kind or of any: what is usual is moved by that where
               it brings it nearer, so that a lasting change is told for two days
    unusual    off by more than the percentage, by more than three median absolute deviations (times 1.4826, which makes
               them standard deviations; Hampel, 1974), and by more than money that matters

A day on which nobody looked for a while is off by no more than what was assumed for that while leaves.
A day whose cost is not known whole is neither judged nor one of those that others are held against (gaps.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from statistics import mean, median

from poolkeeper.core.account import Past
from poolkeeper.core.days import money
from poolkeeper.core.drivers import drivers
from poolkeeper.core.gaps import costs_of, known
from poolkeeper.core.season import WEEK, season
from poolkeeper.core.week import SATURDAY, Day

ENOUGH = 14
"""Days of its kind that must be known; as many count."""
DEVIATIONS = 3 * 1.4826
LATELY = 3
MONTH = 30
LEAST = 1.0
LEAST_SHARE = 0.002
"""What is off by less matters to nobody: one unit of the currency, and 0.2 % of a month, a sixteenth of a mean day."""
LEAST_FACTOR = 0.1
"""Where a weekday costs less than this share of a mean day, those of its kind are not taken for one another."""


@dataclass(frozen=True, slots=True)
class Unusual:
    """A day that is far off: its cost, what is usual, and what drove it, in words."""

    on: date
    cost: Decimal
    usual: Decimal
    drivers: tuple[str, ...] = ()

    @property
    def percent(self) -> int:
        """How far it is off, in percent."""
        return round(100 * (self.cost - self.usual) / self.usual) if self.usual else 0


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual for a day, how far off it may be, and what is usual at the weekend, None where none is known."""

    cost: float
    bound: float
    weekend: float | None


@dataclass(frozen=True, slots=True)
class Days:
    """Days one after another, from `weekday` on: the cost of each over its weekday's factor, which are within a kind.

    `alike` are the places of the last ENOUGH of each kind.
    """

    weekday: int
    plain: tuple[float, ...]
    factors: tuple[float, ...]
    alike: Mapping[Day, Sequence[int]]

    def usual(self, kind: Day) -> float | None:
        """Return what is usual for a day of a kind, whatever its weekday; None where none is known."""
        return median(self.plain[place] for place in self.alike[kind]) if self.alike[kind] else None

    def spread(self, kind: Day) -> float:
        """Return the median absolute deviation of the days of a kind that is known."""
        found = [self.plain[place] for place in self.alike[kind]]
        middle = median(found)
        return median(abs(cost - middle) for cost in found)

    def step(self, places: Sequence[int]) -> float:
        """Return how many times what is usual most of these days cost."""
        usual = [self.usual(kind_of(self.weekday + place)) for place in places]
        return median(self.plain[place] / one if one else 1.0 for place, one in zip(places, usual, strict=True))


def judge(history: tuple[Past, ...], percent: int, currency: str = "") -> Unusual | None:
    """Return the newest day if it is far off, None where it is not, or where too few days of its kind are known.

    Args:
        history: the days that are over, oldest first, none left out.
        percent: how far a day may be off.
        currency: of the costs, for the words.
    """
    if len(history) <= ENOUGH or not history[-1].whole:
        return None
    day, kind = history[-1], kind_of(history[-1].on.weekday())
    alike = [past for past in known(history[:-1]) if kind_of(past.on.weekday()) is kind][-ENOUGH:]
    usual = usual_of(costs_of(history), history[0].on.weekday(), percent)
    if usual is None or len(alike) < ENOUGH or abs(float(day.cost) - usual.cost) - float(day.gap) <= usual.bound:
        return None
    cost = money(usual.cost)
    said = drivers(day, alike, cost, currency)
    return Unusual(day.on, day.cost, cost, (*said, *holiday(day, usual, percent)))


@lru_cache(maxsize=1024)
def usual_of(costs: tuple[float, ...], weekday: int, percent: int) -> Usual | None:
    """Return what is usual for the last of these days, from the others; None where too few of its kind are known.

    A history is asked for once a minute and changes once a day.
    """
    days, kind = days_of(costs[:-1], weekday), kind_of(weekday + len(costs) - 1)
    median_cost = days.usual(kind)
    if median_cost is None or len(days.alike[kind]) < ENOUGH:
        return None
    factor = days.factors[(weekday + len(costs) - 1) % WEEK]
    lately = range(len(costs) - 1 - LATELY, len(costs) - 1)
    steps = [days.step(places) for places in (days.alike[kind][-LATELY:], lately)]
    levels = [1.0, *(step for step in steps if abs(step - 1) * 100 > percent)]
    usual = min((median_cost * level * factor for level in levels), key=lambda level: abs(level - costs[-1]))
    spread, month = days.spread(kind) * factor, sum(costs[-1 - MONTH : -1])
    bound = max(usual * percent / 100, DEVIATIONS * spread, LEAST_SHARE * month, LEAST)
    return Usual(usual, bound, days.usual(Day.WEEKEND))


def days_of(costs: tuple[float, ...], weekday: int) -> Days:
    """Return days with what each weekday is within its kind."""
    found = season(costs, weekday).course(len(costs)).factors
    factors = (*within(found[:SATURDAY]), *within(found[SATURDAY:]))
    plain = tuple(cost / factors[(weekday + place) % WEEK] for place, cost in enumerate(costs))
    places = {kind: [place for place in range(len(costs)) if kind_of(weekday + place) is kind] for kind in Day}
    return Days(weekday, plain, factors, {kind: found[-ENOUGH:] for kind, found in places.items()})


def within(factors: tuple[float, ...]) -> tuple[float, ...]:
    """Return the factors of a kind's weekdays over those of the kind."""
    usual = mean(factors)
    return tuple(factor / usual for factor in factors) if min(factors) > LEAST_FACTOR else (1.0,) * len(factors)


def holiday(day: Past, usual: Usual, percent: int) -> tuple[str, ...]:
    """Return the word that a cheap weekday cost as much as a day at the weekend."""
    cost, weekend = float(day.cost), usual.weekend
    if kind_of(day.on.weekday()) is Day.WEEKEND or cost > usual.cost or weekend is None:
        return ()
    return ("as much as a day at the weekend",) if abs(cost - weekend) * 100 <= weekend * percent else ()


def kind_of(weekday: int) -> Day:
    """Return the kind of a weekday, counted on from any Monday, which is 0."""
    return Day.WEEKEND if weekday % WEEK >= SATURDAY else Day.WEEKDAY
