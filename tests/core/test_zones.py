"""Which instant a wall is, and how far clocks have shown."""

from datetime import UTC, datetime, timedelta

import pytest

from poolkeeper.core.zones import furthest, instant, zone

NEW_YORK, LORD_HOWE, APIA = zone("America/New_York"), zone("Australia/Lord_Howe"), zone("Pacific/Apia")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "/etc/localtime", "EST5EDT,M3.2.0", "a" * 99])
def test_an_unknown_zone_is_refused_by_name(name):
    with pytest.raises(ValueError, match="is no IANA time zone; write one, as in America/New_York or UTC"):
        zone(name)


@pytest.mark.parametrize(
    ("place", "shown", "expected"),
    [
        ("America/New_York", "2026-07-01T08:00", "2026-07-01T12:00"),
        ("America/New_York", "2026-03-08T01:59", "2026-03-08T06:59"),
        ("America/New_York", "2026-03-08T02:00", "2026-03-08T07:00"),  # the gap
        ("America/New_York", "2026-03-08T02:59", "2026-03-08T07:00"),
        ("America/New_York", "2026-03-08T03:00", "2026-03-08T07:00"),
        ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30"),  # the first of two
        ("America/New_York", "2026-11-01T02:00", "2026-11-01T07:00"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30"),  # a gap of half an hour
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45"),
        ("Pacific/Apia", "2011-12-29T23:59", "2011-12-30T09:59"),
        ("Pacific/Apia", "2011-12-30T00:00", "2011-12-30T10:00"),  # a day that never was
        ("Pacific/Apia", "2011-12-30T18:00", "2011-12-30T10:00"),
        ("Pacific/Apia", "2011-12-31T00:00", "2011-12-30T10:00"),
        ("Pacific/Chatham", "2026-09-27T03:00", "2026-09-26T14:00"),
        ("America/Sao_Paulo", "2018-11-04T00:00", "2018-11-04T03:00"),  # a midnight that never was
        ("Antarctica/Troll", "2026-03-29T02:00", "2026-03-29T01:00"),  # two hours
        ("Asia/Kathmandu", "2026-03-29T02:00", "2026-03-28T20:15"),
        ("UTC", "2026-03-29T02:00", "2026-03-29T02:00"),
    ],
)
def test_the_instant_of_a_wall(place, shown, expected):
    assert instant(wall(shown), zone(place)) == utc(expected)


@pytest.mark.parametrize(
    ("place", "now", "expected"),
    [
        (NEW_YORK, "2026-07-01T12:00", "2026-07-01T08:00"),
        (NEW_YORK, "2026-03-08T07:00", "2026-03-08T03:00"),
        (NEW_YORK, "2026-11-01T05:30", "2026-11-01T01:30"),
        (NEW_YORK, "2026-11-01T06:00", "2026-11-01T01:59:59"),  # shown before it went back
        (NEW_YORK, "2026-11-01T06:59:59", "2026-11-01T01:59:59"),
        (NEW_YORK, "2026-11-01T07:00", "2026-11-01T02:00"),
        (LORD_HOWE, "2026-04-04T15:10", "2026-04-05T01:59:59"),
        (APIA, "2011-12-30T10:00", "2011-12-31T00:00"),
    ],
)
def test_the_furthest_wall_that_was_shown(place, now, expected):
    assert furthest(utc(now), place) == wall(expected)


@pytest.mark.parametrize("place", [NEW_YORK, LORD_HOWE, APIA])
def test_neither_clock_ever_goes_back(place):
    times = [utc("2011-10-01") + number * timedelta(minutes=30) for number in range(2 * 24 * 200)]
    walls = [furthest(now, place) for now in times]
    assert walls == sorted(walls)
    assert all(instant(shown, place) <= now for shown, now in zip(walls, times, strict=True))


@pytest.mark.parametrize("now", ["1900-01-01T00:00", "1969-12-31T23:59", "2100-07-01T12:00", "2400-02-29T12:00"])
def test_far_away_years_have_walls_too(now):
    assert instant(furthest(utc(now), NEW_YORK), NEW_YORK) == utc(now)


def test_a_zone_whose_clocks_were_seconds_apart_keeps_them():
    assert instant(wall("1971-06-01T12:00"), zone("Africa/Monrovia")) == utc("1971-06-01T12:44:30")
