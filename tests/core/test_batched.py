"""Work that can wait, look by look: where and when it runs, that it is done in time, and that this is said."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from builders import Rig, at, reading, seen, target
from night import JOB, TONIGHT, Night, batched
from poolkeeper.core.batched import cheap, deadline
from poolkeeper.core.decide import decide
from poolkeeper.core.memory import Memory
from poolkeeper.core.model import ON_DEMAND, Batch, Mode, ScaleDown, Window
from poolkeeper.core.reasons import Reason

SIX_HOURS = 21600
EVENING = Window("batch", "0 15 * * *", "0 17 * * *")
"""From three to five hours after the tests' start."""


def night(jobs=1000, batch=TONIGHT, *, told=True, **changes) -> Night:
    return Night(batched(batch, **changes), jobs, told=told)


def test_it_runs_on_spot_alone_by_as_few_as_are_done_in_time():
    assert night().until(600).asked == (0, 3)


def test_all_of_it_is_done_in_time_on_spot():
    made = night()
    assert made.done_at(SIX_HOURS) < SIX_HOURS
    assert made.hours["on-demand"] == 0


def test_the_size_does_not_swing_while_it_works():
    made = night()
    made.done_at(SIX_HOURS)
    sizes = [decision.size for decision in made.decisions[2:]]
    assert sizes == sorted(sizes, reverse=True)


def test_without_work_all_leave_after_the_grace():
    made = night(60)
    done = made.done_at(SIX_HOURS)
    made.run(320)
    assert (made.asked, made.decision.size) == ((0, 0), 0)
    assert done < SIX_HOURS


def test_lost_spot_is_made_up_for_by_more_spot():
    made = night().until(3600)
    made.stock_out().reclaim(3, 0)
    made.until(9000).restock()
    made.until(9600)
    assert made.asked[0] == 0
    assert made.asked[1] > 3


def test_where_spot_never_comes_it_runs_on_on_demand_at_the_last_moment():
    made = night()
    made.stock_out()
    waited = made.until(SIX_HOURS - 300 - 51 * 60).asked[0]
    assert waited == 0
    assert made.done_at(SIX_HOURS) <= SIX_HOURS
    assert made.hours["on-demand"] > 0


def test_that_is_the_reason():
    made = night()
    made.stock_out()
    reasons = [decision.reason for decision in made.until(SIX_HOURS - 2400).decisions]
    assert Reason.BATCH_MUST in reasons


def test_spot_that_is_there_works_until_on_demand_is_ready():
    made = night(5000).until(9000)
    before = made.spot.ready
    made.stock_out().reclaim(before - 2, 0)
    while not made.on_demand.replicas:
        made.run(10)
    assert made.spot.ready == 2


def test_what_is_late_runs_on_on_demand_and_is_said():
    made = night(200, Batch(within=timedelta(minutes=4), job_time=JOB))
    made.stock_out()
    made.until(400)
    plan = made.decision.plan
    assert plan.needed.reason is Reason.BATCH_LATE
    assert made.asked[0] == 20
    assert plan.work.late > 0


def test_what_comes_later_is_not_late():
    made = night(200, Batch(within=timedelta(minutes=4), job_time=JOB)).until(400)
    made.left += 1000
    assert made.run(10).decision.plan.work.late < 200


def test_outside_its_window_nothing_runs():
    assert night(batch=replace(TONIGHT, window=EVENING)).until(10700).asked == (0, 0)


def test_why_is_said():
    made = night(batch=replace(TONIGHT, window=EVENING)).until(600)
    assert made.decision.reason is Reason.BATCH_WAITS
    assert at(10800) in [prospect.at for prospect in made.decision.prospects]


def test_in_its_window_it_runs_to_be_done_in_it():
    made = night(batch=replace(TONIGHT, window=EVENING)).until(11400)
    assert made.asked == (0, 9)
    assert 10800 < made.done_at(SIX_HOURS) < 18000


def test_what_does_not_fit_into_the_window_runs_before_it():
    assert night(5000, batch=replace(TONIGHT, window=EVENING)).until(600).asked[1] > 10


def test_when_the_window_ends_the_rest_waits_for_the_next_at_once():
    tomorrow = replace(TONIGHT, daily=None, within=timedelta(days=3), window=EVENING)
    made = night(1000, tomorrow).until(10900)
    assert made.asked[1] > 0
    made.left = 900.0
    assert made.until(18000).asked == (0, 0)


def test_without_spot_it_runs_on_on_demand_by_as_few_as_are_done_in_time():
    made = night(tiers=(ON_DEMAND,))
    assert made.until(600).on_demand.replicas == 3
    assert made.done_at(SIX_HOURS) < SIX_HOURS


def test_how_long_a_job_takes_is_learned_from_what_the_queue_loses():
    made = night(batch=replace(TONIGHT, job_time=None))
    assert made.until(100).decision.reason is Reason.BATCH_UNKNOWN
    made.until(1200)
    assert made.decision.plan.means.job == pytest.approx(JOB, rel=0.6)
    assert made.done_at(SIX_HOURS) < SIX_HOURS


def test_an_unknown_job_time_counts_as_no_time_to_lose():
    assert night(batch=replace(TONIGHT, job_time=None)).until(60).asked == (20, 0)


def test_in_an_outage_the_size_is_held():
    made = night().until(600)
    made.sight = lambda: reading(None, made.seconds, fault=Reason.METRIC_TIMEOUT)
    assert made.run(1200).asked == (0, 3)


