"""Queues that are not there while they are empty: they count as empty once they were seen to hold something (R3).

    holds something             itself, and from then on it is known
    not there, known            empty
    not there, never known      a failed look: a mistyped name is not there either

What was known is stored, so that a restart in a quiet night does not make a pool hold what it no longer needs.
"""

from collections.abc import Container
from dataclasses import replace

from poolkeeper.core.observation import Reading
from poolkeeper.core.reasons import Reason

KEPT = 8
"""So many queues are remembered, as many as a pool may have sources: what is in use comes before what is not."""


def believed(readings: tuple[Reading, ...], known: tuple[str, ...]) -> tuple[tuple[Reading, ...], tuple[str, ...]]:
    """Return the readings, a failed one for each that tells nothing, and the queues that are known from now on."""
    if not any(reading.vanishes for reading in readings):
        return readings, known
    seen = {reading.vanishes for reading in readings if reading.vanishes and reading.waiting}
    named = {reading.vanishes for reading in readings}
    known = newest(known + tuple(sorted(seen - set(known))), named)
    return tuple(reading if is_believed(reading, known) else failed(reading) for reading in readings), known


def newest(known: tuple[str, ...], named: Container[str]) -> tuple[str, ...]:
    """Return what is remembered of them, in their order: what no reading names is forgotten first, then the oldest."""
    spare = max(0, len(known) - KEPT)
    forgotten = sorted(known, key=lambda queue: queue in named)[:spare]
    return tuple(queue for queue in known if queue not in forgotten)


def is_believed(reading: Reading, known: tuple[str, ...]) -> bool:
    """Return whether a reading tells something."""
    return not reading.vanishes or reading.vanishes in known


def failed(reading: Reading) -> Reading:
    """Return a look that found nothing, which may mean anything."""
    words = f"{reading.vanishes} is not there, and never was: it may be empty, or its name is wrong"
    return replace(reading, waiting=None, fault=Reason.METRIC_EMPTY, detail=words)
