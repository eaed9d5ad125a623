"""What a schedule makes of a pool: now, at every transition to come, and hour by hour on the wall of its zone.

An hour is all that the clock shows as such on that day. In spring the hour that the clock skips is none, in autumn the
one that it shows twice is twice as long. Of an hour in which the bounds change the largest floor is told, and a mark.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice, pairwise
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from poolkeeper.api.units import format_instant
from poolkeeper.core import cron
from poolkeeper.core.model import PoolSpec, Window
from poolkeeper.core.schedule import Bounds, Transition, ahead, bounds, transitions
from poolkeeper.core.zones import SECOND, instant, turn, zone

Json = dict[str, Any]
Span = tuple[datetime, datetime]

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
HOURS = 24


def coming(spec: PoolSpec, now: datetime, span: timedelta) -> list[Transition]:
    """Return the transitions after `now` within a span, or the first one where there is none in that time."""
    if spec.schedule is None:
        return []
    return list(ahead(spec.schedule, now, now + span)) or list(islice(transitions(spec.schedule, now), 1))


def outlook(found: Bounds, upcoming: Iterable[Transition]) -> Json:
    """Return the bounds in force and the transitions to come; the instants are RFC 3339 in UTC."""
    return {
        "in_force": found.window,
        "min": found.floor,
        "max": found.cap,
        "lead": found.lead,
        "next": [transition(one) for one in upcoming],
    }


def transition(one: Transition) -> Json:
    """Return when which window starts or ends."""
    return {"at": format_instant(one.at), "window": one.window, "edge": one.edge.value}


class Mark(StrEnum):
    """What is special about an hour; where several hold, the first."""

    TWICE = "+"
    SHORT = "-"
    LEAD = "^"
    PART = "~"


@dataclass(frozen=True, slots=True)
class Step:
    """The bounds from an instant on, until the next step."""

    at: datetime
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class Shift:
    """The clock is set: the walls it shows before and after, and the windows that lie between them as a whole."""

    at: datetime
    before: datetime
    after: datetime
    lost: tuple[str, ...] = ()

    @property
    def day(self) -> date:
        """The first day whose hours it skips or repeats."""
        return min(self.before, self.after).date()


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of the wall: its largest floor and how that is written, with the cap where it is under the pool's own.

    `floor` None: the clock never shows this hour.
    """

    floor: int | None
    label: str
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """One column: a date, whether its clock is set, and its 24 hours."""

    date: date
    shifted: bool
    hours: tuple[Hour, ...]


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days in a row, the clock changes among them, the pool's own cap, and the hour of now on the first day."""

    days: tuple[Day, ...]
    shifts: tuple[Shift, ...]
    cap: int
    hour: int


def calendar(spec: PoolSpec, now: datetime, days: int, lead_time: timedelta) -> Calendar:
    """Return so many days of a pool's zone, the one of `now` first; `lead_time` is used where its schedule has none."""
    place = zone(spec.schedule.timezone if spec.schedule else "UTC")
    here = now.astimezone(place)
    first = here.date()
    dates = [first + number * DAY for number in range(days)]
    begin, end = beginning(dates[0], place), beginning(dates[-1] + DAY, place)
    changes = list(shifts(place, begin - DAY, end + DAY))
    edges = [begin - DAY, *(change.at for change in changes), end + DAY]
    windows = spec.schedule.windows if spec.schedule else ()
    shown = tuple(replace(change, lost=lost(windows, change)) for change in changes if change.day in dates)
    course = steps(spec, (edges[0], edges[-1]), lead_time)
    sheet = Sheet(spec.max_replicas, course, list(pairwise(edges)), place)
    marked = {change.day for change in shown}
    made = tuple(Day(day, day in marked, sheet.hours(day)) for day in dates)
    return Calendar(made, shown, spec.max_replicas, here.hour)


def beginning(day: date, place: ZoneInfo) -> datetime:
    """Return the first instant of a day in a zone."""
    return instant(datetime.combine(day, time()), place)


def steps(spec: PoolSpec, span: Span, lead_time: timedelta) -> list[Step]:
    """Return the bounds from the span's beginning on, and from each instant in it at which they may change."""
    begin, end = span
    first = bounds(spec, begin, lead_time)
    if spec.schedule is None:
        return [Step(begin, first)]
    upcoming = {one.at for one in ahead(spec.schedule, begin, end + first.lead_time)}
    moments = upcoming | {at - first.lead_time for at in upcoming}
    return [
        Step(begin, first),
        *(Step(at, bounds(spec, at, lead_time)) for at in sorted(moments) if begin < at < end),
    ]


def shifts(place: ZoneInfo, begin: datetime, end: datetime) -> Iterator[Shift]:
    """Yield the clock changes in a span; of two within one day, the later."""
    days = [begin + number * DAY for number in range((end - begin) // DAY + 1)]
    for before, after in pairwise([*days, end]):
        if before.astimezone(place).utcoffset() != after.astimezone(place).utcoffset():
            at = turn(before, after, place)
            yield Shift(at, wall(at - SECOND, place) + SECOND, wall(at, place))


def lost(windows: Iterable[Window], change: Shift) -> tuple[str, ...]:
    """Return the windows that start and end while the clock skips: on that day they are empty."""
    return tuple(window.name for window in windows if is_skipped(window, change))


def is_skipped(window: Window, change: Shift) -> bool:
    """Return whether a window starts and ends while the clock skips."""
    start = cron.coming(window.start, change.before - SECOND)
    if start is None or start >= change.after:
        return False
    end = cron.coming(window.end, start, window.start)
    return end is not None and end <= change.after


def wall(at: datetime, place: ZoneInfo) -> datetime:
    """Return what the clock shows at an instant."""
    return at.astimezone(place).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the hours are read from: the course of the bounds, and the periods in which no clock is set."""

    cap: int
    course: Sequence[Step]
    periods: Sequence[Span]
    place: ZoneInfo

    def hours(self, day: date) -> tuple[Hour, ...]:
        """Return the hours of a day."""
        walls = (datetime.combine(day, time(number)) for number in range(HOURS))
        return tuple(self.hour(list(self.showings(begin))) for begin in walls)

    def showings(self, begin: datetime) -> Iterator[Span]:
        """Yield when the clock shows the hour from this wall on."""
        for since, until in self.periods:
            at = (begin - (since.astimezone(self.place).utcoffset() or timedelta(0))).replace(tzinfo=UTC)
            if max(since, at) < min(until, at + HOUR):
                yield max(since, at), min(until, at + HOUR)

    def hour(self, spans: Sequence[Span]) -> Hour:
        """Return the hour that these spans make up."""
        if not spans:
            return Hour(None, "-", Mark.SHORT)
        held = [found for span in spans for found in self.during(span)]
        top = max(held, key=lambda one: (one.floor, one.cap))
        length = sum((until - since for since, until in spans), timedelta(0))
        holds = {
            Mark.TWICE: length > HOUR,
            Mark.SHORT: length < HOUR,
            Mark.LEAD: any(one.leads_to for one in held),
            Mark.PART: any((one.floor, one.cap) != (top.floor, top.cap) for one in held),
        }
        label = f"{top.floor}-{top.cap}" if top.cap < self.cap else str(top.floor)
        return Hour(top.floor, label, next((mark for mark in Mark if holds[mark]), None))

    def during(self, span: Span) -> list[Bounds]:
        """Return the bounds that hold at any time in a span."""
        first = bisect_right(self.course, span[0], key=attrgetter("at")) - 1
        return [step.bounds for step in self.course[first : bisect_left(self.course, span[1], key=attrgetter("at"))]]
