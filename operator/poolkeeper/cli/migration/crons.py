"""KEDA's cron triggers -> windows, and when the two would not be in force together.

KEDA looks at the clock anew each time: a trigger is active unless its next start comes before its next end. So what
fires only once, or more often than its other half, opens or closes it at moments that nobody wrote down. A time that
does not exist is left out, one that is there twice fires twice. Ours is a level: started, and not ended since
(core/levels.py). Both are lived for the coming year.

Source: `pkg/scalers/cron_scaler.go` of KEDA 2.20 and its library, robfig/cron v3.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from poolkeeper.api.units import format_duration
from poolkeeper.api.weekdays import WEEK
from poolkeeper.cli.migration.outcome import Json, Note, Part, carried, differs, left
from poolkeeper.cli.migration.triggers import Trigger
from poolkeeper.core.cron import check, firings
from poolkeeper.core.levels import is_on
from poolkeeper.core.model import Limits, Window
from poolkeeper.core.schedule import window_transitions
from poolkeeper.core.zones import furthest, zone

YEAR = timedelta(days=400)
MOST = 5000
"""So many firings in a year are held against each other; what fires more often is no schedule of a pool's."""
PLAIN = re.compile(r"(\d{1,2}) (\d{1,2}) \* \* (\S+)")
DAY = re.compile(r"([0-6]|[A-Za-z]{3})(?:-([0-6]|[A-Za-z]{3}))?")
NEAR = timedelta(hours=36)


@dataclass(frozen=True, slots=True)
class Apart:
    """A time at which only one of the two is in force; `ours`: it is our window."""

    begin: datetime
    end: datetime
    ours: bool


def windows(found: Sequence[Trigger], bounds: tuple[int, int], now: datetime) -> Part:
    """Return the schedule of the cron triggers of a ScaledObject of these bounds.

    Raises:
        ValueError: one cannot be read; the words name its field.
    """
    if not found:
        return Part()
    place = timezone(found[0])
    own = [one for one in found if timezone(one) == place]
    words = (
        f"a pool has one zone, {place}: write this window's hours in it, or make the zones the same. What is written "
        "sets floors and no cap, which would cut this one"
    )
    others = [left(f"{one.field} timezone", words) for one in found if one not in own]
    made = [window(one, bounds) for one in own]
    notes = [note for one in own for note in told(one, bounds, place, now)]
    return Part({"schedule": {"timezone": place, "windows": made}}, (*notes, *others))


def in_one_zone(found: Sequence[Trigger]) -> bool:
    """Return whether all triggers can become windows of one pool."""
    return len({timezone(one) for one in found}) <= 1


def timezone(trigger: Trigger) -> str:
    """Return the zone of a trigger.

    Raises:
        ValueError: it is none; the words name its field.
    """
    try:
        return zone(str(trigger.metadata.get("timezone") or "UTC")).key
    except ValueError as error:
        raise ValueError(f"{trigger.field} timezone: {error}") from error


def window(trigger: Trigger, bounds: tuple[int, int]) -> Json:
    """Return a trigger's window: the floor while it is in force."""
    least, most = bounds
    size = min(most, max(least, desired(trigger)))
    start, end = crons(trigger)
    return {"name": trigger.name, **times(start, end), "minReplicas": size}


def desired(trigger: Trigger) -> int:
    """Return how many replicas a trigger is for.

    Raises:
        ValueError: that is no number.
    """
    text = str(trigger.metadata.get("desiredReplicas", ""))
    if not text.isdecimal():
        raise ValueError(f"{trigger.field} desiredReplicas: {text!r} must be a whole number")
    return int(text)


def crons(trigger: Trigger) -> tuple[str, str]:
    """Return when a trigger starts and ends.

    Raises:
        ValueError: one is no cron expression, or its zone is none.
    """
    start, end = (str(trigger.metadata.get(name, "")) for name in ("start", "end"))
    for name, expression in (("start", start), ("end", end)):
        try:
            check(expression)
        except ValueError as error:
            raise ValueError(f"{trigger.field} {name}: {error}") from error
    return start, end


def times(start: str, end: str) -> Json:
    """Return when a window is in force: as days and hours where that says the same, else as the cron pair."""
    began, ended = PLAIN.fullmatch(start), PLAIN.fullmatch(end)
    if began is None or ended is None or began[3] != ended[3] or hour(began) >= hour(ended):
        return {"start": start, "end": end}
    if began[3] == "*":
        return {"from": hour(began), "to": hour(ended)}
    days = named(began[3])
    return {"days": days, "from": hour(began), "to": hour(ended)} if days else {"start": start, "end": end}


def hour(found: re.Match[str]) -> str:
    """Return the time of day of a cron expression."""
    return f"{int(found[2]):02}:{int(found[1]):02}"


def named(field: str) -> str | None:
    """Return the days of a cron's fifth field as ours are written, None where they cannot be."""
    parts = [DAY.fullmatch(part) for part in field.split(",")]
    names = ["-".join(day(end) for end in found.groups() if end) for found in parts if found]
    return ",".join(names) if len(names) == len(parts) else None


