"""`poolkeeper run` by a clock that leaps: `python soak_operator.py BOARD run ...`; the product knows nothing of it.

    Clock (the `now` of all decisions)     monotonic time + the offset on the board
    the loop's agenda                      in real seconds; after a leap every pool comes up at once, besides its grid
    sleeps of a minute and more            end when the moved time has come: housekeeping, price book, pruning
    all else                               as it is: requests, the lease, back-off, journal

Each look is counted on the board, and how many pools were looked at since the last leap, so that the driver knows when
everything that has happened was seen, of every pool. What the process holds is told there, too: the least of late, for
looks that are under way hold more. Beside the board, each change of what a pool is billed for is written down with the
time of its look: the ledger is held to it.
"""

import asyncio
import json
import os
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from soak_clock import POOLS, Board

LONG = 60.0
POLL = 0.2
COUNTED, LATE = 10, 30
"""At each so many looks it is counted what the process holds; the least of so many counts is told."""


def moved(board: Board) -> Callable[[], float]:
    """Return the monotonic clock, moved by what the board says."""
    return lambda: time.monotonic() + board.read().offset


def sleeping(now: Callable[[], float], sleep: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Return a sleep of which the long ones go by the moved time."""

    async def until_then(delay: float, result: object = None) -> object:
        end = now() + delay
        while delay >= LONG and (left := end - now()) > 0:
            await sleep(min(left, POLL))
        return await sleep(0 if delay >= LONG else delay, result)

    return until_then


def counting(board: Board, look: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Return a look that is counted once it is over, and once for each pool and leap if it began after that."""
    looked: set[str] = set()
    since = [0]
    counts: deque[dict[str, int]] = deque(maxlen=LATE)

    async def counted(loop: object, pool: Any, *others: object) -> None:  # noqa: ANN401  a pool of the shell
        began = board.read().offset
        await look(loop, pool, *others)
        board.add("looks")
        if since[0] != board.read().offset:
            since[0] = board.read().offset
            looked.clear()
        if began == since[0]:
            looked.add(pool.uid)
        board.write("round", since[0] * POOLS + len(looked))
        if board.read().looks % COUNTED == 0:
            counts.append(held())
            for name in counts[0]:
                board.write(name, min(one[name] for one in counts))

    return counted


def held() -> dict[str, int]:
    """Return how many tasks, open files and blocks of memory this process has."""
    files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  names are enough, and this is asked often
    return {"tasks": len(asyncio.all_tasks()), "files": files, "blocks": sys.getallocatedblocks()}


def hurrying(board: Board, pop: Callable[..., Any]) -> Callable[..., Any]:
    """Return an agenda's `pop` by which all comes up after a leap."""
    heard = [0]

    def popped(agenda: Any, *args: object) -> object:  # noqa: ANN401  the shell's
        offset = board.read().offset
        if offset != heard[0]:
            for key in agenda._grid:  # noqa: SLF001  nobody else asks for all keys
                agenda.hurry(key)
            heard[0] = offset
        return pop(agenda, *args)

    return popped


def noting(path: Path, bill: Callable[..., Any]) -> Callable[..., Any]:
    """Return a bill of which each change is noted: when, whose, and each pod's UID, tier and beginning."""
    known: dict[str, object] = {}

    def noted(money: object, pool: Any, now: datetime) -> object:  # noqa: ANN401  a pool of the shell
        found = bill(money, pool, now)
        if found is not None and known.get(pool.uid) != found.items:
            known[pool.uid] = found.items
            each = [(one.uid, one.rental.tier, one.since.isoformat()) for one in found.items]
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([now.isoformat(), pool.uid, each]) + "\n")
        return found

    return noted


def prepare(board: Board) -> None:
    """Put the moved time in its places."""
    from poolkeeper.shell import agenda, clock, loop, money  # noqa: PLC0415  asyncio.sleep is replaced first

    now = moved(board)
    clock.Clock.__init__.__defaults__ = (now,)
    agenda.Agenda.pop = hurrying(board, agenda.Agenda.pop)  # type: ignore[method-assign]
    loop.Loop._look = counting(board, loop.Loop._look)  # type: ignore[method-assign]  # noqa: SLF001
    money.Money.bill = noting(board.path.with_suffix(".bills"), money.Money.bill)  # type: ignore[method-assign]


def main() -> None:
    """Run the command line that follows the board's path."""
    board = Board(Path(sys.argv.pop(1)))
    asyncio.sleep = sleeping(moved(board), asyncio.sleep)  # type: ignore[assignment]
    prepare(board)
    from poolkeeper.cli.main import main as command_line  # noqa: PLC0415  after what it imports was prepared

    command_line()


if __name__ == "__main__":
    main()
