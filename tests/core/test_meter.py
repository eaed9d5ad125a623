"""What the meter makes of two looks: what came, what went, what was seen late, and what nobody saw."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from poolkeeper.core.costing import Baseline, Commitment, Costing
from poolkeeper.core.days import NOTHING, OVERHEAD, total
from poolkeeper.core.meter import LATE, Billed, Meter, due, rests, turn, young
from poolkeeper.core.prices import Book, Place, Row
from poolkeeper.core.rates import Rental, Setting, Tariff

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
TARIFF = Tariff(Costing(prices={"on-demand": Decimal(3600)}))
"""A dollar for a GPU and a second."""
RENTAL = Rental("on-demand", Place(), Decimal(1))
NONE = Setting()


def item(uid="a", since=NOON - HOUR, rental=RENTAL):
    return Billed(uid, rental, since)


def looked(*items, at=NOON, before=Meter(), tariff=TARIFF, setting=NONE):  # noqa: B008  a frozen value
    return turn(before, items, setting, tariff, at)


def metered(*items, **changes):
    """Return the meter after a first look."""
    return looked(*items, **changes)[0]


def restarted(meter):
    """Return a meter as it comes out of the store."""
    return replace(meter, young=young(meter), billed=None, tariff=None, until=None)


def cost(*items, before, at, **changes):
    """Return what the time between two looks came to."""
    return round(total(day.amount for day in looked(*items, at=at, before=before, **changes)[1]).cost, 9)


def test_the_first_look_only_begins():
    meter, days = looked(item())
    assert (meter.at, meter.rented, days) == (NOON, ((RENTAL, 1),), ())


def test_what_is_there_at_both_looks_is_paid_for_in_between():
    assert cost(item(), before=metered(item()), at=NOON + 10 * SECOND) == 10


def test_what_came_in_between_is_paid_for_since_it_came():
    assert cost(item("b", NOON + 4 * SECOND), before=metered(), at=NOON + 10 * SECOND) == 6


def test_several_that_came_in_between_are_each_paid_for_since_they_came():
    came = (item("c", NOON + 7 * SECOND), item("b", NOON + 4 * SECOND))
    assert cost(*came, before=metered(), at=NOON + 10 * SECOND) == 6 + 3


def test_what_comes_after_the_look_is_not_paid_for_yet():
    meter, days = looked(item("b", NOON + HOUR), before=metered(), at=NOON + SECOND)
    assert (days, meter.rented) == ((), ((RENTAL, 1),))


def test_what_is_gone_is_paid_for_until_it_was_seen_to_be_gone():
    assert cost(before=metered(item()), at=NOON + 10 * SECOND) == 10


@pytest.mark.parametrize("late", [timedelta(0), SECOND, 59 * SECOND])
def test_what_had_come_before_the_last_look_and_was_seen_late_is_paid_for_since_it_came(late):
    assert cost(item("b", NOON - late), before=metered(), at=NOON + 10 * SECOND) == 10 + late // SECOND


def test_what_was_there_long_before_it_was_seen_counts_from_then_on():
    assert cost(item("b", NOON - LATE), before=metered(), at=NOON + 10 * SECOND) == 0


def test_several_seen_late_share_commitments_as_they_came():
    costing = Costing(prices=TARIFF.costing.prices, commitments=(Commitment(Decimal(1), Decimal(0)),))
    tariff = Tariff(costing)
    late = (item("c", NOON - 2 * SECOND), item("b", NOON - 5 * SECOND))
    assert cost(*late, before=metered(tariff=tariff), at=NOON + SECOND, tariff=tariff) == 2 + 1


def test_a_rental_that_turns_into_another_is_paid_for_as_what_it_was():
    dear = replace(RENTAL, gpus=Decimal(8))
    meter, days = looked(item(rental=dear), before=metered(item()), at=NOON + SECOND)
    assert (total(day.amount for day in days).cost, meter.rented) == (1, ((dear, 1),))


def test_a_time_that_goes_back_counts_nothing_twice():
    meter, days = looked(item(), before=metered(item()), at=NOON - HOUR)
    assert (meter.at, days) == (NOON, ())


def test_after_a_restart_what_was_stored_is_taken_to_have_stayed():
    assert cost(before=restarted(metered(item())), at=NOON + HOUR) == 3600


def test_after_a_restart_what_is_still_there_is_counted_once():
    assert cost(item(), before=restarted(metered(item())), at=NOON + HOUR) == 3600


def test_after_a_restart_what_had_just_come_is_counted_once():
    young = item(since=NOON - SECOND)
    assert cost(young, before=restarted(metered(young)), at=NOON + HOUR) == 3600


def test_after_a_restart_what_came_in_the_absence_is_paid_for_since_it_came():
    came = item("b", NOON + 40 * MINUTE)
    assert cost(item(), came, before=restarted(metered(item())), at=NOON + HOUR) == 3600 + 1200


def test_after_a_restart_one_more_than_was_stored_had_been_seen_late():
    late = item("b", NOON - SECOND)
    assert cost(item(), late, before=restarted(metered(item())), at=NOON + HOUR) == 3600 + 3601


def test_after_a_restart_what_had_been_seen_late_is_told_from_what_is_gone():
    late = item("b", NOON - SECOND)
    assert cost(late, before=restarted(metered(item())), at=NOON + HOUR) == 3600 + 3601


def test_who_was_young_is_known_until_the_next_look():
    meter = restarted(metered(item("b", NOON - SECOND), item()))
    assert young(meter) == {"b"}


def test_an_absence_is_told_apart():
    _, days = looked(item(), before=restarted(metered(item())), at=NOON + MINUTE)
    assert round(days[0].amount.gap, 9) == 60


@pytest.mark.parametrize("meter", [metered(item()), restarted(metered(item()))])
def test_a_short_absence_is_none(meter):
    _, days = looked(item(), before=meter, at=NOON + 30 * SECOND)
    assert days[0].amount.gap == 0


def test_time_is_cut_at_midnight_of_the_zone():
    tariff = Tariff(replace(TARIFF.costing, timezone="America/New_York"))
    _, days = looked(item(), before=metered(item(), tariff=tariff), at=NOON + 24 * HOUR, tariff=tariff)
    assert [(day.on, day.amount.cost) for day in days] == [
        (date(2026, 11, 22), 17 * 3600),
        (date(2026, 11, 23), 7 * 3600),
    ]


@pytest.mark.parametrize(
    ("place", "noon", "lengths"),
    [
        ("America/New_York", "2026-10-31T16:00Z", {"2026-10-31": 12, "2026-11-01": 25, "2026-11-02": 11}),
        ("America/New_York", "2026-03-07T17:00Z", {"2026-03-07": 12, "2026-03-08": 23, "2026-03-09": 13}),
        ("Pacific/Apia", "2011-12-29T22:00Z", {"2011-12-29": 12, "2011-12-31": 24, "2012-01-01": 12}),
    ],
)
def test_days_are_as_long_as_they_are(place, noon, lengths):
    tariff, begin = Tariff(replace(TARIFF.costing, timezone=place)), datetime.fromisoformat(noon)
    _, days = looked(item(), at=begin + 48 * HOUR, before=metered(item(), at=begin, tariff=tariff), tariff=tariff)
    assert {str(day.on): day.amount.cost / 3600 for day in days} == lengths


def book(*rows):
    return Book(tuple(Row(Decimal(price), "USD", since, gpu="H100") for price, since in rows))


H100 = replace(RENTAL, place=Place(gpu="H100"))


def test_time_is_cut_where_a_price_changes():
    tariff = Tariff(book=book((3600, NOON - HOUR), (7200, NOON + 4 * SECOND)))
    before = metered(item(rental=H100), tariff=tariff)
    assert cost(item(rental=H100), before=before, at=NOON + 10 * SECOND, tariff=tariff) == 4 + 12


def test_a_book_that_was_read_anew_counts_from_then_on():
    old, new = (Tariff(book=book((price, NOON - HOUR))) for price in (3600, 7200))
    before = metered(item(rental=H100), tariff=old)
    assert cost(item(rental=H100), before=before, at=NOON + SECOND, tariff=new) == 1


def test_a_book_that_was_read_in_an_absence_prices_all_of_it():
    old, new = (Tariff(book=book((price, NOON - HOUR))) for price in (3600, 7200))
    before = restarted(metered(item(rental=H100), tariff=old))
    assert cost(item(rental=H100), before=before, at=NOON + SECOND, tariff=new) == 2


def test_what_is_due_is_what_a_look_would_find():
    before = metered(item())
    assert due(before, NOON + 30 * HOUR) == looked(item(), before=before, at=NOON + 30 * HOUR)[1]


@pytest.mark.parametrize("meter", [Meter(), restarted(metered(item()))])
def test_nothing_is_due_before_a_look(meter):
    assert due(meter, NOON + HOUR) == ()


def test_nothing_is_due_at_the_look_itself():
    assert due(metered(item()), NOON) == ()


def test_a_meter_of_nothing_makes_no_days():
    assert looked(before=metered(), at=NOON + HOUR)[1] == ()
    assert total(()) is NOTHING


BILL = (item(),)


@pytest.mark.parametrize(
    ("changes", "rest"),
    [
        ({}, True),
        ({"now": NOON + 12 * HOUR}, False),  # midnight
        ({"billed": (item(), item("b"))}, False),
        ({"setting": Setting(cap=3)}, False),
        ({"setting": Setting(Baseline(Decimal(8)))}, False),
        ({"tariff": replace(TARIFF, book=Book(name="new"))}, False),
        ({"tariff": replace(TARIFF, costing=replace(TARIFF.costing))}, False),
    ],
)
def test_the_meter_rests_until_something_changes(changes, rest):
    tariff = replace(TARIFF, book=Book())
    known = {"billed": BILL, "setting": NONE, "tariff": tariff, "now": NOON + HOUR} | changes
    assert rests(metered(*BILL, tariff=tariff), **known) is rest


@pytest.mark.parametrize("meter", [Meter(), restarted(metered(item()))])
def test_a_meter_that_saw_nothing_does_not_rest(meter):
    assert not rests(meter, BILL, NONE, TARIFF, NOON)


def test_savings_go_on_by_what_a_replica_rents_where_none_is_left():
    before = metered(item("rest", rental=replace(RENTAL, tier=OVERHEAD)), item())
    assert metered(before=before, at=NOON + SECOND).setting.unit == RENTAL
