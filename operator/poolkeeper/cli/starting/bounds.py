"""The bounds of a first pool and its windows, and where they are from: the history, an autoscaler, or today's size."""

from dataclasses import dataclass
from math import ceil

from poolkeeper.cli.starting.facts import Facts
from poolkeeper.simulate.proposal import Proposed, Recommendation

SPARE = 2
"""Replicas that stay where there are as many: one may fail."""
GROWING = "one more than that, so that it can grow; a guess"


@dataclass(frozen=True, slots=True)
class Window:
    """A window, and why."""

    found: Proposed
    why: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the largest size, each with its reason, thresholds that history proposes, and windows in a zone."""

    least: int
    most: int
    why_least: str
    why_most: str
    above: float | None = None
    below: float | None = None
    timezone: str = ""
    windows: tuple[Window, ...] = ()


def largest_today(facts: Facts) -> int:
    """Return how large the workload may be today."""
    return max([one.most for one in facts.beside] or [max(facts.replicas, 1)])


def without_history(facts: Facts) -> Bounds:
    """Return the bounds that nothing but the cluster tells."""
    if facts.beside:
        one = facts.beside[0]
        return Bounds(max(1, one.least), max(1, one.most), f"as {one.name} has it", f"as {one.name} has it")
    size = max(1, facts.replicas)
    least = max(min(SPARE, size), ceil(size / 2))
    most, enough = (size, f"today's {size}: it costs no more than now") if size > least else (size + 1, GROWING)
    return Bounds(least, most, f"{why_least(size)}; a guess, as no history was read", enough)


def why_least(size: int) -> str:
    """Return in words how the least of a size was found."""
    if size < SPARE:
        return "one must be there to answer"
    if size == SPARE:
        return f"today's {size}, as one of them may fail"
    return f"half of today's {size}{', rounded up' if size % 2 else ''}"


def by_history(facts: Facts, found: Recommendation, days: int, timezone: str) -> Bounds:
    """Return the bounds that the load of so many days needs."""
    high = [size for size in found.profile.replicas if size is not None]
    quiet, busy = (min(high), max(high)) if high else (found.min_replicas, found.max_replicas)
    today = largest_today(facts)
    windows = tuple(
        Window(one, f"{one.min_replicas} are needed then; {found.because}")
        for one in (found.windows if found.helps else ())
    )
    return Bounds(
        found.min_replicas,
        found.max_replicas,
        f"the cheapest that kept the SLA over {days} days; the quietest half hour needs {quiet}",
        f"the busiest half hour of {days} days needs {busy}, by today's most of {today}",
        found.scale_up_above,
        found.scale_down_below,
        timezone,
        windows,
    )
