"""How strained the machine is: what a span of time is worth on a machine that has nothing else to do.

    the wall    |--------- 6 s ---------|
    one third of a processor is to be had meanwhile
    worth       |- 2 s -|

A bound on lateness is meant for an operator that has a processor when it wants one. So it is compared with what the
span was worth: an operator that is late by its own fault is late by this measure too, and one that was kept waiting is
not. A bound on being early takes no notice of any of this.

What is to be had is measured by a process of its own (`probe`), as the operator is one: whoever measures waits for
nothing but a processor, least of all for the threads of the test.
"""

import subprocess
import sys
import threading
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, Self

from rig import probe

PATIENCE = 30.0
"""Seconds in which a span's last sample comes, on the slowest machine."""


class Sample(NamedTuple):
    """What share of a processor was to be had from a moment on (seconds of the monotonic clock)."""

    at: float
    share: float


class Strain:
    """Has a small piece of work timed twice a second, from `with` to the end of it."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self._news = threading.Condition()
        self._ended = False

    def __enter__(self) -> Self:
        # A session of its own: Ctrl-C is ours to take. It ends when nobody reads any more, however we end.
        self._process = subprocess.Popen(
            [sys.executable, "-I", probe.__file__],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()

    @property
    def pid(self) -> int:
        """The process that measures."""
        return self._process.pid

    def worth(self, begin: float, end: float) -> float:
        """Return how many seconds a span was worth; none if it ends before it begins.

        Raises:
            RuntimeError: nobody measures any more.
        """
        with self._news:
            self._news.wait_for(lambda: self._ended or (self.samples and self.samples[-1].at >= end), PATIENCE)
            if self._ended or not self.samples:
                raise RuntimeError("nobody measures what a processor is worth")
            return worth(self.samples, begin, end)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                at, share = map(float, line.split())
                with self._news:
                    self.samples.append(Sample(at, share))
                    self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()


def worth(samples: Sequence[Sample], begin: float, end: float) -> float:
    """Return how many seconds a span was worth by samples, of which each holds until the next."""
    within = [sample for sample in samples if begin < sample.at < end]
    before = max((sample for sample in samples if sample.at <= begin), default=samples[0])
    known = [Sample(begin, before.share), *within, Sample(max(begin, end), 1)]
    return sum(earlier.share * (later.at - earlier.at) for earlier, later in pairwise(known))
