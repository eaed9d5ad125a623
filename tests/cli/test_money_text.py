"""What `explain` and `check` say of money."""

import re
from datetime import date
from decimal import Decimal

import pytest
from rich.console import Console

from builders import at, statement
from poolkeeper.api.explain import explanation
from poolkeeper.api.spec import parse_spec
from poolkeeper.api.status import Verdict, render
from poolkeeper.cli import explain, money_text
from poolkeeper.core.costing import Baseline
from poolkeeper.core.days import NOTHING, Amount, Line, Savings, Use
from poolkeeper.core.decision import Decision
from poolkeeper.core.economics import UnitCost
from poolkeeper.core.reasons import Reason
from poolkeeper.core.spending import Expected
from poolkeeper.core.statement import Budgeted, Pricing
from poolkeeper.core.unusual import Unusual


@pytest.fixture
def printed(monkeypatch):
    console = Console(width=80, record=True, highlight=False, soft_wrap=True)
    monkeypatch.setattr(explain, "console", console)
    return console.export_text


FULL = {
    "end": Expected(Decimal(9000), Decimal(8500), Decimal(9900)),
    "baseline": Baseline(Decimal(8)),
    "month": Amount(
        {"spot": Line(gpu_hours=Decimal(100), effective=Decimal("8123.456"))},
        Savings(Decimal(1200), Decimal("800.1"), Decimal("-10.5"), Decimal("10113.06")),
        Use(10_000_000, 3e9, 1e9),
    ),
    "idle": 0.9,
}


def priced(*, slo=None, **changes):
    """Return the page of a pool whose money was counted at second 0."""
    told = statement(**FULL | changes)
    verdict = Verdict(Decision(2, 2, 2, Reason.STEADY), 1, at(0), statement=told)
    status = render(verdict, {}, {}, None) | ({"slo": slo} if slo else {})
    page = {"namespace": "inference", "spec": {"mode": "Active"}, "status": status, "now": at(0).isoformat()}
    return page | {"decision": explanation(verdict.decision, at(0))}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "cost    15.60 USD an hour\n"),
        ({}, "month   8123.46 USD so far; 9000.00 expected by its end (8500.00\N{EN DASH}9900.00)\n"),
        ({"end": None}, "month   8123.46 USD so far\n"),
        (
            {"slo": "99.2%"},
            (
                "saved   1989.60 USD this month against 8 on-demand replicas all the time, 10113.06: "
                "queue 1200.00, schedule 800.10, spot -10.50; 99.2% of requests inside the SLO\n"
            ),
        ),
        (
            {},
            (
                "work    0.00081 USD a request, 2.03 USD a million tokens, 1.48 USD a million of prompts, "
                "3.69 USD a million generated, 90 % of the ready time idle\n"
            ),
        ),
        (
            {"units": (UnitCost("order", Decimal("0.25"), Decimal("0.20")),)},
            "unit    order: 0.2500 USD each over the last 24 hours, 0.2000 left of its revenue\n",
        ),
        (
            {"units": (UnitCost("order", Decimal(3)),)},
            "unit    order: 3.00 USD each over the last 24 hours\n",
        ),
        (
            {"units": (UnitCost("order", words="no answer came in time"),)},
            "unit    order: not known, no answer came in time\n",
        ),
        (
            {"unusual": Unusual(date(2026, 3, 1), Decimal(512), Decimal(391), ("14 h of fallback",))},
            "unusual 2026-03-01 cost 512.00 where 391.00 is usual, +31 %: 14 h of fallback\n",
        ),
        (
            {"unusual": Unusual(date(2026, 3, 1), Decimal(300), Decimal(400))},
            "unusual 2026-03-01 cost 300.00 where 400.00 is usual, -25 %\n",
        ),
    ],
)
def test_money_is_told_in_a_few_lines(printed, changes, words):
    explain.show("chat", priced(**changes))
    assert words in printed()


def test_each_tiers_price_is_told_with_the_row_that_says_so(printed):
    explain.show("chat", priced())
    assert re.search(r"^on-demand +12.00 +3.00 +line 2 of prices", printed(), re.MULTILINE)


