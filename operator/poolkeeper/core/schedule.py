"""Which window is in force, what it makes of the bounds, and when that changes (R5).

levels.py tells when one window is in force. Of several the highest priority counts, then the larger floor, then the
first. In the lead time before a change the floor that comes with it counts already, and lifts the cap to it.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from heapq import merge
from itertools import groupby, takewhile
from operator import attrgetter
from typing import NamedTuple

from poolkeeper.core.levels import DAY, is_on, levels, midnight
from poolkeeper.core.model import Limits, PoolSpec, Schedule, Window

WHEN = attrgetter("at")


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


class Bounds(NamedTuple):
    """What bounds the size at one instant: `floor` and `cap`, the lead time's floor included.

    `window` is in force, None: none is. `lead` is the window that will be in force when the floor that counts already
    comes, at `leads_to`; None outside of any lead time. `leads_at` is when a lead time lifts the floor next, None: not
    before the next transition, which is `next`. `narrow`: the cap is under the pool's own; `force`: what is over it
    goes at once.
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


class Turn(NamedTuple):
    """What holds from an instant on, and the transition that brought it, None: a day began."""

    at: datetime
    term: Term
    transition: Transition | None = None


def bounds(spec: PoolSpec, now: datetime, lead_time: timedelta, begun: datetime | None = None) -> Bounds:
    """Return the bounds of a pool at `now`; `lead_time` is used where its schedule has none.

    A lead time that has `begun`, towards this instant, stands: starts that are measured in it would take it back.
    """
    schedule = spec.schedule
    if schedule is None:
        return Bounds(spec.min_replicas, spec.max_replicas)
    if schedule.lead_time is not None:
        lead_time, begun = schedule.lead_time, None
    reach = max(now + lead_time, begun or now)
    term, upcoming = sight(spec, schedule, now, reach - now)
    counting = [turn for turn in upcoming if turn.at <= reach]
    top = max(counting, key=lambda turn: turn.term.floor, default=None)
    leads = top if top and top.term.floor > term.floor else None
    floor = leads.term.floor if leads else term.floor
    later = next((turn.at for turn in upcoming[len(counting) :] if turn.term.floor > floor), None)
    return Bounds(
        floor=floor,
        cap=max(term.cap, floor),
        window=term.name,
        lead=leads.term.name if leads else None,
        leads_to=leads.at if leads else None,
        leads_at=later - lead_time if later and lead_time else None,
        narrow=term.cap < spec.max_replicas,
        force=term.force,
        lead_time=lead_time,
        next=upcoming[0].transition if upcoming else None,
    )


def sight(spec: PoolSpec, schedule: Schedule, now: datetime, lead_time: timedelta) -> tuple[Term, list[Turn]]:
    """Return what holds at `now`, and the turns that matter until the next one: those in its lead time, too."""
    coming = course(spec, schedule, now)
    present, upcoming = next(coming), next(coming, None)
    if upcoming is None:
        return present.term, []
    until = upcoming.at + lead_time
    return present.term, [upcoming, *takewhile(lambda turn: turn.at <= until, coming)]


def course(spec: PoolSpec, schedule: Schedule, now: datetime) -> Iterator[Turn]:
    """Yield the turn that brought what holds at `now`, or the day's beginning, and then all turns after it."""
    found = turns(schedule, spec.min_replicas, spec.max_replicas, now.astimezone(UTC).date())
    place = bisect_right(found, now, key=WHEN)
    yield found[place - 1]
    while place < len(found):
        yield from found[place:]
        reached = found[-1].at
        found = turns(schedule, spec.min_replicas, spec.max_replicas, reached.date())
        place = bisect_right(found, reached, key=WHEN)


@lru_cache(maxsize=8192)
def turns(schedule: Schedule, smallest: int, largest: int, day: date) -> tuple[Turn, ...]:
    """Return what holds as a day of UTC begins, the day's turns, and the first one after it, if there ever is one.

    `smallest` and `largest` are the pool's own bounds.
    """
    spec, begin = PoolSpec(smallest, largest), midnight(day)
    found = [Turn(begin, standing(spec, schedule, begin))]
    for at, together in groupby(transitions(schedule, begin), key=WHEN):
        found.append(Turn(at, standing(spec, schedule, at), next(together)))
        if at >= begin + DAY:
            break
    return tuple(found)


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
    return merge(*each, key=WHEN)


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
