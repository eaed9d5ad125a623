"""What a release does next: whoever leaves is replaced first, idle ones go before busy ones."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolkeeper.cli.releasing.steps import Done, Grow, Half, Remove, Seen, Shrink, Terms, Wait, next_step
from poolkeeper.shell.views import PodView

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def half(name, replicas, ready=None, waiting=0, ending=0):
    """Return a half of which so many pods are ready (all that it asks for), on their way or ending."""
    ready = replicas if ready is None else ready
    states = [(NOW, False)] * ready + [(None, False)] * waiting + [(NOW, True)] * ending
    pods = [
        PodView("ns", f"{name}-{n}", f"{name}{n}", NOW, ready_at=at, terminating=gone, trouble="" if at else "no GPU")
        for n, (at, gone) in enumerate(states)
    ]
    return Half(name, name, "1", replicas, tuple(pods))


def step(target, spot, idle=(), total=5, *, patient=True):
    return next_step(Seen(target, spot, frozenset(idle)), Terms(total, patient=patient))


def test_without_a_sibling_there_is_nothing_to_fold():
    assert step(half("chat", 5), None) == Done()


def test_the_target_grows_before_anything_else():
    assert step(half("chat", 1), half("spot", 4)) == Grow(5)


def test_nobody_goes_before_somebody_is_ready():
    found = step(half("chat", 5, ready=1, waiting=4), half("spot", 4))
    assert found == Wait("1 of 5 of chat ready: no GPU")


def test_an_idle_one_goes_for_each_that_is_ready():
    found = step(half("chat", 5, ready=3, waiting=2), half("spot", 4), {"spot0", "spot1", "spot3"})
    assert found == Shrink(2, ("spot-0", "spot-1"))


def test_a_busy_one_is_waited_for():
    assert step(half("chat", 5), half("spot", 4)) == Wait("4 replicas of spot busy", busy=True)


def test_a_busy_one_goes_once_it_was_waited_for():
    found = step(half("chat", 5), half("spot", 2), {"spot1"}, patient=False)
    assert found == Shrink(0, ("spot-1", "spot-0"))


def test_what_never_started_goes_at_once():
    assert step(half("chat", 5, ready=3, waiting=2), half("spot", 4, ready=2, waiting=2)) == Shrink(2)


def test_pods_that_end_are_waited_for():
    assert step(half("chat", 5), half("spot", 0, ending=1)) == Wait("1 replica of spot ending")


def test_an_empty_sibling_goes():
    assert step(half("chat", 5), half("spot", 0)) == Remove()


def test_those_that_are_not_ready_for_a_moment_stay_until_they_are_replaced():
    found = step(half("chat", 8, ready=2, waiting=6), half("spot", 6, ready=0, waiting=6), total=8)
    assert found == Wait("2 of 8 of chat ready: no GPU")


def test_of_those_that_are_not_ready_one_goes_for_each_that_is_ready():
    found = step(half("chat", 8, ready=5, waiting=3), half("spot", 6, ready=1, waiting=5), total=8)
    assert found == Shrink(3)


COUNT = st.integers(0, 8)


@given(st.integers(1, 8), COUNT, COUNT, COUNT, st.booleans())
def test_ready_replicas_never_fall_below_the_total(total, ready, serving, waiting, patient):
    target, spot = half("chat", total, min(total, ready)), half("spot", serving + waiting, serving, waiting)
    found = step(target, spot, {"spot0", "spot2"}, total, patient=patient)
    left = found.size if isinstance(found, Shrink) else spot.replicas
    assert left >= min(spot.replicas, total - len(target.ready))


@pytest.mark.parametrize("total", [0, 3])
def test_a_target_is_never_shrunk(total):
    assert not isinstance(step(half("chat", 5), half("spot", 1), total=total), Grow)
