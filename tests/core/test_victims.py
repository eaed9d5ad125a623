"""R6: who goes first, and whether they may go yet."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import at, loading, pod, sample
from poolkeeper.core.victims import Leaving, in_a_row, in_flight, leaving, released

NOW, DEADLINE = timedelta(0), timedelta(minutes=2)
BUSY = {"uid-0": 5.0, "uid-1": 1.0, "uid-2": 2.0}
THREE = (pod(0), pod(1), pod(2))


def goes(pods=THREE, count=1, loads=BUSY, waited=NOW):
    return leaving(pods, count, loads, waited, DEADLINE)


def order(*pods, loads=None):
    return goes(pods, len(pods), loads).names


def test_in_flight_is_what_waits_and_what_runs():
    assert in_flight([sample(0, 2, running=3), sample(1, 0, running=0)], whole=True) == {"uid-0": 5, "uid-1": 0}


def test_a_pod_that_does_not_tell_what_runs_is_unknown():
    assert in_flight([sample(0, 2, running=3), sample(1, 0)], whole=True) == {"uid-0": 5}


@pytest.mark.parametrize("samples", [[], [sample(0, 2), sample(1, 0)]])
def test_where_nobody_tells_nothing_is_known(samples):
    assert in_flight(samples, whole=True) is None


def test_in_an_outage_nothing_told_means_busy():
    loads = in_flight([], whole=False)
    assert goes([pod(0), pod(1)], 1, loads).free == 0


def test_the_idle_one_goes():
    assert goes(loads={"uid-0": 5.0, "uid-1": 0.0, "uid-2": 2.0}) == Leaving(("chat-1",), 1)


def test_the_least_busy_waits_for_the_deadline():
    assert goes() == Leaving(("chat-1",), 0, waits=True)


@pytest.mark.parametrize(("waited", "forced"), [(119, False), (120, True), (121, True)])
def test_at_the_deadline_a_busy_one_is_forced(waited, forced):
    assert goes(waited=timedelta(seconds=waited)) == Leaving(("chat-1",), int(forced), waits=not forced, forced=forced)


def test_nobody_is_forced_where_enough_are_idle():
    assert not goes(loads={"uid-0": 0.0, "uid-1": 0.0}, count=2, waited=DEADLINE).forced


def test_the_idle_ones_of_several_go_at_once():
    assert goes(count=2, loads={"uid-0": 5.0, "uid-1": 0.0, "uid-2": 2.0}) == Leaving(
        ("chat-1", "chat-2"), 1, waits=True
    )


def test_at_the_deadline_all_of_them_go():
    assert goes(count=2, waited=DEADLINE) == Leaving(("chat-1", "chat-2"), 2, forced=True)


def test_unknown_among_known_is_busy_and_goes_last():
    assert goes(loads={"uid-0": 5.0, "uid-2": 2.0}, count=3) == Leaving(("chat-2", "chat-0", "chat-1"), 0, waits=True)


def test_where_nobody_tells_they_go_at_once():
    assert goes(loads=None, count=2).free == 2


@pytest.mark.parametrize(
    "first",
    [
        loading(7, -9),
        loading(7, -9, scheduled_at=None),
        pod(7, notice="reclaimed"),
        pod(7, ready_at=None, unready_since=at(-1)),
    ],
)
def test_who_serves_nobody_for_long_goes_first_and_at_once(first):
    assert goes((*THREE, first), loads=BUSY | {"uid-7": 9.0}) == Leaving(("chat-7",), 1)


def test_the_order_is_that_of_the_replicaset_controller():
    noticed, nodeless = pod(1, notice="reclaimed"), loading(3, -9, scheduled_at=None)
    assert order(pod(0), noticed, loading(2, -9), nodeless) == ("chat-3", "chat-2", "chat-1", "chat-0")


def test_a_nodeless_pod_goes_before_one_that_loads_under_notice():
    assert order(loading(0, -9, notice="reclaimed"), loading(1, -9, scheduled_at=None)) == ("chat-1", "chat-0")


def test_load_comes_before_age():
    young = pod(1, ready_at=at(-5))
    assert order(pod(0), young, loads={"uid-0": 1.0, "uid-1": 2.0}) == ("chat-0", "chat-1")


@pytest.mark.parametrize("loads", [None, {}, {"uid-0": 0.0, "uid-1": 0.0, "uid-2": 0.0}])
def test_the_newest_goes_first_among_equals(loads):
    assert order(pod(0, ready_at=at(-9)), pod(1, ready_at=at(-5)), pod(2), loads=loads) == (
        "chat-1",
        "chat-0",
        "chat-2",
    )


def test_among_those_that_load_the_newest_goes_first():
    assert order(loading(0, -9), loading(1, -5)) == ("chat-1", "chat-0")


def test_nobody_goes_where_none_is_to_go():
    assert goes(count=0, waited=DEADLINE) == Leaving()


class TestInARow:
    """The highest ordinals go, whoever is idle."""

    ROW = tuple(pod(number, ordinal=number) for number in range(3))

    def goes(self, size, loads=BUSY, waited=NOW, pods=ROW):
        return released(in_a_row(pods, 3, size), loads, waited, DEADLINE)

    def test_the_last_goes_although_another_is_idle(self):
        assert self.goes(2, {"uid-0": 0.0, "uid-1": 0.0, "uid-2": 2.0}) == Leaving(("chat-2",), 0, waits=True)

    def test_it_goes_once_it_is_idle(self):
        assert self.goes(2, BUSY | {"uid-2": 0.0}) == Leaving(("chat-2",), 1)

    def test_others_wait_behind_it(self):
        assert self.goes(1, {"uid-1": 0.0, "uid-2": 2.0}).free == 0

    def test_at_the_deadline_all_of_them_go(self):
        assert self.goes(1, waited=DEADLINE) == Leaving(("chat-2", "chat-1"), 2, forced=True)

    def test_a_place_that_nobody_has_is_free(self):
        assert self.goes(1, {"uid-1": 3.0}, pods=self.ROW[:2]) == Leaving(("chat-1",), 1, waits=True)

    @given(st.dictionaries(st.integers(0, 5), st.sampled_from([0.0, 1.0])), st.integers(0, 6))
    def test_nobody_goes_before_whoever_is_above_may_go(self, loads, size):
        pods = tuple(pod(place, ordinal=place) for place in loads)
        found = released(
            in_a_row(pods, 6, size), {f"uid-{place}": load for place, load in loads.items()}, NOW, DEADLINE
        )
        busy = [place for place, load in loads.items() if load and place >= size]
        assert found.free == 5 - max(busy, default=size - 1)

    def test_one_that_is_missing_in_between_is_no_loss(self):
        assert self.goes(2, pods=(self.ROW[0], self.ROW[2])).free == 0
