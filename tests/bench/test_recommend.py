from datetime import UTC, datetime

import pytest
import recommend

from fleet.trace import Bin, Trace

TRACE = Trace("even", 600, tuple(Bin(1200, 0, 0) for _ in range(6)))
CASE = recommend.Case("even", datetime(2026, 3, 2, tzinfo=UTC), "UTC")
OUTCOME = {"gpu_hours": 100.04, "cost": None, "inside": 0.99999, "changes": 3}
FOUND = {
    "windows": [{"days": "Mon-Fri", "begin": "09:00", "end": "18:00", "min_replicas": 6}],
    "because": "it is cheaper",
    "today": OUTCOME,
    "proposed": OUTCOME,
    "held_out": {"days": "the last week", "today": OUTCOME},
    "confidence": {"words": "good", "share": 0.9},
}


def test_a_trace_is_counted_minute_by_minute():
    samples = list(recommend.counted(TRACE, CASE.start))
    assert (len(samples), samples[0][0] - CASE.start.timestamp()) == (60, 60)
    assert samples[-1][1] == pytest.approx(7200, rel=0.05)


def test_a_row_says_what_was_proposed_and_what_it_came_to():
    shown = str(recommend.shaped(CASE, "8 around the clock", FOUND, 12))
    assert "even, 8 around the clock: Mon-Fri 09:00-18:00 at least 6 (12 s)" in shown
    assert "held out, today           100.0 GPU-hours a week   100.00 % inside" in shown


def test_a_trace_that_is_not_here_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("POOLKEEPER_TRACES", str(tmp_path))
    assert list(recommend.rows(CASE)) == []
    assert "no even" in "".join(capsys.readouterr())
