"""A day beside days of its kind."""

from dataclasses import replace
from decimal import Decimal

import pytest

from past_days import WEEK, past, weeks
from poolkeeper.core.unusual import Unusual, judge

KNOWN = 52
"""Days; the next one is a Thursday."""
NOISE = (0.99, 1.01, 1.0, 1.02, 0.98)


def noisy(days, level=1):
    return [cost * NOISE[number % 5] for number, cost in enumerate(weeks(days, level))]


def judged(*costs, known=KNOWN, percent=20):
    """Return what is said of the last of these days, which come after so many usual ones."""
    return judge(past([*noisy(known), *costs]), percent, "USD")


def told(costs, known, percent=20):
    """Return how many of these days are told."""
    every = [*noisy(known), *costs]
    return sum(judge(past(every[:end]), percent) is not None for end in range(known + 1, len(every) + 1))


@pytest.mark.parametrize(("share", "percent"), [(1.25, 25), (0.75, -25), (3, 200)])
def test_a_day_that_is_far_off_is_unusual(share, percent):
    assert judged(WEEK[3] * share).percent == pytest.approx(percent, abs=2)


@pytest.mark.parametrize("share", [1.15, 1, 0.85])
def test_a_day_within_the_percentage_is_usual(share):
    assert judged(WEEK[3] * share) is None


def test_each_weekday_has_its_own_usual_cost():
    assert judged(WEEK[3], WEEK[4] * 1.25).percent == pytest.approx(25, abs=3)


def test_a_quiet_weekend_is_usual():
    assert told(weeks(14), known=56) == 0


def test_a_day_at_the_weekend_is_held_against_days_at_the_weekend():
    assert judged(*WEEK[3:5], WEEK[5] * 1.5).percent == pytest.approx(50, abs=3)


def test_no_money_is_too_much_to_judge():
    assert judge(past([*(10**19 * cost for cost in noisy(KNOWN)), 10**22]), 20).percent > 100


def unknown(history, *places):
    """Return days of which some cost nothing that is known."""
    lost = {range(len(history))[place] for place in places}
    return tuple(
        replace(day, cost=Decimal(0), whole=False) if number in lost else day for number, day in enumerate(history)
    )


def test_a_day_without_a_price_is_not_judged():
    assert judge(unknown(past(noisy(KNOWN)), -1), 20) is None


def test_a_day_after_days_without_a_price_is_as_usual():
    assert judge(unknown(past(noisy(KNOWN)), -2, -3, -4), 20) is None


def test_days_without_a_price_make_none_of_those_after_them_usual():
    found = judge(unknown(past([*noisy(KNOWN), 2 * WEEK[3]]), *range(-15, -1)), 20)
    assert float(found.usual) == pytest.approx(WEEK[3], rel=0.03)


def test_days_without_a_price_are_none_of_the_fourteen():
    days = past([*weeks(18), 900])
    assert (judge(days, 20) is None, judge(unknown(days, 3), 20) is None) == (False, True)


@pytest.mark.parametrize(("known", "says"), [(17, False), (18, True)])
def test_nothing_is_said_before_fourteen_days_of_a_kind(known, says):
    assert (judge(past([*weeks(known), 900]), 20) is not None) is says


def test_nothing_is_said_of_a_weekend_before_seven_of_them():
    assert judge(past([*weeks(47), 900]), 20) is None


def test_nothing_is_said_of_nothing():
    assert judge((), 20) is None


def test_a_pool_whose_days_differ_is_given_more_room():
    wild = [cost * (1.3 if number % 2 else 0.7) for number, cost in enumerate([100.0] * 50)]
    assert judge(past([*wild, 150]), 20) is None


@pytest.mark.parametrize(("cost", "says"), [(2.1, False), (2.6, True)])
def test_less_than_a_unit_of_the_currency_matters_to_nobody(cost, says):
    assert (judge(past([*[1.5] * 50, cost]), 20) is not None) is says


def test_a_small_part_of_the_month_matters_to_nobody():
    quiet = [0.02 * cost if number % 7 > 4 else cost for number, cost in enumerate([1000] * 61)]
    assert judge(past([*quiet[:61], 27]), 20) is None
    assert judge(past([*quiet[:61], 99]), 20) is not None


@pytest.mark.parametrize("level", [1.4, 0.6])
def test_a_lasting_step_is_told_for_two_days(level):
    assert told(weeks(42, level), known=56) == 2


def test_a_step_of_workdays_alone_is_told_for_two_days():
    step = [cost * 1.4 if number % 7 < 5 else cost for number, cost in enumerate(weeks(42))]
    assert told(step, known=56) == 2


def test_steady_growth_is_usual():
    assert told([cost * 1.003**day for day, cost in enumerate(weeks(70))], known=28) == 0


def test_a_day_after_a_spike_is_usual():
    assert judged(900, WEEK[4]) is None


@pytest.mark.parametrize(("gap", "says"), [(0, True), (20, True), (60, False)])
def test_what_nobody_saw_may_explain_it(gap, says):
    days = past([*noisy(KNOWN), 200])
    blind = replace(days[-1], gap=Decimal(gap))
    assert (judge((*days[:-1], blind), 20) is not None) is says


def test_a_workday_that_cost_as_much_as_the_weekend_is_called_so():
    assert judged(66).drivers[-1] == "as much as a day at the weekend"


@pytest.mark.parametrize("cost", [20, 900])
def test_any_other_day_is_not(cost):
    assert "weekend" not in "".join(judged(cost).drivers)


def test_a_cheap_day_at_the_weekend_is_none_either():
    assert "weekend" not in "".join(judged(*WEEK[3:5], 30).drivers)


def test_a_workday_of_a_pool_without_weekends_is_judged():
    closed = [cost if number % 7 < 5 else 0 for number, cost in enumerate(weeks(52))]
    assert judge(past([*closed, 13]), 20).percent == -91


def test_a_pool_that_cost_nothing_and_costs_something_is_unusual():
    assert judge(past([*[0] * 50, 5]), 20) == Unusual(
        past([0] * 51)[-1].on, Decimal(5), Decimal(0), ("5.0 GPU-hours more of on-demand, 5.00",)
    )


def test_of_nothing_nothing_is_a_percentage():
    assert judge(past([*[0] * 50, 5]), 20).percent == 0
