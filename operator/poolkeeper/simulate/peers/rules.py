"""How fast a HorizontalPodAutoscaler may go: its built-in limit, and `spec.behavior`.

A rule lets the size at the start of its period change by so many pods or by so many percent; of several rules the one
that allows most counts (`selectPolicy: Max`, the default). What changed within the period is told by the changes that
were made: `changes` are instants and differences.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Protocol

from poolkeeper.simulate.peers.terms import Seen

Moves = deque[tuple[float, int]]
"""Instants in seconds, and sizes proposed or differences made then; the oldest first."""

DOUBLED, AT_LEAST = 2, 4
LONGEST = timedelta(minutes=30).total_seconds()
"""What `periodSeconds` is at most."""


class Limit(Protocol):
    """What holds a proposal."""

    def stabilised(self, wanted: int, seen: Seen, proposals: Moves) -> int:
        """Return what the proposals of the window leave of the newest one, and remember it."""
        ...

    def limited(self, wanted: int, seen: Seen, changes: Moves) -> int:
        """Return what may be done of it now."""
        ...


def forget(moves: Moves, before: float) -> None:
    """Drop what is older than an instant."""
    while moves and moves[0][0] < before:
        moves.popleft()


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """No `behavior`: down to the largest proposal of the window, up to twice the size or four."""

    window: timedelta = timedelta(minutes=5)

    def stabilised(self, wanted: int, seen: Seen, proposals: Moves) -> int:
        """Return the largest proposal of the window."""
        forget(proposals, seen.now - self.window.total_seconds())
        proposals.append((seen.now, wanted))
        return max(size for _, size in proposals)

    def limited(self, wanted: int, seen: Seen, changes: Moves) -> int:
        """Return at most twice the size, or four."""
        changes.clear()
        return min(wanted, max(DOUBLED * seen.size, AT_LEAST))


BUILT_IN = BuiltIn()


@dataclass(frozen=True, slots=True)
class Rule:
    """So many `pods`, or `percent` of the size, in each period."""

    period: timedelta
    pods: int | None = None
    percent: float = 0.0


@dataclass(frozen=True, slots=True)
class Direction:
    """`spec.behavior.scaleUp` or `scaleDown`."""

    window: timedelta
    rules: Sequence[Rule]


QUARTER = timedelta(seconds=15)
UP = Direction(timedelta(0), (Rule(QUARTER, pods=4), Rule(QUARTER, percent=100)))
"""What is filled in where `behavior` says nothing of growing."""
DOWN = Direction(timedelta(minutes=5), (Rule(QUARTER, percent=100),))
"""What is filled in where `behavior` says nothing of shrinking."""


@dataclass(frozen=True, slots=True)
class Behavior:
    """`spec.behavior`."""

    up: Direction = UP
    down: Direction = DOWN

    def stabilised(self, wanted: int, seen: Seen, proposals: Moves) -> int:
        """Return the size nearest to the present one that the proposals of both windows agree on."""
        longest = max(self.up.window, self.down.window).total_seconds()
        forget(proposals, seen.now - longest)
        least = within(proposals, seen.now - self.up.window.total_seconds(), wanted, min)
        most = within(proposals, seen.now - self.down.window.total_seconds(), wanted, max)
        proposals.append((seen.now, wanted))
        return min(max(seen.size, least), most)

    def limited(self, wanted: int, seen: Seen, changes: Moves) -> int:
        """Return how much of the way the rules allow."""
        forget(changes, seen.now - LONGEST)
        if wanted > seen.size:
            return min(wanted, max(seen.size, *(most(rule, seen, changes) for rule in self.up.rules)))
        return max(wanted, min(seen.size, *(least(rule, seen, changes) for rule in self.down.rules)))


def within(proposals: Moves, after: float, wanted: int, choose: Callable[[list[int]], int]) -> int:
    """Return one of the proposals made after an instant and the newest one."""
    return choose([wanted, *(size for at, size in proposals if at > after)])


def at_start(rule: Rule, seen: Seen, changes: Moves) -> int:
    """Return the size at the start of a rule's period."""
    after = seen.now - rule.period.total_seconds()
    return seen.size - sum(difference for at, difference in changes if at > after)


def most(rule: Rule, seen: Seen, changes: Moves) -> int:
    """Return the largest size that a rule allows."""
    start = at_start(rule, seen, changes)
    return start + rule.pods if rule.pods is not None else ceil(start * (1 + rule.percent / 100))


def least(rule: Rule, seen: Seen, changes: Moves) -> int:
    """Return the smallest size that a rule allows."""
    start = at_start(rule, seen, changes)
    return start - rule.pods if rule.pods is not None else int(start * (1 - rule.percent / 100))
