"""The administrator's file of costs."""

from decimal import Decimal

import pytest

from poolkeeper.api.costs import Costs, CostsError, parse
from poolkeeper.core.costing import Budget
from poolkeeper.core.teams import Overhead, Team

FILE = """
cluster: prod
labels: [squad]
overheads:
- {name: network, monthly: "1200", currency: EUR, selector: {cell: a}}
- {name: people, monthly: "9000"}
budgets:
- {name: search, selector: {team: search}, monthly: "40000", alertAtPercent: [80]}
"""


def wrong(text):
    with pytest.raises(CostsError) as caught:
        parse(text, "costs.yaml")
    return caught.value.problems


def test_budgets_are_read():
    (found,) = parse(FILE, "f").budgets
    assert found.to_core() == Team("search", {"team": "search"}, Budget(Decimal(40000), (80,)))


def test_overheads_are_read():
    found = [one.to_core() for one in parse(FILE, "f").overheads]
    assert found == [
        Overhead("network", Decimal(1200), "EUR", {"cell": "a"}),
        Overhead("people", Decimal(9000)),
    ]


def test_the_ledger_bears_every_label_that_is_named_or_selected_by():
    assert parse(FILE, "f").keys == ("squad", "cell", "team")


def test_an_empty_file_says_nothing():
    assert parse("", "f") == Costs()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1]", "costs.yaml: it: must be a mapping"),
        ("clustr: x", "costs.yaml: clustr: no such field; did you mean cluster? (got 'x')"),
        ("budgets: {}", "costs.yaml: budgets: must be a list"),
        ("overheads: [{name: a}]", "costs.yaml: overheads[0].monthly: Field required"),
        (
            "overheads: [{name: a, monthly: 5}]",
            (
                "costs.yaml: overheads[0].monthly: write an amount as a string of plain digits, "
                'as in "15000" or "0.45" (got 5)'
            ),
        ),
        (
            'overheads: [{name: a, monthly: "1"}, {name: a, monthly: "2"}]',
            "costs.yaml: it: names of overheads must differ",
        ),
        (
            'budgets: [{name: a, selector: {t: x}, monthly: "1", alertAtPercent: [3, 1]}]',
            "costs.yaml: budgets[0]: alertAtPercent must rise from one to the next",
        ),
    ],
)
def test_a_problem_names_its_field(text, words):
    assert wrong(text) == [words]


def test_all_problems_are_told_at_once():
    assert len(wrong('overheads: [{name: A, monthly: "1"}]\nbudgets: [{name: b}]')) == 3


def test_what_is_no_yaml_is_told_with_its_place():
    (words,) = wrong("a: [")
    assert words.startswith("costs.yaml is no YAML: while parsing a flow node")
    assert "line 1, column 5" in words


def test_the_exception_reads_as_its_problems():
    assert str(CostsError(["one", "two"])) == "one; two"
