"""R3: what several readings say together."""

from datetime import timedelta

import pytest

from builders import at, reading, sample
from poolkeeper.core.depth import SILENCE, combine
from poolkeeper.core.model import Combine, Queue
from poolkeeper.core.observation import PodFault, Reading
from poolkeeper.core.reasons import Reason

SUM, MAX = Queue(), Queue(combine=Combine.MAX)
REFUSED = reading(None, fault=Reason.METRIC_REFUSED)
ABSENT = Reading("pods", at(0), applies=False)


def pods(*waiting: float, silent: int = 0, detail: str = "") -> Reading:
    """Return a per-pod reading with so many pods silent after the ones that answered."""
    answered = tuple(sample(number, depth) for number, depth in enumerate(waiting))
    faults = tuple(PodFault(f"silent-{number}", Reason.METRIC_TIMEOUT, detail) for number in range(silent))
    return Reading("pods", at(0), pods=answered, faults=faults)


def depth(*readings: Reading, queue: Queue = SUM, now: float = 0, silent_for: timedelta = timedelta(0)):
    since = {f"silent-{number}": at(now) - silent_for for number in range(9)}
    return combine(readings, queue, since, at(now))[0]


@pytest.mark.parametrize(
    ("readings", "waiting", "whole", "fault"),
    [
        ((reading(7),), 7, True, None),
        ((reading(0),), 0, True, None),
        ((reading(7), reading(5)), 12, True, None),
        ((REFUSED,), None, False, Reason.METRIC_REFUSED),
        ((reading(7), REFUSED), 7, False, Reason.METRIC_REFUSED),
        ((REFUSED, reading(7)), 7, False, Reason.METRIC_REFUSED),
        ((reading(7, fault=Reason.PODS_SILENT),), 7, False, Reason.PODS_SILENT),
        ((reading(7, -60, fault=Reason.PODS_SILENT),), None, False, Reason.METRIC_STALE),
        ((pods(3, 4),), 7, True, None),
        ((pods(3, 4, silent=1),), 7, False, Reason.PODS_SILENT),
        ((pods(silent=2),), None, False, Reason.METRIC_TIMEOUT),
        ((pods(3, silent=1), reading(5)), 8, False, Reason.PODS_SILENT),
        ((ABSENT, reading(7)), 7, True, None),
        ((ABSENT, REFUSED), None, False, Reason.METRIC_REFUSED),
        ((), None, False, Reason.NO_SAMPLE),
    ],
)
def test_readings_sum_to_a_depth_that_knows_what_is_missing(readings, waiting, whole, fault):
    found = depth(*readings)
    assert (found.waiting, found.whole, found.fault) == (waiting, whole, fault)


@pytest.mark.parametrize(
    ("readings", "waiting", "whole"),
    [
        ((reading(7), reading(5)), 7, True),
        ((reading(5), pods(3, 4, silent=1)), 7, False),
        ((reading(5), REFUSED), 5, False),
    ],
)
def test_the_larger_source_counts_where_they_overlap(readings, waiting, whole):
    found = depth(*readings, queue=MAX)
    assert (found.waiting, found.whole) == (waiting, whole)


def test_no_ready_pod_is_no_outage():
    found = depth(ABSENT)
    assert (found.whole, found.applies, found.waiting, found.fault) == (True, False, None, None)


def test_no_ready_pod_still_is_a_look():
    assert combine((ABSENT, Reading("more", at(3), applies=False)), SUM, {}, at(3))[0].at == at(3)


@pytest.mark.parametrize(
    ("answered", "silent", "silent_for", "waiting", "whole"),
    [
        ((6, 2), 1, SILENCE, 12, True),
        ((6, 2, 4), 2, SILENCE, 20, True),
        ((6, 2), 1, SILENCE - timedelta(seconds=1), 8, False),
        ((6, 2), 2, SILENCE, 8, False),
        ((6,), 3, SILENCE, 6, False),
    ],
)
def test_the_mean_stands_in_for_a_minority_that_is_long_silent(answered, silent, silent_for, waiting, whole):
    found = depth(pods(*answered, silent=silent), silent_for=silent_for)
    assert (found.waiting, found.whole) == (waiting, whole)


def test_one_newly_silent_pod_makes_the_sum_a_lower_bound_again():
    since = {"silent-0": at(-400), "silent-1": at(-1)}
    found, _ = combine((pods(6, 2, 4, silent=2),), SUM, since, at(0))
    assert (found.waiting, found.whole) == (16, False)


