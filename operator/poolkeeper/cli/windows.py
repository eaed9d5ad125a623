"""A schedule in words, on the wall clock of its zone and in UTC: lines of `explain`, notes of `check`."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from poolkeeper.api.units import format_duration, parse_instant
from poolkeeper.cli.calendar import dated
from poolkeeper.core.model import PoolSpec, Schedule, Window
from poolkeeper.core.schedule import Edge, standing, transitions
from poolkeeper.core.zones import zone

Json = dict[str, Any]

NONE = "none"
COMING = 3
"""How many transitions `check` tells of."""


def moment(at: datetime, place: ZoneInfo) -> str:
    """Return an instant as the zone's wall shows it, and in UTC: `Fri 6 Mar 18:00 EST (23:00Z)`."""
    here, there = at.astimezone(place), at.astimezone(UTC)
    told = f"{dated(here)} {here:%H:%M %Z}"
    if here.utcoffset() == timedelta(0):
        return told
    return f"{told} ({'' if here.date() == there.date() else f'{dated(there)} '}{there:%H:%M}Z)"


def replicas(floor: int, cap: int) -> str:
    """Return bounds in words."""
    if floor == cap:
        return f"{floor} replica{'' if floor == 1 else 's'}"
    return f"{floor} to {cap} replicas"


def lines(schedule: Json, told: Json) -> Iterator[str]:
    """Yield what `explain` says of the clock: `schedule` is the spec's, `told` the bounds of a decision or a status."""
    place = zone(schedule.get("timezone", "UTC"))
    force = "; what is above goes at once" if told.get("force") else ""
    yield f"window  {told.get('window') or NONE}{until(told, place)}, {replicas(told['floor'], told['cap'])}{force}"
    warming = leading(told, place)
    if "leadTime" in told:
        given = "auto" if schedule.get("leadTime", "auto") == "auto" else "given"
        span = format_duration(timedelta(seconds=round(told["leadTime"])))
        yield f"lead    {span} ({given}){warming and f'; {warming}'}"
    elif warming:
        yield f"lead    {warming}"


def until(told: Json, place: ZoneInfo) -> str:
    """Return how long that holds, and what comes then unless it is the window's own end."""
    upcoming = told.get("next")
    if upcoming is None:
        return " for ever"
    at, window = moment(parse_instant(upcoming["at"]), place), upcoming["window"]
    if window == told.get("window"):
        return f" until {at}"
    return f" until {at} when {window} {'begins' if upcoming['edge'] == Edge.START else 'ends'}"


def leading(told: Json, place: ZoneInfo) -> str:
    """Return for what pre-warming is under way, or when it begins; empty where neither is known."""
    if told.get("leadsTo"):
        whom = f"for {told['lead']}, in force from" if told.get("lead") else "for what holds from"
        return f"pre-warming {whom} {moment(parse_instant(told['leadsTo']), place)}"
    if told.get("lead"):
        return f"pre-warming for {told['lead']}"
    return f"pre-warming from {moment(parse_instant(told['leadsAt']), place)}" if told.get("leadsAt") else ""


def notes(spec: PoolSpec, now: datetime) -> list[str]:
    """Return what `check` says of a schedule: the next transitions, and the windows that never count."""
    schedule = spec.schedule
    if schedule is None:
        return []
    place = zone(schedule.timezone)
    upcoming = list(islice(transitions(schedule, now), COMING))
    told = [f"window {one.window} {one.edge}s {moment(one.at, place)}: {after(spec, one.at)}" for one in upcoming]
    return [*told, *(f"window {one} never counts: {other} covers it" for one, other in covered(schedule))]


def after(spec: PoolSpec, at: datetime) -> str:
    """Return the bounds that hold from an instant on, without any lead time."""
    term = standing(spec, spec.schedule or Schedule(), at)
    return replicas(term.floor, term.cap)


def covered(schedule: Schedule) -> Iterator[tuple[str, str]]:
    """Yield the windows that surely never count, each with one of higher priority that is always in force with it."""
    for one in schedule.windows:
        found = next((other for other in schedule.windows if covers(other, one)), None)
        if found is not None:
            yield one.name, found.name


def covers(other: Window, one: Window) -> bool:
    """Return whether a window surely takes all of another's time: the same crons, or start and end at once for ever."""
    always = other.start == other.end
    return other.priority > one.priority and (always or (other.start, other.end) == (one.start, one.end))
