import pytest
from rich.console import Console

from demo import screen
from demo.plain import Progress
from demo.record import Change, Record


def drawn(record: Record) -> list[str]:
    return screen.frame(record).plain.split("\n")


@pytest.mark.parametrize("trace", ["azure2023_conv", "generated"])
def test_it_fits_a_terminal_of_80_by_24(record, trace):
    record.trace = trace
    record.changes = [Change(each, 2, 3, "QueueAbove", f"2 -> 3: {'word ' * 40}({'long ' * 40})") for each in range(9)]
    record.decision = {"because": "word " * 99, "next": [{"in": 3.0, "words": "word " * 99}]}
    lines = drawn(record)
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80


def test_it_has_as_many_lines_before_anything_was_seen(record):
    assert len(drawn(Record("generated"))) == len(drawn(record))


def test_what_comes_next_is_told_in_trace_time(record):
    record.decision["next"] = [{"in": 6.0, "words": "scale-down to 4"}]
    assert any("in 02:00: scale-down to 4" in line for line in drawn(record))


def test_loading_and_leaving_pods_are_counted_apart(sample, record):
    record.samples.append(sample(400, desired=3, ready=1, pods=5))
    assert any("2 loading" in line for line in drawn(record))
    assert any("2 leaving" in line for line in drawn(record))


def test_the_newest_change_stands_first(record):
    record.changes.append(Change(900, 3, 4, "QueueAbove", "3 -> 4: x (newest)"))
    assert "newest" in drawn(record)[-3]


def test_no_color_leaves_no_colour(record, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    console = Console(force_terminal=True, width=80)
    with console.capture() as said:
        console.print(screen.frame(record))
    assert "\x1b[3" not in said.get()


def test_plain_lines_tell_each_change_once(record):
    progress = Progress()
    first = list(progress.lines(record))
    assert first[0] == "04:48  2 -> 3: QueueAbove, queue 18 over 10, 0 on the way"
    assert list(progress.lines(record)) == []


def test_plain_lines_come_again_after_a_while(sample, record):
    progress = Progress()
    list(progress.lines(record))
    record.samples.append(sample(record.now + 200))
    assert [line[:5] for line in progress.lines(record)] == ["09:20"]
