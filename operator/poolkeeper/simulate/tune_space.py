"""What tune may set: for each field of a spec the values that are tried, in order, today's among them.

    a dimension    a field's path, and its values as JSON; None is a field that is not there
    changes        the fields that differ from today's pool, with their values

Thresholds are multiples of today's: whether they count for a replica or for the pool, what is much is known from them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from poolkeeper.api.units import format_duration
from poolkeeper.core.model import Forecast, PoolSpec, ScaleUp
from poolkeeper.simulate.what_if import path, placed

Json = dict[str, Any]
Changes = Mapping[str, Any]

ABOVE, BELOW = "queue.scaleUp.above", "queue.scaleDown.below"
MORE = (0.2, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0)
LESS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
STEPS = (1, 2, 3)
MOST_STEPS = (1, 2, 4, 8, 16)
GRACES = tuple(timedelta(minutes=many) for many in (1, 2, 3, 5, 8, 12, 20))
GUARDS = (60, 70, 75, 80, 85, 90, 95)
QUANTILES = (0.7, 0.8, 0.9, 0.95)
LEADS = ("Disabled", "Auto")
FLOORS = 8
"""So many floors are tried at most."""
PRUDENT = 2
"""No floor under this is tried where today's is at least this: one replica alone is none when it fails."""
LEARNED = timedelta(days=16)
"""A learned floor knows nothing before two weeks have passed."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """A field, the values that are tried for it in order, and which of them is today's."""

    path: str
    values: tuple[Any, ...]
    today: int


@dataclass(frozen=True, slots=True)
class Scope:
    """What decides which values make sense: the mean load in replicas, how long there is to learn from it, windows.

    `schedule` is the pool's schedule with windows that were proposed for it, None where none were.
    """

    load: float
    lasted: timedelta
    schedule: Json | None = None


def dimensions(raw: Mapping[str, Any], spec: PoolSpec, scope: Scope) -> list[Dimension]:
    """Return what is tried for a pool, whose JSON spec is `raw`; a field of one value only is left out."""
    return [one for one in every(raw, spec, scope) if len(one.values) > 1]


def every(raw: Mapping[str, Any], spec: PoolSpec, scope: Scope) -> Iterator[Dimension]:
    """Yield every field that may be set."""
    up, down = spec.queue.up, spec.queue.down
    graces = sorted({*GRACES, down.grace_period})
    yield threshold(raw, ABOVE, [rounded(up.above * factor) for factor in MORE])
    yield numbers("queue.scaleUp.step", STEPS, up.step)
    yield numbers("queue.scaleUp.maxStep", (many for many in MOST_STEPS if many <= spec.max_replicas), up.max_step)
    yield threshold(raw, BELOW, [rounded((down.below or 1.0) * factor) for factor in LESS])
    yield Dimension("queue.scaleDown.gracePeriod", written(graces), graces.index(down.grace_period))
    yield guard(down.max_utilization_percent)
    yield numbers("minReplicas", floors(spec, scope.load), spec.min_replicas)
    yield Dimension("lead", LEADS, int(spec.lead))
    if scope.lasted >= LEARNED:
        yield forecast(raw.get("forecast"), spec.forecast)
    if scope.schedule is not None and scope.schedule != raw.get("schedule"):
        yield Dimension("schedule", (raw.get("schedule"), scope.schedule), 0)


def numbers(where: str, tried: Iterable[float], today: float) -> Dimension:
    """Return a dimension of numbers, in order, with today's."""
    values = sorted({*tried, today})
    return Dimension(where, tuple(map(plain, values)), values.index(today))


def threshold(raw: Mapping[str, Any], where: str, tried: Iterable[float]) -> Dimension:
    """Return a dimension of numbers that nobody may have chosen: None is then the operator's own choice."""
    today = given(raw, where)
    if today is not None:
        return numbers(where, tried, today)
    values = sorted(set(tried))
    return Dimension(where, (*map(plain, values), None), len(values))


def given(raw: Mapping[str, Any], where: str) -> Any:  # noqa: ANN401  JSON
    """Return what a spec holds at a path, None where it holds nothing."""
    inner: Any = raw
    for part in where.split("."):
        inner = (inner or {}).get(part)
    return inner


def plain(value: float) -> float:
    """Return a whole number as one."""
    return int(value) if value == int(value) else value


def written(durations: Iterable[timedelta]) -> tuple[str, ...]:
    """Return durations as the spec has them."""
    return tuple(format_duration(one) for one in durations)


def guard(today: int | None) -> Dimension:
    """Return how busy survivors may be, None as the load's margin allows."""
    values = (*sorted({*GUARDS, *([today] if today else [])}), None)
    return Dimension("queue.scaleDown.maxUtilizationPercent", values, values.index(today))


def floors(spec: PoolSpec, load: float) -> list[int]:
    """Return floors up to what the mean load keeps busy, evenly spread."""
    lowest = min(spec.min_replicas, PRUDENT)
    highest = max(lowest, min(spec.max_replicas, round(load)))
    apart = max(1, -(-(highest - lowest) // FLOORS))
    return list(range(lowest, highest + 1, apart))


def forecast(raw: Json | None, today: Forecast | None) -> Dimension:
    """Return which quantile of the past weeks is a floor, None where none is."""
    quantiles = sorted({*QUANTILES, *([today.quantile] if today else [])})
    learned = tuple((raw or {}) | {"enabled": True, "quantile": one} for one in quantiles)
    return Dimension("forecast", (None, *learned), quantiles.index(today.quantile) + 1 if today else 0)


def rounded(value: float) -> float:
    """Return a number with two digits that count."""
    return float(f"{value:.2g}")


def changes(tried: Sequence[Dimension], places: Sequence[int]) -> Changes:
    """Return what is changed of today's pool with the values at these places.

    A `below` over `above` is refused by the spec, so that it is brought down to it, or to what is usual without one.
    """
    chosen = {one.path: one.values[place] for one, place in zip(tried, places, strict=True)}
    if chosen.get(BELOW) is not None and ABOVE in chosen:
        above = chosen[ABOVE]
        chosen[BELOW] = min(chosen[BELOW], plain(ScaleUp().above) if above is None else above)
    today = {one.path: one.values[one.today] for one in tried}
    return {where: value for where, value in chosen.items() if value != today[where]}


def changed(raw: Mapping[str, Any], made: Changes) -> Json:
    """Return a JSON spec with changes made in it; what it does not hold is made, and None is taken out."""
    spec: Json = deepcopy(dict(raw))
    for where, value in made.items():
        if value is None:
            taken_out(spec, where)
        else:
            placed(spec, path(where), deepcopy(value))
    return spec


def taken_out(spec: Json, where: str) -> None:
    """Take a field out of a spec, where it is there."""
    *outer, last = where.split(".")
    inner = spec
    for part in outer:
        inner = inner.get(part) or {}
    inner.pop(last, None)
