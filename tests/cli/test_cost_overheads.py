"""`poolkeeper cost --costs`: what is paid besides the pools, below what those cost."""

import json

import pytest
from tests.cli.test_cost import NOON, cost, noon, saved  # noqa: F401  fixtures

from ledger import entry, line
from poolkeeper.core.days import Amount

NETWORK = 'overheads: [{name: network, monthly: "300"}]'
SEARCH = entry(Amount({"spot": line("3", "30")}), labels={"team": "search"})
ADS = entry(Amount({"spot": line("1", "10")}), labels={"team": "ads"}, name="rank", uid="uid-2")


@pytest.fixture
def overheads(cost, tmp_path):  # noqa: F811  a fixture
    def run(text, *options, entries=(SEARCH, ADS)):
        path = tmp_path / "costs.yaml"
        path.write_text(text)
        return cost(entries, "--by", "team", "--costs", str(path), *options)

    return run


def test_pools_bear_an_overhead_by_what_they_cost(overheads):
    (found,) = json.loads(overheads(NETWORK, "-o", "json").output)["overheads"]
    rows = [{"name": "search", "amount": "30"}, {"name": "ads", "amount": "10"}]
    known = {"name": "network", "currency": "USD", "monthly": "300", "amount": "40"}  # four days of November
    assert found == known | {"rows": rows}


def test_an_overhead_is_in_no_sum(overheads):
    (found,) = json.loads(overheads(NETWORK, "-o", "json").output)["currencies"]
    assert found["total"]["cost"] == "40"


def test_a_table_stands_below_the_costs(overheads):
    lines = overheads(NETWORK).output.splitlines()
    assert [one.split() for one in lines[-4:-1]] == [
        ["OVERHEAD", "TEAM", "AMOUNT"],
        ["network", "search", "30.00", "USD"],
        ["network", "ads", "10.00", "USD"],
    ]


@pytest.mark.parametrize(
    ("overhead", "rows"),
    [
        ('{name: a, monthly: "300", selector: {team: ads}}', [{"name": "ads", "amount": "40"}]),
        ('{name: a, monthly: "300", selector: {team: none}}', [{"name": None, "amount": "40"}]),
        ('{name: a, monthly: "300", currency: EUR}', [{"name": None, "amount": "40"}]),
    ],
)
def test_who_bears_an_overhead_is_chosen_by_labels_and_currency(overheads, overhead, rows):
    (found,) = json.loads(overheads(f"overheads: [{overhead}]", "-o", "json").output)["overheads"]
    assert found["rows"] == rows


def test_what_nobody_can_bear_is_unallocated(overheads):
    assert "(unallocated)" in overheads('overheads: [{name: a, monthly: "300", currency: EUR}]').output


def test_a_pool_alone_bears_its_part_alone(overheads):
    (found,) = json.loads(overheads(NETWORK, "--pool", "rank", "-o", "json").output)["overheads"]
    assert found["rows"] == [{"name": "ads", "amount": "10"}]


def test_without_overheads_nothing_is_said_of_them(overheads):
    assert "overheads" not in json.loads(overheads("cluster: prod", "-o", "json").output)


def test_where_nothing_is_chosen_there_is_nothing_to_bear(overheads):
    assert overheads(NETWORK, "-n", "none").output == "the ledger has nothing of these days and pools\n"


def test_all_that_is_wrong_with_the_file_is_said(overheads):
    result = overheads("overheads: [{name: A, monthly: 5}]")
    assert (result.exit_code, "overheads[0].name" in result.output, "monthly" in result.output) == (2, True, True)
