"""KEDA, after its documentation (ScaledObject specification) and what was measured on a real one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from poolkeeper.simulate.peers.keda import by_load, by_waiting, hardened, with_cron

LOOK = 15


def looks(policy, show, size, count, begin=0, **seen):
    """Return the sizes that a pool gets in so many looks at the same metrics."""
    sizes = []
    for number in range(count):
        size = policy.decide(show(size, now=begin + LOOK * number, **seen))
        sizes.append(size)
    return sizes


def test_five_waiting_requests_per_replica(show, terms):
    """production-stack's chart: threshold 5; the HorizontalPodAutoscaler's own formula, ceil(queue / 5)."""
    assert looks(by_waiting(1, 10, terms), show, 4, 1, waiting=31) == [7]


def test_all_requests_at_what_a_replica_has_at_four_fifths_of_its_capacity(show, terms):
    assert looks(by_load(1, 10, terms), show, 4, 1, waiting=50, running=256) == [8]


def test_a_queue_is_read_at_the_autoscalers_pace(terms):
    """KEDA's documentation: from one replica on, the HorizontalPodAutoscaler asks, whatever `pollingInterval` says."""
    assert by_waiting(1, 10, terms).interval == timedelta(seconds=15)


def test_an_outage_takes_the_default_to_its_minimum(show, terms):
    """Measured: an exporter killed with replicas at 8 took 20 of 20 Deployments to 2 within 7 minutes."""
    assert looks(by_waiting(2, 8, terms), show, 8, 28, missing=True)[-1] == 2


def test_an_outage_holds_the_hardened_one(show, terms):
    """Measured: with `ignoreNullValues: "false"` and a fallback all 20 kept their 8."""
    assert looks(hardened(2, 8, terms), show, 8, 28, missing=True) == [8] * 28


def test_the_fallback_comes_after_three_failures(show, terms):
    """KEDA's documentation: `failureThreshold: 3`, `behavior: currentReplicasIfHigher`; half the maximum here."""
    assert looks(hardened(2, 8, terms), show, 2, 6, missing=True) == [2, 2, 2, 4, 4, 4]


def test_failures_count_in_a_row(show, terms):
    policy = hardened(2, 8, terms)
    looks(policy, show, 2, 3, missing=True)
    looks(policy, show, 2, 1, 45)
    assert looks(policy, show, 2, 3, 60, missing=True) == [2, 2, 2]


def test_a_cron_trigger_is_a_floor(show, terms):
    policy = with_cron(2, 8, replace(terms, hours=(5,) * 24))
    assert looks(policy, show, 2, 2) == [4, 5]


def test_a_queue_wakes_a_pool_from_zero(show, terms):
    """KEDA's documentation: KEDA itself goes from 0 to 1, at a poll."""
    policy = by_waiting(0, 8, terms)
    looks(policy, show, 0, 1)
    assert looks(policy, show, 0, 2, LOOK, waiting=9) == [0, 1]


def test_a_pool_with_a_minimum_is_woken_without_a_queue(show, terms):
    assert looks(by_waiting(2, 8, terms), show, 0, 1) == [2]


@pytest.mark.parametrize(("minimum", "end"), [(0, 0), (1, 1)])
def test_idle_for_the_cooldown_it_goes_to_zero_where_it_may(show, terms, minimum, end):
    """KEDA's documentation: `cooldownPeriod` 300 s, only for zero."""
    sizes = looks(by_waiting(minimum, 8, terms), show, 1, 22)
    assert (sizes[19], sizes[-1]) == (1, end)
