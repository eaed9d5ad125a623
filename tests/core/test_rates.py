"""What an hour costs: commitments first, overhead apart, unknown never zero; and what that saves."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from poolkeeper.core.costing import Baseline, Commitment, Costing
from poolkeeper.core.days import COMMITMENTS, NOTHING, OVERHEAD, Savings
from poolkeeper.core.model import CapacityType, PoolSpec, Tier
from poolkeeper.core.prices import Book, Place, Row
from poolkeeper.core.rates import Rental, Setting, Tariff, ends, rates, tariff_of, whole

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=99)
OWN = {"on-demand": Decimal(3), "spot": Decimal(1)}
COMMITTED = Commitment(Decimal(4), Decimal(2))
SURE = Rental("on-demand", Place(), Decimal(1))
CHEAP = Rental("spot", Place(spot=True), Decimal(1))
REST = Rental(OVERHEAD, Place(), Decimal(1))
EIGHT = Baseline(Decimal(8))


def hour(*rented, setting=Setting(), **costing):  # noqa: B008  a frozen value
    tariff = Tariff(Costing(**{"prices": OWN | {OVERHEAD: Decimal(3)}} | costing), spot="spot")
    return rates(tariff, rented, setting, NOON)


def committed(*rented, setting=Setting(), commitments=(COMMITTED,)):  # noqa: B008  a frozen value
    return hour(*rented, setting=setting, commitments=commitments)


def test_a_tier_costs_its_replicas_times_gpus_times_price():
    line = hour((replace(SURE, gpus=Decimal(8)), 3)).lines["on-demand"]
    assert (line.replica_hours, line.gpu_hours, line.effective) == (3, 24, 72)


PART = Rental("on-demand", Place(), Decimal(4), "i-1", parts=3)
LEADER = replace(PART, gpus=Decimal(1), node="i-2")


def test_replicas_in_parts_are_counted_as_a_whole():
    line = hour((PART, 4), (LEADER, 2)).lines["on-demand"]
    assert (line.replica_hours, line.gpu_hours, line.effective) == (2, 18, 54)


@pytest.mark.parametrize(
    ("rented", "gpus"), [(((PART, 4), (LEADER, 2)), 9), (((PART, 1), (replace(LEADER, gpus=None), 1)), None)]
)
def test_what_a_replica_rents_is_what_all_of_its_parts_do(rented, gpus):
    found = whole(((REST, 1), *rented))
    assert (found.gpus, found.parts, found.node) == (gpus, 1, "")


def test_a_replica_of_one_part_rents_that():
    assert whole(((REST, 1), (SURE, 2))) is SURE


def test_nobody_rents_where_there_is_nobody():
    assert whole(((REST, 1),)) is None


def test_nothing_rented_is_nothing():
    assert hour() is NOTHING


def test_a_replica_whose_gpus_nobody_knows_is_there_and_in_no_amount():
    line = hour((replace(SURE, gpus=None), 2)).lines["on-demand"]
    assert (line.replica_hours, line.gpu_hours, line.effective, line.unpriced, line.uncounted) == (2, 0, 0, 0, 2)


def test_replicas_whose_gpus_are_known_are_counted():
    assert hour((SURE, 2), (replace(REST, gpus=None), 1)).whole


def test_gpus_without_a_price_are_told_and_in_no_amount():
    amount = hour((SURE, 2), (CHEAP, 1), prices={"spot": Decimal(1)})
    assert (amount.cost, amount.unpriced) == (1, 2)


def test_commitments_are_used_first():
    line = committed((SURE, 6)).lines["on-demand"]
    assert (line.effective, line.contracted, line.covered, line.spared) == (4 * 2 + 2 * 3, 18, 4, 12)


def test_the_unused_part_of_commitments_is_charged_on_its_own_line():
    amount = committed((SURE, 1))
    assert amount.lines[COMMITMENTS].effective == 3 * 2
    assert amount.cost == COMMITTED.gpus * COMMITTED.price


def test_commitments_are_charged_where_nothing_is_rented():
    assert committed().cost == 8


def test_commitments_never_pay_for_spot():
    amount = committed((CHEAP, 4))
    assert (amount.lines["spot"].effective, amount.lines[COMMITMENTS].effective) == (4, 8)


def test_overhead_gets_what_the_tiers_leave_of_commitments():
    amount = committed((REST, 3), (SURE, 3))
    assert (amount.lines["on-demand"].covered, amount.lines[OVERHEAD].covered) == (3, 1)


def test_overhead_has_no_replicas():
    assert hour((REST, 3)).lines[OVERHEAD].replica_hours == 0


def test_commitments_are_used_in_their_order():
    cheaper = Commitment(Decimal(1), Decimal(1))
    assert committed((SURE, 2), commitments=(cheaper, COMMITTED)).lines["on-demand"].effective == 1 + 2


def test_committed_gpus_need_no_price():
    amount = hour((SURE, 4), commitments=(COMMITTED,), prices={})
    assert (amount.cost, amount.unpriced) == (8, 0)


@pytest.mark.parametrize(("until", "cost"), [(date(2026, 11, 22), 8), (date(2026, 11, 21), 12), (None, 8)])
def test_a_commitment_holds_through_its_last_day(until, cost):
    assert committed((SURE, 4), commitments=(replace(COMMITTED, until=until),)).cost == cost


def test_a_commitments_last_day_is_the_pools_own():
    ended = replace(COMMITTED, until=date(2026, 11, 22))
    assert hour((SURE, 4), commitments=(ended,), timezone="Pacific/Auckland").cost == 12


def test_list_cost_is_on_demands_price_of_the_same_place():
    line = hour((CHEAP, 2)).lines["spot"]
    assert (line.listed, line.contracted, line.effective) == (6, 2, 2)


def test_where_on_demand_has_no_price_there_spots_own_is_the_list_price():
    assert hour((CHEAP, 2), prices={"spot": Decimal(1)}).lines["spot"].listed == 2


def saved(*rented, baseline=EIGHT, cap=None, **costing):
    unit = next((rental for rental, _ in rented), SURE)
    return hour(*rented, setting=Setting(baseline, cap, unit), **costing).savings


def test_savings_are_told_by_cause():
    assert saved((SURE, 1), (CHEAP, 3), cap=6) == Savings(
        queue=Decimal(6), schedule=Decimal(6), spot=Decimal(6), baseline=Decimal(24)
    )


@pytest.mark.parametrize("cap", [None, 0, 3, 20])
@pytest.mark.parametrize("commitments", [(), (COMMITTED,)])
def test_causes_add_up_to_the_baseline_less_the_cost(cap, commitments):
    rented = ((SURE, 3), (CHEAP, 2))
    amount = hour(*rented, setting=Setting(EIGHT, cap, SURE), commitments=commitments)
    assert amount.savings.total == amount.savings.baseline - amount.cost


def test_a_pool_under_its_commitments_saves_nothing_more():
    within, below = (saved((SURE, count), commitments=(COMMITTED,)) for count in (4, 1))
    assert (within.total, below.total) == (12, 12)


def test_a_pool_of_no_replicas_saves_all_of_its_baseline():
    assert saved() == Savings(queue=Decimal(24), baseline=Decimal(24))


def test_a_baseline_on_spot_is_priced_as_spot():
    assert saved((CHEAP, 2), baseline=Baseline(Decimal(8), spot=True)) == Savings(queue=Decimal(6), baseline=Decimal(8))


def test_a_schedule_that_allows_more_than_the_baseline_saves_nothing():
    assert saved((SURE, 1), cap=20) == Savings(queue=Decimal(21), baseline=Decimal(24))


@pytest.mark.parametrize("rest", [0, 1, 3, 5])
@pytest.mark.parametrize("commitments", [(), (COMMITTED,)])
def test_overhead_is_in_no_saving_even_where_commitments_pay_for_it(rest, commitments):
    kept = saved((SURE, 1), commitments=commitments)
    assert saved((SURE, 1), (REST, rest), commitments=commitments) == kept
    assert kept.spot == 0


@pytest.mark.parametrize("rented", [((SURE, 1), (CHEAP, 1)), ((CHEAP, 1), (SURE, 1))])
def test_a_baseline_on_spot_costs_what_spot_does_whichever_replica_comes_first(rented):
    assert saved(*rented, baseline=Baseline(Decimal(8), spot=True)).baseline == 8


def test_a_baseline_on_spot_has_the_books_price_of_spot():
    rows = (Row(Decimal(3), "USD", LONG_AGO, gpu="H100"), Row(Decimal(1), "USD", LONG_AGO, gpu="H100", spot=True))
    unit = replace(SURE, place=Place(gpu="H100"))
    setting = Setting(Baseline(Decimal(8), spot=True), None, unit)
    assert rates(Tariff(book=Book(rows)), ((unit, 1),), setting, NOON).savings.baseline == 8


def test_commitments_pay_for_none_of_a_baseline_on_spot():
    found = saved((CHEAP, 2), baseline=Baseline(Decimal(8), spot=True), commitments=(COMMITTED,))
    assert found == Savings(queue=Decimal(6), baseline=Decimal(8 + 8))


def orphaned(spot="", own=OWN, *, priced=True):
    """Return what an hour of a spot node's overhead costs where the spec has this tier on spot."""
    row = Row(Decimal(2), "USD", LONG_AGO, gpu="H100", spot=True)
    tariff = Tariff(Costing(prices=own), Book((row,) if priced else ()), spot=spot)
    return rates(tariff, ((Rental(OVERHEAD, Place(gpu="H100", spot=True), Decimal(1)), 1),), Setting(), NOON).cost


