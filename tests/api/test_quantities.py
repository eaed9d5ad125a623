from decimal import Decimal

import pytest

from poolkeeper.api.quantities import parse_quantity


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", "0"),
        ("7", "7"),
        ("+7.", "7"),
        (".5", "0.5"),
        ("-3", "-3"),
        ("1500m", "1.5"),
        ("2u", "0.000002"),
        ("3n", "0.000000003"),
        ("2k", "2000"),
        ("1M", "1000000"),
        ("1G", "1e9"),
        ("1T", "1e12"),
        ("1P", "1e15"),
        ("1E", "1e18"),
        ("2Ki", "2048"),
        ("1.5Mi", "1572864"),
        ("1Gi", "1073741824"),
        ("1Ei", "1152921504606846976"),
        ("12e6", "12000000"),
        ("12E-1", "1.2"),
        ("1e+2", "100"),
        ("1e99", "1e99"),
    ],
)
def test_a_quantity_is_its_number(text, number):
    assert parse_quantity(text) == Decimal(number)


NONE = ["", "m", "7 ", "1K", "1mi", "1ki", "1e", "NaN", "inf", "0x7", "1_000", "1e3m", "1e999", "٣"]


@pytest.mark.parametrize("text", NONE)
def test_what_is_none_is_refused(text):
    with pytest.raises(ValueError, match="is no quantity"):
        parse_quantity(text)
