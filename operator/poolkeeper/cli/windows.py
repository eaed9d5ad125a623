"""A schedule in words, on the wall clock of its zone and in UTC: lines of `explain`, notes of `check`."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from poolkeeper.api.spec import SpecError, parse_spec
from poolkeeper.api.units import format_duration, parse_instant
from poolkeeper.cli.calendar import dated
from poolkeeper.core.model import PodsSource, PoolSpec, Schedule, Window
from poolkeeper.core.schedule import standing, transitions
from poolkeeper.core.zones import zone

Json = dict[str, Any]

NONE = "none"
PLACES = {"EST": "America/New_York", "MST": "America/Denver"}
"""Zones that are read as a place and mean its winter all year long."""
COMING = 3
"""How many transitions `check` tells of."""


def moment(at: datetime, place: ZoneInfo, since: datetime | None = None) -> str:
    """Return an instant as the zone's wall shows it, and in UTC: `Fri 6 Mar 18:00 EST (23:00Z)`.

    The year is told where it is not the one of `since`.
    """
    here, there = at.astimezone(place), at.astimezone(UTC)
    told = local(at, place, since)
    if here.utcoffset() == timedelta(0):
        return told
    return f"{told} ({'' if here.date() == there.date() else f'{dated(there)} '}{there:%H:%M}Z)"


def local(at: datetime, place: ZoneInfo, since: datetime | None = None) -> str:
    """Return an instant as the zone's wall shows it, with its year where it is not the one of `since`."""
    here = at.astimezone(place)
    year = f" {here.year}" if since and since.astimezone(place).year != here.year else ""
    return f"{dated(here)}{year} {here:%H:%M %Z}"


def replicas(floor: int, cap: int) -> str:
    """Return bounds in words."""
    if floor == cap:
        return f"{floor} replica{'' if floor == 1 else 's'}"
    return f"{floor} to {cap} replicas"


def lines(raw: Json, told: Json) -> Iterator[tuple[str, str]]:
    """Yield what `explain` says of the clock, each with its label: `told` are the bounds of a decision or a status.

    Of a spec (JSON) that cannot be read, which the operator may not have seen yet, neither zone nor bounds are known.
    """
    spec = understood(raw)
    schedule = spec.schedule or Schedule()
    place = zone(schedule.timezone)
    force = ", and what is above goes at once" if told.get("force") else ""
    present = f"{told.get('window') or NONE}, {replicas(told['floor'], told['cap'])}{force}"
    yield "window", present + following(spec, told, place)
    warming = leading(told, place)
    if "leadTime" in told:
        given = "auto" if schedule.lead_time is None else "given"
        span = format_duration(timedelta(seconds=round(told["leadTime"])))
        yield "lead", f"{span} ({given}){warming and f'; {warming}'}"
    elif warming:
        yield "lead", warming


def understood(raw: Json) -> PoolSpec:
    """Return a spec as the rules read it, one without a schedule where it cannot be read."""
    try:
        return parse_spec(raw).to_core()
    except SpecError:
        return PoolSpec(0, 0)


def following(spec: PoolSpec, told: Json, place: ZoneInfo) -> str:
    """Return what holds from the next transition on; only when it is, where that is not known or nothing changes."""
    upcoming = told.get("next")
    if upcoming is None:
        return ", for ever"
    at = parse_instant(upcoming["at"])
    if spec.schedule is None:
        return f", until {moment(at, place)}"
    then = standing(spec, spec.schedule, at)
    if then.name == told.get("window"):
        return f", at least until {moment(at, place)}"
    return f"; from {moment(at, place)} {then.name or NONE}: {replicas(then.floor, then.cap)}"


def leading(told: Json, place: ZoneInfo) -> str:
    """Return for what pre-warming is under way, or when it begins; empty where neither is known."""
    if told.get("leadsTo"):
        whom = f"for {told['lead']}, in force from" if told.get("lead") else "for what holds from"
        return f"pre-warming {whom} {moment(parse_instant(told['leadsTo']), place)}"
    if told.get("lead"):
        return f"pre-warming for {told['lead']}"
    return f"pre-warming from {moment(parse_instant(told['leadsAt']), place)}" if told.get("leadsAt") else ""


def notes(spec: PoolSpec, now: datetime) -> list[str]:
    """Return what `check` says of time: the next transitions, and what never counts."""
    schedule = spec.schedule
    told = [] if schedule is None else [*comings(spec, schedule, now), *doubts(schedule)]
    if spec.forecast and not any(isinstance(source, PodsSource) for source in spec.queue.sources):
        told.append("forecast learns nothing: only a source of pods tells how many requests run")
    return told


def comings(spec: PoolSpec, schedule: Schedule, now: datetime) -> Iterator[str]:
    """Yield the next transitions, each with what holds from then on."""
    place = zone(schedule.timezone)
    for one in islice(transitions(schedule, now), COMING):
        yield f"window {one.window} {one.edge}s {moment(one.at, place, now)}: {after(spec, one.at)}"


def doubts(schedule: Schedule) -> Iterator[str]:
    """Yield what is allowed and yet hardly meant."""
    if schedule.timezone in PLACES:
        place = PLACES[schedule.timezone]
        yield f"timezone {schedule.timezone} has no summer time; where clocks change, write a place, as in {place}"
    yield from (f"window {one} never counts: {other} covers it" for one, other in covered(schedule))


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
