from collections import Counter
from datetime import UTC, date, datetime

import pytest
from soak_plan import Happening, depth, planned, share, start

STEADY = ("steady-0", "steady-1")


def kinds(days: int) -> Counter[str]:
    return Counter(one.kind for each in planned(days, STEADY, seed=1).values() for one in each)


def test_the_same_seed_draws_the_same_plan():
    assert planned(6, STEADY, seed=3) == planned(6, STEADY, seed=3)


@pytest.mark.parametrize("kind", ["make", "change", "pin", "override", "spoil", "reclaim", "nodes"])
def test_each_day_has_one_of_each_kind(kind):
    assert kinds(30)[kind] == 30


def test_with_churn_all_of_it_happens_more_often():
    plan = planned(2, STEADY, seed=1, churn=6)
    assert sum(one.kind == "reclaim" for each in plan.values() for one in each) == 12


def test_leaders_change_in_the_first_third_alone():
    plan = planned(30, STEADY, seed=1)
    changed = [hour for hour, each in plan.items() for one in each if one.kind in {"term", "kill"}]
    assert (len(changed), max(changed) < 10 * 24) == (14, True)


def test_what_is_made_is_deleted_after_it():
    plan = planned(10, STEADY, seed=1)
    made = {one.pool: hour for hour, each in plan.items() for one in each if one.kind == "make"}
    deleted = {one.pool: hour for hour, each in plan.items() for one in each if one.kind == "delete"}
    assert all(20 <= hour - made[name] <= 44 for name, hour in deleted.items())


def test_a_spec_is_mended_three_hours_after_it_was_spoiled():
    plan = planned(30, ["one"], seed=1)
    spoiled = {hour for hour, each in plan.items() if Happening("spoil", "one") in each and hour + 3 < 720}
    assert spoiled == {hour - 3 for hour, each in plan.items() if Happening("mend", "one") in each}


@pytest.mark.parametrize(
    ("today", "begin"),
    [
        (date(2026, 11, 23), datetime(2027, 2, 27, 5, tzinfo=UTC)),
        (date(2026, 8, 1), datetime(2026, 10, 17, 4, tzinfo=UTC)),
    ],
)
def test_new_york_s_clocks_change_in_the_middle(today, begin):
    assert start(today) == begin


@pytest.mark.parametrize(("hour", "load"), [(14, 1.0), (15, 0.0)])
def test_an_hour_of_new_york_lies_between_the_quietest_and_the_busiest(hour, load):
    week = [[1.0] * 24 for _ in range(7)]
    week[0][9] = 4.0
    assert share(week, datetime(2027, 3, 1, hour, tzinfo=UTC), shift=0) == load


def test_a_pool_s_hour_is_shifted():
    week = [[1.0] * 24 for _ in range(7)]
    week[0][9] = 4.0
    assert share(week, datetime(2027, 3, 1, 16, tzinfo=UTC), shift=2) == 1.0


@pytest.mark.parametrize(("load", "waiting"), [(0.0, 4), (0.6, 16), (1.0, 24)])
def test_four_wait_for_each_replica_that_is_wanted(load, waiting):
    assert depth(1, 6, load) == waiting
