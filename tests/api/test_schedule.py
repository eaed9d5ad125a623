from datetime import timedelta

import pytest

from poolkeeper.api.spec import SpecError, parse_spec
from poolkeeper.core.model import Forecast, Limits, Schedule, Window

MINIMAL = {"targetRef": {"name": "chat"}, "minReplicas": 2, "maxReplicas": 15}
OFFICE = {"name": "office", "days": "Mon-Fri", "from": "08:00", "to": "18:00", "minReplicas": 4}
CRONS = {"name": "launch", "start": "0 9 24 11 *", "end": "0 21 24 11 *", "minReplicas": 8}
EDGE = {"sources": [{"name": "edge", "prometheus": {"metric": "waiting"}}]}


def core(**changes):
    return parse_spec(MINIMAL | changes).to_core()


def schedule(*windows, **fields):
    return core(schedule={"windows": list(windows)} | fields).schedule


def window(**changes):
    (found,) = schedule({key: value for key, value in (OFFICE | changes).items() if value is not None}).windows
    return found


def crons(**changes):
    found = window(**changes)
    return found.start, found.end


def problems(schedule, **changes):
    with pytest.raises(SpecError) as caught:
        parse_spec(MINIMAL | changes | {"schedule": schedule})
    return caught.value.problems


def test_without_a_schedule_there_is_none():
    assert core().schedule is None


def test_days_and_hours_become_a_cron_pair():
    assert window() == Window("office", "0 8 * * Mon,Tue,Wed,Thu,Fri", "0 18 * * Mon,Tue,Wed,Thu,Fri", Limits(floor=4))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"days": None}, ("0 8 * * *", "0 18 * * *")),
        ({"days": "Mon,Wed"}, ("0 8 * * Mon,Wed", "0 18 * * Mon,Wed")),
        ({"days": "Sat-Mon"}, ("0 8 * * Mon,Sat,Sun", "0 18 * * Mon,Sat,Sun")),
        ({"days": "Fri-Thu"}, ("0 8 * * *", "0 18 * * *")),
        ({"days": "Sun", "from": "22:00", "to": "06:30"}, ("0 22 * * Sun", "30 6 * * Mon")),
        ({"days": "Fri", "to": "24:00"}, ("0 8 * * Fri", "0 0 * * Sat")),
        ({"days": "Fri", "from": "22:15", "to": "00:00"}, ("15 22 * * Fri", "0 0 * * Sat")),
        ({"days": None, "from": "00:00", "to": "24:00"}, ("0 0 * * *", "0 0 * * *")),
    ],
)
def test_hours_over_midnight_end_on_the_days_after(changes, expected):
    assert crons(**changes) == expected


def test_a_cron_pair_is_taken_as_it_is():
    (found,) = schedule(CRONS | {"priority": 10}).windows
    assert found == Window("launch", "0 9 24 11 *", "0 21 24 11 *", Limits(floor=8), 10)


@pytest.mark.parametrize(("percent", "replicas"), [(0, 0), (10, 2), (20, 3), (100, 15)])
def test_a_percentage_is_floor_and_cap_and_rounded_up(percent, replicas):
    assert schedule(outside={"percent": percent}).outside == Limits(replicas, replicas)


def test_a_cut_may_be_forced():
    assert window(minReplicas=None, maxReplicas=0, force=True).limits == Limits(cap=0, force=True)


def test_the_zone_is_utc_and_the_lead_time_is_learned_unless_said():
    assert schedule(CRONS) == Schedule((Window("launch", "0 9 24 11 *", "0 21 24 11 *", Limits(floor=8)),))


