"""Sums of days."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from poolkeeper.core.days import NOTHING, Amount, Day, Line, Savings, Use, hours, month_of, next_month, noted, total

TODAY = date(2026, 11, 22)


def spent(cost, tier="spot"):
    return Amount({tier: Line(effective=Decimal(cost))})


def test_a_microsecond_is_a_microsecond():
    assert hours(timedelta(hours=1)) - hours(timedelta(hours=1, microseconds=-1)) == pytest.approx(
        Decimal("2.7778e-10")
    )


def test_amounts_add_up_line_by_line():
    whole = total([spent(1), spent(2), spent(4, "on-demand")])
    assert {name: line.effective for name, line in whole.lines.items()} == {"spot": 3, "on-demand": 4}
    assert whole.cost == 7


def test_every_part_of_a_line_is_added_and_grows_with_time():
    line = Line(*map(Decimal, range(1, 10)))
    assert line + line == line * Decimal(2)


def test_every_part_of_use_is_added():
    assert Use(1, 2, 3, 4, 5) + Use(1, 1, 1, 1, 1) == Use(2, 3, 4, 5, 6)


def test_savings_add_up_by_cause_and_grow_with_time():
    saved = Savings(Decimal(1), Decimal(2), Decimal(3), Decimal(10))
    assert saved + saved == saved * Decimal(2)
    assert saved.total == 6


@pytest.mark.parametrize(("one", "two", "both"), [(None, None, None), (1, None, 1), (None, 2, 2), (1, 2, 3)])
def test_a_baseline_that_nobody_knows_adds_nothing(one, two, both):
    assert (Savings(baseline=one) + Savings(baseline=two)).baseline == both


def test_a_baseline_that_nobody_knows_stays_unknown():
    assert (Savings() * Decimal(2)).baseline is None


def test_the_part_that_nobody_saw_adds_up():
    assert (Amount(gap=Decimal(1)) + Amount(gap=Decimal(2))).gap == 3


def test_gpu_hours_without_a_price_add_up():
    assert Amount({"a": Line(unpriced=Decimal(1)), "b": Line(unpriced=Decimal(2))}).unpriced == 3


def test_replica_hours_of_unknown_gpus_add_up():
    parts = Line(uncounted=Decimal(1)) + Line(uncounted=Decimal(2)) * Decimal(2)
    assert Amount({"a": parts, "b": Line(uncounted=Decimal(2))}).uncounted == 7


@pytest.mark.parametrize(
    ("line", "whole"),
    [(Line(effective=Decimal(1)), True), (Line(unpriced=Decimal(1)), False), (Line(uncounted=Decimal(1)), False)],
)
def test_an_amount_is_whole_where_all_of_its_gpus_are_known_and_priced(line, whole):
    assert Amount({"a": Line(), "b": line}).whole is whole


def test_days_are_kept_in_order():
    days = noted(noted((Day(TODAY, spent(1)),), TODAY - timedelta(days=1), spent(2)), TODAY, spent(4))
    assert [(day.on, day.amount.cost) for day in days] == [(TODAY - timedelta(days=1), 2), (TODAY, 5)]


def test_nothing_together_is_nothing():
    assert total([]) == NOTHING


@pytest.mark.parametrize(
    ("on", "after"), [(date(2026, 12, 31), date(2027, 1, 1)), (date(2027, 1, 1), date(2027, 2, 1))]
)
def test_a_month_ends_where_the_next_begins(on, after):
    assert (month_of(on).day, next_month(on)) == (1, after)
