"""Which window is in force, what it makes of the bounds, and when that changes (R5).

A window is in force if its start has fired and its end has not fired since: a level, so that a restart, a late look or
a clock that jumps finds what would have been found without it. Firings are walls in the schedule's zone:

    nominal   spring, 02:00-03:00     both fire at 03:00, start first: the window is empty that day
    walls     autumn, 01:30-01:45     once, at the first 01:30
              22:00-06:00             ends on the next day; back to back with 06:00-22:00 there is no dip

    at one nominal time the end fires before the start: start `0 9,17`, end `0 17,20` stays in force over 17:00

Of several in force the highest priority counts, then the larger floor, then the first. In the lead time before a
change the floor that comes with it counts already, and lifts the cap to it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from heapq import merge
from itertools import groupby, islice, takewhile
from operator import attrgetter, itemgetter
from zoneinfo import ZoneInfo

from poolkeeper.core.cron import firings, last
from poolkeeper.core.model import Limits, PoolSpec, Schedule, Window
from poolkeeper.core.zones import furthest, instant, zone

DAY = timedelta(days=1)
COINCIDENCES = 300
"""So many ends in a row that fall on a start mean that the window never ends."""


class Edge(StrEnum):
    """What happens to a window."""

    START = "start"
    END = "end"


@dataclass(frozen=True, slots=True)
class Transition:
    """A window comes into force, or goes out of it."""

    at: datetime
    window: str
    edge: Edge


@dataclass(frozen=True, slots=True)
class Bounds:
    """What bounds the size at one instant: `floor` and `cap`, the lead time's floor included.

    `window` is in force, None: none is. `lead` is the coming window whose floor counts already; `leads_to` is when it
    begins, None outside of any lead time; `leads_at` is when the next lead time begins. `narrow`: the cap is under the
    pool's own; `force`: what is over it goes at once. `next` is the next transition.
    """

    floor: int
    cap: int
    window: str | None = None
    lead: str | None = None
    leads_to: datetime | None = None
    leads_at: datetime | None = None
    narrow: bool = False
    force: bool = False
    lead_time: timedelta = timedelta(0)
    next: Transition | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """What holds at one instant, no lead time counted: the window in force, None where none is, and its limits."""

    window: Window | None
    floor: int
    cap: int
    force: bool = False

    @property
    def name(self) -> str | None:
        """The window's name."""
        return self.window.name if self.window else None


def bounds(spec: PoolSpec, now: datetime, lead_time: timedelta) -> Bounds:
    """Return the bounds of a pool at `now`; `lead_time` is used where its schedule has none."""
    schedule = spec.schedule
    if schedule is None:
        return Bounds(spec.min_replicas, spec.max_replicas)
    lead_time = schedule.lead_time if schedule.lead_time is not None else lead_time
    term, upcoming = standing(spec, schedule, now), next(transitions(schedule, now), None)
    found = Bounds(
        floor=term.floor,
        cap=term.cap,
        window=term.name,
        narrow=term.cap < spec.max_replicas,
        force=term.force,
        lead_time=lead_time,
        next=upcoming,
    )
    if upcoming is None:
        return found
    if upcoming.at > now + lead_time:
        rises = standing(spec, schedule, upcoming.at).floor > term.floor
        return replace(found, leads_at=upcoming.at - lead_time) if rises and lead_time else found
    coming = [(standing(spec, schedule, one.at), one.at) for one in ahead(schedule, now, now + lead_time)]
    top, at = max(coming, key=lambda one: one[0].floor)
    if top.floor <= term.floor:
        return found
    return replace(found, floor=top.floor, cap=max(term.cap, top.floor), lead=top.name, leads_to=at)


def standing(spec: PoolSpec, schedule: Schedule, now: datetime) -> Term:
    """Return what holds at `now`: of several windows the highest priority, then the larger floor, then the first."""
    found = [term(spec, window.limits, window) for window in schedule.windows if is_on(window, schedule.timezone, now)]
    if not found:
        return term(spec, schedule.outside, None)
    return max(found, key=lambda one: (one.window.priority if one.window else 0, one.floor))


def term(spec: PoolSpec, limits: Limits, window: Window | None) -> Term:
    """Return limits with the pool's own where they give none; a cap bounds the pool's own floor, too."""
    cap = spec.max_replicas if limits.cap is None else min(limits.cap, spec.max_replicas)
    floor = spec.min_replicas if limits.floor is None else limits.floor
    return Term(window, min(floor, cap), cap, limits.force)


def transitions(schedule: Schedule, after: datetime) -> Iterator[Transition]:
    """Yield all windows' transitions after an instant, in order; those of one instant in the windows' order."""
    each = [window_transitions(window, schedule.timezone, after) for window in schedule.windows]
    return merge(*each, key=attrgetter("at"))


def ahead(schedule: Schedule, after: datetime, until: datetime) -> Iterator[Transition]:
    """Yield the transitions after an instant, up to another."""
    return takewhile(lambda one: one.at <= until, transitions(schedule, after))


def window_transitions(window: Window, place: str, after: datetime) -> Iterator[Transition]:
    """Yield one window's transitions after an instant."""
    day: date | None = after.astimezone(UTC).date()
    while day is not None:
        found = levels(window.start, window.end, place, day)
        for at, on in found.changes:
            if at > after:
                yield Transition(at, window.name, Edge.START if on else Edge.END)
                after = at
        day = after.date() if found.changes and found.changes[-1][0] >= midnight(day + DAY) else None


def is_on(window: Window, place: str, now: datetime) -> bool:
    """Return whether a window is in force."""
    found = levels(window.start, window.end, place, now.astimezone(UTC).date())
    passed = [on for at, on in found.changes if at <= now]
    return passed[-1] if passed else found.on


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
    """Yield the walls after this one at which a window opens (True) or closes, as if no clock were ever set."""
    on = is_open(start, end, wall)
    while True:
        due = firings(end if on else start, wall)
        found = next((at for at in islice(due, COINCIDENCES) if not on or last(start, at) != at), None)
        if found is None:
            return
        on, wall = not on, found
        yield wall, on
