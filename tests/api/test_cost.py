"""How a pool's cost is counted is read from its spec: money as text, all of it optional."""

from datetime import date
from decimal import Decimal

import pytest

from poolkeeper.api.cost import Cost
from poolkeeper.api.spec import SpecError, parse_spec
from poolkeeper.core.costing import Baseline, Budget, Commitment, Costing, Enforce, Unit

MINIMAL = {"targetRef": {"name": "chat"}, "minReplicas": 2, "maxReplicas": 8}


def core(**cost):
    return parse_spec(MINIMAL | {"cost": cost}).to_core().cost


def problem(capacity=None, **cost):
    with pytest.raises(SpecError) as caught:
        parse_spec(MINIMAL | ({} if capacity is None else {"capacity": capacity}) | {"cost": cost})
    (found,) = caught.value.problems
    return found


@pytest.mark.parametrize("changes", [{}, {"cost": {}}])
def test_without_anything_given_the_defaults_are_the_rules(changes):
    assert parse_spec(MINIMAL | changes).to_core().cost == Costing()


def test_prices_are_exact():
    assert core(pricePerGPUHour={"on-demand": "3.10"}).prices == {"on-demand": Decimal("3.10")}


def test_a_commitment_lasts_until_a_day_has_ended():
    (found,) = core(commitments=[{"gpus": 4, "pricePerGPUHour": "1.90", "until": "2027-06-30"}]).commitments
    assert found == Commitment(Decimal(4), Decimal("1.90"), date(2027, 6, 30))


def test_what_is_owned_lasts_and_may_cost_nothing():
    (found,) = core(commitments=[{"gpus": "2.5", "pricePerGPUHour": "0"}]).commitments
    assert found == Commitment(Decimal("2.5"), Decimal(0))


@pytest.mark.parametrize(("kind", "spot"), [("OnDemand", False), ("Spot", True)])
def test_a_baseline_says_on_which_machines(kind, spot):
    assert core(baseline={"replicas": 8, "type": kind}).baseline == Baseline(Decimal(8), spot)


def test_a_budget_may_hold_the_pool_back():
    found = core(budget={"monthly": "15000", "alertAtPercent": [80, 120], "enforce": "HoldScaleUp"}).budget
    assert found == Budget(Decimal(15000), (80, 120), Enforce.HOLD_SCALE_UP)


@pytest.mark.parametrize(("revenue", "known"), [({"revenue": "0.45"}, Decimal("0.45")), ({}, None)])
def test_a_unit_may_earn_something(revenue, known):
    assert core(units=[{"name": "order", "query": "orders"} | revenue]).units == (
        Unit("order", "orders", revenue=known),
    )


def test_what_is_unusual_can_be_said():
    assert core(anomaly={"percent": 35}).anomaly_percent == 35


@pytest.mark.parametrize(("given", "gpus"), [(8, Decimal(8)), ("0.5", Decimal("0.5"))])
def test_a_replica_may_use_a_part_of_a_gpu(given, gpus):
    assert core(gpusPerReplica=given).gpus_per_replica == gpus


def test_what_else_bears_its_cost_is_the_operators_to_know():
    assert Cost.model_validate({"annotate": ["Workload", "Pods"]}).annotate == ("Workload", "Pods")


@pytest.mark.parametrize("given", [15000, 0.45, True])
def test_a_number_is_answered_with_how_money_is_written(given):
    found = problem(budget={"monthly": given})
    assert 'write an amount as a string of plain digits, as in "15000" or "0.45"' in found


@pytest.mark.parametrize("given", ["1e4", "-5", "15,000", "", "0", "0.00", "1.2345678901", "5\n"])
def test_a_budget_is_plain_digits_and_more_than_nothing(given):
    assert problem(budget={"monthly": given}).startswith("spec.cost.budget.monthly: write an amount over 0 as a string")


@pytest.mark.parametrize("given", [0, 0.5, "0.0", True, -1, "half", "1\n"])
def test_gpus_are_counted_in_plain_digits(given):
    assert problem(gpusPerReplica=given).startswith("spec.cost.gpusPerReplica: write a number of GPUs over 0")


def test_digits_of_gpus_that_nobody_has_are_refused():
    assert problem(gpusPerReplica="1.00000000000") == (
        "spec.cost.gpusPerReplica: must have at most 12 characters (got '1.00000000000')"
    )


@pytest.mark.parametrize("given", ["2027-02-30", "20270630", "2027-W26-3", "soon"])
def test_a_day_is_written_as_kubernetes_reads_it(given):
    found = problem(commitments=[{"gpus": 1, "pricePerGPUHour": "1", "until": given}])
    assert found == f"spec.cost.commitments[0].until: {given!r} is no date; write one, as in 2027-06-30"


@pytest.mark.parametrize(
    ("capacity", "tiers"),
    [
        (None, "on-demand"),
        ({}, "spot, on-demand"),
        ({"tiers": [{"name": "kept", "type": "OnDemand"}]}, "kept"),
    ],
)
def test_a_price_for_no_tier_says_which_there_are(capacity, tiers):
    assert problem(capacity, pricePerGPUHour={"preemptible": "1"}).endswith(f"(preemptible is none of {tiers})")


@pytest.mark.parametrize(
    ("field", "given", "words"),
    [
        ("currency", "usd", "must be three capital letters, as in EUR (got 'usd')"),
        ("budget", 15000, 'must be a mapping, as in {monthly: "15000"} (got 15000)'),
        ("pricePerGPUHour", "3.00", "must be a mapping, as in {on-demand: \"3.00\"} (got '3.00')"),
        ("pricePerGpuHour", {}, "no such field; did you mean pricePerGPUHour?"),
    ],
)
def test_what_is_often_mistaken_is_shown_right(field, given, words):
    assert problem(**{field: given}) == f"spec.cost.{field}: {words}"
