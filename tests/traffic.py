"""Generated weeks of load for tests: a shape on the walls of a zone, noise, holes, outliers."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import exp, pi, sin
from random import Random
from zoneinfo import ZoneInfo

from poolkeeper.simulate.series import Series

MONDAY = datetime(2026, 10, 5, tzinfo=UTC)
STEP = timedelta(minutes=10)
Shape = Callable[[datetime], float]
"""The load at a wall."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a week's shape becomes a history."""

    days: int = 28
    zone: str = "UTC"
    noise: float = 0.05
    seed: int = 1
    start: datetime = MONDAY
    step: timedelta = STEP


def history(shape: Shape, recipe: Recipe) -> Series:
    """Return a shape's load with noise that is a share of it."""
    dice, place = Random(recipe.seed), ZoneInfo(recipe.zone)  # noqa: S311  drawn again the same way, no secret
    many = timedelta(days=recipe.days) // recipe.step
    walls = ((recipe.start + number * recipe.step).astimezone(place) for number in range(many))
    values = tuple(max(0.0, shape(wall) * dice.gauss(1, recipe.noise)) for wall in walls)
    return Series(recipe.start, recipe.step, values)


def hours(wall: datetime) -> float:
    """Return the hours since midnight."""
    return wall.hour + wall.minute / 60


def office(wall: datetime) -> float:
    """Mon-Fri 08:00-18:00 at 70, else 8."""
    return 70.0 if wall.weekday() < 5 and 8 <= hours(wall) < 18 else 8.0


def evenings(wall: datetime) -> float:
    """Every day 19:00-01:00 at 60, else 20."""
    return 60.0 if hours(wall) >= 19 or hours(wall) < 1 else 20.0


def batch(wall: datetime) -> float:
    """Mon-Fri 09:00-17:00 at 40, Sat and Sun 01:00-05:00 at 75, else 10."""
    if wall.weekday() < 5:
        return 40.0 if 9 <= hours(wall) < 17 else 10.0
    return 75.0 if 1 <= hours(wall) < 5 else 10.0


def waves(wall: datetime) -> float:
    """A smooth day with its top at 15:00, lower at the weekend."""
    top = 70.0 if wall.weekday() < 5 else 35.0
    return 8 + top * max(0.0, sin(pi * (hours(wall) - 6) / 18)) ** 2


def steady(wall: datetime) -> float:
    """Always 40."""
    return 40.0


def drifting(recipe: Recipe, holds: timedelta = timedelta(hours=6)) -> Series:
    """Return load without a pattern: a first-order autoregressive walk about 40 that forgets after `holds`."""
    dice, keeps, at = Random(recipe.seed), exp(-(recipe.step / holds)), 0.0  # noqa: S311  as above
    found = []
    for _ in range(timedelta(days=recipe.days) // recipe.step):
        at = keeps * at + (1 - keeps**2) ** 0.5 * dice.gauss(0, 1)
        found.append(40 * exp(0.4 * at))
    return Series(recipe.start, recipe.step, tuple(found))


def spoiled(series: Series, holes: int = 20, spikes: int = 3, viral: int = 1, seed: int = 2) -> Series:
    """Return a history with holes of up to three hours, a broken exporter's spikes, and hours four times as busy."""
    dice, values = Random(seed), list(series.values)  # noqa: S311  as above
    hour = timedelta(hours=1) // series.step
    for _ in range(holes):
        begin, lasts = dice.randrange(len(values)), dice.randrange(1, 3 * hour)
        values[begin : begin + lasts] = [None] * len(values[begin : begin + lasts])
    for _ in range(viral):
        begin = dice.randrange(len(values))
        values[begin : begin + hour] = [None if one is None else 4 * one for one in values[begin : begin + hour]]
    for _ in range(spikes):
        values[dice.randrange(len(values))] = 1e7
    return replace(series, values=tuple(values))


def counted(series: Series, restart: timedelta = timedelta(days=5)) -> list[tuple[datetime, float | None]]:
    """Return a history as a counter's points, the process starting anew every so often."""
    total, points = 0.0, []
    for number, (at, value) in enumerate(series.points):
        points.append((at, None if value is None else total))
        total += (value or 0.0) * series.step.total_seconds()
        if number % (restart // series.step) == restart // series.step - 1:
            total = 0.0
    return points
