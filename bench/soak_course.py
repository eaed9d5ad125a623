"""How time passes in a soak: as it is while something moves, and in leaps while all is still.

    an hour    what happens --- queues --- each second hour a walk: 13 leaps of 25 s --- 4 leaps to the end of the hour
    a leap     still? --- the date moves --- every pool was looked at

The leaps of the walk are shorter than the gap up to which a grace clock runs on, so that five minutes of grace are
five minutes in 13 looks. Before a leap everything is as its controllers want it, and a second's leap has let the
operator see that: nothing is left behind unseen.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from soak_clock import LeapingClock
from soak_watch import Sight

SECOND = timedelta(seconds=1)
STRIDE, WALK = timedelta(seconds=25), 13
LEAPS = 4
HOUR = timedelta(hours=1)
PATIENCE = 20.0
WIRE = 0.05
"""Seconds after a look within which its writes are in our own watches."""


@dataclass
class Course:
    """Moves the date on. `late`: leaps after which a pool was not looked at; `restless`: when it never became still.

    `waited`: seconds for which something moved, `looked`: seconds for looks after leaps.
    """

    clock: LeapingClock
    sight: Sight
    leaps: int = 0
    late: int = 0
    restless: list[str] = field(default_factory=list)
    waited: float = 0.0
    looked: float = 0.0
    _seen: float = -1.0

    def pass_hour(self, begin: datetime, pools: int, *, walk: bool) -> None:
        """Let the hour that began then pass."""
        for _ in range(WALK if walk else 0):
            self.still(pools)
            self.leap(STRIDE, pools)
        for left in range(LEAPS, 0, -1):
            self.still(pools)
            rest = begin + HOUR - self.clock.now()
            if rest > LEAPS * SECOND:
                self.leap(rest / left, pools)

    def still(self, pools: int) -> None:
        """Wait until nothing moves, and the operator has seen all that did."""
        began = time.monotonic()
        until = began + PATIENCE
        while not self.sight.is_still():
            if time.monotonic() > until:
                self.restless.append(self.clock.now().isoformat(timespec="seconds"))
                break
            time.sleep(0.02)
        self.waited += time.monotonic() - began
        if self.sight.news_at == self._seen:
            return
        for _ in range(2):
            self._seen = self.sight.news_at
            self.leap(SECOND, pools)
        if self.sight.news_at != self._seen and time.monotonic() < until:
            self.still(pools)

    def leap(self, by: timedelta, pools: int) -> None:
        """Move the date, and wait until every pool was looked at, and what came of that has begun."""
        self.clock.leap(by)
        self.leaps += 1
        began = time.monotonic()
        until = began + PATIENCE
        while self.clock.board.read().seen < pools:
            if time.monotonic() > until:
                self.late += 1
                break
            time.sleep(0.005)
        time.sleep(WIRE)
        self.looked += time.monotonic() - began
