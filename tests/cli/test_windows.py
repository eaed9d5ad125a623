"""A schedule in words; its lines in `explain` are in test_show.py."""

from dataclasses import replace

import pytest

from builders import at, published
from poolkeeper.api.windows import explained_bounds
from poolkeeper.cli.windows import lines, moment, notes
from poolkeeper.core.model import Limits, Schedule, Window
from poolkeeper.core.schedule import Bounds
from poolkeeper.core.zones import zone

OFFICE = Window("office", "0 8 * * *", "0 18 * * *", Limits(floor=4))
LAUNCH = Window("launch", "0 9 24 11 *", "0 21 24 11 *", Limits(8, 8), priority=10)
ALWAYS = Window("always", "0 0 * * *", "0 0 * * *", Limits(floor=3), priority=5)


def told(*windows, **changes):
    return notes(published(schedule=Schedule(windows, "America/New_York", **changes)), at(0))


def told_lines(**bounds):
    return list(lines({"timezone": "UTC"}, explained_bounds(Bounds(**{"floor": 2, "cap": 8} | bounds))))


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
    assert told_lines(window="always")[0] == "window  always for ever, 2 to 8 replicas"


def test_force_is_told():
    assert told_lines(force=True)[0].endswith("2 to 8 replicas; what is above goes at once")


def test_pre_warming_for_no_window_is_told_too():
    (_, lead) = told_lines(leads_to=at(300))
    assert lead == "lead    0s (auto); pre-warming for what holds from Mon 2 Mar 12:05 UTC"


def test_the_next_three_transitions_are_noted():
    assert told(OFFICE, outside=Limits(1, 1)) == [
        "window office starts Mon 2 Mar 08:00 EST (13:00Z): 4 to 8 replicas",
        "window office ends Mon 2 Mar 18:00 EST (23:00Z): 1 replica",
        "window office starts Tue 3 Mar 08:00 EST (13:00Z): 4 to 8 replicas",
    ]


def test_a_pool_without_a_schedule_has_no_notes():
    assert notes(published(), at(0)) == []


@pytest.mark.parametrize("cover", [replace(OFFICE, name="cover", priority=1), replace(ALWAYS, name="cover")])
def test_a_window_that_another_surely_covers_is_noted(cover):
    assert told(OFFICE, cover)[-1] == "window office never counts: cover covers it"


@pytest.mark.parametrize("other", [LAUNCH, replace(OFFICE, name="same"), replace(ALWAYS, priority=0)])
def test_a_window_that_may_count_is_not_noted(other):
    assert not [note for note in told(OFFICE, other) if "never counts" in note]
