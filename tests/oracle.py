"""R5 from its own words: every firing of a window put in order, and the level that each leaves behind.

It knows nothing of the core's schedule: the crons are cronsim's, and what a wall means is asked of zoneinfo minute by
minute. It is slow, and obvious.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

MINUTE = timedelta(minutes=1)
MARGIN = timedelta(days=3)
"""Further than any zone's walls are from UTC's, a day that is skipped included."""


class Firing(NamedTuple):
    """One firing. Firings sort as they count: by when, then as the crons wrote them, an end before a start."""

    at: datetime
    nominal: datetime
    starts: bool


class Level(NamedTuple):
    """From `at` on, the window is in force or is not."""

    at: datetime
    on: bool


def fires(cron: str) -> bool:
    """Return whether this cron, as cronsim writes it, ever fires."""
    try:
        return next(CronSim(cron, datetime(2000, 1, 1)), None) is not None
    except CronSimError:
        return False


def exists(wall: datetime, place: ZoneInfo) -> bool:
    """Return whether clocks in this zone ever show this."""
    there_and_back = wall.replace(tzinfo=place).astimezone(UTC).astimezone(place)
    return there_and_back.replace(tzinfo=None, fold=0) == wall


def instant(wall: datetime, place: ZoneInfo) -> datetime:
    """Return when clocks first show this; when they skip it, the first instant after the gap."""
    while not exists(wall, place):
        wall += MINUTE
    return wall.replace(tzinfo=place, fold=0).astimezone(UTC)


def nominals(cron: str, since: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the walls at which this cron fires until then, from the last one before `since`."""
    yield from (wall for wall in [next(CronSim(cron, since, reverse=True), None)] if wall)
    yield from takewhile(until.__ge__, CronSim(cron, since - MINUTE))


class Timeline:
    """One window over a span of instants: its crons as cronsim writes them, and the levels that follow one another."""

    def __init__(self, start: str, end: str, place: ZoneInfo, span: tuple[datetime, datetime]) -> None:
        since, until = span[0].replace(tzinfo=None) - MARGIN, span[1].replace(tzinfo=None) + MARGIN
        fired = sorted(
            Firing(instant(wall, place), wall, starts)
            for cron, starts in ((start, True), (end, False))
            for wall in nominals(cron, since, until)
        )
        self.levels = list(settled(fired))

    def on(self, now: datetime) -> bool:
        """Return whether the window is in force: its start fired and no end fired since."""
        before = bisect_right(self.levels, now, key=lambda level: level.at)
        return before > 0 and self.levels[before - 1].on

    def changes(self, since: datetime, until: datetime) -> list[Level]:
        """Return the changes after `since`, up to `until`."""
        return [level for level in self.levels if since < level.at <= until]


def settled(fired: Iterable[Firing]) -> Iterator[Level]:
    """Yield the changes of level: what the last firing of an instant says counts, and only where it is news."""
    last = {firing.at: firing.starts for firing in fired}
    on = False
    for at, starts in last.items():
        if starts != on:
            on = starts
            yield Level(at, on)


@dataclass(frozen=True)
class Rule:
    """One window of a schedule: its timeline, and its limits with the pool's own where it gives none."""

    name: str
    timeline: Timeline
    floor: int
    cap: int
    priority: int = 0


class Standing(NamedTuple):
    """What holds at one instant; of `lead` and `leads_to` None: no lead time counts."""

    window: str | None
    floor: int
    cap: int
    lead: str | None = None
    leads_to: datetime | None = None


def standing(rules: list[Rule], outside: Standing, now: datetime) -> Standing:
    """Return what holds, no lead time counted: the highest priority, then the larger floor, then the first."""
    on = [rule for rule in rules if rule.timeline.on(now)]
    if not on:
        return outside
    highest = [rule for rule in on if rule.priority == max(one.priority for one in on)]
    largest = [rule for rule in highest if rule.floor == max(one.floor for one in highest)]
    return Standing(largest[0].name, largest[0].floor, largest[0].cap)


def led(rules: list[Rule], outside: Standing, now: datetime, lead_time: timedelta) -> Standing:
    """Return what holds, and what is coming within the lead time: the largest floor counts, and lifts the cap."""
    found = standing(rules, outside, now)
    turning = sorted({level.at for rule in rules for level in rule.timeline.changes(now, now + lead_time)})
    coming = [(standing(rules, outside, at), at) for at in turning]
    top = max((one.floor for one, _ in coming), default=0)
    if top <= found.floor:
        return found
    name, at = next((one.window, at) for one, at in coming if one.floor == top)
    return Standing(found.window, top, max(found.cap, top), name, at)
