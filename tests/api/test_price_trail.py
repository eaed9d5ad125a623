"""Each row that fits a place is told with what became of it."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from poolkeeper.api.price_trail import COUNTS, Question, trail
from poolkeeper.core.prices import Book, Place, Prices, Row

MAY, JUNE, JULY = (datetime(2026, month, 1, tzinfo=UTC) for month in (5, 6, 7))
HERE = Place("aws", "us-east-1", "us-east-1a", "g6.xlarge", "L4", node_gpus=Decimal(2))
ON_SPOT = replace(HERE, spot=True)
MACHINE = Row(Decimal(2), "USD", MAY, instance="g6.xlarge", line=2)
SPOT = replace(MACHINE, price=Decimal(1), spot=True, line=3)
EUROS = "in EUR; the pool counts in USD"


def ask(*rows, place=HERE, own=None):
    return trail(Question(Prices(Book(rows, "prices"), own or {}), "spot", place, JUNE))


def verdicts(*rows, **question):
    return [(one.row, one.verdict) for one in ask(*rows, **question).contenders]


def test_the_row_that_counts_stands_first():
    wide = replace(MACHINE, line=1)
    assert verdicts(wide, replace(MACHINE, zone="us-east-1a"))[0][1] == COUNTS


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"instance": "", "gpu": "L4"}, "line 2 prices the machine, this a GPU"),
        ({"region": "*"}, "line 2 is narrower"),
        ({"since": datetime(2026, 4, 1, tzinfo=UTC)}, "line 2 is newer"),
        ({"since": JULY}, "not yet: from 2026-07-01 on"),
        ({"spot": True}, "a spot price; the node is on-demand"),
    ],
)
def test_a_row_that_does_not_count_says_why(change, why):
    best = replace(MACHINE, region="us-east-1")
    other = replace(best, line=9, **change)
    assert verdicts(other, best) == [(best, COUNTS), (other, why)]


def test_on_demand_does_not_count_where_there_is_a_price_for_spot():
    assert verdicts(MACHINE, SPOT, place=ON_SPOT)[1][1] == "an on-demand price; there is one for spot"


def test_on_demand_counts_where_there_is_none_for_spot():
    found = ask(MACHINE, place=ON_SPOT)
    assert (found.quote.price, found.quote.assumed, found.contenders[0].verdict) == (1, True, COUNTS)


def test_a_spot_price_in_another_currency_is_of_no_use():
    spot = replace(SPOT, currency="EUR")
    assert verdicts(MACHINE, spot, place=ON_SPOT) == [(MACHINE, COUNTS), (spot, EUROS)]


def test_what_would_count_says_why_it_gives_no_price():
    assert verdicts(replace(MACHINE, currency="EUR"))[0][1] == EUROS


def test_a_machine_s_price_needs_a_node_that_tells_its_gpus():
    place = replace(HERE, node_gpus=Decimal(0))
    assert verdicts(MACHINE, place=place)[0][1] == "the node tells of no GPUs to share it out over"


def test_an_older_price_does_not_help_where_the_newest_gives_none():
    rows = [replace(row, currency="EUR") for row in (MACHINE, SPOT)]
    wide = replace(MACHINE, instance="", gpu="L4", line=9)
    assert verdicts(*rows, wide, place=ON_SPOT)[2][1] == "a narrower or newer one comes first, and gives no price"


def test_the_pool_s_own_price_goes_before_the_book():
    assert verdicts(MACHINE, own={"spot": Decimal(3)})[0][1] == "the pool's own price goes before the book"


def test_rows_about_other_places_are_counted_and_those_about_other_machines_are_not():
    found = ask(MACHINE, replace(MACHINE, zone="us-east-1b"), replace(MACHINE, instance="g5.xlarge"))
    assert (len(found.contenders), found.elsewhere) == (1, 1)
