"""Nodes of a day by name, as many as a ConfigMap can hold."""

from decimal import Decimal

import pytest

from poolkeeper.api.amounts import NAMED, brief, dump, load
from poolkeeper.core.days import Amount, Line, Machine, Part
from poolkeeper.core.prices import Place


def part(number):
    return Part(Decimal(number), Decimal(2 * number))


def on_spot(nodes):
    return {Machine("spot", Place(), node): part for node, part in nodes.items()}


@pytest.mark.parametrize("nodes", [{}, {"a": part(1)}, {"": part(1)}, {"a": part(1), "": part(2)}])
def test_few_nodes_are_all_told_by_name(nodes):
    assert brief(on_spot(nodes)) == on_spot(nodes)


def test_all_of_a_line_is_stored():
    line = Line(*(Decimal(number) for number in range(1, 11)))
    assert load(dump(Amount({"spot": line}))).lines == {"spot": line}


def test_of_many_nodes_the_largest_are_told_by_name():
    nodes = {"a": part(1), "b": part(3), "": part(4), "c": part(2)}
    assert brief(on_spot(nodes), most=2) == on_spot({"b": part(3), "c": part(2), "": part(5)})


def test_a_day_of_many_nodes_loses_none_of_its_cost():
    machines = {Machine("spot", Place(), f"i-{number}"): part(number) for number in range(NAMED + 9)}
    stored = load(dump(Amount(machines=machines))).machines
    assert (len(stored), sum(one.cost for one in stored.values())) == (
        NAMED + 1,
        sum(one.cost for one in machines.values()),
    )
