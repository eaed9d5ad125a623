from datetime import timedelta

import pytest

from builders import at, pod
from poolkeeper.core.depth import Depth
from poolkeeper.core.load import GENERATED, LOST, measure, untried
from poolkeeper.core.memory import Load
from poolkeeper.core.observation import PodSample
from poolkeeper.core.startup import Capacity

SLA = timedelta(seconds=2)
SETTLED = Capacity(2, 2, 0)
OLD = tuple(pod(number) for number in range(2))


def page(number=0, *, requests=0.0, waiting=0.0, running=0.0, tokens=(None, None)):
    prompt, generated = tokens
    return PodSample(
        f"uid-{number}", waiting, running, requests=requests, prompt_tokens=prompt, generation_tokens=generated
    )


def looked(known, seconds, *pages, pods=OLD, capacity=None, whole=True):
    capacity = capacity or Capacity(len(pages), len(pages), 0)
    depth = Depth(sum(one.waiting for one in pages), whole=whole, at=at(seconds), samples=pages)
    return measure(known, depth, pods, capacity, sla=SLA)


def after(*looks, **changes):
    """Return what is known after looks at one pod: (second, its page)."""
    known = Load()
    for seconds, one in looks:
        known = looked(known, seconds, one, **changes)
    return known


def test_the_first_look_sets_the_starting_point():
    known = looked(Load(), 0, page(requests=1000))
    assert (known.since, known.at, known.came, known.rates) == (at(0), at(0), 0, ())


def test_what_is_finished_running_and_waiting_has_come():
    known = after((0, page(requests=10, running=2)), (5, page(requests=14, running=3, waiting=1)))
    assert (known.came, known.finished) == (4 + 1 + 1, 4)


def test_a_bucket_ends_with_its_rate_of_requests_where_no_tokens_are_counted():
    known = after((0, page(requests=10)), (10, page(requests=40)), (30, page(requests=70)))
    assert (known.rates, known.number, known.came, known.begun) == ((2.0,), 1, 0, at(30))


def test_work_is_tokens_on_their_mean():
    known = after(
        (0, page(requests=0, tokens=(0.0, 0.0))),
        (30, page(requests=60, running=60, tokens=(6000.0, 600.0))),
    )
    assert known.mean == pytest.approx(100 + GENERATED * 10)
    assert known.rates == (pytest.approx(120 / 30 * known.mean),)


def test_the_mean_follows_what_is_done_lately():
    known = Load(since=at(0), at=at(0), begun=at(0), tallies={"uid-0": (0, 0, 0)}, works=100.0, requests=1.0)
    known = looked(known, 30, page(requests=10, tokens=(2000.0, 0.0)))
    assert 100 < known.mean < 200


def test_nothing_is_known_of_an_engine_that_counts_no_requests():
    assert looked(Load(), 0, page()._replace(requests=None)) == Load()


def test_nothing_is_known_of_an_engine_that_does_not_tell_what_it_runs():
    assert looked(Load(), 0, page()._replace(running=None)) == Load()


def test_a_look_that_saw_a_part_adds_nothing():
    known = after((0, page(requests=10)))
    assert looked(known, 5, page(requests=90), whole=False) == known


def test_the_counters_have_kept_what_came_meanwhile():
    known = after((0, page(requests=10)))
    assert looked(known, 20, page(requests=90)).came == 80


def test_after_a_long_time_without_a_look_it_begins_anew():
    known = after((0, page(requests=10)), (30, page(requests=40)))
    anew = looked(known, 31 + LOST.total_seconds(), page(requests=90))
    assert (anew.rates, anew.since, anew.mean) == ((), at(31 + LOST.total_seconds()), known.mean)


def test_a_counter_that_fell_sets_its_starting_point():
    known = after((0, page(requests=10)), (5, page(requests=3)))
    assert (known.came, looked(known, 10, page(requests=7)).came) == (0, 4)


def test_old_news_add_nothing():
    known = after((0, page(requests=10)), (5, page(requests=13)))
    assert looked(known, 5, page(requests=13)) is known


def test_pods_that_do_not_answer_leave_the_load_unknown():
    known = looked(Load(), 0, page(0), page(1))
    assert looked(known, 5, page(0, requests=9), capacity=Capacity(2, 2, 0)) is known


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1.0, 1e300])
def test_a_counter_that_is_none_is_not_believed(number):
    known = after((0, page(requests=10)))
    assert looked(known, 5, page(requests=number)) is known


def test_a_look_without_tokens_does_not_change_what_work_is():
    known = after((0, page(requests=10, tokens=(1e6, 1e6))))
    assert looked(known, 5, page(requests=11)) is known


def test_an_engine_that_counts_tokens_no_more_begins_anew():
    known = after((0, page(requests=10, tokens=(1e6, 1e6))))._replace(per_replica=5.0)
    assert looked(known, 1 + LOST.total_seconds(), page(requests=11)).per_replica is None


def test_a_queue_of_which_nothing_is_done_measures_nothing():
    known = busy(busy(busy(Load(), 0, 0), 10, 40), 20, 40)
    assert (known.per_replica, known.spent) == (None, timedelta(0))


def test_a_replica_that_does_far_more_than_it_can_may_be_miscounted():
    known = after((0, page(requests=0)))._replace(per_replica=1.0)
    assert looked(known, 30, page(requests=3000)).per_replica == pytest.approx(1.2)


def test_work_that_others_helped_with_is_not_one_replicas():
    known = looked(Load(), 0, page(0), page(1))._replace(per_replica=1.0)
    known = looked(known, 29, page(0, requests=40), page(1, requests=40))
    assert looked(known, 30, page(0, requests=41), capacity=Capacity(1, 1, 0)).per_replica < 1.1


