"""Which row prices a place: the narrowest that has come into effect."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from poolkeeper.core.prices import UNTOLD, Book, Place, Prices, Row, quote

MAY = datetime(2026, 5, 1, tzinfo=UTC)
JUNE = datetime(2026, 6, 1, tzinfo=UTC)
HERE = Place("aws", "us-east-1", "us-east-1a", gpu="L4")


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ({"zone": "us-east-1a"}, {"region": "us-east-1", "provider": "aws"}),
        ({"region": "us-east-1"}, {"provider": "aws"}),
        ({"provider": "aws"}, {}),
        ({"region": "us-east-1", "provider": "aws"}, {"region": "us-east-1"}),
    ],
)
def test_a_narrower_place_counts_before_a_newer_price(narrow, wide):
    rows = (Row(Decimal(1), "USD", MAY, gpu="L4", **narrow), Row(Decimal(2), "USD", JUNE, gpu="L4", **wide))
    assert quote(Prices(Book(rows)), "spot", HERE, JUNE).row is rows[0]


ON_DEMAND = Place("aws", "us-east-1", "us-east-1a", instance="p5.48xlarge", gpu="H100", node_gpus=Decimal(8))
SPOT = replace(ON_DEMAND, spot=True)
KIND = Row(Decimal(4), "USD", MAY, gpu="H100", line=2)
TYPE = Row(Decimal(80), "USD", MAY, instance="p5.48xlarge", line=3)
RECLAIMED = Row(Decimal(1), "USD", MAY, gpu="H100", spot=True, line=4)


def quoted(*rows, place=ON_DEMAND, **prices):
    return quote(Prices(Book(rows, "prices"), **prices), "tier", place, JUNE)


def test_a_machines_price_counts_before_that_of_a_gpu_and_is_shared_out_over_its_gpus():
    assert quoted(KIND, TYPE).price == 10


def test_a_gpus_price_counts_where_the_machine_has_none():
    assert quoted(KIND, replace(TYPE, instance="other")).price == 4


def test_a_machine_whose_gpu_nobody_tells_has_the_price_of_its_type_or_none():
    place = replace(ON_DEMAND, gpu="")
    assert (quoted(KIND, TYPE, place=place).price, quoted(KIND, place=place).price) == (10, None)


def test_a_machine_that_tells_of_no_gpus_has_no_price_and_says_why():
    found = quoted(TYPE, place=replace(ON_DEMAND, node_gpus=Decimal(0)))
    assert (found.price, found.row) == (None, TYPE)
    assert found.words.endswith("but the node tells of no GPUs to share it out over")


def test_the_newest_price_that_has_come_into_effect_counts():
    later = replace(KIND, price=Decimal(5), since=JUNE)
    future = replace(KIND, price=Decimal(6), since=JUNE + timedelta(microseconds=1))
    assert quoted(future, later, KIND).price == 5


def test_a_price_of_another_place_is_none():
    assert quoted(replace(KIND, region="eu-west-1")).price is None


def test_spot_without_a_price_is_counted_at_on_demands_and_that_is_said():
    found = quoted(KIND, place=SPOT)
    assert (found.price, found.assumed) == (Decimal(4), True)
    assert found.words == "no spot price; on-demand's: line 2 of prices: 4 USD"


def test_spot_with_a_price_is_counted_at_that():
    found = quoted(KIND, RECLAIMED, place=SPOT)
    assert (found.price, found.assumed) == (Decimal(1), False)


def test_spot_that_has_no_price_anywhere_is_unknown_as_spot():
    found = quoted(place=SPOT)
    assert (found.price, found.words) == (None, "prices has no spot price for p5.48xlarge in aws, us-east-1a")


def test_the_pools_own_price_counts_before_the_book():
    found = quoted(KIND, own={"tier": Decimal("2.50")})
    assert (found.price, found.words) == (Decimal("2.50"), "cost.pricePerGPUHour.tier of the pool")


def test_an_own_price_of_zero_is_a_price():
    assert quoted(KIND, own={"tier": Decimal(0)}).price == 0


def test_a_price_in_another_currency_is_none_and_names_its_line():
    found = quoted(KIND, currency="EUR")
    assert (found.price, found.words) == (None, "line 2 is in USD, the pool counts in EUR")


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (Place(gpu="L4", spot=True), "no price book has no spot price for L4"),
        (Place(gpu="L4", region="us-east-1"), "no price book has no on-demand price for L4 in us-east-1"),
    ],
)
def test_without_a_book_nothing_has_a_price(place, words):
    assert quote(Prices(), "tier", place, JUNE).words == words


@pytest.mark.parametrize("spot", [False, True])
def test_a_node_that_tells_neither_its_type_nor_its_gpu_is_said_to(spot):
    assert quote(Prices(Book((KIND,))), "tier", Place(region="us-east-1", spot=spot), JUNE).words == UNTOLD


def test_a_book_knows_when_its_prices_change():
    assert Book((replace(KIND, since=JUNE), TYPE, KIND)).instants == (MAY, JUNE)