@pytest.mark.parametrize(
    ("known", "cost"),
    [({}, 2), ({"priced": False}, 3), ({"spot": "spot"}, 1), ({"own": OWN | {OVERHEAD: Decimal(5)}}, 5)],
)
def test_overhead_on_spot_that_the_spec_has_no_more_costs_what_the_book_says_of_spot(known, cost):
    assert orphaned(**known) == cost


@pytest.mark.parametrize(
    ("setting", "prices"),
    [
        (Setting(EIGHT), OWN),
        (Setting(None, None, SURE), OWN),
        (Setting(EIGHT, None, replace(SURE, gpus=None)), OWN),
        (Setting(EIGHT, None, SURE), {}),
        (Setting(EIGHT, None, CHEAP), {"spot": Decimal(1)}),
    ],
)
def test_nothing_is_saved_where_nobody_can_know(setting, prices):
    rented = ((CHEAP, 1),) if "spot" in prices else ((SURE, 1),)
    assert hour(*rented, setting=setting, prices=prices).savings == Savings()


@pytest.mark.parametrize("unit", [SURE, replace(SURE, gpus=None)])
def test_nothing_is_saved_where_the_gpus_of_a_replica_are_unknown(unit):
    rented = ((SURE, 1), (replace(SURE, gpus=None), 1))
    assert hour(*rented, setting=Setting(EIGHT, None, unit)).savings == Savings()


