"""Ray Serve's autoscaler, after its documentation, its source (autoscaling_policy.py) and the source's tests."""

import pytest

from poolkeeper.simulate.peers.ray_serve import ALL_THE_WAY, RayServe, Smoothing, by_default, tuned


def looks(policy, show, size, count, begin=0, **seen):
    """Return the sizes that a pool gets in so many looks, ten seconds apart."""
    sizes = []
    for number in range(count):
        size = policy.decide(show(size, now=begin + 10 * number, **seen))
        sizes.append(size)
    return sizes


def ray(target, smoothing=ALL_THE_WAY):
    return RayServe("ray", 1, 10_000, target, smoothing)


@pytest.mark.parametrize(
    ("policy", "replicas", "ongoing", "size"),
    [
        (ray(100), 10, 1500, 15),  # test_bounds_checking: 150 each at a target of 100, before the bounds
        (ray(1), 10, 1000, 1000),
        (ray(20), 10, 100, 5),  # test_scale_down
        (ray(1, Smoothing(up=0.5)), 2, 4, 3),  # test_smoothing_factor: half the way
        (ray(2, Smoothing(down=0.4)), 2, 2, 1),  # a shrink that would get stuck takes one
        (ray(10, Smoothing(down=0.5)), 10, 50, 8),
    ],
)
def test_the_size_wanted(policy, replicas, ongoing, size):
    """test_autoscaling_policy.py and `_apply_scaling_factors`."""
    assert policy.smoothed(ongoing, replicas) == size


def test_it_grows_after_thirty_seconds_of_wanting_to(show, terms):
    """docs.ray.io: upscale_delay_s 30."""
    assert looks(by_default(1, 100, terms), show, 4, 5, running=16) == [4, 4, 4, 8, 8]


def test_it_shrinks_after_ten_minutes_of_wanting_to(show, terms):
    """docs.ray.io: downscale_delay_s 600."""
    sizes = looks(by_default(1, 100, terms), show, 4, 62, running=4)
    assert (sizes[:60], sizes[60:]) == ([4] * 60, [2, 2])


def test_a_break_begins_the_delay_anew(show, terms):
    policy = by_default(1, 100, terms)
    looks(policy, show, 4, 3, running=16)
    looks(policy, show, 4, 3, 30, running=2)
    assert looks(policy, show, 4, 3, 60, running=12) == [4, 4, 4]


def test_requests_are_averaged_over_thirty_seconds(show, terms):
    """docs.ray.io: look_back_period_s 30, the mean: two looks at 8 and one at 32 are 16."""
    policy = by_default(1, 100, terms)
    assert [policy.ongoing.add(at, value) for at, value in ((0, 99), (10, 8), (20, 8), (30, 32))][-1] == 16


def test_two_ongoing_requests_are_far_fewer_than_an_engine_runs(show, terms):
    """docs.ray.io: target_ongoing_requests 2; four replicas that run 20 each of 64 go to the maximum."""
    assert looks(by_default(1, 8, terms), show, 4, 4, running=80)[-1] == 8


def test_tuned_to_the_engine(show, terms):
    assert looks(tuned(1, 8, terms), show, 4, 4, running=64 * 4)[-1] == 6


@pytest.mark.parametrize(("requests", "size"), [(3, 1), (0, 0)])
def test_requests_wake_a_pool_from_zero_at_once(show, terms, requests, size):
    """autoscaling_policy.py: the cold start fast path."""
    assert by_default(0, 8, terms).decide(show(0, waiting=requests)) == size


@pytest.mark.parametrize(("size", "end"), [(4, 1), (1, 0)])
def test_only_the_last_replica_goes_to_zero(show, terms, size, end):
    """autoscaling_policy.py: downscaling to zero is only allowed from one."""
    assert looks(by_default(0, 8, terms), show, size, 61)[-1] == end


def test_without_metrics_nothing_changes(show, terms):
    assert by_default(1, 8, terms).decide(show(4, missing=True)) == 4
