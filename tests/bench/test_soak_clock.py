import os
import subprocess
import sys
import time  # noqa: TID251  the clock of this machine is what is tested
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from soak_clock import CODE, OFFSET, ROOM, Board, LeapingClock, VdsoError, entry, jump, room, vdso

TELLS = "import sys, time\nfor _ in sys.stdin: print(time.time(), time.monotonic(), flush=True)"
DAY = timedelta(days=1)


class Teller:
    """A process that tells the time when it is asked."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", TELLS]
        self.process = subprocess.Popen(  # noqa: S603  our own interpreter
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.ask()

    def ask(self) -> tuple[float, float]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        date, monotonic = self.process.stdout.readline().split()
        return float(date), float(monotonic)


@pytest.fixture
def teller() -> Iterator[Teller]:
    made = Teller()
    with made.process:
        yield made
        assert made.process.stdin
        made.process.stdin.close()


@pytest.fixture
def clock(tmp_path: Path) -> LeapingClock:
    return LeapingClock(Board(tmp_path / "board"))


def ahead(teller: Teller) -> float:
    """Return by how many days another process's date is ahead."""
    return round((teller.ask()[0] - time.time()) / DAY.total_seconds(), 2)


def test_a_process_is_given_the_date_as_it_is_by_then(teller, clock):
    clock.leap(3 * DAY)
    clock.move(teller.process.pid)
    assert ahead(teller) == 3.0


def test_a_leap_moves_a_process_s_date(teller, clock):
    clock.move(teller.process.pid)
    clock.leap(2 * DAY)
    clock.leap(DAY)
    assert ahead(teller) == 3.0


def test_a_leap_leaves_the_monotonic_clock_alone(teller, clock):
    clock.move(teller.process.pid)
    clock.leap(DAY)
    assert abs(teller.ask()[1] - time.monotonic()) < 60


def test_our_own_date_is_not_moved(teller, clock):
    before = time.time()
    clock.move(teller.process.pid)
    clock.leap(DAY)
    assert time.time() - before < DAY.total_seconds()


def test_a_process_that_has_ended_is_forgotten(teller, clock):
    clock.move(teller.process.pid)
    teller.process.kill()
    teller.process.wait()
    clock.leap(DAY)
    assert clock.offset == DAY


def test_a_process_is_not_moved_twice(teller, clock):
    clock.move(teller.process.pid)
    with pytest.raises(VdsoError, match="in use"):
        clock.move(teller.process.pid)


def test_the_code_ends_before_the_offset():
    assert len(CODE) <= OFFSET <= ROOM - 8


def test_clock_gettime_is_found_in_our_own_vdso():
    assert 0 < entry(vdso(os.getpid())[1]) < room(vdso(os.getpid())[1])


def test_a_jump_counts_from_its_own_end():
    assert jump(100, 200) == bytes.fromhex("e95f000000")


def test_both_sides_of_a_board_see_what_the_other_writes(tmp_path):
    here, there = Board(tmp_path / "board"), Board(tmp_path / "board")
    here.write("offset", -5)
    there.add("looks")
    assert (there.read().offset, here.read().looks) == (-5, 1)
