"""What the status, the conditions and the annotations say of money: rounded, and silent on what is unknown."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from builders import at, statement
from poolkeeper.api import names
from poolkeeper.api.money import CostStatus, annotations, conditions, cost_status, rate
from poolkeeper.core.costing import Baseline
from poolkeeper.core.days import COMMITMENTS, NOTHING, OVERHEAD, Amount, Line, Savings, Use
from poolkeeper.core.economics import UnitCost
from poolkeeper.core.prices import Quote
from poolkeeper.core.reasons import Reason
from poolkeeper.core.spending import Expected
from poolkeeper.core.statement import Budgeted, Pricing
from poolkeeper.core.unusual import Unusual

UNPRICED = Amount({"spot": Line(Decimal(2), Decimal(8), unpriced=Decimal(8))})
UNCOUNTED = Amount({"spot": Line(replica_hours=Decimal(2), uncounted=Decimal(2))})
MONTH = Amount({"on-demand": Line(Decimal(100), Decimal(100), effective=Decimal("8123.456"))})


def told(**changes):
    return cost_status(statement(**changes))


def condition(kind, **changes):
    return next(one[1:] for one in conditions(statement(**changes)) if one[0] == kind)


def budgeted(**changes):
    return Budgeted(**{"monthly": Decimal(15000), "used": Decimal("0.5416"), "expected": None} | changes)


def test_every_statement_fits_its_own_schema():
    CostStatus.model_validate(
        told(
            end=Expected(Decimal(9000), Decimal(8500), Decimal(9900)),
            baseline=Baseline(Decimal(8)),
            budget=budgeted(reason=Reason.BUDGET_LIFTED, lifted_until=at(60)),
            unusual=Unusual(date(2026, 3, 1), Decimal(500), Decimal(400), ("14 h of fallback",)),
            idle=0.5,
        )
    )


def test_amounts_are_told_to_the_cent():
    found = told(month=MONTH)
    assert (found["perHour"], found["monthToDate"], found["currency"]) == ("15.60", "8123.46", "USD")


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("12.345", "12.34"), ("0.8", "0.8000"), ("0.00003125", "0.000031"), ("0", "0.00"), ("-0.5", "-0.5000")],
)
def test_a_small_rate_keeps_digits_that_say_something(amount, shown):
    assert rate(Decimal(amount)) == shown


@pytest.mark.parametrize("unknown", [UNPRICED, UNCOUNTED])
def test_what_has_no_price_is_absent_and_never_nothing(unknown):
    found = told(hour=unknown, month=unknown, end=Expected(Decimal(0), Decimal(0), Decimal(0)))
    assert {"perHour", "monthToDate", "forecastMonthEnd", "forecastRange"}.isdisjoint(found)


def test_a_pool_without_replicas_is_known_to_cost_nothing():
    assert told(hour=NOTHING)["perHour"] == "0.00"


def test_a_part_without_a_price_leaves_the_rest_in_the_amount():
    found = told(month=MONTH + UNPRICED)
    assert (found["monthToDate"], found["unpricedGPUHours"]) == ("8123.46", "8.00")


def test_replicas_whose_gpus_nobody_knows_are_in_no_amount_and_told():
    found = told(month=MONTH + UNCOUNTED)
    assert (found["monthToDate"], found["uncountedReplicaHours"]) == ("8123.46", "2.00")


def test_the_end_of_the_month_has_its_range():
    found = told(end=Expected(Decimal(9000), Decimal(8500), Decimal(9900)))
    assert (found["forecastMonthEnd"], found["forecastRange"]) == ("9000.00", "8500.00\N{EN DASH}9900.00")


SAVED = Amount(MONTH.lines, Savings(Decimal(1200), Decimal("800.1"), Decimal("-10.5"), Decimal("10113.06")))


def test_savings_name_their_causes_and_their_baseline():
    found = told(month=SAVED, baseline=Baseline(Decimal("6.4166"), spot=True))
    assert found["savingsMonthToDate"] == "1989.60"
    assert found["savings"] == {"queue": "1200.00", "schedule": "800.10", "spot": "-10.50"}
    assert found["baseline"] == {"replicas": "6.42", "type": "Spot", "monthToDate": "10113.06"}


def test_a_baseline_without_a_price_saves_nothing_that_is_known():
    found = told(month=MONTH, baseline=Baseline(Decimal(20)))
    assert ("savings" in found, found["baseline"]) == (False, {"replicas": "20", "type": "OnDemand"})


def test_less_than_a_cent_lost_is_nothing():
    saved = Savings(Decimal("-0.001"), Decimal(0), Decimal(0), Decimal(5))
    assert told(month=Amount(MONTH.lines, saved), baseline=Baseline(Decimal(8)))["savingsMonthToDate"] == "0.00"


def test_a_budgets_share_is_one_that_is_reached():
    found = told(budget=budgeted(used=Decimal("0.9999"), expected=Decimal("1.2"), reason=Reason.BUDGET_FORECAST))
    expected = {"monthly": "15000", "usedPercent": 99, "expectedPercent": 120, "state": "BudgetForecast"}
    assert found["budget"] == expected


def test_a_budget_says_that_it_holds():
    found = told(budget=budgeted(reason=Reason.BUDGET_EXCEEDED, holds=True))["budget"]
    assert (found["holds"], "expectedPercent" in found, "liftedUntil" in found) == (True, False, False)


def test_who_lifted_a_budget_did_so_until_then():
    found = told(budget=budgeted(reason=Reason.BUDGET_LIFTED, lifted_until=at(60)))["budget"]
    assert found["liftedUntil"] == "2026-03-02T12:01:00Z"


def test_what_of_a_budget_is_used_is_unknown_where_nothing_has_a_price():
    found = told(month=UNPRICED, budget=budgeted(expected=Decimal(0), reason=Reason.WITHIN_BUDGET))["budget"]
    assert found == {"monthly": "15000", "state": "WithinBudget"}


WORKED = Amount(MONTH.lines, use=Use(10_000_000, 3e9, 1e9))


def test_work_has_its_cost():
    found = told(month=WORKED)
    tokens = {"all": "2.03", "prompt": "1.48", "generation": "3.69", "method": "multiplier"}
    assert (found["perRequest"], found["perMillionTokens"]) == ("0.00081", tokens)


@pytest.mark.parametrize("month", [MONTH, Amount(UNPRICED.lines, use=WORKED.use)])
def test_without_work_or_price_there_is_no_cost_of_it(month):
    assert {"perRequest", "perMillionTokens"}.isdisjoint(told(month=month))


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        (UnitCost("order", Decimal("0.254"), Decimal("0.196")), {"cost": "0.2540", "margin": "0.1960"}),
        (UnitCost("order", Decimal(3)), {"cost": "3.00"}),
        (UnitCost("order", words="the value is NaN"), {"message": "the value is NaN"}),
    ],
)
def test_a_unit_has_a_cost_or_words(unit, words):
    assert told(units=(unit,))["units"] == [{"name": "order"} | words]


def test_a_pool_without_units_says_nothing_of_them():
    assert "units" not in told()


def test_idle_time_is_a_share():
    assert told(idle=0.908)["idlePercent"] == 90


def test_each_tier_tells_what_priced_it():
    (first, second) = told()["tiers"]
    assert first == {"name": "on-demand", "perHour": "12.00", "price": "3.00", "source": "line 2 of prices"}
    assert second["perHour"] == "3.60"


def test_overhead_and_commitments_stand_behind_the_tiers():
    line = Line(gpu_hours=Decimal(1), effective=Decimal(1))
    found = told(hour=Amount(dict.fromkeys((COMMITMENTS, "zeta", OVERHEAD, "alpha"), line)), pricing=Pricing())
    assert [one["name"] for one in found["tiers"]] == ["alpha", "zeta", COMMITMENTS, OVERHEAD]


def test_a_tier_without_a_price_says_what_lacks():
    quotes = (("spot", Quote(words="prices has no spot price for H100")),)
    found = told(hour=UNPRICED, pricing=Pricing(Reason.PRICE_UNKNOWN, quotes=quotes))
    assert found["tiers"] == [{"name": "spot", "source": "prices has no spot price for H100"}]


def test_an_unusual_day_is_told_with_its_drivers():
    odd = Unusual(date(2026, 3, 1), Decimal(512), Decimal(391), ("14 h of on-demand fallback",))
    told_of = {"day": "2026-03-01", "cost": "512.00", "usual": "391.00", "percent": 31}
    assert told(unusual=odd)["unusual"] == told_of | {"drivers": ["14 h of on-demand fallback"]}


def test_annotations_repeat_the_status():
    assert annotations(statement(month=SAVED, baseline=Baseline(Decimal(8)))) == {
        names.COST_PER_HOUR: "15.60",
        names.COST_MONTH_TO_DATE: "8123.46",
        names.SAVINGS_MONTH_TO_DATE: "1989.60",
    }


@pytest.mark.parametrize(
    ("reason", "state", "words"),
    [
        (Reason.PRICED, "True", ""),
        (Reason.PRICE_ASSUMED, "True", "spot has no price, and is counted at on-demand's: spot"),
        (Reason.PRICE_UNKNOWN, "False", "a part of what the pool uses has no price, and is in no amount: spot"),
    ],
)
def test_what_has_no_price_is_a_condition(reason, state, words):
    assert condition("Priced", pricing=Pricing(reason, "spot")) == (state, reason, words)


def test_a_condition_without_detail_is_its_sentence():
    assert condition("Priced", pricing=Pricing(Reason.GPUS_UNKNOWN))[2] == Reason.GPUS_UNKNOWN.sentence


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        (Reason.WITHIN_BUDGET, "True"),
        (Reason.BUDGET_ALERT, "True"),
        (Reason.BUDGET_FORECAST, "True"),
        (Reason.BUDGET_EXCEEDED, "False"),
        (Reason.BUDGET_LIFTED, "False"),
    ],
)
def test_a_budget_is_kept_until_it_is_used_up(reason, state):
    assert condition("WithinBudget", budget=budgeted(reason=reason))[:2] == (state, reason)


def test_a_budgets_condition_says_how_much_is_used():
    assert condition("WithinBudget", budget=budgeted(reason=Reason.WITHIN_BUDGET))[2].endswith(": 54 % of 15000 USD")


def test_a_budget_is_unknown_where_nothing_has_a_price():
    found = condition(
        "WithinBudget",
        month=UNPRICED,
        pricing=Pricing(Reason.PRICE_UNKNOWN),
        budget=budgeted(reason=Reason.WITHIN_BUDGET),
    )
    assert found[:2] == ("Unknown", Reason.PRICE_UNKNOWN)


def test_without_a_budget_there_is_no_condition_of_one():
    assert [one[0] for one in conditions(statement())] == ["Priced"]


def test_the_same_money_is_told_in_the_same_words():
    assert told() == cost_status(replace(statement(), at=at(0.9)))
