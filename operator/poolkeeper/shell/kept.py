"""Answers that are kept for a while, so that many looks are one request; a refusal is kept too, and may be shorter.

fresh       given again
old         asked for anew, by one asker at a time: whoever comes meanwhile waits for the same answer
left        forgotten, once nobody has asked for so long
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from poolkeeper.shell.answer import MetricError

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

LEFT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Lasts:
    """How long an answer and a refusal are as good as new, and how long they are kept after that for nobody."""

    answer: timedelta
    refusal: timedelta
    left: timedelta = LEFT


class Kept(Generic[K, V]):
    """Asks `ask`, which raises MetricError where it is refused, at most once in the time that its answer lasts."""

    def __init__(
        self, ask: Callable[[K], Awaitable[V]], lasts: Lasts, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask, self._lasts, self._clock = ask, lasts, clock
        self._known: dict[K, tuple[float, V | MetricError]] = {}
        self._turns: dict[K, asyncio.Lock] = {}

    async def get(self, key: K) -> V:
        """Return the answer for a key; raises MetricError, the same for as long as a refusal lasts."""
        async with self._turns.setdefault(key, asyncio.Lock()):
            until, found = self._known.get(key, (0.0, None))
            if found is None or self._clock() >= until:
                found = await self._answer(key)
        if isinstance(found, MetricError):
            raise MetricError(found.reason, found.detail)
        return found

    def doubt(self, key: K) -> None:
        """Take in that an answer was not accepted: it is as good as a refusal."""
        until, found = self._known.get(key, (0.0, None))
        if found is not None:
            self._known[key] = (min(until, self._clock() + self._lasts.refusal.total_seconds()), found)

    async def _answer(self, key: K) -> V | MetricError:
        found: V | MetricError
        try:
            found = await self._ask(key)
            lasts = self._lasts.answer
        except MetricError as fault:
            found, lasts = fault, self._lasts.refusal
        self._forget()
        self._known[key] = (self._clock() + lasts.total_seconds(), found)
        return found

    def _forget(self) -> None:
        old = self._clock() - self._lasts.left.total_seconds()
        for key in [key for key, (until, _) in self._known.items() if until <= old]:
            del self._known[key]
            if not self._turns[key].locked():
                del self._turns[key]
