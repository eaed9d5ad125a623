"""When each pool is looked at: an absolute grid, so that lateness never adds up.

A pool that reads Prometheus is due at whole multiples of its interval, together with all others of that interval, so
that one request serves them; any other is spread over its interval by a hash of its name.
"""

import heapq
import zlib
from collections.abc import Callable, Hashable
from math import floor
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Agenda(Generic[K]):
    """Keys by when they are due. Instants are a monotonic clock's seconds."""

    def __init__(self) -> None:
        self._due: list[tuple[float, K]] = []
        self._grid: dict[K, tuple[float, float]] = {}
        self._hurried: set[K] = set()

    def put(self, key: K, interval: float, now: float, *, together: bool) -> None:
        """Have `key` come up every `interval` seconds; a key that is there already on this grid stays as it is."""
        phase = 0.0 if together else interval * (zlib.crc32(repr(key).encode()) / 2**32)
        if self._grid.get(key) == (interval, phase):
            return
        self._grid[key] = (interval, phase)
        heapq.heappush(self._due, (self._after(key, now), key))

    def hurry(self, key: K) -> None:
        """Have a key come up at the next `pop` that may take it, besides its grid."""
        if key in self._grid:
            self._hurried.add(key)

    def drop(self, key: K) -> None:
        """Let a key come up no more."""
        self._grid.pop(key, None)
        self._hurried.discard(key)

    def next_due(self) -> float | None:
        """Return when the next key is due, None when none is."""
        return self._due[0][0] if self._due else None

    def pop(self, now: float, is_busy: Callable[[K], bool] = lambda _: False) -> list[tuple[K, float]]:
        """Return the keys that are due with how late they are, and put each on its grid again.

        One that is busy stays hurried until it is not: what it hurries for may have come after its look began.
        """
        waiting = {key for key in self._hurried if is_busy(key)}
        hurried = dict.fromkeys(self._hurried - waiting, 0.0)
        self._hurried = waiting
        found: dict[K, float] = {}
        while self._due and self._due[0][0] <= now:
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
