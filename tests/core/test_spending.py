"""Where spending goes: expected amounts, and how far off they may be."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

import pytest

from past_days import MONDAY, WEEK, past, weeks
from poolkeeper.core.days import NOTHING, Amount, Line
from poolkeeper.core.spending import LASTING, backtest, coming, month_end

PLACE = ZoneInfo("UTC")
FEBRUARY = date(2026, 2, 2)
"""A Monday; four weeks from it end with 1 March."""


def amount(cost):
    return Amount({"on-demand": Line(effective=Decimal(str(cost)))})


def ends(history, now, month=0, hour=0, zone=PLACE):
    return month_end(history, amount(month), amount(hour), now, zone)


def after(history, hour=0):
    """Return the instant so many hours into the day after a history."""
    day = history[-1].on + timedelta(days=1)
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)


def noisy(days, noise, seed=1):
    drawn = Random(seed)  # noqa: S311  the same days in each run
    return [cost * drawn.gauss(1, noise) for cost in weeks(days)]


def wide(expected):
    return expected.high - expected.low


def test_without_a_whole_day_the_month_goes_on_at_the_present_rate():
    found = ends((), datetime(2026, 3, 30, 12, tzinfo=UTC), month=100, hour=2)
    assert (found.amount, found.low, found.high) == (172, 100, 244)


@pytest.mark.parametrize(("days", "lost"), [(6, [3]), (28, [20]), (28, range(2, 27)), (28, range(14, 28))])
def test_a_day_without_a_price_is_no_cheap_day(days, lost):
    level = past([100] * days, FEBRUARY)
    history = tuple(replace(day, cost=Decimal(0), whole=False) if n in lost else day for n, day in enumerate(level))
    assert [float(one.amount) for _, one in coming(history, after(level).date(), 7)] == pytest.approx([100] * 7)


def test_where_no_day_has_a_price_nothing_is_expected():
    assert coming(tuple(replace(day, whole=False) for day in past([0] * 20)), MONDAY + timedelta(days=20)) == ()


@pytest.mark.parametrize("rate", [0, 4])
def test_while_only_the_clock_moves_what_is_expected_stays_for_an_hour(rate):
    days = past([100] * 10, FEBRUARY)
    found = [ends(days, after(days, 12 + part / 60), 50 + rate * part / 60, rate) for part in (0, 0.1, 20, 59.9, 61)]
    one, *others, later = [tuple(map(float, (each.low, each.amount, each.high))) for each in found]
    assert others == [pytest.approx(one, abs=1e-6)] * 3
    assert later != pytest.approx(one, abs=1e-3)


def test_no_money_is_too_much_to_expect():
    days, much = past([10**19] * 30, FEBRUARY), 10**17
    assert ends(days, after(days), month=much, hour=much).amount > much


def test_the_first_day_is_not_whole():
    assert ends(past([5], FEBRUARY), datetime(2026, 2, 27, tzinfo=UTC), hour=1).amount == 48


def test_of_nothing_nothing_is_expected():
    assert month_end((), NOTHING, NOTHING, after(past([1])), PLACE) is None


def test_what_is_spent_by_a_pool_that_is_gone_stays_spent():
    assert ends((), datetime(2026, 3, 3, tzinfo=UTC), month=7).amount == 7


def test_a_new_pool_goes_on_as_in_its_last_week():
    history = past([1, *[500] * 3, *[100] * 7], date(2026, 3, 10))
    assert ends(history, after(history), month=2201, hour=100 / 24).amount == pytest.approx(2201 + 1100)


def test_a_pool_of_weeks_has_its_weekdays():
    history = past(weeks(42), FEBRUARY - timedelta(days=14))
    assert ends(history, after(history), hour=WEEK[0] / 24).amount == pytest.approx(
        4 * sum(WEEK) + sum(WEEK[:2]), rel=0.01
    )


def test_the_last_day_of_a_month_ends_at_what_is_left_of_it():
    history = past([48] * 29)
    assert ends(history, after(history, 18), month=1476, hour=2).amount == 1488


def test_a_day_that_costs_more_now_goes_back_to_what_is_usual():
    history = past([48] * 29)
    assert float(ends(history, after(history), hour=12).amount) == pytest.approx(48 + 10 * LASTING, rel=0.01)


def test_the_rest_of_a_day_is_never_below_nothing():
    history = past([480] * 29)
    assert ends(history, after(history, 23.9), month=460).amount >= 460


def test_what_is_spent_is_spent_for_good():
    history = past(noisy(30, 0.5))
    found = ends(history, after(history, 23), month=1000)
    assert 1000 <= found.low <= found.amount <= found.high


@pytest.mark.parametrize(("zone", "hours"), [("Europe/Berlin", 71), ("UTC", 72)])
def test_a_day_with_a_clock_change_is_shorter(zone, hours):
    begin = datetime(2026, 3, 29, tzinfo=ZoneInfo(zone))
    assert ends((), begin, hour=1, zone=ZoneInfo(zone)).amount == hours


def test_the_days_to_come_are_each_told():
    found = coming(past(weeks(56)), MONDAY + timedelta(days=56), 9)
    assert [on for on, _ in found] == [MONDAY + timedelta(days=number) for number in range(56, 65)]
    assert [float(one.amount) for _, one in found] == pytest.approx([*WEEK, *WEEK[:2]])


def test_they_may_begin_later():
    every = coming(past(noisy(56, 0.1)), MONDAY + timedelta(days=56))
    assert coming(past(noisy(56, 0.1)), MONDAY + timedelta(days=66), 80) == every[10:]


def test_ninety_days_are_told():
    assert len(coming(past([1, 2]), MONDAY + timedelta(days=2))) == 90


@pytest.mark.parametrize("costs", [[], [5]])
def test_without_a_whole_day_nothing_is_told(costs):
    assert coming(past(costs), MONDAY + timedelta(days=1)) == ()


def test_days_that_are_all_alike_leave_no_doubt():
    assert wide(coming(past([50] * 60), MONDAY + timedelta(days=60), 1)[0][1]) == 0


def test_days_that_cost_nothing_are_expected_to_cost_nothing():
    found = coming(past([0] * 60), MONDAY + timedelta(days=60), 1)[0][1]
    assert (found.amount, found.high) == (0, 0)


def test_noise_makes_intervals_wider():
    calm, wild = (coming(past(noisy(60, noise)), MONDAY + timedelta(days=60), 1)[0][1] for noise in (0.02, 0.2))
    assert wide(calm) < wide(wild)


def test_later_days_are_less_certain():
    found = [wide(one) for _, one in coming(past(noisy(60, 0.05)), MONDAY + timedelta(days=60))]
    assert found[0] < found[7] < found[80]


def test_intervals_hold_the_days_that_come():
    known, later = past(noisy(98, 0.1)[:70]), noisy(98, 0.1)[70:]
    found = coming(known, MONDAY + timedelta(days=70), 28)
    assert sum(one.low <= cost <= one.high for (_, one), cost in zip(found, later, strict=True)) >= 24


def test_weeks_alike_are_foretold_without_error():
    assert backtest(past(weeks(98)), 28) == pytest.approx(0, abs=0.01)


def test_the_error_is_a_share_of_what_came():
    assert 0.05 < backtest(past(noisy(98, 0.2)), 1) < 0.3


def test_an_error_of_many_days_is_smaller_than_of_one():
    history = past(noisy(98, 0.2))
    assert backtest(history, 14) < backtest(history, 1)


@pytest.mark.parametrize(("costs", "horizon"), [([], 1), ([5] * 7, 1), ([5] * 98, 90), ([0] * 60, 7)])
def test_too_few_days_or_days_of_nothing_have_no_error(costs, horizon):
    assert backtest(past(costs), horizon) is None
