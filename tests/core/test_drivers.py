"""What made a day cost more, line by line."""

from decimal import Decimal

import pytest

from past_days import MONDAY
from poolkeeper.core.account import Past
from poolkeeper.core.drivers import drivers


def day(**lines):
    """Return a day of lines as (GPU-hours, cost)."""
    rows = tuple((name.replace("_", "-"), Decimal(hours), Decimal(cost)) for name, (hours, cost) in lines.items())
    return Past(MONDAY, sum((cost for _, _, cost in rows), Decimal(0)), rows)


USUAL = day(on_demand=(24, 72), spot=(100, 90))


def said(today, usual=162, known=USUAL):
    return drivers(today, [known] * 3, Decimal(usual), "USD")


def test_a_line_that_was_used_more_is_named():
    assert said(day(on_demand=(38, 114), spot=(100, 90))) == ("14.0 GPU-hours more of on-demand, 42.00 USD",)


def test_a_line_that_was_used_less_is_named():
    assert said(day(on_demand=(24, 72), spot=(40, 36))) == ("60.0 GPU-hours less of spot, 54.00 USD",)


def test_a_line_that_was_not_there_is_named():
    assert said(day(on_demand=(24, 72), spot=(100, 90), overhead=(20, 60))) == (
        "20.0 GPU-hours more of overhead, 60.00 USD",
    )


def test_a_line_that_is_gone_is_named():
    assert said(day(on_demand=(24, 72))) == ("100.0 GPU-hours less of spot, 90.00 USD",)


def test_a_line_that_became_dearer_is_named_with_its_price():
    assert said(day(on_demand=(24, 72), spot=(100, 135))) == ("a price of spot that is 50% higher, 45.00 USD",)


def test_a_line_that_became_cheaper_is_named_with_its_price():
    assert said(day(on_demand=(24, 36), spot=(100, 90))) == ("a price of on-demand that is 50% lower, 36.00 USD",)


def test_a_line_that_was_free_has_a_price():
    free = day(on_demand=(24, 0), spot=(100, 90))
    assert said(day(on_demand=(24, 72), spot=(100, 90)), 90, free) == ("a price of on-demand, 72.00 USD",)


def test_the_largest_comes_first():
    found = said(day(on_demand=(44, 132), spot=(200, 180)))
    assert [words.split()[4].strip(",") for words in found] == ["spot", "on-demand"]


def test_a_small_part_of_it_is_not_named():
    assert len(said(day(on_demand=(100, 300), spot=(110, 99)))) == 1


def test_what_went_the_other_way_is_not_named():
    assert len(said(day(on_demand=(100, 300), spot=(50, 45)))) == 1


def test_lines_are_held_against_what_is_usual_since_a_step():
    assert said(day(on_demand=(48, 144), spot=(300, 270)), usual=324) == ("100.0 GPU-hours more of spot, 90.00 USD",)


@pytest.mark.parametrize("usual", [0, 162])
def test_a_day_without_lines_is_not_explained(usual):
    assert drivers(Past(MONDAY, Decimal(500)), [Past(MONDAY, Decimal(usual))], Decimal(usual), "USD") == ()
