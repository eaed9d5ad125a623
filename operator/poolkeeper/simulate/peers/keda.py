"""KEDA 2.20: a HorizontalPodAutoscaler on external metrics, and what KEDA itself does about zero and about errors.

With at least one replica the HorizontalPodAutoscaler asks KEDA for the number at each of its own looks (every 15 s);
`pollingInterval` (30 s) and `cooldownPeriod` (300 s) are only about waking from zero and going there. An answer without
a series counts as zero unless `ignoreNullValues` is "false": then it is an error, the HorizontalPodAutoscaler holds,
and after `failureThreshold` errors the `fallback` answers.

What is left out: `useCachedMetrics`, scaling modifiers, and `idleReplicaCount`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from poolkeeper.simulate.peers.hpa import BUSY, HPA, WAITING, External, Metric
from poolkeeper.simulate.peers.schedule import Hours, published
from poolkeeper.simulate.peers.terms import NOTHING, Peer, Sample, Seen, Terms, load, waiting

POLLING = timedelta(seconds=30)
COOLDOWN = timedelta(minutes=5)
FAILURES = 3
"""`failureThreshold` of the examples in KEDA's documentation."""
FRESH = timedelta(seconds=5)
"""How old samples are where experts have them scraped every ten seconds."""


@dataclass(frozen=True, slots=True)
class Fallback:
    """`fallback` with `behavior: currentReplicasIfHigher`: so many replicas after more failures than these in a row."""

    replicas: int
    failures: int = FAILURES


@dataclass(frozen=True, slots=True)
class Cron:
    """The cron trigger: the size of the hour, whatever the metrics say."""

    hours: Hours

    def proposal(self, seen: Seen, _: Sample) -> int:
        """Return the size of the hour."""
        return self.hours.size(seen.now)


@dataclass
class Keda:
    """A ScaledObject over its HorizontalPodAutoscaler; a `minimum` of 0 lets it go to zero."""

    hpa: HPA
    minimum: int
    ignore_null: bool = True
    fallback: Fallback | None = None
    failures: int = field(default=0, init=False)
    polled: float = field(default=float("-inf"), init=False)
    active: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.name, self.interval = self.hpa.name, self.hpa.interval

    def decide(self, seen: Seen) -> int:
        """Return the size to have."""
        sample = self.answer(self.hpa.pipeline.sample(seen))
        woken = self.poll(seen, sample)
        if seen.size == 0:
            return max(self.minimum, int(woken))
        if self.is_cold(seen):
            return 0
        return self.hpa.judged(seen, sample) if sample is not None else self.without(seen)

    def answer(self, sample: Sample) -> Sample | None:
        """Return what the HorizontalPodAutoscaler is told, None for an error."""
        if sample.known or self.ignore_null:
            self.failures = 0
            return sample if sample.known else NOTHING
        self.failures += 1
        return None

    def poll(self, seen: Seen, sample: Sample | None) -> bool:
        """Remember when there was something to do, and return whether a poll found so just now."""
        if seen.now - self.polled < POLLING.total_seconds():
            return False
        self.polled = seen.now
        is_active = sample is not None and load(sample) > 0
        if is_active or self.active is None:
            self.active = seen.now
        return is_active

    def is_cold(self, seen: Seen) -> bool:
        """Return whether there has been nothing to do for the cooldown."""
        idle = seen.now - (self.active if self.active is not None else seen.now)
        return self.minimum == 0 and idle >= COOLDOWN.total_seconds()

    def without(self, seen: Seen) -> int:
        """Return the size to have while the metrics are gone."""
        if self.fallback is None or self.failures <= self.fallback.failures:
            return seen.size
        return min(self.hpa.maximum, max(seen.size, self.fallback.replicas))


def underneath(name: str, minimum: int, maximum: int, metrics: Sequence[Metric]) -> HPA:
    """Return the HorizontalPodAutoscaler that KEDA makes, which knows no zero."""
    return HPA(name, max(1, minimum), maximum, metrics)


def by_waiting(minimum: int, maximum: int, _: Terms) -> Peer:
    """Return production-stack's: five waiting requests per replica, everything else as it comes."""
    return Keda(underneath("keda", minimum, maximum, [External(waiting, WAITING)]), minimum)


def by_load(minimum: int, maximum: int, terms: Terms) -> Peer:
    """Return KEDA on all requests that are there, as many as a replica has at 80 % of its capacity."""
    return Keda(underneath("keda-load", minimum, maximum, [at_load(terms)]), minimum)


def hardened(minimum: int, maximum: int, terms: Terms) -> Peer:
    """Return what experts run: on load, scraped often, errors are errors, half the maximum to fall back on."""
    return fail_safe(HPA("keda-hardened", max(1, minimum), maximum, [at_load(terms)], lag=FRESH), minimum)


def with_cron(minimum: int, maximum: int, terms: Terms) -> Peer:
    """Return the same over a cron trigger that holds the sizes by the hour as a floor."""
    hours = Hours(terms.hours or published(minimum, maximum), terms.start)
    return fail_safe(HPA("keda-cron", max(1, minimum), maximum, [at_load(terms), Cron(hours)], lag=FRESH), minimum)


def at_load(terms: Terms) -> Metric:
    """Return the metric that experts use: the requests that a replica has at 80 % of its capacity."""
    return External(load, terms.concurrency(BUSY))


def fail_safe(hpa: HPA, minimum: int) -> Peer:
    """Return KEDA for which an answer without a series is an error."""
    return Keda(hpa, minimum, ignore_null=False, fallback=Fallback(max(minimum, -(-hpa.maximum // 2))))
