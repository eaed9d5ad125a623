"""What will happen in a world, and when."""

from collections.abc import Callable
from heapq import heappop, heappush
from math import inf

Act = Callable[[float], float | None]
"""What happens at a second; it returns until when what runs must be done, where a ready replica leaves the service."""


class Agenda:
    """What will happen, in order, and at which second `next`; what was put in first comes first among equals."""

    __slots__ = ("_count", "_due", "next")

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Act]] = []
        self._count = 0
        self.next = inf

    def add(self, at: float, act: Act) -> None:
        """Put in what happens at a second; what happens never is left out."""
        if at < inf:
            self._count += 1
            heappush(self._due, (at, self._count, act))
            self.next = self._due[0][0]

    def turn(self) -> float | None:
        """Let the next thing happen; returns what it returned."""
        at, _, act = heappop(self._due)
        self.next = self._due[0][0] if self._due else inf
        return act(at)
