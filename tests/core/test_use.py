"""What replicas did, counted by what their counters went up."""

import pytest

from builders import at
from poolkeeper.core.days import Use
from poolkeeper.core.observation import PodSample
from poolkeeper.core.use import Counting, count


def pod(uid="a", requests=None, prompt=None, generation=None, **changes):
    return PodSample(
        uid,
        **{"waiting": 0, "running": 0} | changes,
        requests=requests,
        prompt_tokens=prompt,
        generation_tokens=generation,
    )


def counted(*looks, live="abc", ready=1, every=10):
    """Return the use after looks at pods, one after the other."""
    counting = Counting()
    for number, pods in enumerate(looks):
        counting = count(counting, pods, ready, frozenset(live), at(number * every))
    return counting.use


def test_what_a_counter_went_up_is_counted():
    assert counted([pod("a", 5, 100, 10)], [pod("a", 8, 160, 40)]) == Use(3, 60, 30, 10 / 3600, 10 / 3600)


def test_the_time_that_requests_took_is_counted_by_phase():
    use = counted([pod(prefill_hours=1.0, decode_hours=5.0)], [pod(prefill_hours=1.5, decode_hours=9.0)])
    assert (use.prefill_hours, use.decode_hours) == (0.5, 4)


def test_a_new_pod_sets_its_starting_point():
    assert counted([pod("a", 5)], [pod("a", 5), pod("b", 9)]).requests == 0


def test_a_counter_that_fell_began_at_zero_again():
    assert counted([pod("a", 5)], [pod("a", 2)]).requests == 2


def test_a_pod_that_was_silent_is_counted_from_where_it_was():
    assert counted([pod("a", 5)], [], [pod("a", 9)]).requests == 4


def test_a_counter_that_was_missing_is_counted_from_where_it_was():
    assert counted([pod("a", 5)], [pod("a", None)], [pod("a", 9)]).requests == 4


def test_a_pod_that_is_gone_is_forgotten():
    assert counted([pod("a", 5)], [], [pod("a", 9)], live="").requests == 0


def test_an_engine_that_does_not_count_adds_nothing():
    assert counted([pod("a")], [pod("a")]).requests == 0


@pytest.mark.parametrize(("every", "ready"), [(30, 30), (31, 0), (0, 0), (-5, 0)])
def test_replicas_are_ready_as_long_as_somebody_looks(every, ready):
    assert counted([pod()], [pod()], every=every).ready_hours == ready / 3600


@pytest.mark.parametrize(
    ("changes", "idle"),
    [({"running": 0}, 1), ({"running": 2}, 0), ({"running": 0, "waiting": 1}, 0)],
)
def test_a_replica_is_idle_where_nothing_runs_or_waits(changes, idle):
    assert counted([pod(**changes)], [pod(running=1)]).idle_hours == pytest.approx(idle * 10 / 3600)


def test_of_a_replica_that_does_not_tell_nobody_knows_whether_it_is_idle():
    use = counted([pod(running=None)], [pod()])
    assert (use.ready_hours, use.idle_hours) == (0, 0)


def test_no_more_replicas_are_idle_than_are_ready():
    use = counted([pod("a"), pod("b")], [pod("a"), pod("b")], ready=1)
    assert use.idle_hours == use.ready_hours == pytest.approx(10 / 3600)
