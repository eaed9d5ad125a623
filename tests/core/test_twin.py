from dataclasses import replace
from datetime import timedelta

import pytest

from builders import at
from poolkeeper.core.decide import decide
from poolkeeper.core.model import Mode, PoolSpec, Queue, Slo
from poolkeeper.core.twin import Ground, begun, live, observation, ready_of, resized, started

SPEC = PoolSpec(0, 8, Mode.OBSERVE, slo=Slo(timedelta(seconds=2)))
GROUND = Ground(load=0.0, request=1.0, sla=2.0, startup=timedelta(seconds=60), hold=10.0)
MINUTE = at(0), at(60)


def lived(twin, spec=SPEC, span=MINUTE, **changes):
    return live(decide, spec, twin, replace(GROUND, **changes), span)


def test_replica_hours_are_those_of_its_sizes():
    _, side, sizes = lived(begun(3, 0.0, at(0)))
    assert side.replica_hours == pytest.approx(
        sum(size * lasted.total_seconds() for size, lasted in sizes.items()) / 3600
    )


def test_its_time_is_all_of_the_time():
    _, _, sizes = lived(begun(3, 0.0, at(0)))
    assert sum(sizes.values(), timedelta(0)) == timedelta(seconds=60)


def test_a_queue_makes_it_grow():
    twin, _, _ = lived(begun(1, 500.0, at(0)), load=3.0)
    assert len(twin.pods) > 1


def test_what_it_asks_for_is_ready_one_start_up_time_later():
    twin = resized(begun(1, 0.0, at(0)), 3, GROUND, at(0))
    assert [ready_of(started(twin, GROUND.startup, at(second))) for second in (59, 60)] == [1, 3]


def test_the_newest_go_first():
    twin = resized(begun(3, 0.0, at(0)), 1, GROUND, at(0))
    assert [pod.name for pod in twin.pods] == ["ours-0"]


def test_no_two_pods_have_one_name():
    twin = resized(resized(begun(3, 0.0, at(0)), 1, GROUND, at(0)), 3, GROUND, at(5))
    assert [pod.name for pod in twin.pods] == ["ours-0", "ours-3", "ours-4"]


def test_what_does_not_fit_into_batches_is_seen_to_wait():
    (reading,) = observation(begun(2, 26.0, at(0)), GROUND, at(0)).readings
    assert [(page.waiting, page.running) for page in reading.pods] == [(3, 10)] * 2


def test_nobody_knows_what_runs_where_batches_are_not_known():
    (reading,) = observation(begun(2, 26.0, at(0)), replace(GROUND, hold=None), at(0)).readings
    assert [(page.waiting, page.running) for page in reading.pods] == [(13, None)] * 2


def test_with_nobody_ready_the_queue_tells_its_length():
    (reading,) = observation(begun(0, 26.0, at(0)), GROUND, at(0)).readings
    assert (reading.waiting, reading.pods) == (26, ())


def test_a_request_wakes_a_pool_at_zero():
    twin, side, _ = lived(begun(0, 0.0, at(0)), load=1.0)
    assert (len(twin.pods) > 0, side.share) == (True, 0)


def test_what_waits_too_long_is_outside():
    _, side, _ = lived(begun(1, 0.0, at(0)), replace(SPEC, max_replicas=1), load=2.0, hold=None)
    assert side.share == pytest.approx(2 / 60, abs=0.01)


def test_it_is_looked_at_as_often_as_the_pool():
    spec = replace(SPEC, slo=None, queue=Queue(interval=timedelta(seconds=30)))
    twin, _, _ = lived(begun(1, 0.0, at(0)), spec)
    assert twin.memory.grace.sampled_at == at(60)
