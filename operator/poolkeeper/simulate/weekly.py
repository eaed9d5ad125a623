"""The week that a history repeats: what each half hour usually sees, and what it seldom exceeds.

    history -> means over GRAIN -> the slots of the week on the zone's walls -> outliers apart -> median, high quantile

A value is an outlier where it is over twice the median of its fellows, and over it by more than FAR robust standard
deviations (1.4826 times the median absolute deviation; Leys et al. 2013, doi 10.1016/j.jesp.2013.03.013). Its fellows
are those of the same slot where there are ENOUGH weeks, else those of the same time on the same kind of day.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from statistics import median
from zoneinfo import ZoneInfo

from poolkeeper.core.week import SLOT, SLOTS, alike, slot
from poolkeeper.simulate.series import Series, Value

GRAIN = timedelta(minutes=10)
HIGH = 0.85
"""What `high` is a quantile of: the values of one slot in all weeks."""
FAR = 5.0
ROBUST = 1.4826
FAINT = 0.1
"""What lies over its fellows by less than this share of the history's high load is none of anybody's business."""
ENOUGH = 3
TWICE = 2.0
ABSURD = 10.0
"""A broken exporter: a value this many times as large as ORDINARY of all values."""
ORDINARY = 0.99

Timed = tuple[datetime, float]


@dataclass(frozen=True, slots=True)
class Weekly:
    """The values of each slot of the week, outliers apart; `outliers` are the instants at which those began.

    Each value is a mean over `grain`.
    """

    slots: tuple[tuple[float, ...], ...]
    grain: timedelta
    outliers: tuple[datetime, ...] = ()

    @property
    def usual(self) -> tuple[Value, ...]:
        """The medians."""
        return tuple(median(self.around(number)) if self.around(number) else None for number in range(SLOTS))

    @property
    def high(self) -> tuple[Value, ...]:
        """What is seldom exceeded."""
        return tuple(quantile(self.around(number), HIGH) for number in range(SLOTS))

    @property
    def largest(self) -> float:
        """The largest load that is no outlier, 0 without any."""
        return max((max(values) for values in self.slots if values), default=0.0)

    def around(self, number: int) -> tuple[float, ...]:
        """Return a slot's values; with one week's only, those of the same time on the same kind of day too."""
        own = self.slots[number]
        if len(own) > SLOT / self.grain:
            return own
        return (*own, *(value for other in alike(number) for value in self.slots[other]))


def learn(series: Series, place: ZoneInfo) -> Weekly:
    """Return the week that a history repeats."""
    means = series.resampled(GRAIN)
    by_slot: list[list[Timed]] = [[] for _ in range(SLOTS)]
    for at, value in means.points:
        if value is not None:
            by_slot[slot(at, place)].append((at, value))
    faint = FAINT * (quantile(means.known, ORDINARY) or 0.0)
    limits = [largest_usual(by_slot, number, faint) for number in range(SLOTS)]
    kept = tuple(tuple(value for _, value in found if value <= top) for found, top in zip(by_slot, limits, strict=True))
    out = [at for found, top in zip(by_slot, limits, strict=True) for at, value in found if value > top]
    return Weekly(kept, means.step, tuple(sorted(out)))


def largest_usual(by_slot: Sequence[Sequence[Timed]], number: int, faint: float) -> float:
    """Return the largest value of a slot that is no outlier; what two weeks agree on is none."""
    days = [[value for _, value in day] for _, day in groupby(by_slot[number], key=lambda one: one[0].date())]
    own = [value for day in days for value in day]
    if len(days) >= ENOUGH:
        return limit(own, faint)
    top = limit([value for other in (number, *alike(number)) for _, value in by_slot[other]], faint)
    return max(top, TWICE * min(map(median, days))) if len(days) == ENOUGH - 1 else top


def limit(values: Sequence[float], faint: float) -> float:
    """Return the largest value that is no outlier among these."""
    if not values:
        return 0.0
    middle = median(values)
    spread = ROBUST * median(abs(value - middle) for value in values)
    return middle + max(FAR * spread, middle, faint)


def quantile(values: Sequence[float], share: float) -> Value:
    """Return the value that this share of them does not exceed, between two by their distance; None without any."""
    if not values:
        return None
    ordered = sorted(values)
    below, rest = divmod(share * (len(ordered) - 1), 1)
    low, above = ordered[int(below)], ordered[min(int(below) + 1, len(ordered) - 1)]
    return low + rest * (above - low)


def without_spikes(series: Series) -> Series:
    """Return a history in which what cannot be load is a hole: negative numbers, and a broken exporter's."""
    top = ABSURD * (quantile(series.known, ORDINARY) or 0.0)
    values = tuple(value if value is not None and 0 <= value <= top else None for value in series.values)
    gone = len(series.known) - sum(value is not None for value in values)
    said = (f"{gone} values that cannot be load (negative, or over {top:.4g}) were left out",) if gone else ()
    return replace(series, values=values, notes=(*series.notes, *said))


def filled(series: Series, weekly: Weekly, place: ZoneInfo) -> tuple[Timed, ...]:
    """Return a history without holes and outliers: there the usual load of the time of the week stands in.

    The last instant ends it, as `core.fluid.live` wants it.
    """
    usual, outliers, found = weekly.usual, frozenset(weekly.outliers), list[Timed]()
    for at, value in series.points:
        stands = value is not None and at - (at - series.start) % weekly.grain not in outliers
        found.append((at, value if stands and value is not None else usual[slot(at, place)] or 0.0))
    return (*found, (series.end, 0.0))
