"""A cloud's bill, read from its export and held against the ledger."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from ledger import MONDAY, entry, line
from poolkeeper.api.bill import Billed, BillError, parse
from poolkeeper.api.reconciliation import Pair, reconcile
from poolkeeper.core.days import COMMITMENTS, Amount, Machine, Part
from poolkeeper.core.prices import Place

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
LEGACY = "lineItem/ResourceId,lineItem/UsageStartDate,lineItem/UnblendedCost,lineItem/UsageType,product/instanceType"
SECOND = (
    "line_item_resource_id,line_item_usage_start_date,line_item_unblended_cost,line_item_line_item_type,"
    "reservation_effective_cost,savings_plan_savings_plan_effective_cost,line_item_currency_code"
)
GCP = "resource.name,usage_start_time,cost,currency,credits,service.description,system_labels"
SPEC = '"[{""key"": ""compute.googleapis.com/machine_spec"", ""value"": ""a3-highgpu-8g""}]"'


def aws(*lines, header=LEGACY):
    return parse("\n".join([header, *lines]).splitlines(keepends=True))


def problems(*lines, header=LEGACY):
    with pytest.raises(BillError) as caught:
        aws(*lines, header=header)
    return caught.value.problems


def test_a_legacy_report_tells_machine_type_time_and_cost():
    assert aws("i-1,2026-11-02T12:00:00Z,3.5,USE1-BoxUsage:p5,p5") == [Billed("i-1", "p5", NOON, Decimal("3.5"), "USD")]


def test_a_byte_order_mark_is_none_of_the_first_column():
    assert len(aws("i-1,2026-11-02T12:00:00Z,3.5,BoxUsage,p5", header=f"\ufeff{LEGACY}")) == 1


@pytest.mark.parametrize("other", ["i-1,2026-11-02T12:00:00Z,9,USE1-DataTransfer-Out-Bytes,p5", "vol-1,x,y,BoxUsage,"])
def test_what_is_not_a_machine_running_does_not_count(other):
    assert len(aws("i-1,2026-11-02T12:00:00Z,3.5,SpotUsage:p5,p5", other)) == 1


@pytest.mark.parametrize(("kind", "cost"), [("Usage", 3), ("DiscountedUsage", 2), ("SavingsPlanCoveredUsage", 1)])
def test_a_machine_costs_what_it_did_after_commitments(kind, cost):
    (found,) = aws(f"i-1,2026-11-02 12:00:00.000,3,{kind},2,1,EUR", header=SECOND)
    assert (found.cost, found.currency, found.at) == (cost, "EUR", NOON)


def test_a_report_without_what_is_after_commitments_has_the_unblended_cost():
    assert aws("i-1,2026-11-02T12:00:00Z,3,DiscountedUsage,,,USD", header=SECOND)[0].cost == 3


def test_credits_are_part_of_what_google_bills():
    credits_ = '"[{""name"": ""CUD"", ""amount"": -1.5}]"'
    (found,) = aws(f"node-1,2026-11-02 12:00:00 UTC,4,EUR,{credits_},Compute Engine,{SPEC}", header=GCP)
    assert found == Billed("node-1", "a3-highgpu-8g", NOON, Decimal("2.5"), "EUR")


def test_what_is_none_of_compute_engine_does_not_count():
    lines = [f"node-1,2026-11-02 12:00:00 UTC,4,EUR,,{name},[]" for name in ("Cloud Storage", "Compute Engine")]
    assert len(aws(*lines, header=GCP)) == 1


def gcp(**changes):
    known = {"usage_start_time": "2026-11-02T12:00:00.123456789Z", "cost": 4.1, "resource": {"name": "node-1"}}
    return json.dumps(known | changes)


def test_google_bills_as_json_line_by_line():
    (found,) = parse([gcp(credits=[{"amount": -0.1}]), "\n", gcp(resource=None)])
    assert (found.node, found.cost, found.instance) == ("node-1", Decimal("4.0"), "")


@pytest.mark.parametrize(("line", "words"), [
    ("i-1,yesterday,3,BoxUsage,p5", "start_date: must be an instant, as in 2026-11-01T00:00:00Z (got 'yesterday')"),
    ("i-1,2026-11-02T12:00:00Z,x,BoxUsage,p5", "unblended_cost: must be a number, as in 3.25 (got 'x')"),
    ("i-1,2026-11-02T12:00:00Z,NaN,BoxUsage,p5", "unblended_cost: must be a number, as in 3.25 (got 'NaN')"),
    ("i-1,2026-11-02T12:00:00Z,3", "line 2: must have 5 values, as the first line has (got 3)"),
])  # fmt: skip
def test_a_wrong_line_is_named_with_its_column(line, words):
    (problem,) = problems(line)
    assert problem.startswith("line 2: ")
    assert problem.endswith(words)


def test_several_wrong_lines_are_told_at_once_and_no_more_than_twenty():
    assert len(problems(*["i-1,yesterday,3,BoxUsage,p5"] * 30)) == 20


@pytest.mark.parametrize("text", ["", LEGACY])
def test_a_bill_of_nothing_is_refused(text):
    assert problems(header=text) == ["line 1: there is nothing after the first line, or nothing at all"]


def test_an_export_that_is_not_known_is_refused():
    assert problems("1,2", header="a,b")[0].startswith("line 1: must have the column line_item_usage_start_date (AWS")


def test_a_report_without_resources_is_refused():
    header = "line_item_usage_start_date,line_item_unblended_cost"
    assert "the columns line_item_resource_id are missing" in problems("2026-11-02,3", header=header)[0]


def test_a_bill_without_a_machine_is_refused():
    assert problems("vol-1,x,y,BoxUsage,")[0].startswith("no line is of a machine")


def test_what_csv_cannot_read_is_named():
    assert problems(f"i-1,{'x' * 200_000},3,BoxUsage,p5") == ["line 2: field larger than field limit (131072)"]


@pytest.mark.parametrize(("text", "words"), [
    (["{"], "line 1: Expecting property name"),
    ([gcp(), "7"], "line 2: must be a JSON object (got '7')"),
    ([gcp(credits="x")], "line 1: credits: must be a JSON list (got 'x')"),
    ([gcp(credits=[7])], "line 1: credits: must be a list of objects with an amount (got '[7]')"),
])  # fmt: skip
def test_wrong_json_is_named(text, words):
    with pytest.raises(BillError, match="line") as caught:
        parse(text)
    assert caught.value.problems[0].startswith(words)


def rented(node, cost, instance="p5", **changes):
    """Return a day of a pool on one machine."""
    machine = Machine("on-demand", Place(instance=instance), node)
    return entry(Amount({"on-demand": line(cost=cost)}, machines={machine: Part(Decimal(1), Decimal(cost))}), **changes)


def bill(node, cost, at=NOON, instance="p5", currency="USD"):
    return Billed(node, instance, at, Decimal(cost), currency)


def compared(entries, charges):
    (found,) = reconcile(entries, charges)
    return found


def test_a_machine_that_both_know_has_a_gap():
    found = compared([rented("i-1", "3"), rented("i-1", "1", name="other")], [bill("i-1", "2"), bill("i-1", "3")])
    assert [(pair.node, pair.gap, pair.percent) for pair in found.pairs] == [("i-1", 1, 20)]


def test_the_widest_gap_is_first_and_all_are_the_total():
    found = compared([rented("i-1", "3"), rented("i-2", "3")], [bill("i-1", "2"), bill("i-2", "9")])
    assert ([pair.node for pair in found.pairs], found.total.gap) == (["i-2", "i-1"], 5)


def test_a_machine_that_the_bill_does_not_know_is_all_gap():
    found = compared([rented("i-1", "3"), rented("i-2", "3")], [bill("i-2", "3")])
    assert found.pairs[0] == Pair("i-1", "p5", Decimal(3), None)


def test_without_a_bill_there_is_no_percentage():
    assert Pair("i-1", "p5", Decimal(3), None).percent is None


def test_machines_of_the_same_type_without_a_pool_are_told_apart():
    charges = [bill("i-1", "3"), bill("i-8", "5"), bill("i-9", "7", instance="m5.large")]
    assert compared([rented("i-1", "3")], charges).elsewhere == (Pair("i-8", "p5", None, Decimal(5)),)


def test_machines_without_a_name_are_one_of_their_type():
    found = compared([rented("", "3"), rented("", "1", instance="", name="other")], [bill("i-1", "3")])
    assert [pair.node for pair in found.pairs] == ["(no name, p5)", "(no name, no type)"]


def test_the_bill_tells_a_type_that_the_ledger_does_not_know():
    assert compared([rented("i-1", "3", instance="")], [bill("i-1", "3")]).pairs[0].instance == "p5"


def test_machines_are_put_together_by_their_type():
    entries = [rented("i-1", "3"), rented("i-2", "3"), rented("i-3", "1", instance="g6")]
    types = compared(entries, [bill("i-1", "9")]).types
    assert [(pair.instance, pair.ledger) for pair in types] == [("p5", 6), ("g6", 1)]


def test_only_days_that_both_have_count():
    entries = [rented("i-1", "3"), rented("i-1", "3", on=MONDAY + timedelta(days=1))]
    found = compared(entries, [bill("i-1", "3"), bill("i-1", "9", NOON - timedelta(days=1))])
    assert (found.days, found.total.gap) == ((MONDAY,), 0)


@pytest.mark.parametrize(("zones", "day"), [(["Asia/Tokyo"], date(2026, 11, 3)), (["Asia/Tokyo", "UTC"], MONDAY)])
def test_days_are_those_of_the_pools_zone_or_utc_where_they_differ(zones, day):
    entries = [rented("i-1", "3", on=day, timezone=name) for name in zones]
    assert compared(entries, [bill("i-1", "3", NOON + timedelta(hours=6))]).days == (day,)


def test_the_unused_part_of_commitments_is_told_apart():
    day = rented("i-1", "3")
    lines = {**day.day.amount.lines, COMMITMENTS: line(cost="4")}
    found = compared(
        [replace(day, day=replace(day.day, amount=replace(day.day.amount, lines=lines)))], [bill("i-1", "3")]
    )
    assert (found.commitments, found.total.ledger) == (4, 3)


def test_currencies_are_held_against_their_own():
    entries = [rented("i-1", "3"), rented("i-1", "3", currency="EUR")]
    found = reconcile(entries, [bill("i-1", "4"), bill("i-1", "5", currency="EUR")])
    assert [(one.currency, one.total.gap) for one in found] == [("EUR", 2), ("USD", 1)]
