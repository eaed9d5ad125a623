"""Ray Serve's autoscaler, after `ray.serve.autoscaling_policy` and the defaults of `AutoscalingConfig`.

The mean of the ongoing requests (waiting and running) of the last 30 s over `target_ongoing_requests` is the size that
it wants, moved towards by the smoothing factors (1: all the way). It grows when it has wanted to for 30 s without a
break, shrinks after 600 s. Replicas report every 10 s, which is how often it looks here; its loop runs ten times a
second and counts.

What is left out: application-level policies, and the cluster's autoscaler, whose wait for nodes is the world's.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil

from poolkeeper.simulate.peers.hpa import BUSY
from poolkeeper.simulate.peers.means import Mean
from poolkeeper.simulate.peers.terms import Peer, Seen, Terms, clamped, rounded_up

METRICS_INTERVAL = timedelta(seconds=10)
LOOK_BACK = timedelta(seconds=30)
UPSCALE_DELAY = timedelta(seconds=30)
DOWNSCALE_DELAY = timedelta(minutes=10)
ONGOING = 2.0
"""`target_ongoing_requests`."""


@dataclass(frozen=True, slots=True)
class Smoothing:
    """`upscaling_factor` and `downscaling_factor`."""

    up: float = 1.0
    down: float = 1.0


ALL_THE_WAY = Smoothing()


@dataclass
class RayServe:
    """A deployment's autoscaler; `target` is how many requests each replica is to have."""

    name: str
    minimum: int
    maximum: int
    target: float = ONGOING
    smoothing: Smoothing = ALL_THE_WAY
    interval: timedelta = field(default=METRICS_INTERVAL, init=False)
    since: float = field(default=0.0, init=False)
    direction: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.ongoing = Mean(LOOK_BACK)

    def decide(self, seen: Seen) -> int:
        """Return the size to have; without metrics the one that is."""
        if seen.missing:
            return seen.size
        ongoing = self.ongoing.add(seen.now, seen.waiting + seen.running)
        if not seen.ready:
            return max(ceil(self.smoothing.up), seen.size) if ongoing else seen.size
        wanted = clamped(self.smoothed(ongoing, seen.ready), self.minimum, self.maximum)
        return self.delayed(seen, wanted)

    def smoothed(self, ongoing: float, replicas: int) -> int:
        """Return the size wanted, as far on the way as the factors go; a shrink is one replica at least."""
        desired = ongoing / self.target
        factor = self.smoothing.up if desired > replicas else self.smoothing.down
        scaled = rounded_up(replicas + factor * (desired - replicas))
        return scaled - 1 if rounded_up(desired) < replicas == scaled else scaled

    def delayed(self, seen: Seen, wanted: int) -> int:
        """Return the size once it has been wanted for the delay; the last replica goes alone."""
        direction = (wanted > seen.size) - (wanted < seen.size)
        if direction != self.direction:
            self.direction, self.since = direction, seen.now
        delay = UPSCALE_DELAY if direction > 0 else DOWNSCALE_DELAY
        if direction == 0 or seen.now - self.since < delay.total_seconds():
            return seen.size
        self.direction = 0
        return wanted if seen.size == 1 else max(1, wanted)


def by_default(minimum: int, maximum: int, _: Terms) -> Peer:
    """Return Ray Serve with two ongoing requests a replica."""
    return RayServe("ray", minimum, maximum)


def tuned(minimum: int, maximum: int, terms: Terms) -> Peer:
    """Return Ray Serve with as many requests as a replica has at 80 % of its capacity."""
    return RayServe("ray-tuned", minimum, maximum, terms.concurrency(BUSY))
