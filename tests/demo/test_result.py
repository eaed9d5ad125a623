import json

import pytest
from rich.console import Console

from demo.record import Record
from demo.result import result
from demo.summary import summary


def test_it_is_json(record):
    assert json.loads(json.dumps(result(record)))["samples"][1]["queue"] == 18


def test_gpu_hours_are_compared_with_the_maximum_all_the_time(record):
    hours = result(record)["gpuHours"]
    assert hours["used"] == pytest.approx((300 * 2 + 3180 * 3) / 3600)
    assert hours["savedPercent"] == pytest.approx(100 * (1 - hours["used"] / (8 * 58 / 60)))


def test_it_tells_each_change_with_its_reason(record, growth):
    told = {"at": 288.0, "from": 2, "to": 3, "reason": "QueueAbove", "message": growth.message}
    assert result(record)["changes"] == [told]


def test_nothing_seen_is_no_result():
    with pytest.raises(ValueError, match="no request"):
        result(Record("generated"))


def test_the_summary_says_what_the_document_says(record):
    console = Console(width=80)
    with console.capture() as said:
        console.print(summary(record, result(record)))
    for words in ("95.0%", "of 1,000 requests", "p95 wait", "2 -> 3", "QueueAbove", "300 s -> 15 s"):
        assert words in said.get()
