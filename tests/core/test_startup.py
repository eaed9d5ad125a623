"""R4: how long a start takes, who is on the way, who is overdue."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import LONG_AGO, at, loading, pod, published, target
from poolkeeper.core.depth import Depth
from poolkeeper.core.memory import Starts
from poolkeeper.core.startup import assess, newest_template, observe_starts, percentile_95, timeout

SPEC = published()
QUICK = published(startup_timeout=timedelta(seconds=60))
SEEN = Starts(template="t1", known=frozenset(), replicas=2)


def spans(*seconds: float) -> tuple[timedelta, ...]:
    return tuple(timedelta(seconds=second) for second in seconds)


def learned(starts: Starts, *pods, now: float = 0, busiest: float | None = None, **changes) -> Starts:
    return observe_starts(
        starts, target(**{"replicas": len(pods), "pods": pods} | changes), Depth(busiest=busiest), at(now)
    )


def capacity(*pods, now: float = 0, spec=QUICK, starts: Starts = SEEN, **changes):
    return assess(spec, target(**{"replicas": len(pods), "pods": pods} | changes), starts, at(now))


def test_a_start_is_measured_from_scheduled_to_ready():
    slow = loading(1, since=30, created_at=at(0))
    starts = learned(learned(SEEN, slow), replace(slow, ready_at=at(100)))
    assert starts.durations == spans(70)


def test_a_start_is_counted_once():
    slow = loading(1, since=0)
    done = replace(slow, ready_at=at(70))
    starts = learned(learned(learned(SEEN, slow), done), done)
    assert starts.durations == spans(70)


def test_pods_found_ready_teach_nothing():
    assert learned(SEEN, pod(1), pod(2)).durations == ()


def test_a_pod_that_fell_back_and_returned_teaches_nothing():
    fallen = pod(1, ready_at=None, unready_since=at(5))
    starts = learned(learned(learned(SEEN, pod(1)), fallen), pod(1, ready_at=at(9)))
    assert starts.durations == ()


def test_a_pod_found_unready_at_the_first_look_is_not_trusted_to_be_starting():
    unready = pod(1, ready_at=None)
    assert learned(learned(Starts(), unready), pod(1, ready_at=at(9))).durations == ()


def test_a_pod_that_is_unready_for_many_looks_is_measured_whole():
    slow = loading(1, since=0)
    starts = learned(learned(learned(SEEN, slow), slow), replace(slow, ready_at=at(70)))
    assert starts.durations == spans(70)


def test_another_template_starts_over():
    known = replace(SEEN, durations=spans(1, 2, 3), slots=40)
    starts = learned(known, pod(1), pod(2, template="t2", created_at=at(0)))
    assert (starts.template, starts.durations) == ("t2", ())


def test_the_busy_guard_outlasts_a_rollout():
    known = replace(SEEN, slots=40)
    assert learned(known, pod(1), pod(2, template="t2", created_at=at(0))).slots == 40


def test_a_learned_timeout_is_never_shorter_than_the_api_servers_seconds_tell():
    assert timeout(published(), replace(SEEN, durations=spans(0, 0, 0))) == timedelta(seconds=10)


def test_a_late_start_of_the_old_template_is_not_the_new_ones():
    old, new = loading(1, since=0), loading(2, since=9, template="t2")
    starts = learned(learned(SEEN, old, new), replace(old, ready_at=at(70)), new)
    assert starts.durations == ()


def test_a_pool_without_pods_keeps_what_it_learned():
    known = replace(SEEN, durations=spans(1, 2, 3), slots=40)
    starts = learned(known, replicas=0)
    assert (starts.template, starts.durations, starts.slots) == ("t1", spans(1, 2, 3), 40)


def test_only_the_last_twenty_starts_count():
    slow = loading(1, since=0)
    starts = learned(replace(SEEN, durations=spans(*range(20))), slow)
    assert learned(starts, replace(slow, ready_at=at(70))).durations == spans(*range(1, 20), 70)


@pytest.mark.parametrize(("slots", "busiest", "peak"), [(None, 30, 30), (40, 30, 40), (30, 40, 40), (30, None, 30)])
def test_slots_are_the_peak_under_a_queue(slots, busiest, peak):
    assert learned(replace(SEEN, slots=slots), pod(1), busiest=busiest).slots == peak


def test_the_youngest_pod_tells_the_template():
    pods = (pod(1, template="old"), pod(2, template="new", created_at=at(0)), pod(3, template="old"))
    assert newest_template(target(3, pods=pods)) == "new"


@pytest.mark.parametrize(
    ("durations", "limit"),
    [((), 600), ((10, 10), 600), ((10, 10, 10), 15), ((10, 20, 40), 60), (range(1, 21), 28.5)],
)
def test_a_start_may_take_half_again_of_the_95th_percentile(durations, limit):
    assert timeout(SPEC, Starts(durations=spans(*durations))) == timedelta(seconds=limit)


def test_a_given_timeout_overrules_what_was_measured():
    assert timeout(QUICK, Starts(durations=spans(1, 2, 3))) == timedelta(seconds=60)


def test_the_percentile_is_of_the_sorted_durations():
    assert percentile_95(spans(30, 10, 20)) == timedelta(seconds=30)


@pytest.mark.parametrize(
    ("ready_at", "settled", "coming"),
    [(None, 1, 1), (-29, 1, 1), (-30, 2, 0), (-31, 2, 0)],
)
def test_a_replica_counts_as_coming_until_it_has_settled(ready_at, settled, coming):
    young = loading(1, since=-50, ready_at=None if ready_at is None else at(ready_at))
    found = capacity(pod(0), young)
    assert (found.settled, found.coming) == (settled, coming)


@pytest.mark.parametrize(
    ("changes", "overdue"),
    [
        ({"scheduled_at": at(-59)}, 0),
        ({"scheduled_at": at(-60)}, 1),
        ({"scheduled_at": at(-900), "unready_since": at(-59)}, 0),
        ({"scheduled_at": at(-900), "unready_since": at(-60)}, 1),
        ({"scheduled_at": at(-59), "unready_since": at(-900)}, 0),
        ({"scheduled_at": None, "created_at": at(-59)}, 0),
        ({"scheduled_at": None, "created_at": at(-60)}, 1),
    ],
)
def test_a_replica_is_overdue_when_its_time_is_up(changes, overdue):
    found = capacity(pod(0), pod(1, **{"ready_at": None} | changes))
    assert (found.overdue, found.coming) == (overdue, 1 - overdue)


@pytest.mark.parametrize(("waited", "overdue"), [(599, 0), (600, 1)])
def test_the_wait_for_a_node_has_a_time_of_its_own(waited, overdue):
    fast = replace(SEEN, durations=spans(1, 1, 1))
    homeless = pod(1, scheduled_at=None, ready_at=None, created_at=at(-waited))
    assert capacity(homeless, spec=SPEC, starts=fast).overdue == overdue


@pytest.mark.parametrize(("since", "overdue"), [(-59, 0), (-60, 2)])
def test_a_quota_that_leaves_no_pod_is_overdue_in_its_time(since, overdue):
    found = capacity(pod(0), replicas=3, failure="exceeded quota", failure_since=at(since))
    assert (found.overdue, found.coming, found.words) == (overdue, 2 - overdue, "exceeded quota" if overdue else "")


@pytest.mark.parametrize(("since", "overdue"), [(-59, 0), (-60, 2)])
def test_replicas_that_lack_a_pod_without_a_word_are_overdue_in_their_time(since, overdue):
    starts = replace(SEEN, lacking_since=at(since))
    assert capacity(pod(0), replicas=3, starts=starts).overdue == overdue


def test_replicas_that_lack_a_pod_for_the_first_time_are_not_overdue():
    assert capacity(pod(0), replicas=3).overdue == 0


@pytest.mark.parametrize(("durations", "overdue"), [((500, 500, 500), 0), ((1, 1, 1), 2)])
def test_replicas_without_a_pod_get_the_longer_of_both_times(durations, overdue):
    starts = replace(SEEN, durations=spans(*durations), lacking_since=at(-700))
    assert capacity(pod(0), replicas=3, spec=SPEC, starts=starts).overdue == overdue


@pytest.mark.parametrize(
    ("replicas", "before", "since"),
    [
        (1, SEEN, None),
        (2, replace(SEEN, lacking_since=at(-9)), at(-9)),
        (2, SEEN, at(0)),
        (3, replace(SEEN, lacking_since=at(-9)), at(0)),
    ],
)
def test_the_lack_of_pods_is_timed_from_its_start_and_anew_after_growth(replicas, before, since):
    assert learned(before, pod(0), replicas=replicas).lacking_since == since


@pytest.mark.parametrize(
    ("replicas", "stuck", "blocked"),
    [(2, 1, False), (2, 2, True), (20, 1, False), (20, 2, True), (21, 2, False), (30, 2, False), (30, 3, True)],
)
def test_two_and_a_tenth_overdue_stop_the_growth(replicas, stuck, blocked):
    pods = [pod(number) for number in range(replicas - stuck)]
    pods += [pod(100 + number, ready_at=None) for number in range(stuck)]
    assert capacity(*pods).blocked is blocked


def test_the_words_of_the_first_that_has_any_are_repeated():
    stuck = [
        pod(1, ready_at=None),
        pod(2, ready_at=None, trouble="ImagePullBackOff"),
        pod(3, ready_at=None, trouble="x"),
    ]
    assert capacity(*stuck).words == "ImagePullBackOff"


def test_a_replica_in_time_lends_no_words():
    assert capacity(loading(1, since=0, trouble="ContainerCreating")).words == ""


@pytest.mark.parametrize(("extra", "replicas", "coming"), [(1, 2, 0), (1, 3, 1), (3, 3, 1), (2, 0, 0)])
def test_no_more_is_coming_than_was_asked_for(extra, replicas, coming):
    surge = [loading(10 + number, since=0) for number in range(extra)]
    assert capacity(pod(0), pod(1), *surge, replicas=replicas).coming == coming


def test_more_ready_than_asked_for_is_all_ready():
    found = capacity(pod(0), pod(1), pod(2), replicas=2)
    assert (found.ready, found.settled, found.coming) == (3, 3, 0)


def test_the_next_change_is_the_soonest():
    found = capacity(loading(1, since=-50), loading(2, since=-9, ready_at=at(-5)), loading(3, since=-90))
    assert found.next_at == at(10)


@pytest.mark.parametrize("pods", [(), (pod(0),), (loading(3, since=-90),)])
def test_nothing_changes_by_itself_once_all_is_settled_or_overdue(pods):
    assert capacity(*pods).next_at is None


def test_the_moment_of_settling_changes_nothing_more():
    assert capacity(loading(1, since=-90, ready_at=at(-30))).next_at is None


def test_a_day_old_pod_is_settled():
    assert capacity(pod(0, ready_at=LONG_AGO)).settled == 1


class TestOneByOne:
    """Each pod is made when the one before it is ready."""

    @pytest.mark.parametrize(("second", "overdue"), [(119, 0), (120, 1), (180, 2), (240, 3)])
    def test_each_that_is_not_made_yet_has_as_long_after_the_one_before(self, second, overdue):
        starts = replace(SEEN, replicas=4, lacking_since=at(0))
        found = capacity(pod(0), now=second, starts=starts, replicas=4, one_by_one=True)
        assert found.overdue == overdue

    def test_each_pod_that_is_made_gives_the_others_their_time_anew(self):
        before = replace(SEEN, known=frozenset({"uid-0"}), replicas=4, lacking_since=at(-50))
        made = learned(before, pod(0), loading(1, 0), replicas=4, one_by_one=True)
        assert made.lacking_since == at(0)

    @pytest.mark.parametrize("known", [frozenset({"uid-0"}), None])
    def test_while_none_is_made_their_time_goes_on(self, known):
        before = replace(SEEN, known=known, replicas=4, lacking_since=at(-50))
        assert learned(before, pod(0), replicas=4, one_by_one=True).lacking_since == at(-50)
