"""The event loop's heartbeat: how late it comes tells for how long nothing else could happen, and where it hung.

A loop that hangs cannot say so: /healthz does not answer, and the kubelet restarts the pod without a word of why. So a
thread of C's own, which needs no interpreter, writes every thread's stack into the log when no beat has come for
`HUNG`. That is longer than any pause that is no fault, and shorter than the probes' patience (30 s).
"""

import asyncio
import faulthandler
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

EVERY = timedelta(milliseconds=100)
HUNG = timedelta(seconds=10)
WOUND = 10
"""After so many beats the watchdog is wound up again: each time takes a thread."""


async def watched(tell: Callable[[float], None]) -> None:
    """Beat until cancelled, under a watchdog that ends with the last beat: a slow end of the process is no hang."""
    with watchdog() as wind:
        await beat(tell, wind)


async def beat(tell: Callable[[float], None], wind: Callable[[], None] = lambda: None) -> None:
    """Beat until cancelled; `tell` is told how many seconds late each beat was."""
    now, beats = asyncio.get_running_loop().time, 0
    while True:
        if beats % WOUND == 0:
            wind()
        beats += 1
        due = now() + EVERY.total_seconds()
        await asyncio.sleep(EVERY.total_seconds())
        tell(max(0.0, now() - due))


@contextmanager
def watchdog(patience: timedelta = HUNG) -> Iterator[Callable[[], None]]:
    """Yield what winds up the watchdog; it writes all stacks to stderr whenever it was not wound up for so long."""

    def wind() -> None:
        faulthandler.dump_traceback_later(patience.total_seconds(), repeat=True, file=sys.__stderr__ or sys.stderr)

    try:
        yield wind
    finally:
        faulthandler.cancel_dump_traceback_later()
