"""AIBrix's APA, after the tests of its source (apa_test.go) and its controller."""

import pytest

from poolkeeper.simulate.peers.aibrix import APA, by_cache, tuned


@pytest.mark.parametrize(
    ("size", "use", "rate", "wanted"),
    [
        (2, 45, 2, 3),  # basic_scale_up
        (2, 35, 2, 3),  # scale_up_upto_ceiling
        (2, 90, 2, 4),  # scale_up_upto_max_scale_up
        (2, 90, 2.5, 5),  # scale_up_upto_max_scale_up_ceiling
        (6, 20, 2, 4),  # basic_scale_down
        (6, 18, 2, 4),  # scale_down_upto_ceiling
        (6, 10, 2, 3),  # scale_down_upto_max_scale_down
        (6, 5, 2.5, 2),  # scale_down_upto_max_scale_down_floor
        (2, 33, 2, 2),  # no_scaling_as_within_up_tolerance
        (2, 27, 2, 2),  # no_scaling_as_within_down_tolerance
    ],
)
def test_a_recommendation(size, use, rate, wanted):
    """apa_test.go, by the names of its cases: a target of 30."""
    assert APA("apa", 1, 100, 30, rate).scaled(size, use / 30) == wanted


@pytest.mark.parametrize(
    ("ready", "usage", "wanted"),
    [
        (2, 0.75, 4),  # half as much again over two, less over four: nothing more is asked for
        (3, 0.9, 6),  # 5.4 instead of 7.2
        (2, 0.25, 3),  # two at half their target and two on it
        (3, 0.0, 2),  # no further down than without them
    ],
)
def test_pods_that_are_not_ready_hold_back_either_way(show, ready, usage, wanted):
    """autoscaler.go: applyPendingReplicaGuard, with a target of 0.5 and four pods."""
    assert APA("apa", 1, 100).decide(show(4, ready, kv_usage=usage)) == wanted


def test_the_cooldown_makes_a_shrink_larger(show):
    """podautoscaler_controller.go: stabilizeRecommendation takes the smallest of 300 s, not the largest."""
    policy = APA("apa", 1, 100)
    policy.past.extend([(0.0, 5), (10.0, 3)])
    assert policy.decide(show(8, now=20, kv_usage=0.4)) == 3


def test_the_cooldown_forgets_after_five_minutes(show):
    policy = APA("apa", 1, 100)
    policy.past.append((0.0, 3))
    assert policy.decide(show(8, now=300, kv_usage=0.4)) == 7


@pytest.mark.parametrize("seen", [{"missing": True}, {"ready": 0}])
def test_without_metrics_only_the_bounds_count(show, seen):
    assert APA("apa", 1, 6).decide(show(8, **seen)) == 6


def test_the_samples_target_is_beyond_what_full_batches_hold(show, terms):
    """64 requests of 1,366 tokens are 0.2 of the cache: a full engine looks half idle, and the pool shrinks."""
    assert by_cache(1, 8, terms).decide(show(4, kv_usage=64 * 1366 / 400_000)) == 2


def test_tuned_it_grows_where_all_batches_are_full(show, terms):
    assert tuned(1, 8, terms).decide(show(4, kv_usage=64 * (1155 + 211 / 2) / 400_000)) == 6
