"""To zero after an idle time: exactly then, also over a restart. Unknown is never idle."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import Rig, at, pod, published, reading, sample
from poolkeeper.api import memo
from poolkeeper.core.model import Limits, PoolSpec, ScaleDown, Schedule, Window
from poolkeeper.core.observation import Reading
from poolkeeper.core.reasons import Reason

IDLE = timedelta(seconds=120)
RUNNING = {"running": 3.0}
NOTHING = {"running": 0.0}


def patient(idle_after: timedelta | None = IDLE, grace: float = 30, **changes) -> PoolSpec:
    """Return a pool that may go to zero once nothing has waited or run for two minutes."""
    down = ScaleDown(below=100, grace_period=timedelta(seconds=grace), idle_after=idle_after)
    return published(min_replicas=0, queue={"down": down}, **changes)


def rig(replicas=1, **changes) -> Rig:
    """Return such a pool, decided once while something ran."""
    made = Rig(patient(**changes), replicas)
    made.look(0, reading(0, 0, **RUNNING))
    return made


def gone(made: Rig, first: int, last: int, **changes) -> int:
    """Return the second at which the pool was at zero, with looks at an empty queue from the first to the last."""
    sizes = [made.look(second, reading(0, second, **NOTHING | changes)).size for second in range(first, last)]
    return first + sizes.index(0)


def test_the_last_replica_leaves_exactly_then():
    assert gone(rig(), 1, 130) == 120


def test_the_queues_own_steps_leave_it_and_all_the_others():
    made = rig(3)
    assert [made.look(second, reading(0, second, **NOTHING)).size for second in (1, 31, 61, 91, 119)] == [3, 2, 1, 1, 1]


def test_all_that_are_left_leave_together():
    assert gone(rig(5, grace=600), 1, 130) == 120


def test_what_waits_sets_the_clock_back():
    made = rig()
    made.look(60, reading(1, 60, **NOTHING))
    assert gone(made, 61, 200) == 180


def test_what_runs_sets_the_clock_back():
    made = rig()
    made.look(60, reading(0, 60, **RUNNING))
    assert gone(made, 61, 200) == 180


def test_a_bad_sample_sets_the_clock_back():
    made = rig()
    made.look(60, reading(None, 60, fault=Reason.METRIC_TIMEOUT))
    assert gone(made, 61, 200) == 180


def test_a_gap_counts_for_nothing():
    made = rig()
    made.look(10, reading(0, 10, **NOTHING))
    assert gone(made, 110, 300) == 220


def test_nobody_tells_what_runs_so_the_last_one_stays():
    made = rig()
    decision = [made.look(second, reading(0, second)) for second in range(1, 400)][-1]
    assert (decision.size, decision.reason) == (1, Reason.IDLE_UNKNOWN)


def test_one_pod_that_does_not_tell_is_enough_for_that():
    made = rig(2)
    pages = [Reading("pods", at(second), pods=(sample(1, 0, running=0), sample(2, 0))) for second in range(1, 400)]
    assert {made.look(place + 1, page).size for place, page in enumerate(pages)} <= {1, 2}


def test_one_source_that_does_not_tell_is_enough_for_that():
    made = rig()
    told = [(reading(0, second, **NOTHING), reading(0, second, source="list")) for second in range(1, 400)]
    decision = [made.look(place + 1, *both) for place, both in enumerate(told)][-1]
    assert (decision.size, decision.reason) == (1, Reason.IDLE_UNKNOWN)


def test_nothing_runs_on_a_replica_that_was_never_ready():
    made = Rig(patient(), 0, load=9999)
    made.look(0, reading(1, 0))
    assert made.size == 1
    assert gone(made, 1, 130, running=None) == 120


def test_a_replica_that_fell_back_may_still_run_something():
    made = rig()
    made.pods = [(replace(pod(1), ready_at=None, unready_since=at(0)), 9999)]
    assert {made.look(second, reading(0, second)).size for second in range(1, 400)} == {1}


def test_why_it_stays_is_said():
    decision = rig().look(30, reading(0, 30, **NOTHING))
    assert (decision.reason, decision.prospects[0].at) == (Reason.IDLING, at(120))


def test_why_it_leaves_is_said():
    made = rig()
    decisions = [made.look(second, reading(0, second, **NOTHING)) for second in range(1, 121)]
    assert decisions[-1].reason is Reason.IDLE


@pytest.mark.parametrize("pause", [0, 20])
def test_a_restart_changes_nothing_but_the_gap(pause):
    made = rig()
    for second in range(1, 61):
        made.look(second, reading(0, second, **NOTHING))
    stored = memo.dump(made.memory, timedelta(seconds=30), {}, IDLE)
    made.memory = memo.load(stored, at(60), at(60 + pause))
    assert gone(made, 61 + pause, 200) == 120


def test_a_restart_that_took_long_makes_it_later_by_as_much():
    made = rig()
    for second in range(1, 61):
        made.look(second, reading(0, second, **NOTHING))
    made.memory = memo.load(memo.dump(made.memory, timedelta(seconds=30), {}, IDLE), at(60), at(160))
    assert gone(made, 160, 300) == 220


def warm(**changes) -> PoolSpec:
    """Return such a pool that a window keeps warm until five past twelve."""
    window = Window("day", "0 12 * * *", "5 12 * * *", Limits(floor=1))
    return patient(schedule=Schedule((window,)), **changes)


def test_a_window_holds_the_pool_warm():
    made = Rig(warm(), 1)
    made.look(0, reading(0, 0, **RUNNING))
    assert {made.look(second, reading(0, second, **NOTHING)).size for second in range(1, 300)} == {1}


def test_a_pool_that_was_idle_in_its_window_leaves_with_it():
    made = Rig(warm(), 1)
    made.look(0, reading(0, 0, **RUNNING))
    assert gone(made, 1, 320) == 300


def test_an_idle_time_of_nothing_never_takes_what_is_busy():
    made = rig(idle_after=timedelta(0))
    assert {made.look(second, reading(0, second, **RUNNING)).size for second in range(1, 20)} == {1}


def test_one_request_wakes_it_without_any_delay():
    spec = patient()
    spec = replace(spec, queue=replace(spec.queue, up=replace(spec.queue.up, delay=timedelta(minutes=5))))
    assert Rig(spec, 0).look(0, reading(1, 0)).size == 1


def test_a_failed_source_beside_it_keeps_nobody_asleep():
    failed = reading(None, 0, fault=Reason.METRIC_TIMEOUT)
    assert Rig(patient(), 0).look(0, reading(1, 0), failed).size == 1
