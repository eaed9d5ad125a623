"""The HorizontalPodAutoscaler, after its documentation and the tests of its controller (1.36)."""

from datetime import timedelta

import pytest

from poolkeeper.simulate.peers.hpa import HPA, External, Pods, by_load, by_slots, by_waiting
from poolkeeper.simulate.peers.rules import BUILT_IN, Behavior, Direction, Rule
from poolkeeper.simulate.peers.terms import Sample, waiting

NOW, MINUTE = timedelta(0), timedelta(minutes=1)


def hpa(metric, minimum=1, maximum=100, **rest):
    return HPA("hpa", minimum, maximum, [metric], lag=NOW, **rest)


def played(policy, show, *sizes_wanted, size, every=15):
    """Return the sizes that a pool gets whose metric asks for these sizes."""
    sizes = [size]
    for look, wanted in enumerate(sizes_wanted):
        sizes.append(policy.decide(show(sizes[-1], now=look * every, waiting=wanted)))
    return sizes[1:]


@pytest.mark.parametrize(
    ("metric", "size"), [(200, 8), (50, 2), (100, 4), (109, 4), (110, 4), (111, 5), (91, 4), (90, 4), (89, 4), (74, 3)]
)
def test_the_ratio_of_the_metric_to_its_target(show, metric, size):
    """Kubernetes' documentation, "Algorithm details".

    currentMetricValue 200 and desiredMetricValue 100 double, 50 halves; within 0.1 of 1 nothing changes.
    """
    assert Pods(waiting, 100).proposal(show(4), Sample(4 * metric, 0, 0)) == size


@pytest.mark.parametrize(
    ("size", "target", "total", "wanted"), [(3, 2.222, 8.6, 4), (5, 3.0, 8.6, 3), (4, 2.2, 8.6, 4)]
)
def test_an_average_value_of_an_external_metric(show, size, target, total, wanted):
    """horizontal_test.go: TestScaleUpPerPodCMExternal, TestScaleDownPerPodCMExternal, TestTolerancePerPodCMExternal."""
    assert External(waiting, target).proposal(show(size), Sample(total, 0, 0)) == wanted


def test_an_external_metric_does_not_ask_who_is_ready(show):
    assert External(waiting, 5).proposal(show(4, 1), Sample(40, 0, 0)) == 8


@pytest.mark.parametrize(
    ("ready", "total", "wanted"),
    [
        (3, 36, 4),  # 36 over 3 asks for more, over 4 with the loading one idle for no more
        (3, 60, 6),
        (2, 10, 3),  # half the target in two; the two others count as on target
        (3, 27, 4),  # nine tenths, and more with the loading one on target: within the tolerance
        (3, 33, 4),  # asks for more; with the loading one idle it would ask for fewer, and that turns round
    ],
)
def test_pods_that_are_not_ready_hold_back_either_way(show, ready, total, wanted):
    """Kubernetes' documentation, "Algorithm details": missing metrics are 0 % on a scale up, 100 % on a scale down."""
    assert Pods(waiting, 10).proposal(show(4, ready), Sample(total, 0, 0)) == wanted


@pytest.mark.parametrize(
    ("size", "ready", "total", "wanted"), [(7, 4, 12, 2), (4, 3, 27, 4), (4, 3, 38, 4), (4, 3, 70, 7)]
)
def test_pods_that_are_pending_are_not_there_where_it_would_shrink(show, size, ready, total, wanted):
    """Seen of the real controller (e2e/test_hpa_model.py): 12 in four of seven, with a target of 10, are two."""
    assert Pods(waiting, 10, load=False).proposal(show(size, ready), Sample(total, 0, 0)) == wanted


def test_pods_that_are_not_ready_add_nothing_where_the_ready_ones_are_on_target(show):
    assert Pods(waiting, 10).proposal(show(4, 3), Sample(30, 0, 0)) == 4


@pytest.mark.parametrize("metric", [External(waiting, 5), Pods(waiting, 5)])
def test_a_metric_that_is_not_to_be_had_holds_the_size(show, metric):
    assert hpa(metric).decide(show(4, missing=True)) == 4


def test_no_ready_pod_has_a_metric(show):
    assert hpa(Pods(waiting, 5)).decide(show(4, 0, waiting=100)) == 4


def test_some_metrics_that_are_gone_let_it_grow(show):
    policy = HPA("two", 1, 100, [External(waiting, 5), Pods(waiting, 5)], lag=NOW)
    assert policy.decide(show(4, 0, waiting=40)) == 8


def test_some_metrics_that_are_gone_let_nothing_shrink(show):
    """horizontal_test.go: TestNoScaleDownOneMetricInvalid."""
    policy = HPA("two", 1, 100, [External(waiting, 5), Pods(waiting, 5)], lag=NOW)
    assert [policy.decide(show(4, 0, now=at)) for at in (0, 400)] == [4, 4]


