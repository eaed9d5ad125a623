"""What a request, a million tokens and a unit cost."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from poolkeeper.core.account import Past
from poolkeeper.core.costing import Unit
from poolkeeper.core.days import Amount, Line, Use
from poolkeeper.core.economics import (
    Count,
    Method,
    Phase,
    UnitCost,
    last_day,
    method,
    per_million_tokens,
    per_request,
    unit_cost,
    unit_costs,
)

TOLD = Use(requests=400, prompt_tokens=8e6, generation_tokens=2e6, prefill_hours=1, decode_hours=3)
UNTOLD = Use(requests=400, prompt_tokens=5e6, generation_tokens=2e6)
NEW_YORK = ZoneInfo("America/New_York")


def amount(cost=100, use=TOLD, **unknown):
    hours = {name: Decimal(number) for name, number in unknown.items()}
    return Amount({"spot": Line(effective=Decimal(cost), **hours)}, use=use)


def test_a_request_costs_its_part():
    assert per_request(amount()) == Decimal("0.25")


@pytest.mark.parametrize(
    ("use", "phase", "cost"),
    [
        (TOLD, Phase.ALL, "10"),
        (TOLD, Phase.PROMPT, "3.125"),  # a quarter of the time, 8 million
        (TOLD, Phase.GENERATION, "37.5"),
        (UNTOLD, Phase.PROMPT, "10"),  # 5 million weigh as much as 2 million x 2.5
        (UNTOLD, Phase.GENERATION, "25"),
    ],
)
def test_tokens_cost_their_part_of_the_time_or_by_their_weight(use, phase, cost):
    assert per_million_tokens(amount(use=use), phase) == Decimal(cost)


def test_prompts_and_output_together_cost_what_all_do():
    both = 8 * per_million_tokens(amount(), Phase.PROMPT) + 2 * per_million_tokens(amount(), Phase.GENERATION)
    assert both == 100


@pytest.mark.parametrize(("use", "found"), [(TOLD, Method.COMPUTE_TIME), (UNTOLD, Method.MULTIPLIER)])
def test_the_way_has_a_name(use, found):
    assert method(use) is found


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("spent", [amount(use=Use()), amount(unpriced=1), amount(uncounted=1)])
def test_what_is_not_known_whole_has_no_cost(spent, phase):
    assert (per_request(spent), per_million_tokens(spent, phase)) == (None, None)


def test_a_unit_has_a_cost_and_a_margin():
    found = unit_cost(Unit("order", "q", revenue=Decimal("0.45")), Count(400), Decimal(100))
    assert found == UnitCost("order", Decimal("0.25"), Decimal("0.20"))


def test_a_unit_without_revenue_has_no_margin():
    assert unit_cost(Unit("order", "q"), Count(400), Decimal(100)).margin is None


@pytest.mark.parametrize(
    ("count", "cost", "words"),
    [
        (Count(words="no answer"), 100, "no answer"),
        (Count(0), 100, "there were none in the last day"),
        (Count(5), None, "what the last day cost is not known yet"),
    ],
)
def test_where_a_number_is_missing_words_say_why(count, cost, words):
    assert unit_cost(Unit("order", "q"), count, cost) == UnitCost("order", words=words)


def test_a_unit_that_nobody_has_asked_for_is_not_counted_yet():
    (found,) = unit_costs((Unit("order", "q"),), {"visit": Count(5)}, Decimal(100))
    assert found == UnitCost("order", words="not counted yet")


def days(*costs, last=date(2026, 11, 21)):
    """Return days that are over, up to `last`."""
    first = last - timedelta(days=len(costs) - 1)
    return tuple(Past(first + timedelta(days=number), Decimal(cost)) for number, cost in enumerate(costs))


def cost_at(now, *costs, zone=UTC, **changes):
    return last_day(days(*costs), amount(6, **changes), now, zone)


def test_the_last_day_is_today_and_the_rest_of_yesterday():
    assert cost_at(datetime(2026, 11, 22, 6, tzinfo=UTC), 0, 40) == 6 + 30


@pytest.mark.parametrize(("hour", "whole"), [(6, False), (0, True)])
def test_a_day_before_without_a_price_leaves_the_last_day_unknown(hour, whole):
    first, lost, *others = days(0, 5, 24)
    past = first, replace(lost, whole=False), *(replace(day, whole=whole) for day in others)
    assert (last_day(past, amount(6), datetime(2026, 11, 22, hour, tzinfo=UTC), UTC) is not None) is whole


def test_at_midnight_the_last_day_is_yesterday():
    assert cost_at(datetime(2026, 11, 22, tzinfo=UTC), 0, 24, 40) == 6 + 40


def test_after_a_day_of_23_hours_one_more_counts():
    now = datetime(2026, 3, 8, 23, 30, tzinfo=NEW_YORK)
    past = days(0, 48, last=date(2026, 3, 7))
    assert last_day(past, amount(6), now, NEW_YORK) == 6 + 3


@pytest.mark.parametrize(
    ("costs", "unknown"), [((), {}), ((40,), {}), ((0, 40), {"unpriced": 1}), ((0, 40), {"uncounted": 1})]
)
def test_a_day_that_is_not_known_whole_is_unknown(costs, unknown):
    assert cost_at(datetime(2026, 11, 22, 6, tzinfo=UTC), *costs, **unknown) is None
