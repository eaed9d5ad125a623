"""Kubernetes' HorizontalPodAutoscaler v2, after `pkg/controller/podautoscaler` of 1.36.

Every 15 s each metric proposes a size, the largest counts, and is held within the stabilisation window and the rules.

    External    AverageValue of a number for the whole pool: ceil(total / target), whoever is ready
    Pods        AverageValue of the pods that have the metric: ready * (their mean / target); pods that load are taken
                to be idle where the size would grow and on target where it would shrink, pods that are pending (no
                node yet, or no image) to be idle where it would grow and else not to be there

Within 10 % of the target nothing changes. A HorizontalPodAutoscaler without `behavior`, which is the default and what
KEDA writes, grows to max(2 * size, 4) at most in one look; `behavior` is documented as "100 % or 4 pods every 15 s",
which is 1 -> 5 instead of 1 -> 4. Both shrink to the largest proposal of the last five minutes.

What is left out: resource metrics with their CPU initialisation, several containers, `Value` targets. What a peer is
shown does not tell the two kinds of pods that are not ready apart: those of the peers load.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from poolkeeper.simulate.peers.rules import BUILT_IN, Limit
from poolkeeper.simulate.peers.terms import (
    Peer,
    Pipeline,
    Read,
    Sample,
    Seen,
    Terms,
    clamped,
    load,
    rounded_up,
    waiting,
)

SYNC = timedelta(seconds=15)
"""`--horizontal-pod-autoscaler-sync-period`."""
TOLERANCE = 0.1
"""`--horizontal-pod-autoscaler-tolerance`."""
STABILISATION = timedelta(minutes=5)
"""`--horizontal-pod-autoscaler-downscale-stabilization`."""
LAG = timedelta(seconds=15)
"""The mean age of a sample that the Prometheus operator scrapes every 30 s, its default."""
WAITING = 5.0
"""The waiting requests per replica that production-stack's chart has as its threshold."""
BUSY = 0.8
"""The share of a replica's capacity that experts aim at."""


def near(ratio: float) -> bool:
    """Return whether a ratio is within the tolerance."""
    return 1 - TOLERANCE <= ratio <= 1 + TOLERANCE


class Metric(Protocol):
    """One metric of a HorizontalPodAutoscaler."""

    def proposal(self, seen: Seen, sample: Sample) -> int | None:
        """Return the size that it proposes, None where it cannot tell."""
        ...


@dataclass(frozen=True, slots=True)
class External:
    """A number for the whole pool and its target for each replica (`GetExternalPerPodMetricReplicas`)."""

    read: Read
    target: float

    def proposal(self, seen: Seen, sample: Sample) -> int | None:
        """Return the size that would have the target in each replica, None where the number is not to be had."""
        if not sample.known:
            return None
        total = self.read(sample)
        if near(total / (self.target * seen.size)):
            return seen.size
        return rounded_up(total / self.target)


@dataclass(frozen=True, slots=True)
class Pods:
    """A number of each pod that is ready, and the target for their mean (`calcPlainMetricReplicas`).

    The others `load`: they run without telling. Otherwise they are pending.
    """

    read: Read
    target: float
    load: bool = True

    def proposal(self, seen: Seen, sample: Sample) -> int | None:
        """Return the size that would have the target in each replica, None where no pod has the metric."""
        if not sample.known or not seen.ready:
            return None
        ratio = self.read(sample) / (self.target * seen.ready)
        silent = seen.size - seen.ready
        if silent > 0 and (self.load or ratio > 1):
            return self.with_silent(seen, ratio, silent)
        return seen.size if near(ratio) else rounded_up(ratio * seen.ready)

    def with_silent(self, seen: Seen, ratio: float, silent: int) -> int:
        """Return the size where some pods do not tell: they never turn round which way it goes."""
        whole = (ratio * seen.ready + (silent if ratio < 1 else 0)) / seen.size
        wanted = rounded_up(whole * seen.size)
        turned = (ratio < 1 and wanted > seen.size) or (ratio > 1 and wanted < seen.size)
        return seen.size if ratio == 1 or near(whole) or turned else wanted


@dataclass
class HPA:
    """A HorizontalPodAutoscaler; `lag` is how old its metrics are."""

    name: str
    minimum: int
    maximum: int
    metrics: Sequence[Metric]
    limit: Limit = BUILT_IN
    lag: timedelta = LAG
    interval: timedelta = field(default=SYNC, init=False)
    proposals: deque[tuple[float, int]] = field(default_factory=deque, init=False)
    changes: deque[tuple[float, int]] = field(default_factory=deque, init=False)

    def __post_init__(self) -> None:
        self.pipeline = Pipeline(self.lag)

    def decide(self, seen: Seen) -> int:
        """Return the size to have."""
        return self.judged(seen, self.pipeline.sample(seen))

    def judged(self, seen: Seen, sample: Sample) -> int:
        """Return the size to have where the metrics say so."""
        if not self.proposals:
            self.proposals.append((seen.now, seen.size))
        size = self.sized(seen, sample)
        if size != seen.size:
            self.changes.append((seen.now, size - seen.size))
        return size

    def sized(self, seen: Seen, sample: Sample) -> int:
        """Return the size within the bounds, the window and the rules."""
        if seen.size == 0:
            return 0  # scaling is disabled: whoever wants a pool at zero to wake does so himself
        if not self.minimum <= seen.size <= self.maximum:
            return clamped(seen.size, self.minimum, self.maximum)
        wanted = self.wanted(seen, sample)
        if wanted is None:
            return seen.size
        held = self.limit.stabilised(wanted, seen, self.proposals)
        return clamped(self.limit.limited(held, seen, self.changes), self.minimum, self.maximum)

    def wanted(self, seen: Seen, sample: Sample) -> int | None:
        """Return the largest proposal, None where none can be made, or where only some can and would shrink."""
        proposals = [metric.proposal(seen, sample) for metric in self.metrics]
        made = [proposal for proposal in proposals if proposal is not None]
        if not made or (len(made) < len(proposals) and max(made) < seen.size):
            return None
        return max(made)


def by_waiting(minimum: int, maximum: int, _: Terms) -> Peer:
    """Return the HorizontalPodAutoscaler that is found most: five waiting requests per pod."""
    return HPA("hpa-waiting", minimum, maximum, [Pods(waiting, WAITING)])


def by_load(minimum: int, maximum: int, terms: Terms) -> Peer:
    """Return the one that experts run: all requests that are there, as many as a load test has at 80 %."""
    return HPA("hpa-load", minimum, maximum, [Pods(load, terms.concurrency(BUSY))])


def by_slots(minimum: int, maximum: int, terms: Terms) -> Peer:
    """Return the one of who has no load test: all requests that are there, at 80 % of the slots."""
    return HPA("hpa-slots", minimum, maximum, [Pods(load, BUSY * terms.batch)])
