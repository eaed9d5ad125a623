"""How fast the looks' own clock runs: as time does, or slower where looks cost more than one core has (decision 0057).

    pace        looks' seconds in a second: 1 / stretch
    stretch     how many times longer than asked every interval is, for all pools alike; 1 where there is time for all

Twice as many looks as the core can do, begun when they are asked for, would be late without end, and renewals of the
lease and news of the watches with them. So all intervals grow together until the looks leave room: no pool waits for
another one's turn, what is late stays small, and how much less often pools are looked at is said. Instants are a
monotonic clock's seconds.
"""

from collections import deque
from dataclasses import dataclass

AIM = 0.7
"""The share of a core that may be used: the rest is for what comes unasked, such as news of watches and writes."""
LATE = 0.05
"""So many seconds late a look may begin on average: where others have the core, ours shows no use of it."""
QUICKEST, SLOWEST = 0.85, 1.4
"""By how much the stretch may change in a second: it grows in a few of them, and falls without falling over."""
USUAL = 0.0005
"""What a look is taken to cost in seconds before any was measured."""
DEAREST = 3
"""So many times more than usual it may cost at most, and each page that is read for it: what else keeps the core busy
at a start, say thousands of pools to be read, is no reason to look at them once an hour."""
NEARLY_NONE = 1.02
KEPT = 300
"""So many earlier stretches are remembered: what was due in one is late by its measure."""
LONG, LEAST = 5.0, 0.1
"""So many seconds of one turn count at most, and a core is never taken to be less than that."""


@dataclass(frozen=True, slots=True)
class Strain:
    """How a while went: the share of a core that was used, and how many seconds late looks began on average.

    It has `lasted` so many seconds: more than one where a turn took long.
    """

    busy: float
    late: float
    lasted: float = 1.0

    @property
    def share(self) -> float:
        """How much of a core there is: all of it, but where looks are late all the same, only what was used."""
        return min(1.0, max(LEAST, self.busy)) if self.late > LATE else 1.0


class Tempo:
    """The looks' clock."""

    def __init__(self, at: float) -> None:
        self.stretch = 1.0
        self._demand = 0.0
        self._began, self._before = at, at
        self._past: deque[tuple[float, float, float]] = deque(maxlen=KEPT)

    def now(self, at: float) -> float:
        """Return the looks' time."""
        return self._before + (at - self._began) / self.stretch

    def since(self, due: float, at: float) -> float:
        """Return how many seconds ago it was `due` by the looks' time."""
        if due >= self._before:
            return at - self._began - (due - self._before) * self.stretch
        before, began, stretch = next((one for one in self._past if one[0] <= due), (self._before, self._began, 0.0))
        return at - began - (due - before) * stretch

    def expect(self, looks: float, at: float) -> None:
        """Take in that so many looks a second are asked for of which nothing was measured yet, besides all others."""
        known = min(self.stretch, self._demand / AIM)
        self._turn(max(self.stretch, known + looks * USUAL / AIM), at)

    def adapt(self, looks: float, strain: Strain, at: float) -> None:
        """Take in how it went since the last time.

        Args:
            looks: how many looks a second are asked for, the reading of a page counting as one more.
            strain: what they have made of the core.
            at: the instant.
        """
        self._demand = strain.busy * self.stretch
        slower = SLOWEST ** min(LONG, max(1.0, strain.lasted))
        wanted = self.stretch * min(slower, max(QUICKEST, strain.busy / AIM, strain.late / LATE))
        if wanted > self.stretch:
            wanted = max(self.stretch, min(wanted, looks * DEAREST * USUAL / (AIM * strain.share)))
        self._turn(wanted if wanted > NEARLY_NONE else 1.0, at)

    def _turn(self, stretch: float, at: float) -> None:
        if stretch == self.stretch:
            return
        self._past.appendleft((self._before, self._began, self.stretch))
        self._before, self._began = self.now(at), at
        self.stretch = stretch