def budgeted(used, reason, **changes):
    return {"budget": Budgeted(Decimal(15000), Decimal(used), None, reason, **changes)}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (budgeted("0.54", Reason.WITHIN_BUDGET), "budget  15000 USD a month: 54 % used\n"),
        (
            budgeted("1.02", Reason.BUDGET_EXCEEDED, holds=True),
            (
                "budget  15000 USD a month: 102 % used; BudgetExceeded: the month's budget is used up; "
                "growth beyond the floor is held: "
                "`poolkeeper override chat -n inference --budget --for 2h` lifts that\n"
            ),
        ),
        (
            budgeted("1.02", Reason.BUDGET_LIFTED, lifted_until=at(7200)),
            "and somebody has lifted what it holds back until 2026-03-02T14:00:00Z\n",
        ),
        (
            budgeted("0.20", Reason.WITHIN_BUDGET, lifted_until=at(7200)),
            "budget  15000 USD a month: 20 % used; growth is free of it until 2026-03-02T14:00:00Z\n",
        ),
    ],
)
def test_a_budget_says_how_it_stands_and_what_it_holds(printed, changes, words):
    explain.show("chat", priced(**changes))
    assert words in printed()


def test_what_conditions_say_of_money_is_told_once(printed):
    explain.show("chat", priced(**budgeted("1.02", Reason.BUDGET_EXCEEDED)))
    assert "WithinBudget" not in printed()


UNPRICED = Amount({"spot": Line(Decimal(2), Decimal(8), unpriced=Decimal(8))})
LACKING = {"pricing": Pricing(Reason.PRICE_UNKNOWN, "spot: prices has no spot price for H100"), "idle": None}


def test_replicas_of_unknown_gpus_are_told(printed):
    untold = Amount({"spot": Line(Decimal(2), uncounted=Decimal(2))})
    explain.show("chat", priced(hour=untold, month=untold))
    assert "2.00 replica-hours of this month are of an unknown number of GPUs, and in no amount\n" in printed()


def test_what_has_no_price_says_what_to_do(printed):
    explain.show("chat", priced(hour=UNPRICED, month=UNPRICED, **LACKING | budgeted("0", Reason.WITHIN_BUDGET)))
    text = printed()
    assert "cost    unknown\n" in text
    assert "no spot price for H100; add a row to the price book, or set spec.cost.pricePerGPUHour\n" in text
    assert "price   8.00 GPU-hours of this month have no price, and are in no amount\n" in text
    assert "budget  15000 USD a month\n" in text
    assert re.search(r"^spot +\?", text, re.MULTILINE)


def test_money_that_nobody_counts_any_more_says_how_old_it_is(printed):
    explain.show("chat", priced() | {"now": at(7200).isoformat()})
    assert "cost    15.60 USD an hour, 2h ago\n" in printed()


def test_a_pool_without_replicas_has_no_lines(printed):
    explain.show("chat", priced(hour=NOTHING, pricing=Pricing()))
    text = printed()
    assert ("cost    0.00 USD an hour\n" in text, "priced by" in text) == (True, False)


def test_without_the_operator_money_is_told_all_the_same(printed):
    explain.show("chat", priced() | {"decision": None})
    assert "cost    15.60 USD an hour" in printed()


def test_where_nobody_counts_there_is_no_money(printed):
    page = priced()
    del page["status"]["cost"]
    explain.show("chat", page)
    assert "cost  " not in printed()


GOOD = {"targetRef": {"name": "chat"}, "minReplicas": 2, "maxReplicas": 8}
BUDGET = {"budget": {"monthly": "15000"}}
COMMITTED = {"gpus": 4, "pricePerGPUHour": "1.90"}
OVER = COMMITTED | {"until": "2026-03-01"}


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({}, []),
        ({"cost": {}}, []),
        ({"cost": BUDGET}, ["cost.budget counts what has a price: on-demand must have one in the price book"]),
        (
            {"capacity": {}, "cost": BUDGET | {"pricePerGPUHour": {"on-demand": "3"}}},
            ["cost.budget counts what has a price: spot must have one in the price book"],
        ),
        ({"cost": BUDGET | {"pricePerGPUHour": {"on-demand": "3"}}}, []),
        (
            {"cost": {"commitments": [COMMITTED, COMMITTED | {"until": "2026-03-02"}, OVER]}},
            ["cost.commitments[2] has ended with 2026-03-01"],
        ),
        (
            {"cost": {"timezone": "EST"}},
            [
                "cost.timezone EST has no summer time; where clocks change, write a place, as in America/New_York",
            ],
        ),
    ],
)
def test_what_is_hardly_meant_is_noted(spec, told):
    assert list(money_text.notes(parse_spec(GOOD | spec), at(0))) == told