def test_where_nobody_tells_what_runs_the_last_stay_for_two_jobs():
    short = {"queue": {"down": ScaleDown(below=100, grace_period=timedelta(0))}}
    made = night(40, told=False, **short)
    done = made.done_at(SIX_HOURS)
    made.until(done + 50)
    assert made.asked[1] > 0
    assert made.run(60).asked == (0, 0)


def broker(batch, replicas=8, **changes) -> Rig:
    """Return so many replicas without engines' counters, in a pool that a broker tells of its jobs."""
    return Rig(batched(batch, (ON_DEMAND,), **changes), replicas)


def sizes(rig, seconds, *, jobs=0, **changes) -> list[int]:
    return [rig.look(second, reading(jobs, second, **changes)).size for second in seconds]


def test_no_more_replicas_leave_than_have_no_job_under_way():
    assert sizes(broker(TONIGHT), range(0, 601, 10), running=5.2)[-1] == 6


def test_nor_while_more_waits():
    assert sizes(broker(TONIGHT), range(0, 601, 10), jobs=1, running=8)[-1] == 8


def test_what_is_under_way_when_a_window_ends_is_done_where_nothing_waits():
    spent = replace(TONIGHT, daily=None, within=timedelta(days=2), window=EVENING)
    assert sizes(broker(spent), range(17400, 19000, 10), running=3)[-1] == 3


def test_it_is_not_where_more_waits_for_there_would_be_no_end():
    spent = replace(TONIGHT, daily=None, within=timedelta(days=2), window=EVENING)
    assert sizes(broker(spent), range(17900, 18001, 10), jobs=50, running=8)[-2:] == [8, 0]


def test_when_a_window_ends_where_nobody_tells_what_runs_all_stay_for_two_jobs():
    spent = Batch(within=timedelta(days=2), window=EVENING, job_time=timedelta(minutes=10))
    assert sizes(broker(spent), (17900, *range(18000, 19201, 10)), jobs=50)[-2:] == [8, 0]


def test_where_nobody_tells_what_runs_none_leaves_while_anything_waits_of_which_no_job_time_is_known():
    assert sizes(broker(Batch(within=timedelta(hours=8))), range(0, 3600, 10), jobs=3)[-1] == 8


def test_where_nobody_tells_how_long_it_runs_either_all_stay_until_it_was_due():
    due = range(0, 7201, 10)
    assert sizes(broker(Batch(within=timedelta(hours=2))), due)[-2:] == [8, 0]


def test_what_is_missing_then_is_said():
    rig = broker(Batch(within=timedelta(hours=2)))
    assert [rig.queue(second, 0).reason for second in (0, 10)][-1] is Reason.BATCH_UNSEEN


def test_a_target_that_is_made_anew_keeps_the_deadline_of_the_work():
    made = night(200).until(60)
    before = made.memory.jobs.due_at
    _, memory = decide(made.spec, seen(200, 70, target=target(2, uid="new")), made.memory, at(70))
    assert (memory.jobs.due_at, memory.jobs.speed) == (before, None)


def test_a_pause_stops_no_deadline():
    spec = batched(Batch(within=timedelta(hours=6), job_time=JOB), (ON_DEMAND,), mode=Mode.PAUSED)
    _, memory = decide(spec, seen(200), Memory(), at(0))
    assert memory.jobs.due_at == at(SIX_HOURS)


def test_with_an_idle_time_the_last_replica_waits_for_that():
    down = ScaleDown(below=100, grace_period=timedelta(seconds=60), idle_after=timedelta(minutes=20))
    made = night(300, queue={"down": down})
    done = made.done_at(SIX_HOURS)
    assert sum(made.until(done + 1100).asked) == 1
    assert sum(made.until(done + 1300).asked) == 0


def test_a_restart_in_the_middle_changes_nothing():
    one, other = night(), night()
    other.until(5000).restart()
    assert one.until(9000).asked == other.until(9000).asked
    assert one.decision.plan == other.decision.plan


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (at(0), "2026-03-02T18:00:00+01:00"),
        (at(5 * 3600), "2026-03-03T18:00:00+01:00"),
        (at(6 * 3600), "2026-03-03T18:00:00+01:00"),
    ],
)
def test_a_deadline_is_read_on_its_zones_wall(now, due):
    assert (
        deadline(Batch(daily=time(18), timezone="Europe/Prague"), now).isoformat()
        == at(0).fromisoformat(due).astimezone(now.tzinfo).isoformat()
    )


def test_a_time_that_a_spring_skips_is_the_first_after_it():
    before = at(0).fromisoformat("2026-03-29T00:30:00+00:00")
    assert deadline(Batch(daily=time(2, 30), timezone="Europe/Prague"), before).hour == 1


@pytest.mark.parametrize(
    ("start", "until", "inside", "hours"),
    [
        (0, 4, False, 1),
        (0, 12, False, 2),
        (0, 28, False, 3),
        (4, 5, True, 1),
        (4, 29, True, 3),
        (6, 7, False, 0),
        (4, 3, True, 0),
    ],
)
def test_cheap_hours_are_those_of_the_window_until_then(start, until, inside, hours):
    found, _ = cheap(replace(TONIGHT, window=EVENING), at(start * 3600), at(until * 3600))
    assert (found.now, found.left) == (inside, timedelta(hours=hours))


def test_a_window_that_will_never_turn_again_is_told_by_what_it_is_now():
    found, turns_at = cheap(replace(TONIGHT, window=None), at(0), at(60))
    assert (found.now, found.left, turns_at) == (True, None, None)


def test_looking_twice_at_one_sample_changes_nothing():
    made = night().until(600)
    before = made.memory
    made.step = 0.0
    made.look()
    assert (made.asked, made.memory) == ((0, 3), before)
