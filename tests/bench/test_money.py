from dataclasses import replace
from datetime import date
from decimal import Decimal
from statistics import stdev

import money
import pytest
from money import World, kind, months_of, seen_from, times, worlds
from money_weeks import CALM, MONDAY, RESTLESS, Level, dispersion, hourly, made, of_hours, replicas, week_of

from fleet.trace import Bin, Trace

STILL = Level(0, 0)
WEEK = tuple(tuple(2.0 if 8 <= hour < 18 and day < 5 else 0.5 for hour in range(24)) for day in range(7))


def trace(*days):
    """Return a trace in bins of half an hour of which each day has so many requests in each."""
    return Trace("made", 1800, tuple(Bin(load, 0, 0) for load in days for _ in range(48)))


def days(noise=0.0, level=STILL, seed=1, **changes):
    return made(WEEK, noise, level, seed, **changes)


def test_bins_become_hours():
    assert hourly(trace(3, 5)) == [6] * 24 + [10] * 24


def test_a_week_begins_on_monday_and_has_a_mean_of_one():
    week = week_of(trace(10, 20, 20, 20, 20, 20, 30), begins=6)
    assert [day[0] for day in week] == pytest.approx([1, 1, 1, 1, 1, 1.5, 0.5])


def test_weeks_that_differ_in_their_level_alone_have_no_dispersion():
    first = (10, 20, 30, 20, 10, 20, 30)
    assert dispersion(trace(*first, *(2 * load for load in first))) == pytest.approx(0, abs=1e-9)


def test_dispersion_is_what_days_differ_by():
    first, ratios = [100] * 7, [1.1, 0.9, 1.2, 0.8, 1.1, 0.9, 1]
    assert 0.08 < dispersion(trace(*first, *(round(100 * ratio) for ratio in ratios))) < 0.12


def test_days_are_the_same_in_each_run_and_others_with_another_seed():
    assert days(0.1, CALM) == days(0.1, CALM)
    assert days(0.1, CALM) != days(0.1, CALM, seed=2)


def test_half_a_year_has_its_holidays_and_spikes_on_workdays():
    odd = [day for day in days() if day.holiday or day.spike]
    assert sum(day.holiday for day in odd) == 5
    assert len(odd) == 8
    assert all(day.past.on.isoweekday() < 6 for day in odd)


def test_a_holiday_costs_what_a_sunday_does():
    found = days()
    assert {day.past.cost for day in found if day.holiday} == {found[6].past.cost}


def test_a_day_without_spot_costs_more():
    found = days()
    assert min(day.past.cost for day in found if day.spike) > found[0].past.cost


def test_noise_is_that_which_was_asked_for():
    logs = [float(day.past.cost.ln()) for day in days(0.05)[0:28:7]] + [
        float(day.past.cost.ln()) for day in days(0.05)[1:28:7]
    ]
    assert 0.01 < stdev(logs) < 0.1


def test_a_level_grows():
    mondays = [day.past.cost for day in days(level=Level(0.01, 0))[::7] if not (day.holiday or day.spike)]
    assert mondays == sorted(mondays)
    assert mondays[-1] > mondays[0]


def test_a_tenth_is_on_demand_and_one_replica_at_least():
    assert [replicas(load, spot=True) for load in (0.2, 5, 20)] == [(1, 0), (1, 4), (2, 18)]


def test_without_spot_all_is_on_demand():
    assert replicas(5, spot=False) == (5, 0)


def test_a_days_cost_is_that_of_its_hours_and_of_its_lines():
    day = of_hours(MONDAY, [(Decimal(1), Decimal(10))] * 24, holiday=False, spike=False)
    assert day.past.cost == sum(day.hours) == sum(cost for _, _, cost in day.past.lines) == 288


def test_a_days_kind_is_what_it_is():
    plain = days()[5]
    spike, holiday = replace(plain, spike=True), replace(plain, holiday=True)
    assert [kind(day) for day in (plain, days()[4], spike, holiday)] == [
        "weekends told",
        "workdays told",
        "spikes told",
        "holidays told",
    ]


def test_a_day_times_something_is_so_in_all_of_it():
    day = times(days()[0].past, Decimal(2))
    assert day.cost == sum(cost for _, _, cost in day.lines) == 2 * days()[0].past.cost


def test_whole_months_are_foretold():
    assert months_of(days()) == [date(2026, month, 1) for month in range(2, 7)]


def test_a_month_without_noise_is_foretold():
    found = [day for day in days() if not day.spike]
    assert len(found) == len(days()) - 3
    expected = seen_from(days(), date(2026, 2, 20))
    came = sum(day.past.cost for day in days() if day.past.on.month == 2)
    assert float(expected.amount) == pytest.approx(float(came), rel=0.05)


def test_a_world_is_played_into_figures(monkeypatch):
    monkeypatch.setattr(money, "SEEDS", 1)
    found = money.play(World("made", WEEK, 0.05, RESTLESS))
    assert {"workdays told, %", "+25 % missed, %", "30 days: error, %", "month, day 3: in the interval, %"} <= set(
        found
    )


def test_traces_that_are_not_there_are_told(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("POOLKEEPER_TRACES", str(tmp_path))
    assert list(worlds()) == []
    assert "is not there" in capsys.readouterr().out
