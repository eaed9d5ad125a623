"""Cron expressions on the wall clock: the only file that knows croniter.

Five fields: minute hour day-of-month month day-of-week; names (`Mon`, `Jan`), `L` (last day, `L5` last Friday) and
`#` (`1#2` second Monday) are understood. Where both days are restricted either one fires, also where the date is a step
such as `*/2`, which some crons take for any day. Walls are naive: which instant a wall is, zones.py tells. croniter
searches fifty years for a firing; what it does not find in them never fires. It takes a date beside `1#2` or `L5` for a
second condition, so the two are searched apart.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, time, timedelta
from functools import lru_cache
from heapq import merge
from itertools import groupby, product, takewhile

from croniter import CroniterBadDateError, CroniterError, croniter

FIELDS = 5
ANY_DAY = datetime(2026, 1, 1)  # noqa: DTZ001  a wall has no zone
DICE = re.compile(r"\b[RH]\b", re.IGNORECASE)
COUNTED = re.compile(r"#|L", re.IGNORECASE)
"""A weekday that is counted in its month: `1#2`, `L5`. No name of a day has an L."""
EVERY_DAY = {"*", "?"}
SECOND = timedelta(seconds=1)
SIZES = (60, 24)
"""How many minutes and hours there are."""
HORIZON = timedelta(days=400)
"""How long two expressions are held against each other: every month, and every weekday many times."""


class CronError(ValueError):
    """An expression that is none, or that never fires; the words say what would be right."""


def check(expression: str) -> None:
    """Refuse an expression that cannot be read or that never fires.

    Raises:
        CronError: with what is wrong.
    """
    fields = expression.split()
    if len(fields) != FIELDS or expression.startswith("@"):
        raise CronError(
            f"{expression!r} has {len(fields)} fields; write five: minute hour day-of-month month day-of-week"
            + (", without seconds or years" if len(fields) > FIELDS else "")
        )
    if DICE.search(expression):
        raise CronError(f"{expression!r} holds R or H, a minute that is drawn; write the minute that is meant")
    try:
        fires = searched(expression, ANY_DAY, croniter.get_next)
    except (CroniterError, ValueError, KeyError) as error:
        raise CronError(f"{expression!r} is no cron expression: {error}") from error
    if not fires:
        raise CronError(f"{expression!r} never fires: no such day exists")


def never_ends(start: str, end: str) -> bool:
    """Return whether all ends of a window fall on its starts, so that nothing ever closes it."""
    started = following(start, ANY_DAY)
    return started is not None and coming(end, started, start) is None


def coming(expression: str, wall: datetime, other: str | None = None) -> datetime | None:
    """Return the first firing after a wall at which the other does not fire, None where there is none.

    Only the day is searched for: what fires every minute costs no more than what fires once. After HORIZON of firings
    that all fall on the other's, there is none.
    """
    today = datetime.combine(wall, time())
    spent = wall - today >= times(expression)[-1]
    first = following(days(expression), today if spent else today - SECOND)
    if first is None:
        return None
    near = takewhile(lambda day: day - first < HORIZON, firings(days(expression), first - SECOND))
    others = firings(days(other), first - SECOND) if other else iter(())
    for day, shared in paired(near, others):
        fired = times(expression, other if shared else None)
        place = bisect_right(fired, wall - day)
        if place < len(fired):
            return day + fired[place]
    return None


def paired(days: Iterator[datetime], others: Iterator[datetime]) -> Iterator[tuple[datetime, bool]]:
    """Yield each of the days, in order, and whether it is among the others."""
    other = next(others, None)
    for day in days:
        while other is not None and other < day:
            other = next(others, None)
        yield day, other == day


@lru_cache(maxsize=256)
def times(expression: str, other: str | None = None) -> tuple[timedelta, ...]:
    """Return the times of day at which an expression fires and the other does not, counted from midnight, in order."""
    minutes, hours = (
        range(size) if "*" in field else map(int, field)
        for field, size in zip(croniter.expand(expression)[0], SIZES, strict=False)
    )
    taken = set(times(other)) if other else set()
    return tuple(sorted({timedelta(hours=hour, minutes=minute) for hour, minute in product(hours, minutes)} - taken))


def days(expression: str) -> str:
    """Return an expression that fires at the midnights of the days on which another fires."""
    _, _, *rest = expression.split()
    return " ".join(("0", "0", *rest))


def firings(expression: str, wall: datetime) -> Iterator[datetime]:
    """Yield an expression's firings after a wall."""
    found = merge(*(searching(one, wall) for one in alternatives(expression)))
    return (at for at, _ in groupby(found))


def searching(expression: str, wall: datetime) -> Iterator[datetime]:
    """Yield what croniter finds after a wall, as far as it counts years."""
    search = croniter(expression, wall)
    with suppress(ValueError, OverflowError):  # croniter ends its search with one, the calendar with the other
        while True:
            yield search.get_next(datetime)


@lru_cache(maxsize=8192)
def last(expression: str, wall: datetime) -> datetime | None:
    """Return the last firing at or before a wall, None where there is none."""
    return max(searched(expression, wall + SECOND, croniter.get_prev), default=None)


@lru_cache(maxsize=8192)
def following(expression: str, wall: datetime) -> datetime | None:
    """Return the first firing after a wall, None where there is none."""
    return min(searched(expression, wall, croniter.get_next), default=None)


def searched(expression: str, wall: datetime, search: Callable[[croniter, type[datetime]], datetime]) -> list[datetime]:
    """Return what a search from a wall finds for each alternative of an expression that ever fires."""
    found = []
    for one in alternatives(expression):
        with suppress(CroniterBadDateError):
            found.append(search(croniter(one, wall), datetime))
    return found


def alternatives(expression: str) -> tuple[str, ...]:
    """Return the expressions of which any may fire: a date beside a weekday that is counted stands for itself."""
    minute, hour, date, month, weekday = expression.split()
    if date in EVERY_DAY or not COUNTED.search(weekday):
        return (expression,)
    return f"{minute} {hour} {date} {month} *", f"{minute} {hour} * {month} {weekday}"
