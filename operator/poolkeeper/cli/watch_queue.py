"""Queues over the last minutes as lines of characters, and sizes as bars: what the live view draws."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

Json = dict[str, Any]
Key = tuple[str, str]

KEPT = timedelta(minutes=15)
LEVELS = "▁▂▃▄▅▆▇█"
READY, COMING, LEAVING, FREE = "█", "▒", "▓", "·"


class Sample(NamedTuple):
    """How long a queue was; None: not known."""

    at: datetime
    queue: float | None


Trails = Mapping[Key, Sequence[Sample]]
"""What was seen of each pool's queue, oldest first."""


def key(row: Json) -> Key:
    """Return what tells a pool from all others of its cluster."""
    return row["namespace"], row["name"]


def remembered(trails: Trails, rows: Iterable[Json], now: datetime) -> Trails:
    """Return the trails with what was just seen, without what is too old and without pools that are gone."""
    made = {}
    for row in rows:
        kept = deque(one for one in trails.get(key(row), ()) if now - one.at <= KEPT)
        kept.append(Sample(now, row["queue"]))
        made[key(row)] = kept
    return made


def line(trail: Sequence[Sample], now: datetime, cells: int, each: timedelta) -> str:
    """Return the queue of the last `cells` times `each`, a character the longest in its time; blank: nothing known.

    >>> from datetime import UTC
    >>> now = datetime(2026, 3, 1, tzinfo=UTC)
    >>> seen = [Sample(now - timedelta(seconds=20), 8), Sample(now - timedelta(seconds=10), 4), Sample(now, 0)]
    >>> line(seen, now, 4, timedelta(seconds=10))
    ' █▅▁'
    """
    tops = longest(trail, now, cells, each)
    top = max((one for one in tops if one is not None), default=0.0)
    return "".join(" " if one is None else LEVELS[level(one, top)] for one in tops)


def longest(trail: Sequence[Sample], now: datetime, cells: int, each: timedelta) -> list[float | None]:
    """Return the longest queue in each stretch of time, the last of which ends at `now`."""
    tops: list[float | None] = [None] * cells
    for sample in trail:
        place = cells - 1 - (now - sample.at) // each
        if 0 <= place < cells and sample.queue is not None:
            tops[place] = max(sample.queue, tops[place] or 0.0)
    return tops


def level(queue: float, top: float) -> int:
    """Return how high a queue is drawn, 0 to 7; one that is not empty is never drawn as empty."""
    if queue <= 0:
        return 0
    return max(1, round(queue / top * (len(LEVELS) - 1)))


def bar(row: Json, cells: int) -> str:
    """Return a size as a bar: ready, on its way, above what is asked for, and free up to the most.

    >>> bar({"ready": 3, "desired": 5, "max": 8}, 8)
    '███▒▒···'
    >>> bar({"ready": 6, "desired": 4, "max": 8}, 8)
    '████▓▓··'
    """
    ready, desired = row["ready"] or 0, row["desired"] or 0
    whole = max(row["max"], ready, desired, 1)
    cells = min(cells, whole)
    served, larger = (ceiling(count, whole, cells) for count in (min(ready, desired), max(ready, desired)))
    between = COMING if desired >= ready else LEAVING
    return READY * served + between * (larger - served) + FREE * (cells - larger)


def ceiling(count: int, whole: int, cells: int) -> int:
    """Return how many cells a count fills: what is there is never drawn as nothing."""
    return -(-count * cells // whole)
