"""What the metrics say of amounts: absent where unknown, and nothing of the statement before."""

from dataclasses import replace
from decimal import Decimal

import pytest
from prometheus_client import CollectorRegistry

from builders import at, statement
from poolkeeper.core.days import Amount, Line, Savings, Use
from poolkeeper.core.economics import UnitCost
from poolkeeper.core.prices import Quote, Row
from poolkeeper.core.reasons import Reason
from poolkeeper.core.spending import Expected
from poolkeeper.core.statement import Budgeted, Pricing
from poolkeeper.shell.cost_metrics import ALWAYS, CostMetrics

KEY = ("inference", "chat")
SPOT = Line(Decimal(2), Decimal(2), effective=Decimal("1.8"))
UNPRICED = Line(Decimal(2), Decimal(2), unpriced=Decimal(2))
EURO = {"currency": "EUR"}


class Shown:
    """The metrics of one pool."""

    def __init__(self):
        self.registry = CollectorRegistry()
        self.metrics = CostMetrics(self.registry)

    def tell(self, **changes):
        self.metrics.told(KEY, replace(statement(), **EURO, **changes), {})

    def value(self, name, **labels):
        known = {"namespace": KEY[0], "pool": KEY[1], **labels}
        return self.registry.get_sample_value(f"poolkeeper_pool_cost_{name}", known)


@pytest.fixture
def shown():
    return Shown()


def test_each_line_has_what_it_costs_an_hour(shown):
    shown.tell(hour=Amount({"spot": SPOT}))
    assert shown.value("per_hour", tier="spot", **EURO) == 1.8


def test_a_line_without_a_price_has_none(shown):
    shown.tell(hour=Amount({"spot": UNPRICED}))
    assert (shown.value("per_hour", tier="spot", **EURO), shown.value("unpriced_gpus")) == (None, 2)


def test_a_month_without_a_price_has_no_amount(shown):
    shown.tell(month=Amount({"spot": UNPRICED}))
    assert shown.value("month_to_date", **EURO) is None


def test_a_line_that_is_gone_leaves_no_series(shown):
    for lines in ({"spot": SPOT}, {}):
        shown.tell(hour=Amount(lines))
    assert shown.value("per_hour", tier="spot", **EURO) is None


def test_the_months_end_is_told_once_it_is_known(shown):
    found = []
    for end in (None, Expected(Decimal(9), Decimal(8), Decimal(10))):
        shown.tell(month=Amount({"spot": SPOT}), end=end)
        found.append(shown.value("month_end_expected", **EURO))
    assert found == [None, 9]


def test_savings_are_told_by_cause(shown):
    shown.tell(month=Amount(savings=Savings(Decimal(1), Decimal(2), Decimal(3), Decimal(9))))
    assert [shown.value("savings_month_to_date", cause=one, **EURO) for one in ("queue", "schedule", "spot")] == [
        1,
        2,
        3,
    ]


def test_without_a_baseline_nothing_is_said_to_be_saved(shown):
    shown.tell(month=Amount(savings=Savings()))
    assert shown.value("savings_month_to_date", cause="queue", **EURO) is None


def test_the_budget_is_told_with_what_is_used(shown):
    budget = Budgeted(Decimal(100), Decimal("1.2"), Decimal(2), Reason.BUDGET_EXCEEDED, holds=True)
    shown.tell(month=Amount({"spot": SPOT}), budget=budget)
    names = ("budget_used_ratio", "budget_expected_ratio", "budget_holds")
    assert [shown.value("budget_monthly", **EURO), *map(shown.value, names)] == [100, 1.2, 2, 1]


@pytest.mark.parametrize(("since", "age"), [(at(-3600), 3600), (ALWAYS, None)])
def test_prices_have_an_age_where_they_have_a_date(shown, since, age):
    quotes = (("spot", Quote(Decimal(1), Row(Decimal(1), "EUR", since))),)
    shown.tell(at=at(0), pricing=Pricing(quotes=quotes))
    assert shown.value("price_age_seconds") == age


TIMED = Use(requests=40, prompt_tokens=8e6, generation_tokens=2e6, prefill_hours=1, decode_hours=3)
WORKED = Amount({"spot": Line(effective=Decimal(100))}, use=TIMED)
BASIS = {"cost_basis": "allocation", **EURO}


@pytest.mark.parametrize(
    ("phase", "way", "cost"), [("", "", 10), ("prompt", "compute_time", 3.125), ("generation", "compute_time", 37.5)]
)
def test_a_million_tokens_of_each_phase_have_a_cost(shown, phase, way, cost):
    shown.tell(month=WORKED)
    labels = BASIS | {"phase": phase, "allocation_method": way, "period": "month"}
    assert shown.value("per_million_tokens", **labels) == cost


def test_a_request_has_a_cost_over_the_day_so_far_and_the_month(shown):
    shown.tell(day=Amount({"spot": SPOT}, use=Use(requests=18)), month=WORKED)
    assert [shown.value("per_request", period=one, **BASIS) for one in ("day", "month")] == [0.1, 2.5]


def test_a_day_without_requests_has_no_cost_of_one(shown):
    shown.tell(month=WORKED)
    assert shown.value("per_request", period="day", **BASIS) is None


def test_no_name_is_opencosts(shown):
    shown.tell(month=WORKED)
    assert all(metric.name.startswith("poolkeeper_") for metric in shown.registry.collect())


@pytest.mark.parametrize(
    ("unit", "values"),
    [
        (UnitCost("order", Decimal("0.25"), Decimal("-0.05")), [0.25, -0.05]),
        (UnitCost("order", Decimal("0.25")), [0.25, None]),
        (UnitCost("order", words="no answer"), [None, None]),
    ],
)
def test_a_unit_has_a_cost_and_a_margin_where_they_are_known(shown, unit, values):
    shown.tell(units=(unit,))
    assert [shown.value(name, unit="order", **EURO) for name in ("per_unit", "unit_margin")] == values


def test_a_pool_that_is_gone_leaves_no_series(shown):
    shown.tell(hour=Amount({"spot": SPOT}))
    shown.metrics.forget(KEY)
    assert [one for metric in shown.registry.collect() for one in metric.samples] == []
