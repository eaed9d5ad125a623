import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace as Known
from typing import Any

import pytest
from soak_clock import Board
from soak_operator import COUNTED, counting, held, hurrying, moved, noting, sleeping

from poolkeeper.shell.agenda import Agenda


class Slept:
    """A sleep that takes no time, and a time that moves by what is slept and by `pace` besides."""

    def __init__(self, pace: float = 0.0) -> None:
        self.now, self.pace, self.naps = 0.0, pace, list[float]()

    async def sleep(self, delay: float, result: object = None) -> object:
        self.naps.append(delay)
        self.now += delay + self.pace
        return result


def slept(delay: float, pace: float = 0.0) -> Slept:
    found = Slept(pace)
    asyncio.run(sleeping(lambda: found.now, found.sleep)(delay))
    return found


def test_a_short_sleep_is_as_long_as_it_was_asked_to_be():
    assert slept(5.0, pace=1000.0).naps == [5.0]


def test_a_long_sleep_ends_when_the_moved_time_has_come():
    assert len(slept(86_400.0, pace=43_200.0).naps) == 3


def test_a_long_sleep_is_not_cut_short():
    assert slept(60.0).now >= 60.0


def test_a_sleep_hands_on_its_result():
    found = Slept()
    assert asyncio.run(sleeping(lambda: found.now, found.sleep)(1.0, "done")) == "done"


def test_the_moved_time_is_ahead_by_the_board_s_offset(tmp_path):
    board = Board(tmp_path / "board")
    before = moved(board)()
    board.write("offset", 3600)
    assert 3600 <= moved(board)() - before < 3700


async def looking(_: object, pool: Any, leap: Callable[[], None] = lambda: None) -> None:
    leap()


def looked(board: Board, *pools: str, leap: Callable[[], None] = lambda: None) -> Board:
    """Return the board after looks at pools, in the last of which the date leaps."""
    look = counting(board, looking)

    async def run() -> None:
        for uid in pools[:-1]:
            await look(None, Known(uid=uid))
        await look(None, Known(uid=pools[-1]), leap)

    asyncio.run(run())
    return board


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(tmp_path / "board")


def test_a_look_is_counted_when_it_is_over(board):
    counts: list[int] = []
    looked(board, "u1", leap=lambda: counts.append(board.read().looks))
    assert (counts, board.read().looks) == ([0], 1)


def test_a_pool_that_is_looked_at_twice_is_one(board):
    assert looked(board, "u1", "u1", "u2").read().seen == 2


def test_after_a_leap_no_pool_was_looked_at(board):
    looked(board, "u1", "u2").write("offset", 60)
    assert board.read().seen == 0


def test_a_look_that_a_leap_came_into_was_before_it(board):
    looked(board, "u1", leap=lambda: board.write("offset", 60))
    assert board.read().seen == 0


def test_what_the_process_holds_is_told_at_each_tenth_look(board):
    found = looked(board, *["u1"] * COUNTED).read()
    assert (found.tasks, min(found.files, found.blocks) > 0) == (1, True)


def test_the_least_that_the_process_held_of_late_is_told(board, monkeypatch):
    given = iter([5, 3, 4])
    monkeypatch.setattr("soak_operator.held", lambda: {"files": next(given)})
    assert looked(board, *["u1"] * 3 * COUNTED).read().files == 3


def test_a_file_more_is_counted(tmp_path):
    async def count() -> int:
        return held()["files"]

    before = asyncio.run(count())
    with (tmp_path / "more").open("w"):
        assert asyncio.run(count()) == before + 1


def noted(path: Path, *bills: Sequence[object]) -> list[str]:
    given = iter(bills)
    bill = noting(path, lambda *_: Known(items=next(given)))
    for _ in bills:
        bill(None, Known(uid="u1"), datetime(2027, 3, 1, tzinfo=UTC))
    return path.read_text().splitlines()


def billing(uid: str) -> object:
    return Known(uid=uid, rental=Known(tier="spot"), since=datetime(2027, 2, 1, tzinfo=UTC))


def test_a_bill_is_noted_with_its_time_its_pool_and_its_pods(tmp_path):
    pods = '[["p1", "spot", "2027-02-01T00:00:00+00:00"]]'
    assert noted(tmp_path / "bills", [billing("p1")]) == [f'["2027-03-01T00:00:00+00:00", "u1", {pods}]']


def test_a_bill_is_noted_when_it_changes_alone(tmp_path):
    one, two = billing("p1"), billing("p2")
    assert len(noted(tmp_path / "bills", [one], [one], [one, two])) == 2


def come_up(board: Board, leap: int) -> list[str]:
    """Return what comes up twice in the same second, the second time after a leap of so many seconds."""
    agenda = Agenda[str]()
    pop = hurrying(board, Agenda.pop)
    agenda.put("chat", 60.0, 0.0, together=True)
    pop(agenda, 61.0)
    board.write("offset", leap)
    return [key for key, _ in pop(agenda, 61.0)]


def test_after_a_leap_every_pool_comes_up(tmp_path):
    assert come_up(Board(tmp_path / "board"), leap=600) == ["chat"]


def test_without_a_leap_nothing_comes_up_before_its_time(tmp_path):
    assert come_up(Board(tmp_path / "board"), leap=0) == []
