"""What happens in a soak, hour by hour of the moved clock: drawn once, the same for the same seed.

each day          one pool is made, to be deleted a day or two later; one is changed, one pinned, one overridden,
                  one gets a spec that cannot be accepted and a good one three hours later; a spot node is
                  reclaimed and another comes; a node is added and one is drained and deleted
each second day   the API server is killed and started again
the first third   each day the leader is told to end; every third it is killed; then one process lives to the end
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

HOURS = 24
MENDED = 3
STAY = (20, 44)
ONCE_A_DAY = ("make", "change", "pin", "override", "spoil", "reclaim", "nodes")
NEW_YORK = ZoneInfo("America/New_York")
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Happening:
    """Something that happens to a pool, or with an empty `pool` to the cluster or the operator."""

    kind: str
    pool: str = ""


Plan = Mapping[int, Sequence[Happening]]
"""By the number of the hour, from 0 on."""


def planned(days: int, steady: Sequence[str], seed: int, churn: int = 1) -> Plan:
    """Return what happens in so many days; `steady` are the pools that are there from the beginning to the end."""
    drawn, found = Random(seed), defaultdict[int, list[Happening]](list)  # noqa: S311  the same plan in each run
    length = HOURS // churn
    for day in range(days * churn):
        hours = range(day * length, (day + 1) * length)
        for kind in ONCE_A_DAY:
            _add(found, drawn.choice(hours), Happening(kind, drawn.choice(steady)), drawn.randint(*STAY) // churn)
        if day % 2:
            found[drawn.choice(hours)].append(Happening("api"))
        if day < days * churn / 3:
            for kind in ("term", "kill") if day % 3 == 0 else ("term",):
                found[drawn.choice(hours)].append(Happening(kind))
    return {hour: tuple(each) for hour, each in found.items() if hour < days * HOURS}


def _add(found: dict[int, list[Happening]], hour: int, one: Happening, stay: int) -> None:
    """Add what happens once a day, and what follows from it."""
    if one.kind == "make":
        guest = f"guest-{hour}"
        found[hour].append(Happening("make", guest))
        found[hour + stay].append(Happening("delete", guest))
    elif one.kind == "spoil":
        found[hour].append(one)
        found[hour + MENDED].append(Happening("mend", one.pool))
    else:
        found[hour].append(one)


def start(today: date) -> datetime:
    """Return midnight in New York 15 days before the next change of its clocks that is at least 16 days away."""
    day = today + 16 * DAY
    while _offset(day) == _offset(day + DAY):
        day += DAY
    first = day - 15 * DAY
    return datetime(first.year, first.month, first.day, tzinfo=NEW_YORK).astimezone(UTC)


def _offset(day: date) -> timedelta | None:
    return datetime(day.year, day.month, day.day, tzinfo=NEW_YORK).utcoffset()


def share(week: Sequence[Sequence[float]], at: datetime, shift: int) -> float:
    """Return where a pool is between the quietest hour of a week, 0, and the busiest, 1, `shift` hours later."""
    local = (at - timedelta(hours=shift)).astimezone(NEW_YORK)
    least, most = min(map(min, week)), max(map(max, week))
    return (week[local.weekday()][local.hour] - least) / (most - least)


def depth(least: int, most: int, load: float) -> int:
    """Return a queue that asks for a size between both: four waiting for each replica, where five are one too many."""
    return 4 * round(least + (most - least) * load)
