import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace as Known

from soak_clock import Board
from soak_operator import counting, hurrying, moved, noting, sleeping

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


def test_a_look_is_counted_when_it_is_over(tmp_path):
    board = Board(tmp_path / "board")

    async def look(_: object) -> None:
        assert board.read().looks == 0

    asyncio.run(counting(board, look)("pool"))
    assert board.read().looks == 1


def test_tasks_are_counted_at_each_hundredth_look(tmp_path):
    board = Board(tmp_path / "board")
    board.write("looks", 99)

    async def look() -> None:
        await asyncio.sleep(0)

    asyncio.run(counting(board, look)())
    assert board.read().tasks == 1


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
