"""Cron expressions as they are read, and the words for those that are not."""

from datetime import datetime

import pytest

from poolkeeper.core.cron import CronError, check, coming, firings, following, last, never_ends


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def days(expression: str, since: str, count: int) -> list[str]:
    """Return the next days on which an expression fires."""
    coming = firings(expression, wall(since))
    return [next(coming).strftime("%m-%d") for _ in range(count)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 9 * * Mon-Fri", ["01-01", "01-02", "01-05"]),
        ("0 9 * * 0", ["01-04", "01-11", "01-18"]),
        ("0 9 * * 7", ["01-04", "01-11", "01-18"]),
        ("0 9 * * Fri-Mon", ["01-02", "01-03", "01-04"]),
        ("0 9 L * *", ["01-31", "02-28", "03-31"]),
        ("0 9 31 * *", ["01-31", "03-31", "05-31"]),
        ("0 9 * * L5", ["01-30", "02-27", "03-27"]),
        ("0 9 * * 1#2", ["01-12", "02-09", "03-09"]),
        ("0 9 * * mon#5", ["03-30", "06-29", "08-31"]),
        ("0 9 ? * 1", ["01-05", "01-12", "01-19"]),
        ("0 9 29 2 *", ["02-29", "02-29", "02-29"]),
    ],
)
def test_the_days_of_an_expression(expression, expected):
    assert days(expression, "2026-01-01", 3) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 9 10 * Mon", ["01-05", "01-10", "01-12"]),
        ("0 9 L * Fri", ["01-02", "01-09", "01-16"]),
        ("0 9 1,15 * L5", ["01-01", "01-15", "01-30"]),
        ("0 9 1 * 1#2", ["01-01", "01-12", "02-01"]),
        ("0 9 30 2 1#1", ["02-02", "02-01", "02-07"]),
    ],
)
def test_where_both_days_are_restricted_either_fires(expression, expected):
    assert days(expression, "2026-01-01", 3) == expected


def test_the_last_firing_may_be_this_very_minute():
    assert last("0 9 * * *", wall("2026-01-02T09:00")) == wall("2026-01-02T09:00")


def test_the_last_firing_may_be_years_ago():
    assert last("0 9 29 2 *", wall("2027-06-01")) == wall("2024-02-29T09:00")


def test_the_following_firing_is_never_this_minute():
    assert following("0 9 * * *", wall("2026-01-02T09:00")) == wall("2026-01-03T09:00")


@pytest.mark.parametrize("search", [last, following])
def test_what_never_fires_is_not_found(search):
    assert search("0 9 30 2 *", wall("2026-01-01")) is None


def test_firings_of_what_never_fires_are_none():
    assert list(firings("0 9 30 2 *", wall("2026-01-01"))) == []


@pytest.mark.parametrize("expression", ["0 9 * * Mon-Fri", "*/15 * * * *", "0 9 L * *", "0 9 29 2 *", "0 9 ? * 1#2"])
def test_what_fires_is_accepted(expression):
    check(expression)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("0 9 30 2 *", "never fires: no such day exists"),
        ("0 9 31 4,6,9,11 *", "never fires: no such day exists"),
        ("0 0 9 * * *", "has 6 fields; write five: minute hour .*, without seconds or years"),
        ("0 0 9 * * * 2026", "has 7 fields; .*, without seconds or years"),
        ("@daily", "has 1 fields; write five"),
        ("", "has 0 fields; write five"),
        ("@ 9 * * *", "write five"),
        ("R 9 * * *", "holds R or H, a minute that is drawn"),
        ("R(0-30) 9 * * *", "holds R or H"),
        ("h/15 9 * * *", "holds R or H"),
        ("60 9 * * *", "is no cron expression: .*out of range"),
        ("0 24 * * *", "is no cron expression: .*out of range"),
        ("0 9 * * 8", "is no cron expression"),
        ("0 9 * * 5L", "is no cron expression"),
        ("0 9 * * 1,L5", "is no cron expression: .*mixing"),
        ("*/0 9 * * *", "is no cron expression: .*step"),
        ("nine o'clock in the morning", "is no cron expression"),
    ],
)
def test_what_is_refused_says_why(expression, words):
    with pytest.raises(CronError, match=words):
        check(expression)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("0 9 * * *", "0  9 * * *"),
        ("0 9 * * Mon-Fri", "00 9 ? 1-12 1-5"),
        ("0 9 * * 0", "0 9 * * 7"),
        ("*/30 * * * *", "0,30 0-23 * * *"),
        ("0 9 31 * *", "0 9 31 1,3,5,7,8,10,12 *"),
        ("0 9 * * *", "0 9 * * Mon-Fri"),
        ("0 8 * * *", "0 8 L * *"),
        ("0 0 29 2 *", "0 0 * 2 Mon#5"),
        ("0 0 * * *", "0 0 29 2 *"),
    ],
)
def test_a_window_all_of_whose_ends_fall_on_its_starts_never_ends(start, end):
    assert never_ends(start, end)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("0 9 * * *", "0 18 * * *"),
        ("0 9 * * Mon-Fri", "0 9 * * *"),
        ("0 0 * 1-11 *", "0 0 * * *"),
        ("* 0-22 * * *", "* * * * *"),
        ("0 9 31 * *", "0 9 L * *"),
        ("0 0 * * *", "0 18 29 2 *"),
        ("0 9 29 2 *", "0 18 29 2 *"),
    ],
)
def test_a_window_one_of_whose_ends_stands_alone_ends(start, end):
    assert not never_ends(start, end)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("0 17,20 * * *", "0 9,17 * * *", "2026-01-01T20:00"),
        ("0 0 * * *", "0 0 * 1-10 *", "2026-11-01T00:00"),
        ("* * * * *", "* 0-5 * * *", "2026-01-01T06:00"),
        ("* * * * *", "* * 1-30 * *", "2026-01-31T00:00"),
        ("0 18 * * *", "0 8 * * *", "2026-01-01T18:00"),
    ],
)
def test_a_firing_that_stands_alone_is_found_behind_those_that_do_not(one, other, expected):
    assert coming(one, wall("2026-01-01"), other) == wall(expected)


def test_a_firing_of_today_that_has_passed_is_none_to_come():
    assert coming("0 9 * * *", wall("2026-01-01T09:00"), "0 8 * * *") == wall("2026-01-02T09:00")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [("*/20 * * * *", "2026-01-30T18:20"), ("0 9,18 * * L5", "2026-02-27T09:00"), ("0 18 30 1 *", "2027-01-30T18:00")],
)
def test_the_firing_to_come_is_the_one_that_follows(expression, expected):
    now = wall("2026-01-30T18:00:30")
    assert coming(expression, now) == following(expression, now) == wall(expected)


def test_firings_that_always_fall_on_another_never_stand_alone():
    assert coming("0 0 * * *", wall("2026-01-01"), "* * * * *") is None


def test_what_never_fires_has_nothing_to_come():
    assert coming("0 0 30 2 *", wall("2026-01-01")) is None


def test_a_day_that_comes_once_in_four_years_is_found_after_its_last_time():
    assert coming("0 9 29 2 *", wall("2028-02-29T09:00")) == wall("2032-02-29T09:00")
