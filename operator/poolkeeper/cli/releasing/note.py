"""The size that a release is to end with, noted on its pool together with the end of the pause that it has written.

A pool that was resumed, paused anew or whose pause is over is not being released any more, whatever note it bears.
"""

from datetime import datetime
from typing import Any

from poolkeeper.api.names import PAUSED_UNTIL, RELEASING
from poolkeeper.api.units import parse_instant


def note(size: int, until: str) -> str:
    """Return what is written on the pool.

    >>> note(8, "2026-11-30T12:00:00Z")
    '8 2026-11-30T12:00:00Z'
    """
    return f"{size} {until}"


def begun(pool: dict[str, Any], now: datetime) -> int | None:
    """Return the size that a release under way is to end with, None where there is none under way."""
    annotations = (pool.get("metadata") or {}).get("annotations") or {}
    size, _, until = annotations.get(RELEASING, "").partition(" ")
    is_its_pause = until == annotations.get(PAUSED_UNTIL)
    return int(size) if size.isdecimal() and is_its_pause and _is_ahead(until, now) else None


def _is_ahead(until: str, now: datetime) -> bool:
    try:
        return now < parse_instant(until)
    except ValueError:
        return False
