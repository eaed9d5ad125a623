"""llm-d's ScaledObjects (guides/workload-autoscaling)."""

import pytest

from poolkeeper.simulate.peers import PEERS


def sizes(name, terms, show, size, looks=2, **seen):
    """Return the sizes that a pool gets; the metrics are one look old, and the same."""
    policy, found = PEERS[name](1, 10, terms), []
    for number in range(looks):
        size = policy.decide(show(size, now=15 * number, **seen))
        found.append(size)
    return found


@pytest.mark.parametrize(("queue", "busy", "size"), [(6, 0, 6), (0, 90, 6), (3, 64, 4)])
def test_one_waiting_or_sixteen_running(terms, show, queue, busy, size):
    """keda-epp-queue: thresholds 1 and 16; the larger of the two proposals."""
    assert sizes("llm-d-queue", terms, show, 4, waiting=queue, running=busy)[0] == size


def test_the_guides_behavior_only_doubles(terms, show):
    """keda-epp-queue: scaleUp Percent 100 / 15 s and no rule for pods: 1 -> 2, not 1 -> 4."""
    assert sizes("llm-d-queue", terms, show, 1, waiting=50) == [2, 4]


def test_tuned_to_the_engine_more_than_sixteen_may_run(terms, show):
    assert sizes("llm-d-queue-tuned", terms, show, 4, running=4 * 43)[0] == 4


def test_saturation_does_not_grow_with_the_pool(terms, show):
    """keda-epp-token-aware: a mean over the pods cannot grow with the pool, so that ceil(mean / target) stays small.

    Ten waiting in each of four replicas are a saturation of 2: three replicas, and four are there.
    """
    assert sizes("llm-d-saturation", terms, show, 4, waiting=40)[0] == 4


def test_a_pool_that_is_saturated_by_its_caches(terms, show):
    """README of the utilization-detector: max(waiting / 5, KV cache / 0.8); 0.96 / 0.8 / 0.7 asks for two."""
    assert sizes("llm-d-saturation", terms, show, 1, kv_usage=0.96)[0] == 2


def test_tokens_ask_for_one_replica_each_three_minutes(terms, show):
    """keda-epp-token-aware: ceil(kv pods / 0.8) with four full caches is five; prefill of 104 prompts 15 s, ten."""
    assert sizes("llm-d-tokens", terms, show, 4, 13, kv_usage=1.0, waiting=104)[::12] == [5, 6]


def test_tokens_hold_on_what_they_ask_for(terms, show):
    assert sizes("llm-d-tokens", terms, show, 4, kv_usage=0.8)[-1] == 4