def day(text: str) -> str:
    """Return a day of the week by its number in crons, in which Sunday is 0, or by its name."""
    return WEEK[(int(text) - 1) % len(WEEK)] if text.isdecimal() else text.title()


def told(trigger: Trigger, bounds: tuple[int, int], place: str, now: datetime) -> Iterator[Note]:
    """Yield what becomes of a trigger."""
    least, most = bounds
    size = desired(trigger)
    start, end = crons(trigger)
    yield carried(
        f"{trigger.field} start, end", f"window {trigger.name}: a floor of {min(most, max(least, size))} replicas"
    )
    if size > most:
        yield differs(f"{trigger.field} desiredReplicas", f"{size} are over the most of {most}, there and here")
    words = (
        "the floor counts as long before the window as replicas take to start (leadTime: auto), not from its start on"
    )
    yield differs(f"{trigger.field} start", words)
    found = apart(start, end, zone(place), now)
    if found:
        yield differs(f"{trigger.field} timezone", summary(found, zone(place)))


def summary(found: Sequence[Apart], place: ZoneInfo) -> str:
    """Return when the two were apart, in words."""
    first = found[0]
    whole = sum((one.end - one.begin for one in found), timedelta(0))
    who, other = (
        ("this window is", "KEDA's is not") if first.ours else ("KEDA's trigger is active", "this window is not")
    )
    begin, end = (at.astimezone(place) for at in (first.begin, first.end))
    cause = (
        "as the clocks change" if all(is_set(one, place) for one in found) else "as starts and ends do not alternate"
    )
    times = f"{len(found)} time{'s' if len(found) > 1 else ''}"
    return (
        f"the two are apart {times} in the coming 400 days, {lasting(whole)} in all, {cause}. First: from "
        f"{begin:%a %d %b %Y %H:%M} to {end:%a %d %b %Y %H:%M} {who}, {other}"
    )


def lasting(whole: timedelta) -> str:
    """Return a time in hours, in minutes where it is short."""
    hour = timedelta(hours=1)
    return f"{whole / hour:,.0f} hours" if whole >= 2 * hour else format_duration(whole)


def is_set(one: Apart, place: ZoneInfo) -> bool:
    """Return whether the zone's clocks are set about then."""
    return (one.begin - NEAR).astimezone(place).utcoffset() != (one.end + NEAR).astimezone(place).utcoffset()


def apart(start: str, end: str, place: ZoneInfo, now: datetime) -> list[Apart]:
    """Return when, in the coming year, only one of KEDA's trigger and our window is in force."""
    starts, ends = fired(start, place, now), fired(end, place, now)
    if max(len(starts), len(ends)) > MOST:
        return []
    ours = [(now, open_at(start, end, place, now)), *changes(start, end, place, now)]
    moments = sorted({now, *starts, *ends, *(at for at, _ in ours)})
    found: list[Apart] = []
    for begin, until in pairwise(one for one in moments if one <= now + YEAR):
        mine = ours[bisect_right(ours, begin, key=lambda one: one[0]) - 1][1]
        if mine is is_active(starts, ends, begin):
            continue
        if found and found[-1].end == begin and found[-1].ours is mine:
            begin = found.pop().begin  # noqa: PLW2901  it goes on from there
        found.append(Apart(begin, until, mine))
    return found


def fired(expression: str, place: ZoneInfo, now: datetime) -> list[datetime]:
    """Return when an expression fires in the year and somewhat after, as KEDA's library has it."""
    found: list[datetime] = []
    last = (now + YEAR + YEAR).astimezone(place).replace(tzinfo=None)
    for wall in firings(expression, furthest(now, place)):
        if wall > last or len(found) > MOST:
            break
        found += shown(wall, place)
    return found


def shown(wall: datetime, place: ZoneInfo) -> list[datetime]:
    """Return the instants at which the clock shows this wall: none in the gap of spring, two in autumn."""
    each = {wall.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(at for at in each if at.astimezone(place).replace(tzinfo=None) == wall)


def is_active(starts: Sequence[datetime], ends: Sequence[datetime], now: datetime) -> bool:
    """Return whether KEDA takes a trigger for active: its next end is not after its next start."""
    start, end = bisect_right(starts, now), bisect_right(ends, now)
    if end == len(ends):
        return False
    return start == len(starts) or ends[end] <= starts[start]


def window_of(start: str, end: str) -> Window:
    """Return the window of two expressions."""
    return Window("", start, end, Limits())


def open_at(start: str, end: str, place: ZoneInfo, now: datetime) -> bool:
    """Return whether our window is in force."""
    return is_on(window_of(start, end), place.key, now)


def changes(start: str, end: str, place: ZoneInfo, now: datetime) -> list[tuple[datetime, bool]]:
    """Return when our window opens (True) and closes in the year."""
    found: list[tuple[datetime, bool]] = []
    for one in window_transitions(window_of(start, end), place.key, now):
        if one.at > now + YEAR:
            break
        found.append((one.at, one.edge == "start"))
    return found