def test_it_shrinks_to_the_largest_proposal_of_five_minutes(show):
    """Kubernetes' documentation: the controller scales down gradually, smoothing out rapidly fluctuating values."""
    sizes = played(hpa(External(waiting, 1)), show, 4, 6, 2, 2, 3, *[1] * 20, size=4)
    assert (sizes[1:21], sizes[21:25]) == ([6] * 20, [6, 3, 3, 3])


def test_the_first_look_remembers_the_size_it_found(show):
    """horizontal_test.go: TestScaleDownStabilizeInitialSize."""
    assert played(hpa(External(waiting, 1)), show, *[2] * 22, size=5) == [5] * 21 + [2]


@pytest.mark.parametrize(("size", "grown"), [(1, 4), (2, 4), (3, 6), (10, 20)])
def test_without_behavior_it_at_most_doubles_or_reaches_four(show, size, grown):
    """horizontal.go: calculateScaleUpLimit."""
    assert played(hpa(External(waiting, 1)), show, 90, size=size) == [grown]


@pytest.mark.parametrize(("size", "grown"), [(1, 5), (2, 6), (10, 20)])
def test_with_behavior_it_doubles_or_adds_four(show, size, grown):
    """Kubernetes' documentation, "Default behavior"; horizontal_test.go: "scaleUp with default behavior" (10 -> 20)."""
    assert played(hpa(External(waiting, 1), limit=Behavior()), show, 90, size=size) == [grown]


def test_of_several_rules_the_one_that_allows_most_counts(show):
    """Kubernetes' documentation, "Scaling policies": 4 pods or 10 % a minute take 80 to 72, 72 to 64, ... 10 to 6."""
    rules = (Rule(MINUTE, pods=4), Rule(MINUTE, percent=10))
    policy = hpa(External(waiting, 1), limit=Behavior(down=Direction(NOW, rules)))
    assert played(policy, show, *[1] * 4, size=80, every=61) == [72, 64, 57, 51]


def test_a_rule_counts_what_changed_in_its_period(show):
    """horizontal_test.go: TestScalingWithRules, with 60 s periods."""
    policy = hpa(External(waiting, 1), limit=Behavior(up=Direction(NOW, (Rule(MINUTE, pods=2),))))
    assert played(policy, show, *[50] * 6, size=3) == [5, 5, 5, 5, 7, 7]


ANYTHING = (Rule(timedelta(seconds=15), percent=1000),)
SLOW_DOWN = Behavior(Direction(NOW, ANYTHING), Direction(3 * MINUTE, ANYTHING))
SLOW_UP = Behavior(Direction(5 * MINUTE, ANYTHING), Direction(NOW, ANYTHING))


@pytest.mark.parametrize(
    ("limit", "change", "kept"), [(SLOW_DOWN, (100, 3), 5), (SLOW_UP, (1, 7), 4), (SLOW_UP, (100, 3), 3)]
)
def test_windows_of_both_directions(show, limit, change, kept):
    """horizontal_test.go: TestNormalizeDesiredReplicasWithBehavior, its simple cases: 4 and 5 were proposed before."""
    policy, (size, wanted) = hpa(External(waiting, 1), limit=limit), change
    policy.proposals.extend([(0.0, 4), (60.0, 5)])
    assert policy.decide(show(size, now=120, waiting=wanted)) == kept


@pytest.mark.parametrize(("size", "bounded"), [(1, 2), (9, 8)])
def test_a_size_out_of_bounds_is_put_right_without_metrics(show, size, bounded):
    assert hpa(External(waiting, 5), 2, 8).decide(show(size, missing=True)) == bounded


def test_a_pool_at_zero_stays_there(show):
    """Kubernetes' documentation: with the target at zero the autoscaler stops adjusting it."""
    assert hpa(External(waiting, 5)).decide(show(0, waiting=50)) == 0


def test_metrics_are_one_look_old(show):
    policy = HPA("late", 1, 100, [External(waiting, 5)], BUILT_IN, timedelta(seconds=15))
    assert [policy.decide(show(4, now=at, waiting=queue)) for at, queue in ((0, 20), (15, 40), (30, 20))] == [4, 4, 8]


@pytest.mark.parametrize(
    ("make", "busy"), [(by_waiting, {"waiting": 30}), (by_load, {"running": 240}), (by_slots, {"running": 300})]
)
def test_what_is_run(show, terms, make, busy):
    policy = make(1, 8, terms)
    assert [policy.decide(show(4, now=at, **busy)) for at in (0, 15)][1] == 6
