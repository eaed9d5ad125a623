"""The week on the wall of a zone, in slots of half an hour: 0 begins on Monday at 00:00, 335 on Sunday at 23:30.

An hour that the clock shows twice is the same two slots twice; one that it passes over is no slot that week.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo

SLOT = timedelta(minutes=30)
HOUR = timedelta(hours=1)
MINUTES = SLOT // timedelta(minutes=1)
PER_HOUR = HOUR // SLOT
PER_DAY = timedelta(days=1) // SLOT
SLOTS = 7 * PER_DAY
SATURDAY = 5


class Day(StrEnum):
    """A kind of day: within one kind, days look much alike."""

    WEEKDAY = "weekday"
    WEEKEND = "weekend"


def slot(at: datetime, place: ZoneInfo) -> int:
    """Return the slot of the week that an instant is in."""
    wall = at.astimezone(place)
    return wall.weekday() * PER_DAY + wall.hour * PER_HOUR + wall.minute // MINUTES


def kind_of_day(slot: int) -> Day:
    """Return the kind of day that a slot belongs to."""
    return Day.WEEKDAY if slot // PER_DAY < SATURDAY else Day.WEEKEND


@cache
def alike(slot: int) -> tuple[int, ...]:
    """Return the other slots of the same time of day on the same kind of day, Monday's first."""
    same = range(slot % PER_DAY, SLOTS, PER_DAY)
    return tuple(other for other in same if other != slot and kind_of_day(other) is kind_of_day(slot))


def begun(at: datetime, place: ZoneInfo) -> datetime:
    """Return the instant at which the slot that an instant is in began."""
    wall = at.astimezone(place)
    into = timedelta(minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond)
    return at - into % SLOT
