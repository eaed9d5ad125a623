"""Charts of characters: one column a minute, replicas in rows, the queue beneath, time along the bottom.

What a pod is shows in the character, so that nothing depends on colour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from demo.record import Sample, at_each

READY, LOADING, LEAVING = "█", "░", "·"
LEGEND = f"{READY} ready  {LOADING} loading  {LEAVING} leaving"
LEVELS = " ▁▂▃▄▅▆▇█"
TICK = 10


@dataclass(frozen=True, slots=True)
class Column:
    """One part of the time: the sizes at its end and the longest queue in it; None where nothing was seen."""

    last: Sample | None
    queue: float | None


def columns(samples: Sequence[Sample], count: int, end: float) -> list[Column]:
    """The samples in `count` columns that reach to `end` (seconds); what is yet to come is empty."""
    return [_column(part) for part in at_each(samples, count, end)]


def replicas(shown: Sequence[Column], top: int) -> list[str]:
    """One line a replica, the highest first."""
    return ["".join(_cell(column.last, row) for column in shown) for row in range(top, 0, -1)]


def queue(shown: Sequence[Column], rows: int) -> list[str]:
    """Bars of `rows` lines, scaled to the longest queue; a queue that is not empty is never invisible."""
    top = longest(shown) or 1
    heights = [None if each.queue is None else ceil(each.queue / top * rows * 8) for each in shown]
    return ["".join(_bar(height, row) for height in heights) for row in range(rows - 1, -1, -1)]


def longest(shown: Sequence[Column]) -> float:
    """The longest queue of all, 0 where none was seen."""
    return max((each.queue for each in shown if each.queue is not None), default=0)


def axis(count: int) -> str:
    """Ticks under `count` columns of a minute each."""
    marks = "".join(f"{minute:<{TICK}}" for minute in range(0, count, TICK))
    return marks[:count].rstrip()


def _column(part: Sequence[Sample]) -> Column:
    known = [each.queue for each in part if each.queue is not None]
    return Column(part[-1] if part else None, max(known, default=None))


def _cell(seen: Sample | None, row: int) -> str:
    if seen is None or row > max(seen.desired, seen.pods):
        return " "
    if row <= seen.ready:
        return READY
    return LOADING if row <= seen.desired else LEAVING


def _bar(height: int | None, row: int) -> str:
    """The part of a bar that lies in a row, 0 being the lowest; an empty queue is a thin line."""
    if height is None:
        return " "
    if height == 0 and row == 0:
        return "_"
    return LEVELS[min(8, max(0, height - 8 * row))]
