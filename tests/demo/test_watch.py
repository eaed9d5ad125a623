import json

from demo.watch import read_change

SCALED = {"event": "scaled", "timestamp": "2026-03-02T12:00:10Z", "before": 2, "after": 3, "reason": "QueueAbove"}
NOON = 1772452800.0


def line(**entry) -> bytes:
    return json.dumps(entry).encode() + b"\n"


def test_a_change_is_told_in_trace_time():
    change = read_change(line(**SCALED, message="why"), NOON)
    assert (change.at, change.before, change.after, change.message) == (200.0, 2, 3, "why")


def test_other_lines_are_no_change():
    assert read_change(line(event="serving", address="http://127.0.0.1:1"), NOON) is None


def test_what_is_no_json_is_no_change():
    assert read_change(b"Traceback (most recent call last):\n", NOON) is None
