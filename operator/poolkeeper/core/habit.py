"""What the load usually does: the mean load of each slot of the last weeks, learned at each look.

    a look     counts for the time since the one before, GAP at most; one that saw only a part teaches nothing
    a slot     is kept once SEEN of it was seen
    a week     leaves when the history does not reach back to it; another zone makes all of them mean nothing

What is usual for a slot is the quantile of what it had in earlier weeks. Where that is less than ENOUGH, other days of
its kind help out. A load over OUTLIER times the median counts as that: one viral day does not rule for weeks.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta

from poolkeeper.core.memory import Habit, Present, Week
from poolkeeper.core.model import Forecast
from poolkeeper.core.week import SLOT, alike, begun, slot
from poolkeeper.core.zones import zone

WEEK = timedelta(days=7)
GAP = timedelta(minutes=2)
SEEN = timedelta(minutes=10)
RECENT = timedelta(minutes=15)
ENOUGH = 2
OUTLIER = 2
MOST = 1e6
"""More requests than this in one pool at once are a fault of who counted them."""


def learn(known: Habit, load: float, rule: Forecast, place: str, now: datetime) -> Habit:
    """Return the habit after a look at `load` requests in the pool, on the wall of the zone `place`."""
    if not 0 <= load <= MOST:
        return known
    if known.zone != place:
        known = Habit(zone=place)
    if known.present.ends is None or not known.present.ends - SLOT <= now < known.present.ends:
        known = turned(known, rule.history, now)
    normal = usual(known.weeks, slot(now, zone(place)), rule.quantile)
    return Habit(place, known.weeks, known.until, gone_on(known.present, load, normal, now))


def gone_on(present: Present, load: float, normal: float | None, now: datetime) -> Present:
    """Return the slot under way, and the last minutes, with one more look."""
    lasted = max(timedelta(0), now - (present.seen_at or now))
    counted = min(GAP, lasted)
    return Present(
        ends=present.ends,
        seen_at=now,
        seen=present.seen + counted,
        total=present.total + load * counted.total_seconds(),
        normal=normal,
        load=None if normal is None else followed(present.load, load, lasted),
        usual=None if normal is None else followed(present.usual, normal, lasted),
    )


def followed(before: float | None, value: float, lasted: timedelta) -> float:
    """Return what a value has been over about the last RECENT, now that it has lasted so long."""
    return value if before is None else before + (value - before) * (lasted / (RECENT + lasted))


def turned(known: Habit, history: timedelta, now: datetime) -> Habit:
    """Return the habit as another slot begins: the mean of the one that ended is kept, what is too old goes."""
    present, place = known.present, zone(known.zone)
    weeks = {week.monday: week for week in known.weeks}
    if present.ends is not None and present.seen >= SEEN:
        start = present.ends - SLOT
        day = start.astimezone(place).date()
        monday = day - timedelta(days=day.weekday())
        week = weeks.get(monday, Week(monday))
        weeks[monday] = with_load(week, slot(start, place), present.total / present.seen.total_seconds())
    oldest, today = now - history - WEEK, now.astimezone(place).date()
    kept = [week for monday, week in weeks.items() if oldest.date() < monday <= today]
    made, begins = tuple(sorted(kept, key=by_monday, reverse=True)), begun(now, place)
    fresh = replace(present, ends=begins + SLOT, seen=timedelta(0), total=0.0)
    return Habit(known.zone, made, known.until if made == known.weeks else begins, fresh)


def with_load(week: Week, slot: int, load: float) -> Week:
    """Return a week that knows one slot's load."""
    return Week(week.monday, (*week.loads[:slot], load, *week.loads[slot + 1 :]))


def by_monday(week: Week) -> date:
    """Return the order of weeks."""
    return week.monday


def usual(weeks: tuple[Week, ...], slot: int, quantile: float) -> float | None:
    """Return the load that is usual in a slot, None where too little is known."""
    found = loads(weeks, (slot,))
    if len(found) < ENOUGH:
        found += loads(weeks, alike(slot))
    return typical(found, quantile) if len(found) >= ENOUGH else None


def loads(weeks: tuple[Week, ...], slots: tuple[int, ...]) -> list[float]:
    """Return what slots had in each week, but for what cannot be."""
    found = [week.loads[slot] for week in weeks for slot in slots]
    return [load for load in found if load is not None and 0 <= load <= MOST]


def typical(found: list[float], quantile: float) -> float:
    """Return a quantile, between two neighbours in proportion; what is far over the (lower) median counts as less."""
    ordered = sorted(found)
    limit = OUTLIER * ordered[(len(ordered) - 1) // 2]
    place = quantile * (len(ordered) - 1)
    below = min(limit, ordered[int(place)])
    above = min(limit, ordered[min(int(place) + 1, len(ordered) - 1)])
    return below + (above - below) * (place % 1)
