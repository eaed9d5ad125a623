"""SkyServe's autoscalers, after `sky/serve/autoscalers.py`, its defaults, and SpotHedge (arXiv 2411.01438).

Every 20 s: the requests a second of the last 60 s over `target_qps_per_replica` (the engine's true capacity). It grows
when that has been more than the size for 300 s of looks in a row, shrinks after 1,200 s.

On spot it keeps `base_ondemand_fallback_replicas` on demand and the rest on spot; with `dynamic_ondemand_fallback`, on
demand also stands in for each spot replica that is not ready. SpotHedge asks for more spot than it needs, and lets on
demand stand in for no more than are needed:

    spot = target - base + extra,   on demand = min(target, base + spot - spot ready)

What is left out: rolling updates, mixed GPUs, and target_qps by instance type.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from poolkeeper.core.model import CapacityType
from poolkeeper.simulate.peers.means import Mean
from poolkeeper.simulate.peers.placer import Placer
from poolkeeper.simulate.peers.terms import Peer, Seen, Terms, clamped, rounded_up

INTERVAL = timedelta(seconds=20)
WINDOW = timedelta(seconds=60)
UPSCALE_DELAY, DOWNSCALE_DELAY = timedelta(seconds=300), timedelta(seconds=1200)
EXTRA = 2
"""How many spot replicas SpotHedge has over what is needed: `num_overprovision`, which has no default; two here."""
BUSY = 0.8


@dataclass
class RequestRate:
    """The request-rate autoscaler; `qps` is how many requests a second each replica is to have."""

    name: str
    minimum: int
    maximum: int
    qps: float
    interval: timedelta = field(default=INTERVAL, init=False)
    target: int | None = field(default=None, init=False)
    looks: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.rate = Mean(WINDOW)

    def decide(self, seen: Seen) -> int:
        """Return the size to have; without metrics the target stays."""
        if self.target is None:
            self.target = clamped(seen.size, self.minimum, self.maximum)
        if not seen.missing:
            wanted = rounded_up(self.rate.add(seen.now, seen.arrival_rate) / self.qps)
            self.target = self.held(clamped(wanted, self.minimum, self.maximum), self.target)
        return self.target

    def held(self, wanted: int, target: int) -> int:
        """Return the target, or what has been wanted for enough looks in a row; from zero at once.

        `looks` counts those above the target, as a negative number those below it.
        """
        direction = (wanted > target) - (wanted < target)
        self.looks = self.looks + direction if self.looks * direction >= 0 and direction else direction
        delay = UPSCALE_DELAY if direction > 0 else DOWNSCALE_DELAY
        if target and abs(self.looks) < delay // INTERVAL:
            return target
        self.looks = 0
        return wanted


@dataclass
class SpotFallback:
    """The same on spot, with on demand to fall back on."""

    autoscaler: RequestRate
    placer: Placer
    on_demand: str
    base: int = 0
    extra: int = 0

    def __post_init__(self) -> None:
        self.name, self.interval = self.autoscaler.name, self.autoscaler.interval

    def decide(self, seen: Seen) -> Mapping[str, int]:
        """Return the size of each tier."""
        needed = max(0, self.autoscaler.decide(seen) - self.base)
        spot = needed + self.extra
        ready = sum(seen.by_tier.get(zone, (0, 0))[1] for zone in self.placer.zones)
        stand_in = clamped(spot - ready, 0, needed)
        return {**self.placer.placed(spot, seen), self.on_demand: self.base + stand_in}


def by_rate(minimum: int, maximum: int, terms: Terms) -> Peer:
    """Return the autoscaler with the capacity of a replica as its target."""
    return RequestRate("skyserve", minimum, maximum, terms.capacity)


def tuned(minimum: int, maximum: int, terms: Terms) -> Peer:
    """Return the one with four fifths of it."""
    return RequestRate("skyserve-tuned", minimum, maximum, BUSY * terms.capacity)


def on_spot(minimum: int, maximum: int, terms: Terms) -> Peer:
    """Return dynamic fallback as its documentation has it."""
    return fallback(RequestRate("skyserve-spot", minimum, maximum, terms.capacity), terms)


def hedged(minimum: int, maximum: int, terms: Terms) -> Peer:
    """Return SpotHedge, with two spot replicas over what is needed."""
    return fallback(RequestRate("skyserve-hedge", minimum, maximum, terms.capacity), terms, EXTRA)


def fallback(autoscaler: RequestRate, terms: Terms, extra: int = 0) -> Peer:
    """Return the autoscaler on the spot tiers of the terms; without any, all is on demand."""
    zones = tuple(tier.name for tier in terms.tiers if tier.type is CapacityType.SPOT)
    firm = [tier.name for tier in terms.tiers if tier.type is CapacityType.ON_DEMAND]
    if not zones or not firm:
        return autoscaler
    return SpotFallback(autoscaler, Placer(zones), firm[0], extra=extra)
