"""R1's published cases, as tables."""

from math import inf, nextafter

import pytest

from poolkeeper.core.demand import above, below, steps_up
from poolkeeper.core.model import Per, Queue, ScaleDown, ScaleUp

POOL = Queue(thresholds_per=Per.POOL, up=ScaleUp(above=1000), down=ScaleDown(below=100))
REPLICA = Queue(up=ScaleUp(above=5), down=ScaleDown(below=1))


@pytest.mark.parametrize(
    ("depth", "steps"),
    [
        (0, 0),
        (0.5, 0),
        (999, 0),
        (1000, 0),
        (1001, 1),
        (2000, 1),
        (2001, 2),
        (3500, 3),
        (4000, 3),
        (4001, 4),
        (5001, 4),
        (1e300, 4),
        (inf, 4),
    ],
)
def test_every_full_threshold_exceeded_justifies_one_step(depth, steps):
    assert steps_up(POOL, depth, ready=4) == steps


@pytest.mark.parametrize(("step", "most", "steps"), [(1, 4, 3), (2, 4, 4), (2, 9, 6), (5, 4, 4), (3, 100, 9)])
def test_steps_are_multiplied_and_then_capped(step, most, steps):
    queue = Queue(thresholds_per=Per.POOL, up=ScaleUp(above=1000, step=step, max_step=most))
    assert steps_up(queue, 3500, ready=1) == steps


@pytest.mark.parametrize(("ready", "threshold"), [(0, 5), (1, 5), (2, 10), (8, 40)])
def test_above_counts_each_ready_replica_and_at_least_one(ready, threshold):
    assert above(REPLICA, ready) == threshold


@pytest.mark.parametrize(("survivors", "threshold"), [(0, 1), (1, 1), (7, 7)])
def test_below_counts_each_survivor_and_at_least_one(survivors, threshold):
    assert below(REPLICA, survivors) == threshold


def test_thresholds_of_a_pool_do_not_count_replicas():
    assert (above(POOL, 8), below(POOL, 8)) == (1000, 100)


@pytest.mark.parametrize("times", range(1, 50))
def test_an_exact_multiple_is_not_exceeded(times):
    queue = Queue(thresholds_per=Per.POOL, up=ScaleUp(above=0.1, max_step=100))
    assert steps_up(queue, times * 0.1, ready=1) <= times


@pytest.mark.parametrize("size", [1, 3, 7, 110, 1000, 2**52])
def test_one_request_over_the_threshold_is_enough(size):
    queue = Queue(thresholds_per=Per.POOL, up=ScaleUp(above=size))
    assert [steps_up(queue, size, ready=1), steps_up(queue, size + 1, ready=1)] == [0, 1]


def test_a_hair_under_the_threshold_is_not_over_it():
    assert steps_up(POOL, nextafter(1000, 0), ready=1) == 0
