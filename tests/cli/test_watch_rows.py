"""What the live view shows of rows that were fetched."""

from datetime import UTC, datetime, timedelta

import pytest

from poolkeeper.cli.watch_detail import detail
from poolkeeper.cli.watch_feed import News
from poolkeeper.cli.watch_queue import KEPT, Sample, bar, line, remembered
from poolkeeper.cli.watch_rows import Choice, chosen, mood, upcoming
from poolkeeper.cli.watch_table import Seen, grid

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ROW = {
    "namespace": "inference",
    "name": "chat",
    "mode": "Active",
    "queue": 12.0,
    "desired": 5,
    "ready": 3,
    "spot": {"desired": 3, "ready": 1},
    "tiers": [{"name": "spot", "desired": 3, "ready": 1}, {"name": "on-demand", "desired": 2, "ready": 2}],
    "min": 2,
    "max": 8,
    "window": None,
    "turn": None,
    "slo": "98.8%",
    "cost": {"currency": "USD", "perHour": "8.70", "monthToDate": "812.34"},
    "observe": None,
    "pin": None,
    "override": None,
    "peer": None,
    "reason": "QueueAbove",
    "because": "the queue is long",
    "next": None,
    "troubles": [],
    "createdAt": "2026-03-01T10:00:00Z",
}
CODE = ROW | {"name": "code", "queue": 40.0, "cost": None, "reason": "Steady"}
RERANK = ROW | {"namespace": "search", "name": "rerank", "mode": "Paused", "queue": None, "reason": "Paused"}
ROWS = [RERANK, CODE, ROW]


def named(rows):
    return [row["name"] for row in rows]


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        (Choice(), ["chat", "code", "rerank"]),
        (Choice(namespace="search"), ["rerank"]),
        (Choice(text="PAUSED"), ["rerank"]),
        (Choice(text="inference steady"), ["code"]),
        (Choice(text="nothing such"), []),
        (Choice(order="queue"), ["code", "chat", "rerank"]),
        (Choice(order="cost"), ["chat", "rerank", "code"]),
    ],
)
def test_a_choice_of_pools(choice, names):
    assert named(chosen(ROWS, choice)) == names


def test_troubles_first():
    sick = CODE | {"troubles": ["Priced PriceUnknown: spot"]}
    assert named(chosen([ROW, sick], Choice(order="trouble"))) == ["code", "chat"]


def test_the_orders_come_round():
    choice = Choice()
    seen = [choice := choice.sorted_next() for _ in range(5)]
    assert [one.order for one in seen] == ["queue", "cost", "trouble", "age", "name"]


def test_the_namespaces_come_round():
    choice = Choice()
    seen = [choice := choice.next_namespace(ROWS) for _ in range(3)]
    assert [one.namespace for one in seen] == ["inference", "search", ""]


def test_a_namespace_whose_last_pool_is_gone_gives_way_to_all():
    assert Choice(namespace="gone").next_namespace(ROWS).namespace == ""


def later(seconds):
    return (NOW + timedelta(seconds=seconds)).isoformat()


NEXT = {"at": later(65), "words": "scale-down to 4"}
TURN = {"at": later(3600), "window": "office", "edge": "start"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ""),
        ({"next": NEXT}, "1m5s: scale-down to 4"),
        ({"turn": TURN}, "1h: window office starts"),
        ({"turn": TURN, "override": {"summary": "min 6", "until": later(60)}}, "1m: override ends"),
        ({"pin": {"replicas": 6, "counts": True, "until": later(60)}}, "1m: pin ends"),
        ({"pin": {"replicas": 6, "counts": False, "until": later(60)}}, ""),
        ({"next": NEXT | {"at": later(-1)}}, ""),
    ],
)
def test_what_comes_next_is_the_soonest_that_is_yet_to_come(changes, words):
    assert upcoming(ROW | changes, NOW) == words


@pytest.mark.parametrize(
    ("changes", "feeling"),
    [
        ({"reason": "Steady", "desired": 3}, "well"),
        ({}, "news"),
        ({"mode": "Observe"}, "still"),
        ({"mode": "Paused", "troubles": ["Priced PriceUnknown: spot"]}, "bad"),
    ],
)
def test_what_a_pool_looks_like(changes, feeling):
    assert mood(ROW | changes) == feeling


