from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from builders import Rig, at, published, reading, sample
from poolkeeper.core.depth import Depth
from poolkeeper.core.forecast import NO_OUTLOOK, Outlook, foresee, load_of, study
from poolkeeper.core.memory import Habit, Memory, Present, Starts, Week
from poolkeeper.core.model import Forecast, PoolSpec, Queue, Schedule
from poolkeeper.core.observation import Reading
from poolkeeper.core.reasons import Reason
from poolkeeper.core.week import SLOTS

MONDAY = date(2026, 3, 2)
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
POOL = PoolSpec(1, 8, queue=Queue(slots_per_replica=64), forecast=Forecast())
LEAD = 4 * MINUTE


def habit(loads: dict[int, float], default: float | None = 100, place: str = "UTC") -> Habit:
    """Return two past weeks of a load, other than that in some slots."""
    week = tuple(loads.get(slot, default) for slot in range(SLOTS))
    return Habit(place, tuple(Week(MONDAY - ago * timedelta(days=7), week) for ago in (1, 2)))


def outlook(
    known: Habit, load: float = 100, at: datetime = NINE, spec: PoolSpec = POOL, lead: timedelta = LEAD
) -> Outlook:
    """Return what is foreseen after one look at this load."""
    memory = Memory(habit=study(spec, known, load, at))
    return foresee(spec, memory, load, lead, at)


def test_the_floor_is_what_the_usual_load_needs():
    assert outlook(habit({})).replicas == 2  # 100 over 0.8 x 64


def test_the_floor_rises_before_the_load_does():
    known = habit({19: 400})
    at = [NINE + minutes * MINUTE for minutes in (25, 26)]
    assert [outlook(known, at=one).replicas for one in at] == [2, 8]


def test_the_floor_stays_until_the_load_falls():
    assert outlook(habit({18: 400}), load=400, at=NINE + 29 * MINUTE).replicas == 8


def test_a_peak_within_a_long_start_counts():
    assert outlook(habit({20: 400}), lead=90 * MINUTE).replicas == 8


def test_a_start_of_days_looks_ahead_two_hours():
    assert outlook(habit({23: 400}), lead=timedelta(days=2)).replicas == 2


def test_the_week_is_read_on_the_wall_of_the_schedule():
    spec = replace(POOL, schedule=Schedule(timezone="Asia/Tokyo"))
    assert outlook(habit({36: 300}, place="Asia/Tokyo"), load=300, spec=spec).replicas == 6


@pytest.mark.parametrize(("load", "replicas"), [(200, 4), (250, 5), (500, 8), (900, 8), (130, 3), (60, 2)])
def test_today_stands_to_what_is_usual_from_half_to_twice(load, replicas):
    settled = replace(habit({}, default=200), present=Present(NINE + 30 * MINUTE, NINE, load=load, usual=200))
    assert outlook(settled, load).replicas == replicas


def test_a_load_that_is_nothing_like_its_history_is_not_foreseen():
    found = outlook(habit({}, default=10_000), load=100)
    assert (found.replicas, found.reason) == (0, Reason.FORECAST_UNUSUAL)


def test_a_load_far_above_its_history_is_not_foreseen():
    assert outlook(habit({}, default=1), load=1000).reason is Reason.FORECAST_UNUSUAL


def test_a_few_requests_in_a_silent_night_are_nothing_unusual():
    assert outlook(habit({}, default=0), load=5).reason is Reason.AS_EXPECTED


def test_a_silent_night_needs_nobody():
    assert outlook(habit({}, default=0), load=0).replicas == 0


def test_without_history_nothing_is_foreseen():
    words = "0 half hours of 336 a week known so far"
    assert outlook(Habit()) == Outlook(reason=Reason.FORECAST_LEARNING, detail=words)


def test_an_unknown_present_does_not_hide_what_comes():
    assert outlook(habit({19: 400}, default=None), at=NINE + 28 * MINUTE).replicas == 8


def test_no_forecast_foresees_nothing():
    assert outlook(habit({}), spec=replace(POOL, forecast=None)) is NO_OUTLOOK


def test_no_forecast_learns_nothing():
    assert study(replace(POOL, forecast=None), Habit(), 10, NINE) == Habit()


def test_an_unknown_load_teaches_nothing():
    assert study(POOL, Habit(), None, NINE) == Habit()


def test_an_unknown_load_foresees_nothing():
    assert foresee(POOL, Memory(habit=habit({})), None, LEAD, NINE).reason is Reason.FORECAST_NO_LOAD


def test_an_outage_foresees_nothing():
    memory = Memory(habit=habit({}), outage_since=NINE)
    assert foresee(POOL, memory, 100, LEAD, NINE) == Outlook(reason=Reason.OUTAGE)


def test_slots_that_are_not_known_foresee_nothing():
    assert outlook(habit({}), spec=replace(POOL, queue=Queue())).reason is Reason.FORECAST_NO_SLOTS


def test_slots_that_were_learned_are_used():
    spec = replace(POOL, queue=Queue())
    memory = Memory(habit=study(spec, habit({}), 100, NINE), starts=Starts(slots=20.0))
    assert foresee(spec, memory, 100, LEAD, NINE).replicas == 7


def test_the_outlook_says_what_it_stands_on():
    assert outlook(habit({})).detail == "100 requests at once within 240 s, 1.00 times what is usual; 64 a replica"


@pytest.mark.parametrize(
    ("depth", "ready", "load"),
    [
        (Depth(8, whole=True, running=40), 2, 48),
        (Depth(500, whole=True, running=40), 2, 50),  # a long queue is no load
        (Depth(8, whole=True), 2, None),
        (Depth(8, whole=True), 0, 8),
        (Depth(8, whole=False, running=40), 2, None),
        (Depth(whole=True, applies=False), 0, None),
    ],
)
def test_the_load_is_what_runs_and_waits(depth, ready, load):
    assert load_of(depth, ready) == load


def rig() -> Rig:
    """Return a pool of two at noon on a Monday, which at this time has needed four."""
    spec = published(forecast=Forecast(), queue={"slots_per_replica": 64})
    made = Rig(spec)
    made.memory = Memory(habit=habit({}, default=200))
    return made


def busy(seconds: float) -> Reading:
    """Return the answer of two pods that run 100 requests each."""
    return Reading("pods", at(seconds), pods=(sample(0, 0, running=100), sample(1, 0, running=100)))


def test_a_pool_grows_to_what_is_expected_and_says_so():
    decision = rig().look(0, busy(0))
    assert (decision.size, decision.reason) == (4, Reason.FORECAST)


def test_a_pool_whose_metrics_are_out_stays_as_it_is():
    decision = rig().look(0, reading(None, fault=Reason.METRIC_TIMEOUT))
    assert (decision.size, decision.outlook) == (2, Outlook(reason=Reason.OUTAGE))
