"""The FinOps Foundation's own validator takes an export as FOCUS 1.2, and refuses broken ones."""

import csv
from datetime import date
from decimal import Decimal

import pytest

from focus import validate
from poolkeeper.api import focus
from poolkeeper.api.ledger import Entry
from poolkeeper.core.days import COMMITMENTS, OVERHEAD, Amount, Day, Line, Machine, Part, Savings, Use
from poolkeeper.core.prices import Place

pytestmark = pytest.mark.timeout(900)  # the validator is installed once

HERE = Place("aws", "us-east-1", "us-east-1a", "p5.48xlarge", "h100")
SPOT = Place("aws", "us-east-1", "us-east-1b", "p5.48xlarge", "h100", spot=True)


def hours(count, price, **changes):
    """Return a line of so many GPU-hours at a price, all of it on demand."""
    whole = Decimal(count) * Decimal(price)
    known = {"gpu_hours": Decimal(count), "listed": whole, "contracted": whole, "effective": whole}
    return Line(**known | changes)


BUSY = Amount(
    {
        "on-demand": hours(
            "48", "3", effective=Decimal(120), covered=Decimal(24), spared=Decimal(72), committed=Decimal(48)
        ),
        "spot": hours("71.333333333", "3", contracted=Decimal("64.2"), effective=Decimal("64.2")),
        OVERHEAD: hours("0.333333333", "3"),
        COMMITMENTS: hours("24", "2"),
    },
    savings=Savings(Decimal(1), Decimal(2), Decimal(3), Decimal(400)),
    use=Use(1000, 2e6, 1e6, 5, 2),
    machines={Machine("on-demand", HERE, "i-1"): Part(), Machine("spot", SPOT, "i-2"): Part()},
)
UNPRICED = Amount({"on-demand": hours("24", "0", unpriced=Decimal(24))})


def entry(amount, labels, on=date(2026, 11, 1)):
    return Entry("prod", "inference", "chat", "uid-1", "USD", "America/New_York", labels, Day(on, amount))


@pytest.fixture
def rows():
    """Rows of every kind: the clock is set on the first day, and on the second nothing has a price."""
    days = [entry(BUSY, {"team": 'search "é"'}), entry(UNPRICED, {}, date(2026, 11, 2))]
    return list(csv.DictReader(focus.table(days).splitlines()))


@pytest.fixture
def broken(rows, tmp_path):
    """Return the rules that the rows break."""

    def rules():
        file = tmp_path / "focus.csv"
        with file.open("w", newline="") as text:
            writer = csv.DictWriter(text, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return {failure.rule: failure.words for failure in validate(file)}

    return rules


def test_an_export_breaks_no_rule(broken):
    assert broken() == {}


def test_what_is_wrong_is_found(rows, broken):
    rows[0]["ListUnitPrice"] = "3.01"
    rows[1]["PricingCategory"] = "Spot"
    rows[2]["BilledCost"] = ""
    rows[3]["CommitmentDiscountStatus"] = "Used"
    assert {
        "ListUnitPrice-C-010-C",
        "PricingCategory-C-007-M",
        "BilledCost-C-003-M",
        "CommitmentDiscountStatus-C-004-C",
    } <= broken().keys()
