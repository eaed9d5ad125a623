"""A moment of the past as people write it: `02:10`, `yesterday 02:10`, `Sun 02:10`, `2h ago`, or RFC 3339."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from poolkeeper.api.units import format_duration, format_instant, parse_duration
from poolkeeper.core.zones import instant

DAY = timedelta(days=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EXAMPLES = "02:10, 'yesterday 02:10', 'Sun 02:10', '2026-11-22 02:10', 2026-11-22T02:10:00Z or '2h ago'"
_WALL = re.compile(r"(?:(\S+)\s+)?(\d{1,2}:\d{2}(?::\d{2})?)")
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?)?")


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant, and what is to be said of how it was read; empty: nothing."""

    at: datetime
    remark: str = ""


def moment(text: str, now: datetime, place: ZoneInfo) -> Moment:
    """Return the moment that a text means: the last such one where it tells no date, by the clock of a zone.

    Raises:
        ValueError: it means none, or one that is yet to come; the message says what would be right.
    """
    found = _read(" ".join(text.split()), now, place)
    if found.at > now:
        raise ValueError(f"{text!r} is yet to come: now it is {shown(now, place)}")
    return found


def _read(text: str, now: datetime, place: ZoneInfo) -> Moment:
    if text.lower() == "now":
        return Moment(now)
    if text.endswith(" ago"):
        return Moment(now - parse_duration(text.removesuffix(" ago").replace(" ", "")))
    if _DATED.fullmatch(text):
        return on_wall(datetime.fromisoformat(text), place)
    if wall := _WALL.fullmatch(text):
        return _recent(wall[1] or "", _time(text, wall[2]), now, place)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no time; write {EXAMPLES}") from error
    return Moment(at) if at.tzinfo else on_wall(at, place)


def _time(text: str, clock: str) -> time:
    try:
        return time.fromisoformat(clock.zfill(8 if clock.count(":") > 1 else 5))
    except ValueError as error:
        raise ValueError(f"{text!r} is no time: hours go to 23, minutes to 59") from error


def _recent(day: str, clock: time, now: datetime, place: ZoneInfo) -> Moment:
    """Return the last time that the clock showed this on such a day: today, yesterday, a weekday, or any (empty)."""
    today = now.astimezone(place).date()
    known = {"today": 0, "yesterday": 1} | {name: (today.weekday() - index) % 7 for index, name in enumerate(WEEKDAYS)}
    name = day.lower() if day.lower() in known else day.lower()[:3]
    if day and name not in known:
        raise ValueError(f"{day!r} is no day; write {EXAMPLES}")
    found = on_wall(datetime.combine(today - known.get(name, 0) * DAY, clock), place)
    back = 0 if name in {"today", "yesterday"} else 7 if day else 1
    if found.at > now and back:
        return on_wall(datetime.combine(today - (known.get(name, 0) + back) * DAY, clock), place)
    return found


def on_wall(wall: datetime, place: ZoneInfo) -> Moment:
    """Return when the clock of a zone showed this, the first time; a clock that never did had passed over it then."""
    at = instant(wall, place)
    local = at.astimezone(place)
    if local.replace(tzinfo=None) != wall:
        return Moment(at, f"{wall:%Y-%m-%d %H:%M} was never shown in {place.key}: the clock went on to {local:%H:%M}")
    second = wall.replace(tzinfo=place, fold=1)
    if second.utcoffset() != wall.replace(tzinfo=place, fold=0).utcoffset():
        other = format_instant(second)
        return Moment(at, f"{wall:%H:%M} was shown twice in {place.key}: this is the first; the other is {other}")
    return Moment(at)


def shown(at: datetime, place: ZoneInfo) -> str:
    """Return an instant as a clock of the zone shows it: `Sun 2026-11-22 02:10:05 EST`."""
    return f"{at.astimezone(place):%a %Y-%m-%d %H:%M:%S %Z}"


def brief(at: datetime, place: ZoneInfo) -> str:
    """Return an instant as it stands in a list."""
    return f"{at.astimezone(place):%m-%d %H:%M:%S}"


def lasted(since: datetime, until: datetime) -> str:
    """Return how long something lasted, to the second."""
    return format_duration(timedelta(seconds=max(0, round((until - since).total_seconds()))))
