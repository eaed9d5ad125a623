"""A moment of the past as people write it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from poolkeeper.cli.moment import moment, shown

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)
"""A Wednesday, 13:00 in New York."""


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("now", "2026-03-04T18:00:00Z"),
        ("02:10", "2026-03-04T07:10:00Z"),
        ("2:10", "2026-03-04T07:10:00Z"),
        ("02:10:30", "2026-03-04T07:10:30Z"),
        ("14:00", "2026-03-03T19:00:00Z"),
        ("today 02:10", "2026-03-04T07:10:00Z"),
        ("yesterday 14:00", "2026-03-03T19:00:00Z"),
        ("Yesterday  02:10", "2026-03-03T07:10:00Z"),
        ("Sun 02:10", "2026-03-01T07:10:00Z"),
        ("sunday 02:10", "2026-03-01T07:10:00Z"),
        ("Wed 02:10", "2026-03-04T07:10:00Z"),
        ("Wed 14:00", "2026-02-25T19:00:00Z"),
        ("2026-03-01 02:10", "2026-03-01T07:10:00Z"),
        ("2026-03-01T02:10:05", "2026-03-01T07:10:05Z"),
        ("2026-03-01", "2026-03-01T05:00:00Z"),
        ("2026-03-01T02:10:00Z", "2026-03-01T02:10:00Z"),
        ("2026-03-01T02:10:00+09:00", "2026-02-28T17:10:00Z"),
        ("2h ago", "2026-03-04T16:00:00Z"),
        ("1h30m ago", "2026-03-04T16:30:00Z"),
    ],
)
def test_a_moment_is_the_last_that_a_text_may_mean(text, meant):
    assert moment(text, NOW, NEW_YORK).at == datetime.fromisoformat(meant)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("soon", "is no time; write 02:10"),
        ("25:10", "hours go to 23"),
        ("someday 02:10", "is no day; write"),
        ("two ago", "is no duration"),
        ("today 14:00", "is yet to come"),
        ("2026-03-05T00:00:00Z", "is yet to come: now it is Wed 2026-03-04 13:00:00 EST"),
        ("2026-02-30", "day is out of range"),
        ("", "is no time"),
    ],
)
def test_what_is_no_moment_is_told_with_what_would_be_right(text, words):
    with pytest.raises(ValueError, match=words):
        moment(text, NOW, NEW_YORK)


def test_an_hour_that_is_shown_twice_is_its_first_and_the_other_is_told():
    found = moment("2025-11-02 01:30", NOW, NEW_YORK)
    assert found.at == datetime(2025, 11, 2, 5, 30, tzinfo=UTC)
    assert found.remark.endswith("the other is 2025-11-02T06:30:00Z")


def test_an_hour_that_was_never_shown_is_the_instant_after_it_and_that_is_told():
    found = moment("2025-03-09 02:30", NOW, NEW_YORK)
    assert found.at == datetime(2025, 3, 9, 7, 0, tzinfo=UTC)
    assert "was never shown in America/New_York: the clock went on to 03:00" in found.remark


def test_an_instant_is_shown_with_its_zone():
    assert shown(NOW, NEW_YORK) == "Wed 2026-03-04 13:00:00 EST"
