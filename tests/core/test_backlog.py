from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolkeeper.core.backlog import Flow, after, resized, waiting

LOADS = st.floats(0, 20)
READY = st.integers(0, 20)
HOLDS = st.sampled_from([0.0, 1.0, 10.0])
WORK = st.floats(0, 500)


def test_without_batches_what_is_over_the_replicas_waits():
    assert after(10, Flow(load=3, ready=2), 5) == 15


def test_without_batches_nothing_is_left_once_all_is_done():
    assert after(10, Flow(load=1, ready=2), 20) == 0


def test_a_steady_load_keeps_its_hold_in_flight():
    assert after(0, Flow(load=3, ready=5, hold=10), 1000) == pytest.approx(30)


def test_it_comes_to_that_exponentially():
    assert after(0, Flow(load=3, ready=5, hold=10), 10) == pytest.approx(30 * (1 - exp(-1)))


def test_once_the_batches_are_full_the_rest_waits():
    flow = Flow(load=4, ready=2, hold=10)
    assert waiting(after(20, flow, 5), flow) == pytest.approx(10)


def test_nothing_waits_before_the_batches_are_full():
    flow = Flow(load=4, ready=2, hold=10)
    assert waiting(after(0, flow, 5), flow) == 0


def test_the_queue_is_worked_off_before_the_batches_empty():
    flow = Flow(load=1, ready=2, hold=10)
    assert after(25, flow, 5) == pytest.approx(20)
    assert after(25, flow, 15) == pytest.approx(10 + 10 * exp(-1))


def test_with_nobody_ready_all_that_comes_waits():
    assert after(0, Flow(load=3, ready=0, hold=10), 10) == 30


@given(WORK, LOADS, READY, HOLDS)
def test_two_stretches_are_one(work, load, ready, hold):
    flow = Flow(load, ready, hold)
    assert after(after(work, flow, 3), flow, 7) == pytest.approx(after(work, flow, 10), rel=1e-6, abs=1e-6)


@given(WORK, LOADS, READY, HOLDS)
def test_more_work_leaves_no_less(work, load, ready, hold):
    flow = Flow(load, ready, hold)
    assert after(work + 1, flow, 5) >= after(work, flow, 5) - 1e-9


def test_what_is_in_flight_on_replicas_that_go_ends_there():
    assert resized(50, Flow(0, ready=4, hold=10), ready=3) == 40


def test_what_waits_stays():
    assert resized(100, Flow(0, ready=4, hold=10), ready=2) == 80


def test_more_replicas_change_nothing_at_once():
    assert resized(50, Flow(0, ready=4, hold=10), ready=6) == 50
