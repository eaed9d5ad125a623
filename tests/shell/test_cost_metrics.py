"""What the metrics say of a pool's money beside its amounts."""

from datetime import date
from decimal import Decimal

import pytest

from builders import START
from poolkeeper.core.days import NOTHING
from poolkeeper.core.statement import Statement
from poolkeeper.core.unusual import Unusual
from poolkeeper.shell.telemetry import Telemetry

KEY = ("inference", "chat")
POOL = {"namespace": "inference", "pool": "chat"}
STATEMENT = Statement(START, "USD", date(2026, 3, 1), NOTHING, NOTHING)


@pytest.fixture
def telemetry():
    return Telemetry()


def value(telemetry, name, **labels):
    return telemetry.registry.get_sample_value(f"poolkeeper_pool_{name}", POOL | labels)


@pytest.mark.parametrize(
    ("odd", "ratio"), [(None, None), (Unusual(date(2026, 3, 1), Decimal(131), Decimal(100)), 0.31)]
)
def test_a_day_that_was_far_off_says_how_far(telemetry, odd, ratio):
    telemetry.cost.told(KEY, Statement(START, "USD", date(2026, 3, 1), NOTHING, NOTHING, unusual=odd), {})
    assert value(telemetry, "cost_unusual_ratio") == ratio


def test_a_pool_is_told_with_the_labels_that_costs_go_by(telemetry):
    telemetry.cost.told(KEY, STATEMENT, {"team": "search"})
    assert value(telemetry, "label", key="team", value="search") == 1


def test_a_label_that_was_taken_away_leaves_no_series(telemetry):
    telemetry.cost.told(KEY, STATEMENT, {"team": "search"})
    telemetry.cost.told(KEY, STATEMENT, {})
    assert value(telemetry, "label", key="team", value="search") is None
