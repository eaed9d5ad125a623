r"""What is played: a real hour of requests with a rush in its middle, and how much faster than it happened.

The trace by itself is too flat to move a pool much, so its rate is multiplied: `RUSH` draws by how much, and when.

    x4.5           ______
                __/      \
             __/          \
    x1    __/              \____________
          0             23  27  34     58 minutes
"""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from fleet.trace import Trace, whole

SPEED = 20
TRACE = "azure2023_conv"
LENGTH = timedelta(minutes=58)
SLA = timedelta(seconds=2)
RUSH = ((0.0, 1.0), (23 * 60.0, 4.5), (27 * 60.0, 4.5), (34 * 60.0, 1.0))
"""Second of the trace, and how many times as many requests as were recorded; straight lines in between."""

INTERVAL = timedelta(seconds=10)
SETTLE = timedelta(seconds=30)
GRACE = timedelta(minutes=5)
MODEL_LOAD = timedelta(seconds=60)
MODEL_LOAD_JITTER = timedelta(seconds=20)
STARTUP = timedelta(minutes=10)
DRAIN = timedelta(seconds=100)
"""Durations in trace time; INTERVAL is how often the pool is looked at, STARTUP how long a start may take."""

MINIMUM, MAXIMUM = 2, 8
ABOVE, BELOW = 3, 1
"""Waiting requests a ready replica: above, the pool grows; below, it may shrink."""
MOST_AT_ONCE = 2


def wall(duration: timedelta) -> timedelta:
    """How long `duration` of trace time takes here."""
    return duration / SPEED


def rate(second: float) -> float:
    """How many times as many requests as were recorded come at `second` of the trace."""
    for (start, before), (end, after) in pairwise(RUSH):
        if start <= second < end:
            return before + (after - before) * (second - start) / (end - start)
    return RUSH[-1][1]


def rushed(trace: Trace) -> Trace:
    """The first `LENGTH` of `trace` with the rush in it: each request keeps the mean size of its bin."""
    window = trace.window(0, LENGTH.total_seconds())
    counts = whole(each.requests * rate(number * window.width) for number, each in enumerate(window.bins))
    return replace(window, bins=tuple(each.resized(count) for each, count in zip(window.bins, counts, strict=True)))


def workload_words(trace: str) -> str:
    """What is replayed, in words; `trace` is the name of what was found on this machine."""
    return f"{LENGTH / timedelta(minutes=1):g} minutes of {source_words(trace)}, {rate_words()}"


def source_words(trace: str) -> str:
    """Where the requests are from, in words."""
    return f"the real trace {TRACE}" if trace == TRACE else f"generated requests (no {TRACE} here)"


def rate_words() -> str:
    """By how much the rate was multiplied, in words."""
    low, high = min(each for _, each in RUSH), max(each for _, each in RUSH)
    return f"rate x{low:g} to x{high:g} and back"


def pool_words() -> str:
    """What the pool is told to do, in words."""
    return (
        f"The pool: {MINIMUM} to {MAXIMUM} replicas; up while more than {ABOVE} requests per replica wait "
        f"({MOST_AT_ONCE} at most on their way), down by one after {seconds(GRACE)} with fewer than {BELOW} per "
        "remaining replica."
    )


def scaled_words() -> str:
    """Which durations are compressed, in words."""
    each = {
        "grace period": GRACE,
        "settle": SETTLE,
        "model load": MODEL_LOAD,
        "its timeout": STARTUP,
        "drain": DRAIN,
        "interval": INTERVAL,
    }
    named = ", ".join(f"{name} {seconds(long)} -> {seconds(wall(long))}" for name, long in each.items())
    return f"Time runs {SPEED} times as fast: {named}."


def seconds(duration: timedelta) -> str:
    """A duration in seconds, for people: `300 s`."""
    return f"{duration.total_seconds():g} s"