def test_the_tier_that_nobody_reclaims_is_that_of_on_demand_whatever_its_name():
    tiers = (Tier("cheap", CapacityType.SPOT), Tier("sure", CapacityType.ON_DEMAND))
    assert tariff_of(PoolSpec(1, 8, tiers=tiers), Book()).on_demand == "sure"


@pytest.mark.parametrize(
    ("place", "after", "end"),
    [
        ("UTC", "2026-11-22T12:00Z", "2026-11-23T00:00Z"),
        ("UTC", "2026-11-22T00:00Z", "2026-11-23T00:00Z"),
        ("America/New_York", "2026-11-01T04:00Z", "2026-11-02T05:00Z"),  # 25 hours
        ("America/New_York", "2026-03-08T05:00Z", "2026-03-09T04:00Z"),  # 23
        ("Pacific/Apia", "2011-12-29T12:00Z", "2011-12-30T10:00Z"),  # the next day is two further
        ("America/Havana", "2026-11-01T05:30Z", "2026-11-02T05:00Z"),  # midnight was shown an hour ago, too
        ("America/St_Johns", "2010-11-07T02:45Z", "2010-11-08T03:30Z"),  # 23:15, after midnight was shown
    ],
)
def test_rates_hold_until_midnight_of_the_zone(place, after, end):
    tariff = Tariff(Costing(timezone=place))
    assert ends(tariff, datetime.fromisoformat(after)) == datetime.fromisoformat(end)


def test_rates_hold_until_a_price_changes():
    changes = [NOON - timedelta(hours=1), NOON, NOON + timedelta(hours=2), NOON + timedelta(hours=1)]
    book = Book(tuple(Row(Decimal(1), "USD", since, gpu="H100") for since in changes))
    assert ends(Tariff(book=book), NOON) == NOON + timedelta(hours=1)
