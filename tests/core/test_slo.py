"""R11: the share of requests that left the queue in time."""

from datetime import timedelta

import pytest

from builders import at
from poolkeeper.core.memory import Served
from poolkeeper.core.model import Slo
from poolkeeper.core.observation import PodSample
from poolkeeper.core.slo import HOUR, VETO, burn_rate, count, share, vetoes

SLO = Slo(timedelta(seconds=2), objective_percent=99)


def counts(uid: str, inside: float | None, finished: float | None) -> PodSample:
    return PodSample(uid, waiting=0, inside=inside, finished=finished)


def counted(*looks, live: str = "ab") -> Served:
    """Return what is counted after looks of (second, samples)."""
    served = Served()
    for second, *samples in looks:
        served = count(served, tuple(samples), frozenset(live), at(second))
    return served


def minutes(*entries) -> Served:
    return Served(minutes=tuple((at(second), inside, finished) for second, inside, finished in entries))


def test_a_pod_seen_for_the_first_time_adds_nothing():
    assert counted((0, counts("a", 90, 100))).minutes == ((at(0), 0, 0),)


def test_increases_are_added_minute_by_minute():
    served = counted((0, counts("a", 90, 100)), (30, counts("a", 95, 110)), (61, counts("a", 96, 112)))
    assert served.minutes == ((at(0), 5, 10), (at(60), 1, 2))


def test_the_same_counters_twice_add_nothing():
    served = counted((0, counts("a", 0, 0)), (1, counts("a", 5, 10)), (2, counts("a", 5, 10)))
    assert served.minutes == ((at(0), 5, 10),)


def test_all_pods_are_added_up():
    served = counted((0, counts("a", 0, 0), counts("b", 0, 0)), (1, counts("a", 5, 10), counts("b", 1, 2)))
    assert served.minutes == ((at(0), 6, 12),)


def test_counters_that_began_anew_count_from_zero():
    served = counted((0, counts("a", 90, 100)), (1, counts("a", 3, 4)))
    assert served.minutes == ((at(0), 3, 4),)


@pytest.mark.parametrize(("inside", "finished"), [(None, 10), (10, None)])
def test_a_pod_that_tells_only_half_is_left_out(inside, finished):
    assert counted((0, counts("a", inside, finished))) == Served()


def test_a_silent_pod_keeps_its_starting_point():
    served = counted((0, counts("a", 0, 0), counts("b", 0, 0)), (1, counts("b", 0, 0)), (2, counts("a", 7, 8)))
    assert served.minutes == ((at(0), 7, 8),)


def test_a_dead_pod_is_forgotten():
    assert counted((0, counts("a", 0, 0)), (1, counts("b", 0, 0)), live="b").counters == {"b": (0, 0)}


def test_minutes_older_than_an_hour_are_dropped():
    served = count(minutes((-3600, 1, 1), (-3540, 1, 1)), (counts("a", 0, 0),), frozenset("a"), at(0))
    assert served.minutes == ((at(-3540), 1, 1), (at(0), 0, 0))


@pytest.mark.parametrize(
    ("window", "inside"),
    [(VETO, 0.5), (HOUR, 0.75)],
)
def test_the_share_is_taken_over_a_window(window, inside):
    assert share(minutes((-300, 2, 2), (-60, 1, 2)), window, at(0)) == inside


@pytest.mark.parametrize("served", [Served(), minutes((0, 0, 0)), minutes((-3600, 5, 5))])
def test_without_requests_there_is_no_share(served):
    assert share(served, HOUR, at(0)) is None


@pytest.mark.parametrize(("inside", "rate"), [(1, 0), (0.99, 1), (0.98, 2), (0.9, 10)])
def test_the_burn_rate_is_the_share_outside_over_the_share_allowed(inside, rate):
    assert burn_rate(SLO, inside) == pytest.approx(rate)


@pytest.mark.parametrize(("inside", "rate"), [(1, 0), (0.5, 1)])
def test_an_objective_of_everything_has_no_budget_to_divide_by(inside, rate):
    assert burn_rate(Slo(timedelta(seconds=2), 100), inside) == rate


@pytest.mark.parametrize(
    ("slo", "served", "veto"),
    [
        (SLO, minutes((-60, 98, 100)), True),
        (SLO, minutes((-60, 99, 100)), False),
        (SLO, minutes((-300, 0, 100)), False),
        (SLO, Served(), False),
        (None, minutes((-60, 0, 100)), False),
    ],
)
def test_too_few_inside_in_the_last_minutes_is_a_veto(slo, served, veto):
    assert vetoes(slo, served, at(0)) is veto
