"""A history of load: evenly spaced numbers, with holes where nothing was measured.

A gauge (requests a second, as `rate()` gives it) is taken as it is. A raw counter only grows, but for the resets of
its process; its increases become a rate, a reset counted as a start from zero, as Prometheus does:

    counter   7  9  12  2   -  9  11       fell to 2: two since the reset
    rate         2   3  2   -  -   2       beside a hole nothing is known
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil, isfinite
from statistics import fmean

Value = float | None

FEWEST = 20
"""So many moves are needed to tell a counter."""
RESETS_AT_MOST = 0.02
"""A counter falls at this share of its moves at most: a process lives longer than fifty samples."""
RESET_TO = 0.5
"""A reset leaves less than this share of the count."""


class SeriesError(ValueError):
    """Points that are no history; the words say why."""


@dataclass(frozen=True, slots=True)
class Series:
    """Load at `start`, `start + step` and so on, each until the next; None is a hole.

    `notes` say what was done to the numbers on the way here.
    """

    start: datetime
    step: timedelta
    values: tuple[Value, ...]
    notes: tuple[str, ...] = ()

    @property
    def end(self) -> datetime:
        """The instant at which the last value ends."""
        return self.start + len(self.values) * self.step

    @property
    def points(self) -> Iterable[tuple[datetime, Value]]:
        """The values with the instants at which they begin."""
        return ((self.start + number * self.step, value) for number, value in enumerate(self.values))

    @property
    def known(self) -> tuple[float, ...]:
        """The values that are no holes."""
        return tuple(value for value in self.values if value is not None)

    def trimmed(self, step: timedelta) -> "Series":
        """Return the same load without the holes that it begins and ends with, in whole steps of this length."""
        places = [number for number, value in enumerate(self.values) if value is not None]
        if not places:
            return self
        many = max(1, step // self.step)
        first, end = places[0] - places[0] % many, places[-1] + many - places[-1] % many
        return replace(self, start=self.start + first * self.step, values=self.values[first:end])

    def resampled(self, step: timedelta) -> "Series":
        """Return the means over a longer step, a multiple of this one; a bin of which half is missing is a hole."""
        many = step // self.step
        if many <= 1:
            return self
        bins = [self.values[begin : begin + many] for begin in range(0, len(self.values), many)]
        return replace(self, step=many * self.step, values=tuple(mean_of(one) for one in bins))

    def no_coarser_than(self, step: timedelta) -> "Series":
        """Return the same load in steps of at most this length."""
        many = ceil(self.step / step)
        return replace(self, step=self.step / many, values=tuple(value for value in self.values for _ in range(many)))


def mean_of(values: Sequence[Value]) -> Value:
    """Return the mean of what is known, None where that is not more than half."""
    known = [value for value in values if value is not None]
    return fmean(known) if 2 * len(known) > len(values) else None


def from_points(points: Iterable[tuple[datetime, Value]]) -> Series:
    """Return points as a series: the commonest distance is the step, what is missing or no number is a hole.

    Raises:
        SeriesError: there are fewer than two points.
    """
    known = sorted({at.astimezone(UTC): value for at, value in points}.items())
    if len(known) < 2:  # noqa: PLR2004  two points make a distance
        raise SeriesError(f"{len(known)} points are no history")
    start = known[0][0]
    step = Counter(after - before for (before, _), (after, _) in pairwise(known)).most_common(1)[0][0]
    values: list[Value] = [None] * (round((known[-1][0] - start) / step) + 1)
    for at, value in known:
        values[round((at - start) / step)] = value if value is not None and isfinite(value) else None
    return as_rate(Series(start, step, tuple(values)))


def as_rate(series: Series) -> Series:
    """Return a counter's rate a second; a gauge as it is."""
    moves = [after - before for before, after in pairwise(series.known) if after != before]
    if not is_counter(series.known, moves):
        return series
    seconds = series.step.total_seconds()
    values = tuple(
        None if before is None or after is None else (after if after < before else after - before) / seconds
        for before, after in pairwise(series.values)
    )
    resets = sum(move < 0 for move in moves)
    said = f"the numbers only grow, so they were read as a counter and its rate a second was taken; {resets} resets"
    return replace(series, values=values, notes=(*series.notes, said))


def is_counter(known: Sequence[float], moves: Sequence[float]) -> bool:
    """Return whether numbers only grow, but for a few falls to far less."""
    falls = [after / before for before, after in pairwise(known) if after < before]
    seldom = len(moves) >= FEWEST and len(falls) <= RESETS_AT_MOST * len(moves)
    return seldom and all(share < RESET_TO for share in falls)
