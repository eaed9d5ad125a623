"""Moments that were lived, as a usual week: each slot of it as it was on average, however long the history is."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from poolkeeper.core.days import ZERO, hours, month_of, next_month
from poolkeeper.core.fluid import Moment
from poolkeeper.core.week import SLOT, slot
from poolkeeper.core.zones import instant

Value = Callable[[Moment], Decimal]
Weights = Mapping[int, int]
"""How often each slot of the week counts."""


class Played:
    """Moments by the slot of the week that they began in, on the clocks of a zone."""

    def __init__(self, played: Iterable[Moment], place: ZoneInfo) -> None:
        self.slots: defaultdict[int, list[Moment]] = defaultdict(list)
        for moment in played:
            self.slots[slot(moment.at, place)].append(moment)

    @property
    def sizes(self) -> set[int]:
        """The sizes that there were."""
        return {moment.size for found in self.slots.values() for moment in found}

    def mean(self, value: Value, weights: Weights) -> Decimal:
        """Return the mean of a value over the slots, each by its weight; slots that were never lived are left out."""
        known = [(number, weights[number]) for number in self.slots]
        return sum((mean(self.slots[number], value) * weight for number, weight in known), ZERO) / sum(
            weight for _, weight in known
        )

    def mostly(self, weights: Weights, seldom: Decimal) -> int:
        """Return the least size that is exceeded for less than this share of the time."""
        lasted: defaultdict[int, Decimal] = defaultdict(Decimal)
        for number, found in self.slots.items():
            whole = sum((hours(one.lasted) for one in found), ZERO)
            for one in found:
                lasted[one.size] += hours(one.lasted) * weights[number] / whole
        over = seldom * sum(lasted.values())
        sizes = sorted(lasted)
        return next(size for size in sizes if sum(lasted[other] for other in sizes if other > size) < over)


def mean(found: Iterable[Moment], value: Value) -> Decimal:
    """Return the mean of a value over moments, by the time that they lasted."""
    weighed = [(value(one), hours(one.lasted)) for one in found]
    return sum((one * lasted for one, lasted in weighed), ZERO) / sum(lasted for _, lasted in weighed)


def calendar(now: datetime, place: ZoneInfo) -> Counter[int]:
    """Return how many times the calendar month that an instant is in has each slot of the week."""
    first = month_of(now.astimezone(place).date())
    begin, end = (instant(datetime.combine(day, time()), place) for day in (first, next_month(first)))
    return Counter(slot(begin + number * SLOT, place) for number in range((end - begin) // SLOT))
