"""What a GPU costs where no operator counts."""

from decimal import Decimal

import pytest

from builders import at
from poolkeeper.api.price_book import parse
from poolkeeper.api.tariff import Tariff, rate
from poolkeeper.core.prices import Book, Place

HEAD = "provider,region,zone,instance_type,gpu,capacity_type,price,currency,effective_from,source\n"
BOOK = parse(f"{HEAD}*,*,*,,L4,on-demand,0.80,USD,,contract\n", "book")
LIST = parse(f"{HEAD}aws,us-east-1,*,g6.xlarge,,on-demand,0.90,USD,,list\n", "list")
L4 = Place(gpu="L4")
SPOT = Place(gpu="L4", spot=True)
G6 = Place(provider="aws", region="us-east-1", instance="g6.xlarge", gpu="L4", node_gpus=Decimal(1))


def tariff(*given, book=BOOK, listed=LIST):
    return Tariff(dict(map(rate, given)), book, listed)


@pytest.mark.parametrize(
    ("given", "place", "price"),
    [
        (("3", "L4=2", "spot=1", "L4:spot=0.5"), SPOT, "0.5"),
        (("3", "L4=2", "spot=1"), SPOT, "2"),
        (("3", "spot=1"), SPOT, "1"),
        (("3", "spot=1"), L4, "3"),
        (("3",), None, "3"),
        (("H100=9",), L4, "0.80"),
        (("NVIDIA-H100-80GB-HBM3=9",), Place(gpu="H100"), "9"),
    ],
)
def test_the_narrowest_price_that_was_given_counts(given, place, price):
    assert tariff(*given).priced(place, at(0)).price == Decimal(price)


def test_spot_without_a_price_is_on_demand_s_and_a_guess():
    found = tariff().priced(SPOT, at(0))
    assert (found.price, found.assumed) == (Decimal("0.80"), True)


def test_a_list_price_is_said_to_be_assumed():
    found = tariff(book=Book()).priced(G6, at(0))
    assert (found.price, found.assumed) == (Decimal("0.90"), True)
    assert found.words.startswith("assumed list price: line 2 of list")


def test_what_no_book_has_is_unknown():
    found = tariff(book=Book(name="book")).priced(Place(gpu="B200"), at(0))
    assert (found.price, found.words) == (None, "book has no on-demand price for B200")


def test_a_node_that_nobody_may_see_is_unknown():
    assert tariff("spot=1").priced(None, at(0)).words == "the nodes could not be read"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the price must be a number"),
        ("L4=-1", "must not be negative"),
        ("=3", "is no price; write it as"),
        ("L4:cheap=3", "is no price; write it as"),
    ],
)
def test_what_is_no_price_is_refused_with_the_form(text, words):
    with pytest.raises(ValueError, match=words) as refused:
        rate(text)
    assert "H100:spot=0.90" in str(refused.value)
