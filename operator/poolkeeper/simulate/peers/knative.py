"""Knative's Pod Autoscaler, after `pkg/autoscaler/scaling` and `config-autoscaler` of Knative Serving.

Every 2 s: the mean concurrency of the last 60 s (stable) and of the last 6 s (panic) over the target. Where the panic
window asks for twice the ready pods or more, it panics: until the stable window has passed since, only growth counts.
The size is at most 1,000 times and at least half the ready pods. The target is 70 % of `containerConcurrency`, which is
the engine's true batch here; the default, when nobody says what it is, is 100.

What is left out: scaling to zero and its activator, and metrics that are scraped from a sample of the pods only.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil, floor

from poolkeeper.simulate.peers.means import Mean
from poolkeeper.simulate.peers.terms import Peer, Seen, Terms, clamped, rounded_up

TICK = timedelta(seconds=2)
STABLE_WINDOW = timedelta(seconds=60)
PANIC_WINDOW = timedelta(seconds=6)
"""`panic-window-percentage` 10 of the stable window."""
PANIC_THRESHOLD = 2.0
UTILIZATION = 0.7
"""`container-concurrency-target-percentage`."""
MAX_SCALE_UP, MAX_SCALE_DOWN = 1000.0, 2.0


@dataclass(frozen=True, slots=True)
class Rates:
    """How many times the ready pods the size may be, and by how much it may be divided."""

    up: float = MAX_SCALE_UP
    down: float = MAX_SCALE_DOWN


DEFAULT = Rates()


@dataclass
class KPA:
    """A revision's autoscaler; `target` is the concurrency that each pod is to have."""

    name: str
    minimum: int
    maximum: int
    target: float
    rates: Rates = DEFAULT
    interval: timedelta = field(default=TICK, init=False)
    panicked: float | None = field(default=None, init=False)
    most: int | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.stable, self.panic = Mean(STABLE_WINDOW), Mean(PANIC_WINDOW)

    def decide(self, seen: Seen) -> int:
        """Return the size to have; without metrics the one that is."""
        if seen.missing:
            return seen.size
        stable, panic = (mean.add(seen.now, seen.waiting + seen.running) for mean in (self.stable, self.panic))
        return clamped(self.scaled(seen, stable, panic), self.minimum, self.maximum)

    def scaled(self, seen: Seen, stable: float, panic: float) -> int:
        """Return what the concurrencies of the two windows ask for."""
        if self.most is None:
            self.begin(seen)
        ready = max(1, seen.ready)
        wanted, urgent = rounded_up(stable / self.target), rounded_up(panic / self.target)
        self.turn(seen.now, is_over=urgent / ready >= PANIC_THRESHOLD)
        size = self.paced(wanted, ready)
        if self.panicked is None:
            return size
        self.most = max(self.most or 0, size, self.paced(urgent, ready))
        return self.most

    def begin(self, seen: Seen) -> None:
        """Begin as it does after a restart: with more than one pod in panic, so that nothing shrinks for a window."""
        self.panicked = seen.now if seen.ready > 1 else None
        self.most = seen.ready

    def turn(self, now: float, *, is_over: bool) -> None:
        """Begin, go on with or end a panic."""
        if is_over:
            self.panicked = now
        elif self.panicked is not None and now - self.panicked > STABLE_WINDOW.total_seconds():
            self.panicked, self.most = None, 0

    def paced(self, wanted: int, ready: int) -> int:
        """Return the size that the rates allow."""
        return min(max(wanted, floor(ready / self.rates.down)), ceil(self.rates.up * ready))


def by_concurrency(minimum: int, maximum: int, terms: Terms) -> Peer:
    """Return the KPA with the engine's batch as `containerConcurrency`."""
    return KPA("kpa", minimum, maximum, UTILIZATION * terms.batch)


def tuned(minimum: int, maximum: int, terms: Terms) -> Peer:
    """Return the KPA with the requests that a replica has at 70 % of its capacity as the target."""
    return KPA("kpa-tuned", minimum, maximum, terms.concurrency(UTILIZATION))
