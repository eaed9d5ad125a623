"""`spec.batch` as users write it, what the status says of the work, and what of it survives a restart."""

from datetime import time, timedelta

import pytest

from builders import at
from poolkeeper.api.batch import batch_status, dump, load
from poolkeeper.api.spec import SpecError, parse_spec
from poolkeeper.core.batch import Means, Needed, Plan, Work
from poolkeeper.core.memory import Jobs
from poolkeeper.core.model import Batch
from poolkeeper.core.reasons import Reason

BASE = {"targetRef": {"name": "chat"}, "minReplicas": 1, "maxReplicas": 8}
NIGHT = {"from": "22:00", "to": "06:00", "days": "Mon-Fri"}


def core(**batch):
    """Return the batch of a spec as the rules read it."""
    return parse_spec(BASE | {"batch": batch}).to_core().batch


def problems(**spec):
    with pytest.raises(SpecError) as caught:
        parse_spec(BASE | spec)
    return caught.value.problems


def test_a_deadline_may_be_a_time_of_each_day():
    assert core(deadline="07:00") == Batch(daily=time(7))


def test_a_deadline_may_be_so_long_after_the_work_came():
    assert core(deadline="6h") == Batch(within=timedelta(hours=6))


def test_a_window_is_written_as_any_other():
    assert (core(deadline="07:00", window=NIGHT).window.start, core(deadline="07:00", window=NIGHT).window.end) == (
        "0 22 * * Mon,Tue,Wed,Thu,Fri",
        "0 6 * * Tue,Wed,Thu,Fri,Sat",
    )


def test_a_window_may_be_a_pair_of_crons():
    window = core(deadline="6h", window={"start": "0 1 * * *", "end": "0 5 * * *"}).window
    assert (window.start, window.end) == ("0 1 * * *", "0 5 * * *")


def test_a_jobs_time_and_the_zone_are_taken():
    found = core(deadline="6h", jobTime="90s", timezone="Asia/Tokyo")
    assert (found.job_time, found.timezone) == (timedelta(seconds=90), "Asia/Tokyo")


def test_a_job_may_be_longer_than_a_time_of_day_is_early():
    assert core(deadline="00:30", jobTime="2h").job_time == timedelta(hours=2)


def test_a_deadline_of_no_time_is_told_without_its_jobs():
    assert not [one for one in problems(batch={"deadline": "0s", "jobTime": "1h"}) if "shorter" in one]


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        ({}, "deadline"),
        ({"deadline": 420}, "quotes"),
        ({"deadline": "7 o'clock"}, "spec.batch.deadline"),
        ({"deadline": "25:00"}, "'25:00' is no time of day and no duration; write 07:00 or 6h"),
        ({"deadline": "tomorrow"}, "is no time of day and no duration"),
        ({"deadline": "0s"}, "longer than 0s"),
        ({"deadline": "1h", "jobTime": "2h"}, "jobTime must be shorter than a deadline that is a duration"),
        ({"deadline": "1h", "jobTime": "1h"}, "jobTime must be shorter than a deadline that is a duration"),
        ({"deadline": "6h", "jobTime": "0s"}, "jobTime must be longer than 0s"),
        ({"deadline": "6h", "timezone": "Mars"}, "no IANA time zone"),
        ({"deadline": "6h", "window": {"from": "22:00"}}, "give from and to, or start and end"),
        ({"deadline": "6h", "window": {"start": "0 1 * * *", "end": "0 1 * * *"}}, "would never end"),
        ({"deadline": "6h", "window": {"start": "61 1 * * *", "end": "0 1 * * *"}}, "no cron expression"),
    ],
)
def test_a_bad_batch_says_what_would_be_right(batch, words):
    assert any(words in problem for problem in problems(batch=batch))


def test_a_learned_floor_beside_it_is_refused():
    (problem,) = problems(batch={"deadline": "6h"}, forecast={"enabled": True})
    assert "either batch or forecast" in problem


def test_nothing_stands_in_for_its_spot():
    spec = parse_spec(BASE | {"batch": {"deadline": "6h"}, "capacity": {}}).to_core()
    assert spec.spot.fallback.max_replicas == 0


def test_a_pool_without_it_has_none():
    assert parse_spec(BASE).to_core().batch is None


def plan(left=120.0, late=0.0, job=30, from_=600):
    work = Work(left, 0.0, at(3600), late)
    means = Means(timedelta(seconds=job) if job else None, timedelta(0), 8)
    return Plan(work, means, Needed(1, 1, Reason.BATCH, must_from=None if from_ is None else at(from_)))


def test_the_status_tells_of_the_work():
    assert batch_status(plan(late=3.4)) == {
        "workLeft": 120,
        "late": 3,
        "dueAt": "2026-03-02T13:00:00Z",
        "mustRunFrom": "2026-03-02T12:10:00Z",
        "jobTime": "30s",
        "reason": "Batch",
    }


def test_what_nobody_knows_is_left_out():
    assert batch_status(plan(left=0.0, job=None, from_=None)) == {"workLeft": 0, "late": 0, "reason": "Batch"}


def test_what_is_known_of_the_work_survives():
    jobs = Jobs(due_at=at(60), late=12.0, speed=0.031, waited=timedelta(seconds=80))
    assert load(dump(jobs)) == jobs


def test_a_pool_without_work_stores_nothing():
    assert (dump(Jobs()), load({})) == ({}, Jobs())


@pytest.mark.parametrize("speed", ["nan", "inf", "-1", "0"])
def test_a_speed_that_cannot_be_is_not_believed(speed):
    assert load({"jobSpeed": speed}).speed is None
