"""Multiples of a load, lived and priced: against sums that can be done by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from poolkeeper.core.costing import Commitment, Costing
from poolkeeper.core.fluid import Machine, Moment
from poolkeeper.core.model import ON_DEMAND, CapacityType, Guaranteed, Limits, PoolSpec, Schedule, Tier
from poolkeeper.core.prices import Book, Place
from poolkeeper.core.rates import Rental, tariff_of
from poolkeeper.simulate import multiples as module
from poolkeeper.simulate.multiples import LONGEST, MONTH, Month, Pricing, WhatIf, multiples, served
from poolkeeper.simulate.played import Played, calendar
from poolkeeper.simulate.proposal import Question
from poolkeeper.simulate.series import Series, SeriesError
from traffic import MONDAY, Recipe, history, office

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PRICES = {"on-demand": Decimal("3.00"), "spot": Decimal("0.90")}
POOL = PoolSpec(2, 20, cost=Costing(prices=PRICES))
SPOT = Tier("spot", CapacityType.SPOT)
HOURS = Decimal("730.56")
"""Those of 30.44 days."""
NOVEMBER = 720


def asked(spec: PoolSpec = POOL, loads: tuple[float, ...] = (1.0,), per_replica: float | None = 10.0) -> WhatIf:
    """Return what is asked of a pool whose replicas have two GPUs each."""
    question = Question(POOL, per_replica, timedelta(minutes=4), timedelta(seconds=2))
    rentals = {one.name: Rental(one.name, Place(spot=one is SPOT), Decimal(2)) for one in spec.tiers}
    return WhatIf(question, spec, loads, Pricing(tariff_of(spec, Book()), rentals, NOW))


def constant(load: float = 38.0, days: int = 7) -> Series:
    return history(lambda _: load, Recipe(days=days, noise=0))


def month(spec: PoolSpec = POOL, series: Series | None = None, load: float = 1.0) -> Month:
    return multiples(series or constant(), asked(spec, (load,)), told_to_nobody).multiples[0].month


def told_to_nobody(_words: str, _share: float) -> None:
    """Take in progress."""


def test_a_constant_load_costs_its_size_times_the_price_times_the_hours():
    assert month().cost == 4 * 2 * 3 * HOURS


def test_the_calendar_month_costs_by_its_own_hours():
    assert month().calendar == 4 * 2 * 3 * NOVEMBER


def test_sizes_and_gpu_hours_are_those_of_the_load():
    found = month()
    assert (found.peak, found.mean, found.gpu_hours) == (4, 4, 4 * 2 * HOURS)


@pytest.mark.parametrize(("load", "size"), [(1, 4), (2, 8), (5, 19)])
def test_each_multiple_of_a_constant_load_has_the_size_that_it_needs(load, size):
    assert month(load=load).cost == size * 2 * 3 * HOURS


def test_a_million_requests_cost_their_part():
    found = month()
    assert found.served == pytest.approx(38 * 3600 * HOURS)
    assert found.per_million == pytest.approx(Decimal(8 * 3 * 1_000_000) / (38 * 3600))


def test_a_size_is_shared_out_over_tiers_by_the_splits_formula():
    split = replace(POOL, tiers=(SPOT, ON_DEMAND), guaranteed=Guaranteed(base=1))
    assert month(split).cost == (1 * 2 * Decimal("3.00") + 3 * 2 * Decimal("0.90")) * HOURS


def test_commitments_are_used_first_and_paid_where_they_are_not_used():
    committed = replace(POOL.cost, commitments=(Commitment(Decimal(10), Decimal("1.90")),))
    found = month(replace(POOL, cost=committed))
    assert (found.cost, found.gpu_hours) == (10 * Decimal("1.90") * HOURS, 8 * HOURS)


def test_a_commitment_that_has_ended_covers_nothing():
    ended = replace(POOL.cost, commitments=(Commitment(Decimal(10), Decimal("1.90"), date(2026, 11, 21)),))
    assert month(replace(POOL, cost=ended)).cost == 8 * 3 * HOURS


def test_without_a_price_no_cost_is_known():
    found = month(replace(POOL, cost=Costing()))
    assert (found.cost, found.calendar, found.per_million, found.gpu_hours) == (None, None, None, 8 * HOURS)


def test_each_day_of_the_week_counts_once_however_long_the_history_is():
    weeks, more = (history(office, Recipe(days=days, noise=0)) for days in (14, 19))
    assert month(series=more).mean == pytest.approx(month(series=weeks).mean, rel=Decimal("0.002"))


def test_times_of_the_week_that_a_history_lacks_count_as_the_others():
    assert month(series=constant(days=5)).cost == month().cost


def test_the_last_four_weeks_are_lived():
    early = Series(MONDAY, timedelta(hours=1), (*[100.0] * 24 * 7, *[38.0] * 24 * 28))
    found = multiples(early, asked(), told_to_nobody)
    assert (found.multiples[0].month.mean, found.span) == (4, (early.end - LONGEST, early.end))


def test_a_pool_that_its_maximum_holds_is_lived_again_with_room():
    (found,) = multiples(constant(), asked(replace(POOL, max_replicas=3)), told_to_nobody).multiples
    assert (found.month.peak, found.month.held > Decimal("0.99")) == (3, True)
    assert found.roomy is not None
    assert (found.roomy.held, found.roomy.mean >= 4) == (0, True)


def test_what_is_needed_is_enough():
    first = multiples(constant(), asked(replace(POOL, max_replicas=3)), told_to_nobody).multiples[0].roomy
    again = month(replace(POOL, max_replicas=first.peak))
    assert (again.held, again.cost) == (0, first.cost)


def test_a_pool_that_is_held_serves_what_its_replicas_can():
    found = month(replace(POOL, max_replicas=3))
    assert found.served == pytest.approx(30 * 3600 * HOURS, rel=Decimal("0.000001"))


def test_a_pool_that_has_room_is_lived_once():
    assert multiples(constant(), asked(), told_to_nobody).multiples[0].roomy is None


def test_a_pool_as_large_as_any_gets_no_room(monkeypatch):
    monkeypatch.setattr(module, "MOST", 3)
    (found,) = multiples(constant(), asked(replace(POOL, max_replicas=3)), told_to_nobody).multiples
    assert (found.month.held > Decimal("0.99"), found.roomy) == (True, None)


def test_a_cap_of_the_schedule_is_told_from_the_maximum():
    capped = replace(POOL, schedule=Schedule(outside=Limits(cap=3)))
    (found,) = multiples(constant(), asked(capped), told_to_nobody).multiples
    assert (found.month.capped > Decimal("0.99"), found.month.held, found.roomy) == (True, 0, None)


def test_the_share_inside_is_that_of_the_load():
    assert (month().inside, month(replace(POOL, max_replicas=3)).inside < Decimal("0.01")) == (1, True)


def test_a_load_of_a_replica_that_nobody_says_is_todays_share_of_the_largest():
    found = multiples(constant(40.0), asked(replace(POOL, max_replicas=100), (2.0,), None), told_to_nobody)
    assert (found.per_replica, found.multiples[0].month.mean) == (2.0, 40)


def test_progress_is_told_from_nothing_to_all():
    said = []
    multiples(constant(), asked(loads=(1.0, 2.5)), lambda words, share: said.append((words, share)))
    assert said == [
        ("learning the week", 0.0),
        ("living 1 times the load", 0.0),
        ("living 2.5 times the load", 0.5),
        ("done", 1.0),
    ]


def test_too_little_history_is_refused():
    with pytest.raises(SeriesError, match="four days are the least"):
        multiples(constant(days=3), asked(), told_to_nobody)


def test_a_calendar_month_has_the_hour_that_the_clock_shows_twice():
    assert sum(calendar(NOW, ZoneInfo("America/New_York")).values()) == 2 * 721


def test_a_month_of_a_test_is_a_month():
    assert timedelta(hours=1) * 730.56 == MONTH


def test_a_queue_is_worked_off_no_faster_than_the_replicas_can():
    runs_on = Machine(10, 64, timedelta(0))
    moment = Moment(NOW, timedelta(minutes=1), 5.0, 4, 4, 600)
    assert (served(moment, runs_on), served(replace(moment, ready=1), runs_on)) == (15.0, 10.0)


def test_what_is_mostly_enough_is_exceeded_for_less_than_a_hundredth_of_the_time():
    sizes = dict.fromkeys(range(990), 2) | dict.fromkeys(range(990, 999), 3) | {999: 9}
    at = ((MONDAY + number * timedelta(seconds=1), size) for number, size in sizes.items())
    played = Played((Moment(when, timedelta(seconds=1), 0, size, size, 0) for when, size in at), ZoneInfo("UTC"))
    assert played.mostly({0: 1}, Decimal("0.01")) == 3
