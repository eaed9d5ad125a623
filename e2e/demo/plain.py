"""Progress in plain lines, for logs and pipes: each change as it comes, and now and then how things stand."""

from collections.abc import Iterator

from demo.record import Change, Record, clock
from demo.scenario import MAXIMUM, SPEED
from demo.screen import inside

EVERY = 10.0 * SPEED
"""Trace seconds between two lines on how things stand: ten seconds by the wall's clock."""


class Progress:
    """Turns a record that grows into lines, none of them twice."""

    def __init__(self) -> None:
        self._changes = 0
        self._next = 0.0

    def lines(self, record: Record) -> Iterator[str]:
        """What is new in the record since the last time."""
        for change in record.changes[self._changes :]:
            yield changed(change)
        self._changes = len(record.changes)
        if record.samples and record.now >= self._next:
            self._next = record.now + EVERY
            yield standing(record)


def changed(change: Change) -> str:
    """One change and its reason."""
    return f"{clock(change.at)}  {change.before} -> {change.after}: {change.reason}, {change.figures}"


def standing(record: Record) -> str:
    """How things stand."""
    now = record.samples[-1]
    waiting = "queue unknown" if now.queue is None else f"queue {now.queue:g}"
    return f"{clock(now.at)}  {waiting}, {now.desired} of {MAXIMUM} replicas, {now.ready} ready; {inside(record)}"