def test_a_pod_that_was_made_since_began_at_zero():
    known = looked(Load(), 0, page(0))
    fresh = (*OLD[:1], pod(7, created_at=at(1)))
    assert looked(known, 5, page(0), page(7, requests=4), pods=fresh).came == 4


def test_a_pod_that_was_there_before_the_first_look_sets_its_starting_point():
    known = looked(Load(), 0, page(0))
    assert looked(known, 5, page(0), page(1, requests=400)).came == 0


def test_a_pod_that_fell_back_goes_on_from_where_it_was():
    known = looked(Load(), 0, page(0), page(1, requests=400))
    known = looked(known, 5, page(0))
    assert looked(known, 10, page(0), page(1, requests=410)).came == 10


def test_a_pod_that_is_gone_is_forgotten():
    known = looked(Load(), 0, page(0), page(1, requests=400))
    assert looked(known, 5, page(0), pods=OLD[:1]).tallies.keys() == {"uid-0"}


def busy(known, seconds, requests, waiting=5.0, capacity=SETTLED):
    """Return what is known after a look at pods that each did as much, with a queue."""
    pages = [page(number, requests=requests, waiting=waiting, running=8) for number in range(capacity.ready)]
    return looked(known, seconds, *pages, capacity=capacity)


def test_throughput_is_capacity_while_all_have_a_queue():
    known = busy(busy(busy(Load(), 0, 0), 10, 40), 20, 80)
    assert known.per_replica == pytest.approx(4)


def test_a_later_measurement_moves_it_by_its_weight():
    known = busy(Load(), 0, 0)._replace(per_replica=2.0)
    assert busy(known, 60, 240).per_replica == pytest.approx(3)


@pytest.mark.parametrize(
    ("waiting", "capacity"),
    [(0.0, SETTLED), (5.0, Capacity(2, 1, 1))],
)
def test_without_a_queue_or_with_replicas_that_just_came_nothing_is_measured(waiting, capacity):
    known = Load()
    for number in range(4):
        known = busy(known, 10 * number, 40 * number, waiting, capacity)
    assert known.per_replica is None


def test_a_replica_more_begins_the_measurement_anew():
    known = busy(busy(Load(), 0, 0), 10, 40)
    more = busy(known, 20, 80, capacity=Capacity(3, 3, 0))
    assert (more.per_replica, more.spent) == (None, timedelta(0))


def test_a_replica_that_does_more_than_its_capacity_raises_it():
    known = after((0, page(requests=0)))._replace(per_replica=3.0)
    known = looked(known, 5, page(requests=50), capacity=Capacity(1, 1, 0))
    found = looked(known, 30, page(requests=150), capacity=Capacity(1, 1, 0))
    assert found.per_replica == pytest.approx(3 + 0.2 * (5 - 3))


def test_a_replica_that_does_less_leaves_it():
    known = after((0, page(requests=0)))._replace(per_replica=100.0)
    assert looked(known, 30, page(requests=150)).per_replica == 100


def test_a_bucket_in_which_nothing_was_finished_has_no_mean_of_its_own():
    known = after((0, page()), (30, page(running=3)))
    assert (known.mean, known.rates) == (None, ())


def test_what_comes_while_the_queue_is_too_long_is_late():
    known = after((0, page(requests=0)))._replace(works=1.0, requests=1.0, per_replica=10.0)
    known = looked(known, 10, page(requests=30, waiting=21), capacity=Capacity(1, 1, 0))
    known = looked(known, 20, page(requests=80, waiting=20), capacity=Capacity(1, 1, 0))
    assert (known.late, known.came) == (51, 100)
    assert looked(known, 30, page(requests=102), capacity=Capacity(1, 1, 0)).late_share == 0.5


def test_where_nothing_came_nothing_was_late():
    known = after((0, page()))._replace(works=1.0, requests=1.0, per_replica=10.0)
    assert looked(known, 30, page()).late_share == 0


def test_a_queue_of_unknown_length_is_not_late():
    known = after((0, page()))._replace(works=1.0, requests=1.0, per_replica=10.0)
    depth = Depth(None, whole=True, at=at(5), samples=(page(requests=9, waiting=99),))
    assert measure(known, depth, OLD, Capacity(1, 1, 0), sla=SLA).late == 0


def steady(rate, buckets, ready=2):
    """Return what is known after so many buckets of so many requests a second, without a queue."""
    known = Load()
    for number in range(buckets + 1):
        pages = [page(one, requests=30 * number * rate / ready) for one in range(ready)]
        known = looked(known, 30 * number, *pages)
    return known


def test_what_replicas_took_for_a_while_they_can_take():
    assert steady(10, 4).sustained == pytest.approx(5)


def test_a_burst_shows_nothing():
    assert steady(10, 3).sustained == 0


def test_a_queue_shows_less_than_it_measures():
    known = Load()
    for number in range(6):
        known = busy(known, 30 * number, 120 * number)
    assert known.sustained == 0


def test_fewer_replicas_than_were_tried_are_told():
    known = steady(10, 4)
    assert untried(known, timedelta(minutes=5)) == pytest.approx(10 / (1.15 * 5))


def test_what_came_before_the_grace_period_is_none_of_theirs():
    known = steady(10, 4)._replace(rates=(10.0, 10.0, 1.0))
    assert untried(known, timedelta(seconds=15)) == pytest.approx(1 / (1.15 * 5))


@pytest.mark.parametrize("known", [Load(), Load(sustained=5.0), Load(rates=(5.0,))])
def test_nothing_is_told_of_a_load_that_nobody_knows(known):
    assert untried(known, timedelta(minutes=5)) == 0
