"""The ledger as FOCUS 1.2: sums that hold, charges told apart, and what is null."""

import csv
import json
from datetime import date
from decimal import Decimal

import pytest

from ledger import entry, line
from poolkeeper.api import focus
from poolkeeper.core.days import COMMITMENTS, OVERHEAD, Amount, Machine, Part, Savings, Use
from poolkeeper.core.prices import Place

HERE = Place("aws", "us-east-1", "us-east-1a", "p5.48xlarge", "h100")
THERE = Place("aws", "us-east-1", "us-east-1b", "p5.48xlarge", "h100", spot=True)
COVERED = Amount(
    {
        "on-demand": line(
            "3",
            "8",
            listed=Decimal(9),
            contracted=Decimal(9),
            covered=Decimal(1),
            spared=Decimal(3),
            committed=Decimal(2),
        ),
        COMMITMENTS: line("2", "4"),
    }
)


def on(*machines, **changes):
    """Return a day of one line with these machines."""
    return Amount({"on-demand": line(**changes)}, machines={machine: Part() for machine in machines})


def rows(*days):
    return list(csv.DictReader(focus.table(days).splitlines()))


def column(name, amount):
    return [row[name] for row in rows(entry(amount))]


def test_a_day_on_demand_is_one_row_of_standard_usage():
    (row,) = rows(entry())
    assert (row["ChargeCategory"], row["PricingCategory"], row["BilledCost"]) == ("Usage", "Standard", "3.0")


def test_what_commitments_pay_is_told_apart():
    assert column("ChargeDescription", COVERED) == [
        "Replicas on on-demand, at the price of the day",
        "Replicas on on-demand, paid by commitments",
        "The unused part of commitments",
        "Commitments, used or not",
    ]


@pytest.mark.parametrize(("name", "amounts"), [
    ("BilledCost", ["6.0", "0.0", "0.0", "6.0"]),
    ("EffectiveCost", ["6.0", "2.0", "4.0", "0.0"]),
    ("ListCost", ["6.0", "3.0", "4.0", "6.0"]),
    ("CommitmentDiscountStatus", ["", "Used", "Unused", ""]),
    ("PricingCategory", ["Standard", "Committed", "Committed", "Standard"]),
    ("ChargeCategory", ["Usage", "Usage", "Usage", "Purchase"]),
    ("ConsumedQuantity", ["2.0", "1.0", "", ""]),
    ("CommitmentDiscountQuantity", ["", "1.0", "2.0", "3.0"]),
])  # fmt: skip
def test_commitments_are_bought_once_and_used_or_not(name, amounts):
    assert column(name, COVERED) == amounts


@pytest.mark.parametrize("name", ["BilledCost", "EffectiveCost"])
def test_both_sums_are_what_the_ledger_says(name):
    assert sum(map(Decimal, column(name, COVERED))) == COVERED.cost


def test_the_purchase_is_the_resource_that_usage_names():
    bought = rows(entry(COVERED))[3]
    assert bought["ResourceId"] == rows(entry(COVERED))[1]["CommitmentDiscountId"]


def test_what_commitments_pay_wholly_has_no_other_row():
    amount = Amount({"on-demand": line(covered=Decimal(1), spared=Decimal(3), committed=Decimal(3))})
    assert column("CommitmentDiscountStatus", amount) == ["Used", ""]


def test_spot_is_dynamic_by_its_machines_and_not_by_its_name():
    assert column("PricingCategory", on(Machine("on-demand", THERE))) == ["Dynamic"]


def test_overhead_is_told_as_such():
    assert column("ChargeDescription", Amount({OVERHEAD: line()}))[0].startswith("What nodes cost beyond")


def test_prices_times_quantities_are_costs():
    (row,) = rows(entry(Amount({"spot": line("0.333333333", "0.999999999", listed=Decimal("1.7"))})))
    product = Decimal(row["ListUnitPrice"]) * Decimal(row["PricingQuantity"])
    assert abs(product - Decimal(row["ListCost"])) < Decimal("1e-9")


@pytest.mark.parametrize(("hours", "unpriced", "listed", "quantity"), [
    ("4", "1", "9", "3.0"),
    ("4", "4", "0", "0.0"),
    ("4", "4", "9", "4.0"),
])  # fmt: skip
def test_what_has_no_price_is_consumed_and_not_priced(hours, unpriced, listed, quantity):
    amount = Amount({"on-demand": line(hours, "9", unpriced=Decimal(unpriced), listed=Decimal(listed))})
    (row,) = rows(entry(amount))
    assert (row["ConsumedQuantity"], row["PricingQuantity"]) == ("4.0", quantity)


def test_days_and_months_are_those_of_the_pool_in_utc():
    (row,) = rows(entry(timezone="America/New_York", on=date(2026, 11, 1)))
    assert [
        row[name] for name in ("ChargePeriodStart", "ChargePeriodEnd", "BillingPeriodStart", "BillingPeriodEnd")
    ] == [
        "2026-11-01T04:00:00Z",
        "2026-11-02T05:00:00Z",
        "2026-11-01T04:00:00Z",
        "2026-12-01T05:00:00Z",
    ]


def test_a_place_is_told_where_all_machines_have_it():
    (row,) = rows(entry(on(Machine("on-demand", HERE), Machine("on-demand", THERE), Machine("spot", Place()))))
    assert (row["RegionId"], row["AvailabilityZone"], row["SkuId"]) == ("us-east-1", "", "gpu/p5.48xlarge")


def test_a_place_that_is_not_known_is_null():
    (row,) = rows(entry())
    assert (row["RegionId"], row["SkuId"], row["SkuPriceDetails"]) == ("", "gpu/any", "")


def test_tags_are_the_labels_of_the_day():
    (row,) = rows(entry(labels={"team": 'a "b", é'}))
    assert json.loads(row["Tags"]) == {"team": 'a "b", é'}


def test_what_is_of_the_day_stands_in_its_first_row():
    amount = Amount(COVERED.lines, Savings(Decimal(1), Decimal(2), Decimal(3), Decimal(9)), Use(requests=7))
    assert [(row["x_Requests"], row["x_SavingsSpot"]) for row in rows(entry(amount))] == [("7", "3.0"), *[("", "")] * 3]


def test_savings_without_a_baseline_are_null():
    assert column("x_SavingsQueue", Amount({"spot": line()})) == [""]