def test_the_zone_and_the_lead_time_may_be_said():
    found = schedule(OFFICE, timezone="Australia/Lord_Howe", leadTime="5m")
    assert (found.timezone, found.lead_time) == ("Australia/Lord_Howe", timedelta(minutes=5))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"days": "Mo-Fr"}, "spec.schedule.windows[0].days: 'Mo-Fr' are no days; write Mon, Tue"),
        ({"to": "08:00"}, "spec.schedule.windows[0]: from and to are the same; from 00:00 to 24:00 is the whole day"),
        ({"from": "24:00"}, "spec.schedule.windows[0].from: '24:00' is no time of day; write hours and minutes"),
        ({"to": "25:00"}, "spec.schedule.windows[0].to: '25:00' is no time of day; write hours and minutes"),
        ({"to": 1080}, "spec.schedule.windows[0].to: 1080 is a number; put the time of day into quotes"),
        ({"to": None}, "spec.schedule.windows[0]: give from and to, or start and end"),
        ({"start": "0 8 * * *"}, "spec.schedule.windows[0]: give from and to, or start and end"),
        ({"minReplicas": None}, "spec.schedule: without outside, a window without minReplicas"),
        ({"percent": 10}, "spec.schedule.windows[0]: percent is floor and cap at once"),
        ({"maxReplicas": 3}, "spec.schedule.windows[0]: minReplicas must not be over maxReplicas here"),
        ({"force": True}, "spec.schedule.windows[0]: force takes away what is above a cap"),
        ({"minReplicas": 16}, "spec: no minReplicas or maxReplicas of the schedule may be over the pool's maxReplicas"),
        ({"minReplicas": 0}, "spec: minReplicas 0 in the schedule needs a source besides pods, or maxReplicas 0 too"),
    ],
)
def test_a_bad_window_says_what_would_be_right(changes, problem):
    bad = {key: value for key, value in (OFFICE | changes).items() if value is not None}
    (found,) = problems({"windows": [bad]})
    assert found.startswith(problem)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"start": "0 0 9 24 11 *"}, "windows[0].start: '0 0 9 24 11 *' has 6 fields; write five"),
        ({"start": "0 9 31 2 *"}, "windows[0].start: '0 9 31 2 *' never fires: no such day exists"),
        ({"end": "0 9 * * Funday"}, "windows[0].end: '0 9 * * Funday' is no cron expression"),
        ({"end": "00 9 24 Nov *"}, "windows[0]: the ends of window launch coincide with its starts"),
        ({"days": "Mon"}, "windows[0]: days belongs to from and to; put the days into the cron expressions"),
    ],
)
def test_a_bad_cron_pair_says_what_would_be_right(changes, problem):
    (found,) = problems({"windows": [CRONS | changes]})
    assert found.startswith(f"spec.schedule.{problem}")


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        ({}, "spec.schedule: give at least one window, or outside"),
        ({"windows": [OFFICE, OFFICE]}, "spec.schedule: window names must differ"),
        ({"windows": [OFFICE], "leadTime": "24h1s"}, "spec.schedule: leadTime must be at most 24h"),
        ({"windows": [OFFICE], "leadTime": "soon"}, "spec.schedule.leadTime: 'soon' is no duration"),
        ({"windows": [OFFICE], "timezone": "Mars/Base"}, "spec.schedule.timezone: 'Mars/Base' is no IANA time zone"),
        ({"outside": {}}, "spec.schedule.outside: give minReplicas, maxReplicas or percent"),
        ({"outside": {"maxReplicas": 16}}, "spec: no minReplicas or maxReplicas of the schedule may be over"),
    ],
)
def test_a_bad_schedule_says_what_would_be_right(schedule, problem):
    (found,) = problems(schedule)
    assert found.startswith(problem)


def test_a_window_beside_bounds_outside_needs_none_of_its_own():
    bare = {"name": "office", "from": "08:00", "to": "18:00"}
    assert schedule(windows=[bare], outside={"percent": 10}).windows[0].limits == Limits()


def test_nights_may_be_off_for_the_schedule_ends_them():
    assert schedule(outside={"minReplicas": 0, "maxReplicas": 0}).outside == Limits(0, 0)


def test_zero_replicas_are_fine_where_somebody_else_knows_the_queue():
    assert core(queue=EDGE, schedule={"outside": {"minReplicas": 0}}).schedule.outside == Limits(floor=0)


@pytest.mark.parametrize("forecast", [None, {}, {"enabled": False}])
def test_nothing_is_forecast_unless_it_is_asked_for(forecast):
    assert core(forecast=forecast).forecast is None


def test_a_forecast_looks_back_four_weeks_for_nine_of_ten():
    assert core(forecast={"enabled": True}).forecast == Forecast(0.9, timedelta(days=28))


@pytest.mark.parametrize("history", ["335h59m", "1344h1s"])
def test_a_forecast_needs_weeks_but_not_months(history):
    with pytest.raises(SpecError, match=r"spec\.forecast: history must be from 336h to 1344h"):
        parse_spec(MINIMAL | {"forecast": {"history": history}})
