"""Budgets over several pools, and what is paid besides them."""

from datetime import date
from decimal import Decimal

import pytest

from poolkeeper.core.account import Told
from poolkeeper.core.costing import Budget
from poolkeeper.core.teams import Share, Team, accrued, selects, stand

FIRST = date(2026, 11, 1)
TODAY = date(2026, 11, 22)
SEARCH = {"team": "search"}
TEAM = Team("search", SEARCH, Budget(Decimal(1000)))


def share(cost, end=None, **changes):
    known = {"pool": "inference/chat", "labels": SEARCH, "currency": "USD", "first": FIRST}
    return Share(**known | changes, cost=Decimal(cost), end=None if end is None else Decimal(end))


def stood(*shares, told=Told(), today=TODAY):  # noqa: B008  a frozen value
    return stand(TEAM, shares, told, today)


def fresh(*shares, **changes):
    return [one.key for one in stood(*shares, **changes).fresh]


def test_what_pools_of_a_team_cost_adds_up():
    found = stood(share(300), share(200, pool="inference/rank"))
    assert (found.cost, found.used) == (500, Decimal("0.5"))


@pytest.mark.parametrize("changes", [{"labels": {"team": "ads"}}, {"labels": {}}, {"first": date(2026, 10, 1)}])
def test_what_is_of_others_or_of_another_month_does_not_count(changes):
    assert stood(share(300), share(200, **changes)).cost == 300


def test_currencies_are_never_added_and_that_is_said():
    found = stood(share(300), share(200, currency="EUR"))
    assert (found.cost, found.missing) == (300, ("inference/chat counts in EUR, not in USD: it is not in the sum",))


def test_what_has_no_price_is_said():
    assert stood(share(300, whole=False)).missing == (
        "inference/chat uses GPUs whose price or number is unknown: they are not in the sum",
    )


def test_the_month_ends_where_its_pools_months_do():
    found = stood(share(300, 500), share(200))
    assert (found.end, found.expected) == (700, Decimal("0.7"))


def test_where_no_pool_can_say_where_it_ends_neither_can_the_team():
    assert (stood(share(300)).end, stood(share(300)).expected) == (None, None)


def test_a_threshold_is_news_once():
    first = stood(share(600))
    assert (fresh(share(600)), fresh(share(700), told=first.told)) == (["50 Actual"], [])


def test_a_forecast_reaches_thresholds_too():
    assert fresh(share(600, 900)) == ["50 Actual", "80 Forecast"]


def test_next_month_it_is_news_again():
    told = stood(share(600)).told
    assert fresh(share(600, first=date(2026, 12, 1)), told=told, today=date(2026, 12, 2)) == ["50 Actual"]


@pytest.mark.parametrize(
    ("selector", "labels", "found"),
    [
        ({}, {}, True),
        ({}, SEARCH, True),
        (SEARCH, {**SEARCH, "model": "x"}, True),
        ({**SEARCH, "model": "x"}, SEARCH, False),
    ],
)
def test_a_selector_wants_all_of_its_labels(selector, labels, found):
    assert selects(selector, labels) is found


@pytest.mark.parametrize(
    ("begin", "end", "amount"),
    [
        (FIRST, date(2026, 11, 30), 300),
        (FIRST, FIRST, 10),
        (date(2026, 11, 30), date(2026, 12, 31), 310),
        (date(2026, 2, 1), date(2026, 2, 14), 150),
        (date(2026, 2, 2), FIRST.replace(month=2), 0),
    ],
)
def test_a_monthly_amount_is_the_same_each_day_of_a_month(begin, end, amount):
    assert accrued(Decimal(300), begin, end) == amount
