"""The learned floor: what the load will need by the time a replica that is asked for now has started.

    load       requests running and waiting, in the pool at once; of those that wait, QUEUED for each that runs at most
    usual      what that was at this time of the week (habit.py)
    today      how the load of the last minutes stands to what is usual for them, from LEAST to MOST
    expected   the most that is usual until a start is over, times today
    floor      ceil(expected / (slots * FULL)) replicas

Where any of it is unknown, or today is more than UNUSUAL times off, nothing is expected: then the floor is zero. The
figures were chosen by measuring: docs/benchmarks.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from poolkeeper.core.depth import Depth
from poolkeeper.core.habit import learn, usual
from poolkeeper.core.memory import Habit, Memory, Present
from poolkeeper.core.model import Forecast, PoolSpec
from poolkeeper.core.reasons import Reason
from poolkeeper.core.week import SLOT, SLOTS, slot
from poolkeeper.core.zones import zone

QUEUED = 0.25
"""A longer queue tells how long the pool was too small, not how much load there is."""
FULL = 0.8
LEAST, MOST = 0.5, 2.0
UNUSUAL = 5
QUIET = 0.25
FARTHEST = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Outlook:
    """The floor that is expected to be needed, 0 where nothing is known; then `reason` and `detail` say what lacks."""

    replicas: int = 0
    reason: Reason = Reason.AS_EXPECTED
    detail: str = ""


NO_OUTLOOK = Outlook()


def zone_of(spec: PoolSpec) -> str:
    """Return the zone on whose wall the week is read: the schedule's."""
    return spec.schedule.timezone if spec.schedule else "UTC"


def load_of(depth: Depth, ready: int) -> float | None:
    """Return the requests in the pool at once, None where that is unknown; nothing runs where nobody is ready."""
    running = depth.running if depth.running is not None or ready else 0.0
    if not depth.whole or depth.waiting is None or running is None:
        return None
    return running + (min(depth.waiting, QUEUED * running) if ready else depth.waiting)


def study(spec: PoolSpec, known: Habit, load: float | None, now: datetime) -> Habit:
    """Return the habit after a look at the load; without a forecast, or a load, nothing is learned."""
    if spec.forecast is None or load is None:
        return known
    return learn(known, load, spec.forecast, zone_of(spec), now)


def foresee(spec: PoolSpec, memory: Memory, load: float | None, lead_time: timedelta, now: datetime) -> Outlook:
    """Return what the load is expected to need until replicas asked for `now` have started, a `lead_time` from now."""
    if spec.forecast is None:
        return NO_OUTLOOK
    if memory.outage_since is not None:
        return Outlook(reason=Reason.OUTAGE)
    if load is None:
        return Outlook(reason=Reason.FORECAST_NO_LOAD)
    slots = spec.queue.slots_per_replica or memory.starts.slots
    if not slots:
        return Outlook(reason=Reason.FORECAST_NO_SLOTS)
    return expected(spec.forecast, memory.habit, slots, lead_time, now)


def expected(rule: Forecast, known: Habit, slots: float, lead_time: timedelta, now: datetime) -> Outlook:
    """Return the outlook of a habit for replicas that run `slots` requests at once."""
    found = [usual(known.weeks, one, rule.quantile) for one in slots_ahead(known, now, lead_time)]
    loads = [load for load in (known.present.normal, *found) if load is not None]
    if not loads:
        seen = sum(load is not None for week in known.weeks for load in week.loads)
        return Outlook(reason=Reason.FORECAST_LEARNING, detail=f"{seen} half hours of {SLOTS} a week known so far")
    today = stands(known.present, slots)
    if not 1 / UNUSUAL <= today <= UNUSUAL:
        return Outlook(reason=Reason.FORECAST_UNUSUAL, detail=f"{today:.2f} times what is usual")
    today = min(MOST, max(LEAST, today))
    load = today * max(loads)
    words = f"{load:.0f} requests at once within {lead_time.total_seconds():.0f} s, {today:.2f} times what is usual"
    return Outlook(ceil(load / (max(1.0, slots) * FULL)), detail=f"{words}; {slots:.0f} a replica")


def stands(present: Present, slots: float) -> float:
    """Return how today's load stands to what is usual, 1 being as usual.

    Both have QUIET of a replica's requests on top: a few more or less of them in a silent night are nothing unusual.
    """
    if present.load is None or present.usual is None:
        return 1.0
    return (present.load + QUIET * slots) / (present.usual + QUIET * slots)


def slots_ahead(known: Habit, now: datetime, lead_time: timedelta) -> Iterator[int]:
    """Yield the slots of the week that begin before the lead time ends."""
    at, ends = known.present.ends, now + min(lead_time, FARTHEST)
    while at is not None and at <= ends:
        yield slot(at, zone(known.zone))
        at += SLOT
