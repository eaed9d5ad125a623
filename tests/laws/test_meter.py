"""A month of money, whatever happens to those who count it: to the cent what fractions say, and nothing twice."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache

import pytest

from money_oracle import Case
from poolkeeper.core.account import month_to_date
from poolkeeper.core.model import PoolSpec
from rented_world import DAY, HOUR, MINUTE, SECOND, History, Life, Shift, World, known_to, live, make, today

STARTS = {
    "America/New_York": datetime(2026, 10, 18, 12, tzinfo=UTC),  # a day of 25 hours
    "Europe/Prague": datetime(2026, 3, 14, 12, tzinfo=UTC),  # one of 23
    "Pacific/Apia": datetime(2011, 12, 14, 12, tzinfo=UTC),  # one that never was
    "America/Havana": datetime(2026, 10, 20, 12, tzinfo=UTC),  # midnight twice
}
CENT = Fraction(1, 100)
MONTHS = [
    *((place, 0) for place in STARTS),
    *(pytest.param((place, seed), marks=pytest.mark.long) for place in STARTS for seed in range(1, 6)),
]


@cache
def lived(place: str, seed: int) -> tuple[World, History, Case]:
    world = make(seed, place, STARTS[place])
    history = live(world)
    return world, history, known_to(world, history)


@pytest.fixture(params=MONTHS, ids=str)
def month(request):
    return lived(*request.param)


def test_the_ledger_adds_up_to_the_cent(month):
    _, history, case = month
    found = sum(Fraction(day.amount.cost) for day in history.days().values())
    assert abs(found - sum(case.costs().values())) < CENT


def test_each_line_of_each_day_is_right_to_the_cent(month):
    _, history, case = month
    costs, days = case.costs(), history.days()
    found = {(on, line): days[on].amount.lines[line].effective for on in days for line in days[on].amount.lines}
    assert {key for key in {*costs, *found} if abs(Fraction(found.get(key, 0)) - costs[key]) >= CENT} == set()


def test_the_month_to_date_is_that_of_the_ledger(month):
    world, history, case = month
    day = today(world, case.end)
    ledger = sum(one.amount.cost for on, one in history.days().items() if (on.year, on.month) == (day.year, day.month))
    assert month_to_date(history.account, case.end, day).cost == pytest.approx(ledger, abs=Decimal("1e-6"))


def test_what_is_remembered_of_a_day_is_what_the_ledger_has(month):
    _, history, _ = month
    past = {one.on: one.cost for one in history.account.past}
    assert len(past) >= 28
    assert past == pytest.approx({on: history.days()[on].amount.cost for on in past}, abs=Decimal("1e-4"))


def test_a_machines_parts_make_up_its_line(month):
    _, history, _ = month
    for day in history.days().values():
        unused = day.amount.lines["commitments"].effective if "commitments" in day.amount.lines else Decimal(0)
        parts = sum(part.cost for part in day.amount.machines.values())
        assert parts == pytest.approx(day.amount.cost - unused, abs=Decimal("1e-6"))


@pytest.mark.parametrize("place", STARTS)
def test_a_month_has_all_that_may_go_wrong(place):
    world, _, _ = lived(place, 0)
    ends = {(shift.stores, shift.writes) for shift in world.shifts[:-1]}
    assert ends == {(True, True), (True, False), (False, True), (False, False)}
    assert any(shift.lingers for shift in world.shifts)


def test_what_a_leader_before_still_writes_is_written_over():
    night = datetime(2026, 11, 22, tzinfo=UTC)
    month = make(0, "UTC", night - 10 * DAY)
    gone = Life("a", "on-demand", night - HOUR, night - HOUR, night - 40 * SECOND)  # seen to be gone, and not stored
    looks = [night + second * SECOND for second in (-50, -30, 0)] + [night + number * MINUTE for number in range(1, 10)]
    shifts = [
        Shift(night - 2 * HOUR, night + 3 * SECOND, stores=False, writes=False, lingers=True),
        Shift(night + 20 * SECOND, night + HOUR),
    ]
    history = live(World(PoolSpec(2, 99), [gone], month.books[:1], shifts, looks))
    past = history.account.past[-1]
    assert history.days()[past.on].amount.cost == pytest.approx(past.cost, abs=Decimal("1e-4"))
