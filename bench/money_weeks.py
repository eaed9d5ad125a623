"""Half a year of a pool's days, made from the week and the dispersion of a trace: what the forecasts of money are fed.

    load       the trace's mean week, times the noise of the day, times a level that grows and wanders
    replicas   what carries it, one at least; a tenth of them is guaranteed on demand, the others are on spot
    holiday    a workday with the load of a Sunday
    spike      a workday on whose last 4 to 15 hours there was no spot, and on-demand stood in

The noise of a day is what the two weeks of `servegen_m_small` differ by, weekday by weekday, once the level of each is
taken out. The other trace has one week, and is given the same noise. How a level wanders, no trace is long enough to
tell: two ways are assumed. Replicas are not rounded: a day holds many sizes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate, chain
from math import exp, log
from random import Random
from statistics import mean, stdev

from fleet.trace import Trace
from poolkeeper.core.account import Past

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MONDAY = date(2026, 1, 5)
DAYS = 26 * 7
LEARNED = 28
"""Days before the first that is odd."""
FRIDAY, SUNDAY = 4, 6
HOLIDAYS, SPIKES = 5, 3
AT_PEAK = 8
ON_DEMAND, SPOT = Decimal("3.00"), Decimal("0.90")

Week = tuple[tuple[float, ...], ...]
"""Monday to Sunday, and in each the load of its hours; their mean is 1."""


@dataclass(frozen=True)
class Level:
    """How a level changes in a day: its growth, and the standard deviation around that."""

    growth: float
    wander: float


CALM, RESTLESS = Level(0.01 / 7, 0.01), Level(0.0, 0.03)


@dataclass(frozen=True)
class Made:
    """A day: what is remembered of it, its cost hour by hour, and whether it is a holiday or a spike."""

    past: Past
    hours: tuple[Decimal, ...]
    holiday: bool = False
    spike: bool = False


def hourly(trace: Trace) -> list[float]:
    """Return the requests of each whole hour of a trace."""
    each = round(HOUR.total_seconds() / trace.width)
    loads = [one.requests for one in trace.bins]
    return [sum(loads[at : at + each]) for at in range(0, len(loads) - each + 1, each)]


def cut(values: Sequence[float], size: int) -> list[Sequence[float]]:
    """Return values in pieces of a size; what is left is left out."""
    return [values[at : at + size] for at in range(0, len(values) - size + 1, size)]


def dispersion(trace: Trace) -> float:
    """Return by how much a day differs from its weekday in the two weeks of a trace: a standard deviation of logs."""
    first, second = cut([sum(day) for day in cut(hourly(trace), 24)], 7)
    return stdev(log(after / before) for before, after in zip(first, second, strict=True)) / 2**0.5


def week_of(trace: Trace, begins: int) -> Week:
    """Return a trace's mean week; `begins` is the weekday of its first day, 0 being Monday."""
    means = [mean(hours) for hours in zip(*cut(hourly(trace), 7 * 24), strict=True)]
    days = cut([load / mean(means) for load in means], 24)
    return tuple(tuple(days[(weekday - begins) % 7]) for weekday in range(7))


def made(week: Week, noise: float, level: Level, seed: int, days: int = DAYS) -> list[Made]:
    """Return days from a Monday on, the same for the same seed."""
    drawn = Random(seed)  # noqa: S311  the same days in each run
    levels = [exp(log_level) for log_level in accumulate(drawn.gauss(level.growth, level.wander) for _ in range(days))]
    full = max(chain.from_iterable(week)) * max(levels) / AT_PEAK
    workdays = [day for day in range(LEARNED, days) if day % 7 <= FRIDAY]
    odd = drawn.sample(workdays, min(len(workdays), HOLIDAYS + SPIKES))
    holidays, spikes = set(odd[:HOLIDAYS]), set(odd[HOLIDAYS:])
    found = []
    for day, height in enumerate(levels):
        shape = week[SUNDAY if day in holidays else day % 7]
        factor = height * exp(drawn.gauss(0, noise)) / full
        short = drawn.randint(4, 15) if day in spikes else 0
        hours = [replicas(load * factor, spot=24 - hour > short) for hour, load in enumerate(shape)]
        found.append(of_hours(MONDAY + day * DAY, hours, holiday=day in holidays, spike=short > 0))
    return found


def replicas(load: float, *, spot: bool) -> tuple[Decimal, Decimal]:
    """Return the replicas that carry a load, in those that one carries: on demand, and on spot where that is there."""
    wanted = Decimal(max(1.0, load))
    kept = max(Decimal(1), wanted / 10) if spot else wanted
    return kept, wanted - kept


def of_hours(on: date, hours: Sequence[tuple[Decimal, Decimal]], *, holiday: bool, spike: bool) -> Made:
    """Return a day of replicas, hour by hour."""
    kept, spot = (sum(column, Decimal(0)) for column in zip(*hours, strict=True))
    costs = tuple(some * ON_DEMAND + others * SPOT for some, others in hours)
    lines = (("on-demand", kept, kept * ON_DEMAND), ("spot", spot, spot * SPOT))
    return Made(Past(on, sum(costs, Decimal(0)), lines), costs, holiday, spike)
