"""A pool that may go to zero: the last replica leaves only an empty queue, and one request brings the first back."""

import pytest

from builders import at, published, reading, seen, target
from poolkeeper.core.decide import decide
from poolkeeper.core.memory import Memory
from poolkeeper.core.model import Per, ScaleUp
from poolkeeper.core.reasons import Reason


def decided(waiting, replicas):
    spec = published(min_replicas=0)
    return decide(spec, seen(waiting, target=target(replicas)), Memory(), at(0))[0]


def test_one_request_wakes_a_pool_at_zero():
    decision = decided(1, 0)
    assert (decision.size, decision.reason) == (1, Reason.QUEUE_ABOVE)


def test_no_more_replicas_wake_at_once_than_max_step_allows():
    spec = published(min_replicas=0, queue={"up": ScaleUp(above=1000, step=3, max_step=2)})
    assert decide(spec, seen(1, target=target(0)), Memory(), at(0))[0].size == 2


def test_an_empty_queue_does_not():
    assert decided(0, 0).size == 0


def test_a_long_queue_wakes_it_by_steps():
    assert decided(3500, 0).size == 3


def sizes(waiting, seconds=400, running=None):
    spec, memory, size, found = published(min_replicas=0), Memory(), 1, []
    for second in range(seconds):
        known = reading(waiting, second, running=running)
        sight = seen(waiting, second, target=target(size), readings=(known,))
        decision, memory = decide(spec, sight, memory, at(second))
        size = decision.size
        found.append(size)
    return found


def test_the_last_replica_stays_while_a_request_waits():
    assert set(sizes(1)) == {1}


def test_the_last_replica_stays_while_a_request_runs():
    assert set(sizes(0, running=1)) == {1}


@pytest.mark.parametrize("running", [None, 0])
def test_the_last_replica_leaves_an_empty_queue_after_the_grace(running):
    assert sizes(0, running=running).index(0) == 300


def test_per_replica_thresholds_reach_zero_too():
    spec, memory = published(min_replicas=0, queue={"thresholds_per": Per.REPLICA}), Memory()
    for second in range(301):
        decision, memory = decide(spec, seen(0, second, target=target(1)), memory, at(second))
    assert decision.size == 0
