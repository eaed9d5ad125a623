"""A month's budget: what is reached, by what, and what of it is told."""

from datetime import date
from decimal import Decimal

import pytest

from poolkeeper.core.account import Told
from poolkeeper.core.budget import Basis, Threshold, reached, remembered, share, standing, untold
from poolkeeper.core.costing import Budget
from poolkeeper.core.reasons import Reason
from poolkeeper.core.spending import Expected

BUDGET = Budget(Decimal(1000))
SECOND, THIRD = date(2026, 11, 2), date(2026, 11, 3)
ACTUAL, FORECAST = Basis.ACTUAL, Basis.FORECAST


def ending(amount):
    return Expected(Decimal(amount), Decimal(0), Decimal(9999))


def keys(used, end=None, today=THIRD, budget=BUDGET):
    return [threshold.key for threshold in reached(budget, Decimal(used), end and ending(end), today)]


class Month:
    """What is told of a month, step by step."""

    def __init__(self) -> None:
        self.told = Told()

    def at(self, used, end=None, monthly=1000, today=THIRD):
        budget = Budget(Decimal(monthly))
        found = reached(budget, Decimal(used), end and ending(end), today)
        news = untold(self.told, budget, found, today)
        self.told = Told(today.replace(day=1), remembered(self.told, budget, found, today))
        return [threshold.key for threshold in news]


@pytest.mark.parametrize(
    ("used", "found"),
    [
        ("499.99", []),
        (500, ["50 Actual"]),
        (800, ["50 Actual", "80 Actual"]),
        (5000, ["50 Actual", "80 Actual", "100 Actual"]),
    ],
)
def test_a_threshold_is_reached_by_what_was_spent(used, found):
    assert keys(used) == found


def test_what_is_expected_reaches_the_thresholds_that_are_left():
    assert keys(500, end=900) == ["50 Actual", "80 Forecast"]


def test_nothing_is_expected_before_the_third_day():
    assert keys(0, end=5000, today=SECOND) == []


def test_percentages_may_stand_twice_and_in_any_order():
    assert keys(900, budget=Budget(Decimal(1000), (90, 50, 90))) == ["50 Actual", "90 Actual"]


def test_a_budget_of_nothing_is_used_up():
    assert share(Decimal(0), Budget(Decimal(0))) == 1


@pytest.mark.parametrize(
    ("used", "expected", "lifted", "reason"),
    [
        ("0.4", None, False, Reason.WITHIN_BUDGET),
        ("0.4", "0.99", False, Reason.WITHIN_BUDGET),
        ("0.6", "0.99", False, Reason.BUDGET_ALERT),
        ("0.6", "1", False, Reason.BUDGET_FORECAST),
        ("1", "1", False, Reason.BUDGET_EXCEEDED),
        ("1", "1", True, Reason.BUDGET_LIFTED),
    ],
)
def test_how_a_month_stands(used, expected, lifted, reason):
    found = (Threshold(50, ACTUAL),) if Decimal(used) > Decimal("0.5") else (Threshold(80, FORECAST),)
    assert standing(Decimal(used), expected and Decimal(expected), found, lifted=lifted) is reason


def test_a_threshold_is_told_once():
    month = Month()
    assert [month.at(used) for used in (500, 600, 700)] == [["50 Actual"], [], []]


def test_a_forecast_that_wavers_is_told_once():
    month = Month()
    assert [month.at(0, end) for end in (510, 490, 510)] == [["50 Forecast"], [], []]


def test_what_was_expected_is_told_again_when_it_has_come():
    month = Month()
    assert [month.at(0, 510), month.at(500, 510)] == [["50 Forecast"], ["50 Actual"]]


def test_the_next_month_begins_anew():
    month = Month()
    assert [month.at(500), month.at(500, today=date(2026, 12, 3))] == [["50 Actual"], ["50 Actual"]]


def test_a_raised_budget_tells_nothing_again_that_is_still_reached():
    month = Month()
    assert [month.at(850), month.at(860, monthly=1050)] == [["50 Actual", "80 Actual"], []]


def test_a_raised_budget_tells_what_is_reached_of_it_later():
    month = Month()
    assert [month.at(850), month.at(860, monthly=2000), month.at(1000, monthly=2000)][1:] == [[], ["50 Actual"]]


def test_a_forecast_is_told_again_once_it_is_newly_reached_of_a_raised_budget():
    month = Month()
    month.at(0, 550)
    assert [month.at(0, 550, monthly=2000), month.at(0, 1100, monthly=2000)] == [[], ["50 Forecast"]]


def test_a_lowered_budget_tells_what_it_reaches():
    month = Month()
    assert [month.at(850, monthly=1500), month.at(850, monthly=1000)] == [["50 Actual"], ["80 Actual"]]


def test_the_same_budget_in_other_digits_is_the_same():
    month = Month()
    assert [month.at(500, monthly="1000"), month.at(500, monthly="1000.00")] == [["50 Actual"], []]
