"""Knative's Pod Autoscaler, after the tests of its source (autoscaler_test.go) and its documentation."""

import pytest

from poolkeeper.simulate.peers.knative import KPA, Rates, by_concurrency

TEN = Rates(10, 10)


def kpa(target, rates=TEN):
    """Return one that has begun long ago and is calm."""
    policy = KPA("kpa", 0, 10_000, target, rates)
    policy.most = 0
    return policy


@pytest.mark.parametrize(
    ("policy", "concurrency", "ready", "size"),
    [
        (kpa(10), (50, 50), 1, 5),  # AutoscalerStableModeNoChange
        (kpa(10), (50, 50), 5, 5),  # AutoscalerStableModeNoChangeAlreadyScaled
        (kpa(10), (50, 100), 1, 10),  # AutoscalerPanicModeDoublePodCount
        (kpa(1, Rates(1.1, 10)), (3, 3.1), 2, 3),  # AutoscalerStableModeIncreaseWithSmallScaleUpRate
        (kpa(10, Rates(10, 1.1)), (1, 1), 100, 90),  # AutoscalerStableModeDecreaseWithSmallScaleDownRate
        (kpa(10), (1000, 1001), 1, 10),  # TestAutoscalerRateLimitScaleUp
        (kpa(10), (1000, 888), 0, 10),  # TestAutoscalerUseOnePodAsMinimumIfEndpointsNotFound
        (kpa(1), (11, 25), 10, 25),  # TestAutoscalerUnpanicAfterSlowIncrease
    ],
)
def test_a_look(show, policy, concurrency, ready, size):
    """autoscaler_test.go, by the names of its cases: a stable and a panic concurrency."""
    assert policy.scaled(show(ready), *concurrency) == size


def test_a_panic_ends_after_the_stable_window(show):
    """autoscaler_test.go: TestAutoscalerPanicThenUnPanicScaleDown."""
    policy = kpa(10)
    looks = [(0, 100, 1000, 10), (30, 1, 1, 10), (61, 1, 1, 10)]
    assert [policy.scaled(show(ready, now=at), stable, panic) for at, stable, panic, ready in looks] == [100, 100, 1]


def test_a_panic_goes_on_while_there_is_reason(show):
    """autoscaler_test.go: TestAutoscalerExtendPanicWindow."""
    policy = kpa(1)
    looks = [(0, 11, 25, 10), (30, 30, 80, 40), (61, 30, 30, 40)]
    assert [policy.scaled(show(ready, now=at), stable, panic) for at, stable, panic, ready in looks] == [25, 80, 80]


@pytest.mark.parametrize(("ready", "size"), [(1, 1), (2, 2)])
def test_it_begins_in_panic_with_more_than_one_pod(show, ready, size):
    """autoscaler_test.go: TestStartInPanicMode; nothing shrinks until there is a history."""
    assert KPA("kpa", 0, 100, 100).decide(show(ready, running=1)) == size


def test_a_stable_pool_is_at_its_target(show, terms):
    """knative.dev: containerConcurrency 10 at 70 % is 7 concurrent requests a pod; here 64 at 70 % is 44.8."""
    policy = by_concurrency(1, 100, terms)
    assert [policy.decide(show(4, now=2 * look, running=44.8 * 3)) for look in range(40)][-1] == 3


def test_a_burst_counts_in_six_seconds(show):
    """knative.dev: a panic window of 10 % of 60 s; in its mean a burst is 60 (no panic yet), 80 and 100."""
    policy = kpa(10)
    calm = [policy.decide(show(4, now=2 * look, running=40)) for look in range(40)]
    burst = [policy.decide(show(4, now=80 + 2 * look, running=100)) for look in range(3)]
    assert (calm[-1], burst) == (4, [5, 8, 10])


def test_at_most_half_goes_at_once(show):
    """knative.dev: max-scale-down-rate 2."""
    policy = KPA("kpa", 0, 100, 10)
    assert [policy.decide(show(8, now=2 * look)) for look in range(40)][-1] == 4


def test_without_metrics_nothing_changes(show):
    """autoscaler_test.go: TestAutoscalerNoDataNoAutoscale."""
    assert kpa(10).decide(show(7, missing=True)) == 7
