from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolkeeper.api.units import format_duration, format_instant, parse_duration, parse_instant


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("30s", timedelta(seconds=30)),
        ("1h30m", timedelta(minutes=90)),
        ("500ms", timedelta(milliseconds=500)),
        ("1m1ms", timedelta(seconds=60, milliseconds=1)),
    ],
)
def test_reads_durations_as_kubernetes_writes_them(text, duration):
    assert parse_duration(text) == duration


@pytest.mark.parametrize("text", ["", "5 minutes", "1.5h", "-3s", "10", "1d", "1h1h1h1h1h", "3s\n"])
def test_says_what_a_duration_looks_like(text):
    with pytest.raises(ValueError, match="is no duration; write hours"):
        parse_duration(text)


@given(st.integers(0, 99_999 * 3_600_000))
def test_durations_survive_a_round_trip(milliseconds):
    duration = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(duration)) == duration


@given(st.datetimes(timezones=st.just(UTC)))
def test_instants_survive_a_round_trip(instant):
    assert parse_instant(format_instant(instant)) == instant


def test_instants_are_written_in_utc():
    assert format_instant(datetime(2026, 3, 8, 7, 30, tzinfo=UTC)) == "2026-03-08T07:30:00Z"


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="has no time zone"):
        parse_instant("2026-03-08T07:30:00")
