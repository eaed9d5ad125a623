"""Made traces: plain shapes for tests, a generated hour or week where no file is there, and the name of each.

The generated load has the published shape of Azure's 2024 conversation week (three humps a day, a quiet weekend; the
humps' heights and hours are read off the figure in Azure/AzurePublicDataset) and its published burstiness: an index of
dispersion of 5.7 for counts by the minute, from a gamma factor that is drawn anew for each minute.
"""

import math
from collections.abc import Callable
from random import Random

from fleet.arrivals import minute_shape
from fleet.trace import TYPICAL_OUTPUT, TYPICAL_PROMPT, Bin, Trace, directory, load, whole

HUMPS = ((9.5, 1.6, 0.55), (14.5, 1.8, 0.70), (20.5, 1.7, 0.40))
"""Hour of the day, width in hours, height over the night's level of 0.55."""
NIGHT = 0.55
WEEKEND = 0.72
HOUR = 3600


def constant(rate: float, duration: float) -> Trace:
    """`rate` requests a second for `duration` seconds."""
    return _shaped("constant", duration, lambda _: rate)


def step(low: float, high: float, at: float, duration: float) -> Trace:
    """`low` requests a second, and from second `at` on `high`."""
    return _shaped("step", duration, lambda second: low if second < at else high)


def ramp(low: float, high: float, duration: float) -> Trace:
    """From `low` requests a second to `high`, evenly."""
    return _shaped("ramp", duration, lambda second: low + (high - low) * second / duration)


def generated(rate: float, duration: float, start: float = 33 * HOUR, seed: int = 1) -> Trace:
    """`rate` requests a second in the mean, `duration` seconds from second `start` of a week that begins on Monday."""
    random = Random(seed)  # noqa: S311  a load, not a secret
    shape = [weekly(start + second) for second in range(int(duration))]
    mean = rate / (sum(shape) / len(shape))
    bursts = [
        random.gammavariate(minute_shape(rate * 60), 1 / minute_shape(rate * 60)) for _ in range(len(shape) // 60 + 1)
    ]
    expected = (mean * level * bursts[second // 60] for second, level in enumerate(shape))
    return Trace("generated", 1.0, tuple(_typical(count) for count in whole(expected)))


def weekly(second: float) -> float:
    """The published week's level at `second` from Monday 00:00, 1 being about its weekday mean."""
    hour = second / HOUR % 24
    day = int(second // (24 * HOUR)) % 7
    humps = sum(height * math.exp(-(((hour - at) / width) ** 2) / 2) for at, width, height in HUMPS)
    return (NIGHT + humps) * (WEEKEND if day >= 5 else 1)


def named(text: str) -> Trace:
    """The trace that `text` names: a file, `constant:RATE`, `step:LOW:HIGH:AT`, `ramp:LOW:HIGH` or `generated[:RATE]`.

    A made trace lasts an hour. A generated hour stands in for a file that is not on this machine; its name says so.

    Raises:
        ValueError: A shape with numbers missing or too many.
    """
    kind, *numbers = text.split(":")
    if kind not in SHAPES:
        path = directory() / f"{kind}.csv.gz"
        return load(path) if path.exists() else generated(5.53, HOUR)
    try:
        return SHAPES[kind](*map(float, numbers))
    except TypeError as error:
        raise ValueError(f"{text}: the numbers do not fit the shape {kind}") from error


SHAPES: dict[str, Callable[..., Trace]] = {
    "constant": lambda rate: constant(rate, HOUR),
    "step": lambda low, high, at: step(low, high, at, HOUR),
    "ramp": lambda low, high: ramp(low, high, HOUR),
    "generated": lambda rate=5.53: generated(rate, HOUR),
}


def _shaped(name: str, duration: float, rate: Callable[[float], float]) -> Trace:
    counts = whole(rate(second) for second in range(int(duration)))
    return Trace(name, 1.0, tuple(_typical(count) for count in counts))


def _typical(requests: int) -> Bin:
    return Bin(requests, requests * TYPICAL_PROMPT, requests * TYPICAL_OUTPUT)
