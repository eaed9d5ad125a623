"""AIBrix's APA, after `pkg/controller/podautoscaler` of AIBrix.

Every 10 s the pods' mean of a metric over the last 30 s, over its target: above 1 + 0.1 it grows to ceil(size * ratio),
at most twice the size; below 1 - 0.1 it shrinks to that, at least half. Pods that are not ready count as idle while it
grows and as on target while it shrinks. The five minutes' cooldown before it shrinks takes the smallest recommendation
of that time, where HPA takes the largest: a shrink is not held back, it is made larger. That is how the code is, so it
is here.

The samples' metric is the use of the KV cache with 0.5 as its target. Where the engine's slots run out long before its
cache does, that is never reached, so the tuned one aims at what the cache holds at 80 % of a replica's capacity.

What is left out: several metrics, schedules of bounds and the optimiser.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil, floor

from poolkeeper.simulate.peers.hpa import BUSY
from poolkeeper.simulate.peers.means import Mean
from poolkeeper.simulate.peers.terms import Peer, Seen, Terms, clamped, rounded_up

RESYNC = timedelta(seconds=10)
TOLERANCE = 0.1
"""Both fluctuation tolerances."""
RATE = 2.0
"""`max-scale-up-rate` and `max-scale-down-rate`."""
COOLDOWN = timedelta(minutes=5)
WINDOW = timedelta(seconds=30)
"""`apa.autoscaling.aibrix.ai/window` of the samples; 180 s where nothing is said."""
KV_TARGET = 0.5


@dataclass
class APA:
    """A PodAutoscaler of the strategy APA on the use of the KV cache."""

    name: str
    minimum: int
    maximum: int
    target: float = KV_TARGET
    rate: float = RATE
    interval: timedelta = field(default=RESYNC, init=False)
    past: deque[tuple[float, int]] = field(default_factory=deque, init=False)

    def __post_init__(self) -> None:
        self.usage = Mean(WINDOW)

    def decide(self, seen: Seen) -> int:
        """Return the size to have; without metrics the one that is."""
        if seen.missing or not seen.ready:
            return clamped(seen.size, self.minimum, self.maximum)
        ratio = self.usage.add(seen.now, seen.kv_usage) / self.target
        wanted = self.guarded(seen, ratio, self.scaled(seen.size, ratio))
        return clamped(self.cooled(seen, wanted), self.minimum, self.maximum)

    def scaled(self, size: int, ratio: float) -> int:
        """Return the size that the ratio of the metric to its target asks for."""
        wanted = rounded_up(size * ratio)
        if round(ratio, 9) > 1 + TOLERANCE:
            return min(wanted, ceil(self.rate * size))
        return max(wanted, floor(size / self.rate)) if round(ratio, 9) < 1 - TOLERANCE else size

    def guarded(self, seen: Seen, ratio: float, wanted: int) -> int:
        """Return the same with the pods that are not ready taken into account (`applyPendingReplicaGuard`)."""
        pending = seen.size - seen.ready
        if pending <= 0 or wanted == seen.size:
            return wanted
        if wanted > seen.size:
            return clamped(rounded_up(ratio * seen.ready), seen.size, wanted)
        return clamped(rounded_up(ratio * seen.ready + pending), wanted, seen.size)

    def cooled(self, seen: Seen, wanted: int) -> int:
        """Return the recommendation after the cooldown: the smallest of the window where it shrinks."""
        self.past.append((seen.now, wanted))
        while self.past[0][0] <= seen.now - COOLDOWN.total_seconds():
            self.past.popleft()
        return wanted if wanted >= seen.size else min(size for _, size in self.past)


def by_cache(minimum: int, maximum: int, _: Terms) -> Peer:
    """Return the samples' APA."""
    return APA("apa", minimum, maximum)


def tuned(minimum: int, maximum: int, terms: Terms) -> Peer:
    """Return the APA with what the cache holds at 80 % of a replica's capacity: requests half written on average."""
    held = terms.concurrency(BUSY) * (terms.prompt + terms.output / 2)
    return APA("apa-tuned", minimum, maximum, held / terms.engine.cache_tokens)
