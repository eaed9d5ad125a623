"""How strained the machine is: what a span of time is worth on a machine that has nothing else to do.

    the wall    |--------- 6 s ---------|
    one third of a processor is to be had meanwhile
    worth       |- 2 s -|

A bound on lateness is meant for an operator that has a processor when it wants one. So it is compared with what the
span was worth: an operator that is late by its own fault is late by this measure too, and one that was kept waiting is
not. A bound on being early takes no notice of any of this.
"""

import threading
import time
from itertools import pairwise
from typing import NamedTuple, Self

EVERY = 0.5
PIECE = 500_000
"""Steps of the work that is timed: a hundredth of a second or so."""


class Sample(NamedTuple):
    """What share of a processor was to be had at a moment (seconds of the monotonic clock)."""

    at: float
    share: float


class Strain:
    """Times a small piece of work twice a second, from `with` to the end of it."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._quickest = float("inf")
        self._samples: list[Sample] = []
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Self:
        self._take()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def worth(self, begin: float, end: float) -> float:
        """Return how many seconds a span was worth; none if it ends before it begins."""
        within = [sample for sample in self._samples if begin < sample.at < end]
        before = max((sample for sample in self._samples if sample.at <= begin), default=self._samples[0])
        known = [Sample(begin, before.share), *within, Sample(max(begin, end), 1)]
        return sum(earlier.share * (later.at - earlier.at) for earlier, later in pairwise(known))

    def _follow(self) -> None:
        while not self._ended.wait(EVERY):
            self._take()

    def _take(self) -> None:
        """Time the work on the wall, against the least that it ever took of a processor."""
        wall, processor = time.monotonic(), time.thread_time()
        _work()
        self._quickest = min(self._quickest, time.thread_time() - processor)
        ended = time.monotonic()
        self._samples.append(Sample(ended, min(1.0, self._quickest / (ended - wall))))


def _work() -> None:
    for _ in range(PIECE):
        pass
