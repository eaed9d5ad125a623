"""Cron expressions on the wall clock: the only file that knows croniter.

Five fields: minute hour day-of-month month day-of-week; names (`Mon`, `Jan`), `L` (last day, `L5` last Friday) and
`#` (`1#2` second Monday) are understood. Where both days are restricted either one fires, as in crontab(5). Walls are
naive: which instant a wall is, zones.py tells. croniter searches fifty years for a firing; what it does not find in
them never fires.
"""

import re
from datetime import datetime, timedelta
from functools import lru_cache

from croniter import CroniterBadDateError, CroniterError, croniter

FIELDS = 5
ANY_DAY = datetime(2026, 1, 1)  # noqa: DTZ001  a wall has no zone
DICE = re.compile(r"\b[RH]\b", re.IGNORECASE)
COMPARED = 50
"""How many firings of two expressions are held against each other to tell them apart."""


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
        croniter(expression, ANY_DAY).get_next(datetime)
    except CroniterBadDateError as error:
        raise CronError(f"{expression!r} never fires: no such day exists") from error
    except (CroniterError, ValueError, KeyError) as error:
        raise CronError(f"{expression!r} is no cron expression: {error}") from error


def coincide(one: str, other: str) -> bool:
    """Return whether two expressions always fire together."""
    if one.split() == other.split():
        return True
    firings, others = croniter(one, ANY_DAY), croniter(other, ANY_DAY)
    return all(firings.get_next(datetime) == others.get_next(datetime) for _ in range(COMPARED))


@lru_cache(maxsize=8192)
def last(expression: str, wall: datetime) -> datetime | None:
    """Return the last firing at or before a wall, None where there is none."""
    try:
        found: datetime = croniter(expression, wall + timedelta(seconds=1)).get_prev(datetime)
    except CroniterBadDateError:
        return None
    return found


@lru_cache(maxsize=8192)
def following(expression: str, wall: datetime) -> datetime | None:
    """Return the first firing after a wall, None where there is none."""
    try:
        found: datetime = croniter(expression, wall).get_next(datetime)
    except CroniterBadDateError:
        return None
    return found
