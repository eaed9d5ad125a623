"""What use a workload was, and what another size would have saved."""

from datetime import UTC, datetime, timedelta

import pytest

from poolkeeper.simulate import use as module
from poolkeeper.simulate.series import Series
from poolkeeper.simulate.use import Known, State, days, larger, last_request, percent, used

START = datetime(2025, 11, 3, tzinfo=UTC)
STEP = timedelta(minutes=30)
NOW = START + timedelta(days=14)


def load(*values):
    return Series(START, STEP, values)


def day(busy_slots):
    return (1.0,) * busy_slots + (0.0,) * (48 - busy_slots)


def silent(_words, _share):
    return None


def use(**given):
    return used(Known(**{"replicas": 4, "sized": True} | given), NOW, silent)


def test_a_past_without_a_request_is_forgotten():
    found = use(load=load(*day(0) * 14))
    assert (found.state, found.why, found.last) == (State.FORGOTTEN, "no request in 14 days", None)
    assert found.silent == timedelta(days=14)
    assert (found.saving.least, found.saving.most) == (0.75, 1.0)


def test_what_no_pool_can_size_can_only_be_deleted():
    found = use(load=load(*day(0) * 2), sized=False)
    assert (found.saving.least, found.saving.most) == (0.0, 1.0)


def test_an_hour_without_a_request_is_no_reason_to_save():
    found = use(load=load(0.0, 0.0))
    assert (found.state, found.saving) == (State.IDLE, None)


def test_holes_are_no_zeros():
    found = use(load=load(None, None, 1.0, 1.0), replicas=1)
    assert (found.state, found.why) == (State.BUSY, "a request was at work 100 % of the time")


def test_a_short_past_is_counted_by_its_idle_hours():
    found = use(load=load(*day(24)))
    assert (found.saving.least, found.saving.most) == (0.0, pytest.approx(0.5 * 3 / 4))
    assert found.proposal is None


def test_one_replica_leaves_nothing_to_save():
    assert use(load=load(*day(24)), replicas=1).saving is None


def test_the_gauges_tell_better_than_the_counter():
    assert use(load=load(*day(24)), at_work=0.031).why == "a request was at work 3.1 % of the time"


def test_a_day_without_a_request_at_the_end_is_quiet():
    assert use(load=load(*day(48), *day(0), *day(0))).state is State.QUIET


def test_a_long_past_is_replayed():
    found = use(load=load(*day(16) * 14))
    assert found.proposal.min_replicas < 4
    assert 0.3 < found.saving.least <= found.saving.most < 0.6
    assert found.saving.method.startswith("a replay of its past, ")


def test_what_was_scaled_already_saves_less():
    all_of_it = use(load=load(*day(16) * 14)).saving
    scaled = use(load=load(*day(16) * 14), mean=3.5).saving
    assert scaled.most == pytest.approx(all_of_it.most - 0.5 / 4)


def test_no_more_is_saved_than_it_costs_now():
    found = use(load=load(*day(16) * 14), mean=16.0).saving
    assert 0.3 < found.least <= found.most < 0.6


def test_a_size_that_was_larger_is_said():
    assert larger(Known(2, mean=8.0)) == ", of today's 2 replicas; it had 8.0 on average"


@pytest.mark.parametrize("mean", [None, 2.0, 2.04, 1.0])
def test_a_size_that_was_not_is_not(mean):
    assert larger(Known(2, mean=mean)) == ""


def test_a_past_that_cannot_be_replayed_is_counted(monkeypatch):
    def refuse(*_):
        raise module.SeriesError("too little")

    monkeypatch.setattr(module, "recommend", refuse)
    assert use(load=load(*day(24) * 5)).saving.method == (
        "at the 50 % of the time without a request, all but one replica could go"
    )


def test_a_pool_that_stays_saves_nothing():
    assert use(load=load(*(1.0,) * 48 * 14)).saving.most == pytest.approx(0.0, abs=0.01)


def test_engines_that_counted_nothing_for_days_are_forgotten():
    found = use(unused=NOW - timedelta(days=9))
    assert (found.state, found.why) == (State.FORGOTTEN, "no request since its engines started, 9 days ago")


def test_engines_that_counted_nothing_for_an_hour_are_unknown():
    assert use(unused=NOW - timedelta(hours=1), glimpsed=False).state is State.UNKNOWN


@pytest.mark.parametrize(
    ("gpu", "state", "most"), [(0.0, State.IDLE, 1.0), (0.05, State.QUIET, None), (0.9, State.BUSY, None)]
)
def test_the_gpus_utilization_tells_where_nobody_counts_requests(gpu, state, most):
    found = use(gpu=gpu)
    assert (found.state, found.saving and found.saving.most) == (state, most)


@pytest.mark.parametrize(
    ("glimpsed", "state", "why"),
    [
        (None, State.UNKNOWN, "nothing tells of its use"),
        (False, State.UNKNOWN, "no request was seen while it was looked at"),
        (True, State.BUSY, "a request was at work while it was looked at"),
    ],
)
def test_a_short_look_tells_no_more_than_it_saw(glimpsed, state, why):
    found = use(glimpsed=glimpsed)
    assert (found.state, found.why, found.saving) == (state, why, None)


def test_the_last_request_is_the_end_of_its_step():
    assert last_request(load(1.0, 1.0, 0.0, 0.0)) == START + 2 * STEP


def test_a_request_in_the_last_step_was_at_its_end():
    assert last_request(load(0.0, 1.0)) == START + 2 * STEP


def test_a_length_is_told_by_its_largest_unit():
    assert [days(timedelta(minutes=number)) for number in (0, 1, 90, 1440)] == [
        "less than a minute",
        "1 minute",
        "2 hours",
        "1 day",
    ]


def test_small_shares_keep_a_decimal():
    assert [percent(share) for share in (0.0, 0.004, 0.42)] == ["0 %", "0.4 %", "42 %"]
