"""What is said of money, whatever the days were: it never fails, is never less than what is spent, and scales."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from builders import at
from past_days import MONDAY, past
from poolkeeper.core.account import Told
from poolkeeper.core.budget import reached, remembered, untold
from poolkeeper.core.costing import Budget
from poolkeeper.core.days import Amount, Line
from poolkeeper.core.spending import Expected, backtest, coming, month_end
from poolkeeper.core.unusual import judge

COSTS = st.sampled_from([0, 0, 1, 100]) | st.integers(0, 10**7)
DAYS = st.lists(COSTS, max_size=45)
LEVEL_DAYS = st.lists(st.integers(100, 200), min_size=20, max_size=45)
MONEY = st.integers(0, 10**6).map(Decimal)
TODAYS = st.integers(1, 28).map(lambda day: MONDAY.replace(day=day))
BUDGETS = st.builds(Budget, MONEY, st.lists(st.integers(1, 200), max_size=5).map(tuple))
ENDS = st.none() | st.builds(lambda amount: Expected(amount, amount, amount), MONEY)


def spent(cost):
    return Amount({"on-demand": Line(effective=cost)})


@given(DAYS, st.integers(1, 200))
def test_a_day_is_judged_or_not_and_never_in_vain(costs, percent):
    found = judge(past(costs), percent, "USD")
    assert found is None or abs(found.cost - found.usual) * 100 > found.usual * percent * Decimal("0.999")


@given(LEVEL_DAYS, st.sampled_from([2, 10, 1000]))
def test_money_of_another_size_is_judged_alike(costs, factor):
    days, larger = past(costs), past([factor * cost for cost in costs])
    assert (judge(days, 20) is None) == (judge(larger, 20) is None)


@given(DAYS)
def test_an_interval_holds_what_is_expected_and_nothing_below_zero(costs):
    for _, one in coming(past(costs), MONDAY + timedelta(days=len(costs)), 40):
        assert 0 <= one.low <= one.amount <= one.high


@given(DAYS, MONEY, MONEY)
def test_a_month_never_ends_below_what_is_spent(costs, month, hour):
    now = at(0) + timedelta(days=len(costs))
    found = month_end(past(costs), spent(month), spent(hour), now, ZoneInfo("UTC"))
    assert found is None or month <= found.low <= found.amount <= found.high


@given(LEVEL_DAYS)
def test_a_month_of_twice_the_money_ends_at_twice_the_money(costs):
    now = at(0) + timedelta(days=len(costs))
    one, two = (
        month_end(past([times * cost for cost in costs]), spent(times * 500), spent(times * 5), now, ZoneInfo("UTC"))
        for times in (Decimal(1), Decimal(2))
    )
    assert abs(two.amount - 2 * one.amount) < Decimal("0.001")


@given(DAYS, st.integers(1, 90))
def test_an_error_is_a_share(costs, horizon):
    found = backtest(past(costs), horizon)
    assert found is None or found >= 0


@given(BUDGETS, st.lists(st.tuples(MONEY, ENDS), max_size=8), TODAYS)
def test_a_threshold_of_one_budget_is_told_once_a_month(budget, looks, today):
    told, news = Told(), []
    for used, end in sorted(looks, key=lambda look: look[0]):
        found = reached(budget, used, end, today)
        news += untold(told, budget, found, today)
        told = replace(told, month=today.replace(day=1), thresholds=remembered(told, budget, found, today))
    assert len(set(news)) == len(news)


@given(BUDGETS, BUDGETS, MONEY, ENDS, TODAYS)
def test_a_change_of_budget_repeats_nothing(before, after, used, end, today):
    found = reached(before, used, end, today)
    told = Told(today.replace(day=1), remembered(Told(), before, found, today))
    again = untold(told, after, reached(after, used, end, today), today)
    assert not set(again) & set(found)