TEN = timedelta(seconds=10)


def test_a_queue_that_is_not_empty_is_never_drawn_as_empty():
    trail = [Sample(NOW - TEN, 1), Sample(NOW, 10_000)]
    assert line(trail, NOW, 2, TEN) == "▂█"


def test_a_queue_that_was_not_known_is_blank():
    assert line([Sample(NOW - TEN, 5), Sample(NOW, None)], NOW, 2, TEN) == "█ "


def test_a_trail_forgets_what_is_old_and_pools_that_are_gone():
    trails = {("inference", "chat"): [Sample(NOW - KEPT - TEN, 1), Sample(NOW - TEN, 2)], ("a", "gone"): []}
    made = remembered(trails, [ROW], NOW)
    assert {key: [one.queue for one in trail] for key, trail in made.items()} == {("inference", "chat"): [2, 12.0]}


@pytest.mark.parametrize(
    ("changes", "drawn"),
    [
        ({"max": 8}, "███▒▒···"),
        ({"max": 100, "desired": 1, "ready": 1}, "█·········"),
        ({"desired": None, "ready": None}, "········"),
        ({"max": 4}, "███▒▒"),
    ],
)
def test_a_size_as_a_bar(changes, drawn):
    assert bar(ROW | changes, 10) == drawn


def seen(*rows):
    return Seen(rows, remembered({}, rows, NOW), NOW)


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_the_table_is_as_wide_as_the_screen_at_most(width):
    made = grid(seen(ROW | {"next": NEXT}, CODE, RERANK), width)
    assert sum(2 + one for one in made.headings.values()) <= width


@pytest.mark.parametrize("width", [60, 140])
def test_each_column_is_as_wide_as_what_stands_in_it(width):
    made = grid(seen(ROW, CODE, RERANK), width)
    cut = [
        cell
        for cells in made.cells.values()
        for cell, room in zip(cells, made.headings.values(), strict=True)
        if len(cell) > room
    ]
    assert cut == []


def test_the_name_the_size_and_the_queue_are_always_there():
    assert list(grid(seen(ROW), 20).headings) == ["POOL", "SIZE", "QUEUE"]


def test_a_column_that_says_nothing_of_any_pool_is_not_there():
    assert "NEXT" not in grid(seen(ROW), 300).headings


def test_the_pane_tells_what_the_table_had_no_room_for():
    row = ROW | {"next": NEXT, "troubles": ["Priced PriceUnknown: spot has no price"], "window": "office"}
    text = detail(row, seen(row), 78).plain
    words = (
        "Active",
        "1d2h old",
        "the queue is long",
        "spot 1 of 3",
        "98.8%",
        "8.70 USD",
        "812.34",
        "office",
        "in 1m5s",
    )
    assert [one for one in (*words, "PriceUnknown") if one not in text] == []


@pytest.mark.parametrize("width", [30, 50, 80])
def test_the_pane_is_as_wide_as_the_screen_at_most(width):
    row = ROW | {"because": "of a reason that goes on " * 9}
    assert max(map(len, detail(row, seen(row), width).plain.splitlines()[1:])) <= width


LATER = NOW + timedelta(seconds=40)
FRESH = News().looked([ROW], NOW, answered=True)


@pytest.mark.parametrize(
    ("news", "words"),
    [
        (News(), "looking ..."),
        (News().failed("refused"), "no answer yet, trying again: refused"),
        (FRESH, "stale since 12:00:00Z (40s), trying again: no answer yet"),
        (FRESH.looked([ROW], LATER, answered=True), "live at 12:00:40Z"),
        (FRESH.failed("refused"), "stale since 12:00:00Z (40s), trying again: refused"),
        (FRESH.failed("refused").looked([ROW], LATER, answered=True), "live at 12:00:40Z"),
    ],
)
def test_how_fresh_it_is(news, words):
    assert news.standing(LATER) == words


def test_since_when_no_operator_answers():
    news = FRESH.looked([ROW], NOW, answered=False).looked([ROW], NOW + TEN, answered=False)
    assert news.standing(NOW + TEN).startswith("no operator answers since 12:00:00Z")
