from datetime import timedelta

import forecast
import pytest
from forecast import MADE, Row, by_minute, least, made, measured, play, shape, stretches

from builders import at
from fleet.trace import Bin, Trace

RATES = [(at(0), 8.0), (at(600), 16.0), (at(1200), 0.0)]


def test_a_trace_becomes_requests_a_second_and_ends():
    trace = Trace("two", 600, (Bin(4800, 0, 0), Bin(9600, 0, 0)))
    assert measured(trace, at(0)) == RATES


def test_minutes_are_noisy_and_the_same_in_each_run():
    traffic = list(by_minute(RATES))
    assert traffic == list(by_minute(RATES))
    assert [at for at, _ in traffic] == [RATES[0][0] + timedelta(minutes=minute) for minute in range(21)]
    assert sum(rate for _, rate in traffic[:10]) / 10 == pytest.approx(8, rel=0.05)


def test_the_least_capacity_is_whole_replicas_and_never_none():
    assert least([(at(0), 0), (at(3600), 8), (at(7200), 8.1), (at(10800), 0)], 8) == pytest.approx(1 + 1 + 2)


@pytest.mark.parametrize(("hour", "rate"), [(7.9, 4), (8, 64), (12.5, 49), (20, 16), (2.25, 39), (23.5, 4)])
def test_a_made_workday_has_hours_and_a_batch_at_night(hour, rate):
    assert shape(is_workday=True, hour=hour) == rate


def test_a_made_weekend_is_quiet():
    assert shape(is_workday=False, hour=10) == 13


def test_two_weeks_are_made_the_same_in_each_run():
    assert made() == made()
    assert made()[-1][0] - made()[0][0] == timedelta(days=14)


def test_a_stretch_is_played_into_a_row():
    row = play("steady", [(at(0), 8.0), (at(1800), 0.0)], "on")
    assert (row.trace, row.floor) == ("steady", "on")
    assert 50 < row.inside_percent <= 100
    assert row.gpu_hours > 0


def test_a_trace_that_is_not_there_is_said(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("POOLKEEPER_TRACES", str(tmp_path))
    assert [name for name, _ in stretches()] == [MADE]
    assert "servegen_m_small.csv.gz is not there" in capsys.readouterr().out


def test_a_row_is_a_line_under_the_header():
    line = Row("x", "on", 99.5, 99.9, 1000.0, 1.2, 7).line()
    assert line.split() == ["x", "on", "99.500%", "99.900%", "1000.0", "1.200", "7"]
    assert len(line) == len(forecast.HEADER)
