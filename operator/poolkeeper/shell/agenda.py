"""When each pool is looked at: an absolute grid, so that lateness never adds up.

A pool that reads Prometheus is due together with others of its interval, so that one request serves them: at whole
multiples of it while they are few, else in crowds of a hundred or so, spread over the interval: who comes last in a
crowd waits for all others. Any other pool is spread over its interval by a hash of its name.
"""

import heapq
import sys
import zlib
from collections.abc import Callable, Hashable
from itertools import islice
from math import floor
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

CROWD = 100
"""So many keys that come up together are one crowd, about: a hundred looks take some thirty milliseconds."""
SPARE = 100
"""So many entries more than twice the keys may be left of keys that are gone."""


class Agenda(Generic[K]):
    """Keys by when they are due. Instants are a monotonic clock's seconds. `rate`: so many a second come up."""

    def __init__(self) -> None:
        self._due: list[tuple[float, K]] = []
        self._grid: dict[K, tuple[float, float]] = {}
        self._hurried: dict[K, None] = {}
        self._together: set[K] = set()
        self._crowds = 1
        self.rate = 0.0

    def __len__(self) -> int:
        return len(self._grid)

    def put(self, key: K, interval: float, now: float, *, together: bool) -> None:
        """Have `key` come up every `interval` seconds; a key that is there already on this grid stays as it is."""
        if together:
            self._together.add(key)
            self._part(now)
        else:
            self._together.discard(key)
        self._place(key, interval, now)

    def _part(self, now: float) -> None:
        """Have as many crowds as there are keys for: twice as many where they are full, half where they are empty."""
        crowds = self._crowds
        while len(self._together) > CROWD * crowds:
            crowds *= 2
        while crowds > 1 and len(self._together) < CROWD * crowds // 4:
            crowds //= 2
        if crowds != self._crowds:
            self._crowds = crowds
            for key in self._together & self._grid.keys():
                self._place(key, self._grid[key][0], now)

    def _place(self, key: K, interval: float, now: float) -> None:
        part = zlib.crc32(repr(key).encode()) / 2**32
        phase = interval * (floor(part * self._crowds) / self._crowds if key in self._together else part)
        known = self._grid.get(key)
        if known == (interval, phase):
            return
        self.rate += 1 / interval - (1 / known[0] if known else 0.0)
        self._grid[key] = (interval, phase)
        heapq.heappush(self._due, (self._after(key, now), key))
        self._tidy()

    def _tidy(self) -> None:
        """Leave out what is on no grid any more, once that is the most of it: who never pops would keep it for ever."""
        if len(self._due) <= SPARE + 2 * len(self._grid):
            return
        standing: dict[K, float] = {}
        for at, key in self._due:
            if key in self._grid and self._on_grid(key, at):
                standing[key] = min(at, standing.get(key, at))
        self._due = [(at, key) for key, at in standing.items()]
        heapq.heapify(self._due)

    def hurry(self, key: K) -> None:
        """Have a key come up at the next `pop` that may take it, besides its grid."""
        if key in self._grid:
            self._hurried[key] = None

    def drop(self, key: K) -> None:
        """Let a key come up no more."""
        known = self._grid.pop(key, None)
        self.rate -= 1 / known[0] if known else 0.0
        self._hurried.pop(key, None)
        self._together.discard(key)
        self._tidy()

    def next_due(self) -> float | None:
        """Return when the next key is due, None when none is."""
        return self._due[0][0] if self._due else None

    def pop(
        self, now: float, is_busy: Callable[[K], bool] = lambda _: False, most: int = sys.maxsize
    ) -> list[tuple[K, float]]:
        """Return the keys that are due with how late they are, and put each on its grid again.

        `most` of them come up, those that hurry first, then those that have waited longest; the others stay due, or
        hurried. One that is busy stays hurried until it is not: what it hurries for may have come after its look began.
        """
        ready = (key for key in self._hurried if not is_busy(key))
        hurried = dict.fromkeys(islice(ready, most), 0.0)
        for key in hurried:
            del self._hurried[key]
        found: dict[K, float] = {}
        while self._due and self._due[0][0] <= now and len(hurried) + len(found) < most:
            at, key = heapq.heappop(self._due)
            if key not in self._grid or key in found or not self._on_grid(key, at):
                continue
            found[key] = now - at
            heapq.heappush(self._due, (self._after(key, now), key))
        return list((hurried | found).items())

    def _after(self, key: K, now: float) -> float:
        interval, phase = self._grid[key]
        return phase + interval * (floor((now - phase) / interval) + 1)

    def _on_grid(self, key: K, at: float) -> bool:
        interval, phase = self._grid[key]
        steps = (at - phase) / interval
        return abs(steps - round(steps)) < 1e-6  # noqa: PLR2004  floating point: an entry of an older grid is off by more
