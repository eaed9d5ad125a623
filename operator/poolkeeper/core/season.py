"""A pool's days as a level times a weekday: what the forecast of spending stands on (R8).

    weekday    median over the weeks of a day's cost over the mean of the seven days around it; below FEW weeks it
               counts less, as little as a new pool knows of it
    level      mean of the last 14 days, each over its weekday; the two highest and the two lowest do not count
    slope      from the level of 28 days ago to the present one, by day; it wears off by 5 % a day

Damped, a slope helps where pools grow and costs nothing where they do not (Gardner and McKenzie, 1985; figures in
docs/benchmarks.md). Medians and trimmed means, so that a holiday or a day without spot moves neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, median

WEEK = 7
AROUND = 3
FEW = 4
RECENT = 14
BACK = 28
DAMPED = 0.95
OLDEST = 2 * (RECENT + BACK)
"""Levels are those of days no older than this, also where some weekdays say nothing of it."""
STEEPEST = 0.02
"""A slope is at most so much a day: what is steeper is a step, and steps do not go on."""
CLOSED = 0.1
"""A weekday that costs less than this share of a mean one says nothing of the level."""


@dataclass(frozen=True, slots=True)
class Course:
    """Where costs go: `level` of a day as it was lately, `slope` as a share of it, and the factors of weekdays.

    `weekday` is that of the first day to come, 0 being Monday.
    """

    level: float
    slope: float
    factors: tuple[float, ...]
    weekday: int

    def costs(self, days: int) -> list[float]:
        """Return the costs of so many days to come."""
        middle = (RECENT - 1) // 2
        worn = sum(DAMPED**age for age in range(1, middle + 1))
        found = []
        for ahead in range(days):
            worn += DAMPED ** (middle + 1 + ahead)
            factor = self.factors[(self.weekday + ahead) % WEEK]
            found.append(max(0.0, self.level * (1 + self.slope * worn)) * factor)
        return found


@dataclass(frozen=True, slots=True)
class Season:
    """Costs of days one after another, the first on `weekday`, and by weekday: each day's share of those around it.

    A share stands with the number of the first day after all that it was made of.
    """

    costs: Sequence[float]
    weekday: int
    shares: tuple[tuple[tuple[int, float], ...], ...]

    def course(self, end: int) -> Course:
        """Return where costs went after the first `end` days, as was known then."""
        found = factors([[share for known, share in shares if known <= end] for shares in self.shares])
        days = range(max(0, end - OLDEST), end)
        at = [found[(self.weekday + number) % WEEK] for number in days]
        plain = [self.costs[number] / factor for number, factor in zip(days, at, strict=True) if factor > CLOSED]
        level, before = trimmed(plain[-RECENT:]), trimmed(plain[-RECENT - BACK : -BACK])
        slope = (level / before - 1) / BACK if before and len(plain) >= RECENT + BACK else 0.0
        return Course(level, max(-STEEPEST, min(STEEPEST, slope)), found, (self.weekday + end) % WEEK)


def season(costs: Sequence[float], weekday: int) -> Season:
    """Return days for their course to be found, oldest first; `weekday` is the first one's, 0 being Monday."""
    shares: list[list[tuple[int, float]]] = [[] for _ in range(WEEK)]
    for number in range(AROUND, len(costs) - AROUND):
        around = sum(costs[number - AROUND : number + AROUND + 1]) / WEEK
        if around > 0:
            shares[(weekday + number) % WEEK].append((number + AROUND + 1, costs[number] / around))
    return Season(costs, weekday, tuple(tuple(found) for found in shares))


def factors(shares: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """Return what each weekday costs over what a day costs, from what it was in each week."""
    raw = [1 + (median(found) - 1) * min(1.0, len(found) / FEW) if found else 1.0 for found in shares]
    usual = mean(raw)
    return tuple(one / usual for one in raw) if usual else (1.0,) * WEEK


def trimmed(values: Sequence[float]) -> float:
    """Return the mean without the highest and the lowest seventh; 0 of nothing."""
    cut = len(values) // WEEK
    ordered = sorted(values)[cut : len(values) - cut]
    return mean(ordered) if ordered else 0.0