def test_a_silent_pod_that_stands_in_is_still_said():
    found = depth(pods(6, 2, silent=1, detail="no route"), silent_for=SILENCE)
    assert (found.fault, found.detail) == (
        Reason.PODS_SILENT,
        "pods: 1 of 3 pods do not answer (MetricTimeout: no route)",
    )


def test_silence_counts_from_the_first_miss():
    _, silence = combine((pods(1, silent=2),), SUM, {"silent-0": at(-60)}, at(0))
    assert silence == {"silent-0": at(-60), "silent-1": at(0)}


def test_an_answer_ends_the_silence():
    assert combine((pods(1),), SUM, {"silent-0": at(-60)}, at(0))[1] == {}


def test_nothing_read_keeps_the_silence():
    assert combine((), SUM, {"silent-0": at(-60)}, at(0))[1] == {"silent-0": at(-60)}


@pytest.mark.parametrize(
    ("age", "interval", "fault"), [(10, 1, None), (10.1, 1, "stale"), (15, 5, None), (15.1, 5, "stale")]
)
def test_a_reading_is_stale_after_three_intervals_and_ten_seconds(age, interval, fault):
    found = depth(reading(7), queue=Queue(interval=timedelta(seconds=interval)), now=age)
    assert found.fault == (fault and Reason.METRIC_STALE)


def test_a_stale_reading_is_unknown_and_says_its_age():
    found = depth(reading(7), now=42)
    assert (found.waiting, found.whole, found.detail) == (None, False, "edge: the newest sample is 42 s old")


def test_an_old_fault_stays_what_it_was():
    assert depth(REFUSED, now=99).fault is Reason.METRIC_REFUSED


def test_the_newest_source_dates_the_depth():
    assert depth(reading(1, 2), reading(1, 5), now=6).at == at(5)


def test_every_broken_source_is_named():
    slow = reading(None, source="broker", fault=Reason.METRIC_TIMEOUT, detail="after 2 s")
    assert depth(REFUSED, slow).detail == "edge: the connection was refused or broke; broker: after 2 s"


def test_silence_of_all_pods_repeats_the_first_words():
    assert depth(pods(silent=2, detail="no route")).detail == "pods: none of 2 pods answers: no route"


def load(**changes) -> Reading:
    busy = {"running": 10, "kv_usage": 0.5} | changes
    return Reading("pods", at(0), pods=(sample(0, 1, **busy), sample(1, 0, running=30, kv_usage=0.25)))


def test_load_is_summed_over_the_pods():
    found = depth(load())
    assert (found.running, found.kv_usage) == (40, 0.75)


def test_the_mean_stands_in_for_a_pod_that_does_not_tell_its_load():
    found = depth(load(running=None, kv_usage=None))
    assert (found.running, found.kv_usage) == (60, 0.5)


def test_the_load_is_unknown_where_no_pod_tells():
    found = depth(Reading("pods", at(0), pods=(sample(0, 1), sample(1, 2))))
    assert (found.running, found.kv_usage) == (None, None)


def test_load_stands_in_for_long_silent_pods_as_well():
    half = Reading("pods", at(0), pods=load().pods, faults=(PodFault("silent-0", Reason.METRIC_TIMEOUT),))
    found = depth(half, silent_for=SILENCE)
    assert (found.running, found.kv_usage) == (60, 1.125)


@pytest.mark.parametrize(("waiting", "running", "busiest"), [(1, 10, 10), (0, 10, None), (1, None, None)])
def test_only_a_pod_with_a_queue_shows_how_much_it_can_run(waiting, running, busiest):
    alone = Reading("pods", at(0), pods=(sample(0, waiting, running=running),))
    assert depth(alone).busiest == busiest


def test_load_comes_from_the_source_that_knows_it():
    found = depth(reading(7), load())
    assert (found.running, found.busiest, len(found.samples)) == (40, 10, 2)


def runs(waiting: float, running: float | None) -> Reading:
    return Reading("broker", at(0), waiting, running)


@pytest.mark.parametrize(
    ("told", "together", "apart"),
    [((4, 4), 8, 4), ((0, 0), 0, 0), ((0, None), None, None), ((4, None), 4, 4), ((None, None), None, None)],
)
def test_each_broker_has_work_of_its_own_under_way(told, together, apart):
    readings = [runs(0, running) for running in told]
    assert [depth(*readings, queue=queue).running for queue in (SUM, MAX)] == [together, apart]


@pytest.mark.parametrize("running", [None, 7])
def test_what_runs_in_pods_is_not_counted_twice(running):
    assert depth(runs(0, running), load()).running == 40
