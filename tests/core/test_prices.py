"""Of several prices that fit, the narrowest counts."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from poolkeeper.core.prices import Book, Place, Prices, Row, quote

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
