"""How fast the operator may write: so many at once, so many a second, and whoever scales up goes first."""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from enum import IntEnum
from itertools import count


class Priority(IntEnum):
    """Whose write goes first when there is a queue."""

    SCALE_UP = 0
    SCALE_DOWN = 1
    STATUS = 2


class WriteBudget:
    """A token bucket with a queue by priority, first come first served within one.

    Tokens come back at `per_second`, up to `per_second` of them; at most `concurrent` writes are under way.
    """

    def __init__(self, *, per_second: float = 50, concurrent: int = 20) -> None:
        self._rate = per_second
        self._tokens = per_second
        self._filled_at: float | None = None
        self._free = concurrent
        self._queue: list[tuple[Priority, int, asyncio.Future[None]]] = []
        self._order = count()
        self._refill: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def turn(self, priority: Priority, patience: timedelta) -> AsyncIterator[None]:
        """Hold a place while writing; a TimeoutError when none came free within `patience`."""
        async with asyncio.timeout(patience.total_seconds()):
            await self._wait(priority)
        try:
            yield
        finally:
            self._give_back()

    async def _wait(self, priority: Priority) -> None:
        granted = asyncio.get_running_loop().create_future()
        heapq.heappush(self._queue, (priority, next(self._order), granted))
        self._admit()
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():  # granted and cancelled in the same turn of the loop
                self._give_back()
            raise

    def _give_back(self) -> None:
        self._free += 1
        self._admit()

    def _admit(self) -> None:
        self._fill()
        while self._first() is not None and self._free and self._tokens >= 1:
            heapq.heappop(self._queue)[2].set_result(None)
            self._free -= 1
            self._tokens -= 1
        if self._first() is not None and self._free and self._refill is None:
            loop = asyncio.get_running_loop()
            self._refill = loop.call_later((1 - self._tokens) / self._rate, self._refilled)

    def _first(self) -> asyncio.Future[None] | None:
        while self._queue and self._queue[0][2].done():  # given up while it waited
            heapq.heappop(self._queue)
        return self._queue[0][2] if self._queue else None

    def _refilled(self) -> None:
        self._refill = None
        self._admit()

    def _fill(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._filled_at is not None:
            self._tokens = min(self._rate, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
