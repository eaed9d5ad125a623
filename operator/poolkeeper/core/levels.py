"""When one window is in force, and when that changes (R5).

A window is in force if its start has fired and its end has not fired since: a level, so that a restart, a late look or
a clock that jumps finds what would have been found without it. Firings are walls in the schedule's zone:

    nominal   spring, 02:00-03:00     both fire at 03:00, start first: the window is empty that day
    walls     autumn, 01:30-01:45     once, at the first 01:30
              22:00-06:00             ends on the next day; back to back with 06:00-22:00 there is no dip

    at one nominal time the end fires before the start: start `0 9,17`, end `0 17,20` stays in force over 17:00
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from zoneinfo import ZoneInfo

from poolkeeper.core.cron import coming, last
from poolkeeper.core.model import Window
from poolkeeper.core.zones import furthest, instant, zone

DAY = timedelta(days=1)


def is_on(window: Window, place: str, now: datetime) -> bool:
    """Return whether a window is in force."""
    found = levels(window.start, window.end, place, now.astimezone(UTC).date())
    passed = bisect_right(found.changes, now, key=itemgetter(0))
    return found.changes[passed - 1][1] if passed else found.on


@dataclass(frozen=True, slots=True)
class Levels:
    """A window on one day of UTC: whether it is in force as the day begins, and its changes.

    They are those of the day and the first one after it, if there ever is one.
    """

    on: bool
    changes: tuple[tuple[datetime, bool], ...]


@lru_cache(maxsize=4096)
def levels(start: str, end: str, place: str, day: date) -> Levels:
    """Return a window's levels on one day; the searches that it costs are paid once a day."""
    begin = midnight(day)
    on = is_open(start, end, furthest(begin, zone(place)))
    found: list[tuple[datetime, bool]] = []
    for change in changes(start, end, zone(place), begin):
        found.append(change)
        if change[0] >= begin + DAY:
            break
    return Levels(on, tuple(found))


def midnight(day: date) -> datetime:
    """Return the instant at which a day of UTC begins."""
    return datetime.combine(day, time(), UTC)


def is_open(start: str, end: str, wall: datetime) -> bool:
    """Return whether the start has fired by a wall, and the end not since."""
    started, ended = last(start, wall), last(end, wall)
    return started is not None and (ended is None or started >= ended)


def changes(start: str, end: str, place: ZoneInfo, after: datetime) -> Iterator[tuple[datetime, bool]]:
    """Yield the changes of level after an instant; what opens and closes at one instant is no change."""
    wall = furthest(after, place)
    level = is_open(start, end, wall)
    nominal = ((instant(at, place), on) for at, on in nominal_changes(start, end, wall))
    for at, together in groupby(nominal, key=itemgetter(0)):
        on = list(together)[-1][1]
        if on is not level:
            yield at, on
        level = on


def nominal_changes(start: str, end: str, wall: datetime) -> Iterator[tuple[datetime, bool]]:
    """Yield the walls after this one at which a window opens (True) or closes, as if no clock were ever set.

    An end that falls on a start closes nothing.
    """
    on = is_open(start, end, wall)
    while True:
        found = coming(end, wall, start) if on else coming(start, wall)
        if found is None:
            return
        on, wall = not on, found
        yield wall, on
