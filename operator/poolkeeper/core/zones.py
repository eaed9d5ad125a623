"""Walls and instants: what a clock on the wall of a zone shows, and when (R5).

    spring      01:59 -> 03:00      a wall in the gap (02:30) is the first instant after it
    autumn      01:59 -> 01:00      a wall that is shown twice (01:30) is its first occurrence

So instants never fall while walls rise, and what has fired by an instant is all up to one wall: the furthest that the
clock has shown. In the hour that is shown twice that is the hour's end, though the clock shows less.
"""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SECOND = timedelta(seconds=1)


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """Return an IANA zone.

    Raises:
        ValueError: there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no IANA time zone; write one, as in America/New_York or UTC") from error


def instant(wall: datetime, place: ZoneInfo) -> datetime:
    """Return the first instant at which the clock shows this naive wall, or has passed over it."""
    before, after = wall.replace(tzinfo=place, fold=0), wall.replace(tzinfo=place, fold=1)
    first = before.astimezone(UTC)
    if first.astimezone(place).replace(tzinfo=None) == wall:
        return first
    return turn(after.astimezone(UTC), first, place)


def furthest(now: datetime, place: ZoneInfo) -> datetime:
    """Return the furthest wall, to the second, that the clock has shown by an instant."""
    local = now.astimezone(place)
    wall = local.replace(tzinfo=None, microsecond=0)
    if not local.fold:
        return wall
    first = wall.replace(tzinfo=place, fold=0).astimezone(UTC)
    back = turn(first, now.astimezone(UTC), place)
    return (back - SECOND).astimezone(place).replace(tzinfo=None)


def turn(before: datetime, after: datetime, place: ZoneInfo) -> datetime:
    """Return the instant after `before`, `after` at the latest, at which the zone's clock is set, to the second."""
    offset = after.astimezone(place).utcoffset()
    seconds = range((after - before) // SECOND)
    found = bisect_left(seconds, 1, key=lambda one: (before + one * SECOND).astimezone(place).utcoffset() == offset)
    return before + found * SECOND
