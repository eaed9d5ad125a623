"""A schedule in words; its lines in `explain` are in test_show.py."""

from dataclasses import replace

import pytest

from builders import at, published
from poolkeeper.api.windows import explained_bounds
from poolkeeper.cli.windows import lines, moment, notes
from poolkeeper.core.model import Forecast, Limits, PodsSource, PrometheusSource, Schedule, Window
from poolkeeper.core.schedule import Bounds, Edge, Transition
from poolkeeper.core.zones import zone

OFFICE = Window("office", "0 8 * * *", "0 18 * * *", Limits(floor=4))
LAUNCH = Window("launch", "0 9 24 11 *", "0 21 24 11 *", Limits(8, 8), priority=10)
ALWAYS = Window("always", "0 0 * * *", "0 0 * * *", Limits(floor=3), priority=5)

NOON = {"name": "noon", "from": "12:00", "to": "13:00", "minReplicas": 5}
DAY = {"name": "day", "from": "08:00", "to": "18:00", "minReplicas": 6}


def told(*windows, **changes):
    return notes(published(schedule=Schedule(windows, "America/New_York", **changes)), at(0))


def told_lines(windows=(NOON,), **bounds):
    spec = {"targetRef": {"name": "chat"}, "minReplicas": 2, "maxReplicas": 8}
    spec["schedule"] = {"timezone": "UTC", "windows": list(windows)}
    return dict(lines(spec, explained_bounds(Bounds(**{"floor": 2, "cap": 8} | bounds))))


@pytest.mark.parametrize(
    ("second", "place", "words"),
    [
        (0, "UTC", "Mon 2 Mar 12:00 UTC"),
        (0, "America/New_York", "Mon 2 Mar 07:00 EST (12:00Z)"),
        (0, "Pacific/Auckland", "Tue 3 Mar 01:00 NZDT (Mon 2 Mar 12:00Z)"),
    ],
)
def test_an_instant_is_told_with_the_day_of_utc_where_it_is_another(second, place, words):
    assert moment(at(second), zone(place)) == words


def test_a_window_that_has_no_end_is_in_force_for_ever():
    assert told_lines(window="always")["window"] == "always, 2 to 8 replicas, for ever"


def test_force_is_told():
    assert "2 to 8 replicas, and what is above goes at once" in told_lines(force=True)["window"]


def test_what_is_in_force_now_stands_before_what_comes():
    found = told_lines(next=Transition(at(0), "noon", Edge.START))
    assert found["window"] == "none, 2 to 8 replicas; from Mon 2 Mar 12:00 UTC noon: 5 to 8 replicas"


def test_after_the_last_window_comes_none():
    found = told_lines(window="noon", floor=5, next=Transition(at(3600), "noon", Edge.END))
    assert found["window"] == "noon, 5 to 8 replicas; from Mon 2 Mar 13:00 UTC none: 2 to 8 replicas"


def test_a_window_that_outlasts_the_next_transition_says_so():
    found = told_lines([NOON, DAY], window="day", floor=6, next=Transition(at(0), "noon", Edge.START))
    assert found["window"] == "day, 6 to 8 replicas, at least until Mon 2 Mar 12:00 UTC"


def test_of_a_spec_that_cannot_be_read_only_the_instant_is_told():
    found = told_lines([{"name": "noon"}], window="noon", next=Transition(at(0), "noon", Edge.END))
    assert found["window"] == "noon, 2 to 8 replicas, until Mon 2 Mar 12:00 UTC"


def test_pre_warming_for_no_window_is_told_too():
    assert told_lines(leads_to=at(300))["lead"] == "0s (auto); pre-warming for what holds from Mon 2 Mar 12:05 UTC"


def test_the_next_three_transitions_are_noted():
    assert told(OFFICE, outside=Limits(1, 1)) == [
        "window office starts Mon 2 Mar 08:00 EST (13:00Z): 4 to 8 replicas",
        "window office ends Mon 2 Mar 18:00 EST (23:00Z): 1 replica",
        "window office starts Tue 3 Mar 08:00 EST (13:00Z): 4 to 8 replicas",
    ]


def test_another_year_is_told():
    years = [note.partition(" EST")[0] for note in told(LAUNCH)]
    assert years == [
        "window launch starts Tue 24 Nov 09:00",
        "window launch ends Tue 24 Nov 21:00",
        "window launch starts Wed 24 Nov 2027 09:00",
    ]


def test_a_zone_without_summer_time_is_noted():
    note = "timezone EST has no summer time; where clocks change, write a place, as in America/New_York"
    assert note in notes(published(schedule=Schedule((OFFICE,), "EST")), at(0))


@pytest.mark.parametrize(("source", "notes_of_it"), [(PodsSource("pods"), 0), (PrometheusSource("edge"), 1)])
def test_a_forecast_that_no_source_feeds_is_noted(source, notes_of_it):
    spec = published(forecast=Forecast(), queue={"sources": (source,)})
    assert len(notes(spec, at(0))) == notes_of_it


def test_a_pool_without_a_schedule_has_no_notes():
    assert notes(published(), at(0)) == []


@pytest.mark.parametrize("cover", [replace(OFFICE, name="cover", priority=1), replace(ALWAYS, name="cover")])
def test_a_window_that_another_surely_covers_is_noted(cover):
    assert told(OFFICE, cover)[-1] == "window office never counts: cover covers it"


@pytest.mark.parametrize("other", [LAUNCH, replace(OFFICE, name="same"), replace(ALWAYS, priority=0)])
def test_a_window_that_may_count_is_not_noted(other):
    assert not [note for note in told(OFFICE, other) if "never counts" in note]
