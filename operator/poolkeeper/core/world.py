"""A world for one pool: traffic, engines, machines and markets, as a policy sees them.

    traffic --> Serving (core/serving.py) <-- ready replicas -- Fleet (core/machines.py) <-- resize()
                    |                                               |
                    +------------- observe(), gauges() -------------+

It is advanced in steps, within which traffic is even; a replica that becomes ready or goes within a step does so then.
Seconds since the start inside, instants at the edge.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from poolkeeper.core.arrivals import Arrival
from poolkeeper.core.engine import Engine
from poolkeeper.core.machines import ENDLESS, OURS, Agenda, Drain, Fleet, Startup, Stock, Terms
from poolkeeper.core.model import CapacityType, PoolSpec
from poolkeeper.core.observation import Observation, PodSample, Reading, Target
from poolkeeper.core.serving import Serving

HOUR = 3600.0
SLA = timedelta(seconds=2)
DONE = 0.5
"""Requests: a replica that drains is done when less than this runs on it."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a pool stands on. `prices` are per replica-hour by tier; a tier without a price costs nothing.

    A replica that is taken away finishes what runs for as long as `drain`, then cuts it off. `metric_delay`: how old
    the figures are that anybody sees.
    """

    engine: Engine = field(default_factory=Engine)
    startup: Startup = field(default_factory=Startup)
    node_wait: timedelta = timedelta(0)
    prices: Mapping[str, Decimal] = field(default_factory=dict)
    metric_delay: timedelta = timedelta(0)
    stock: Mapping[str, Stock] = field(default_factory=dict)
    drain: timedelta = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Gauges:
    """What a peer's metrics show at `now`, in seconds since the start. Rates are requests a second since the last look.

    `utilization` is the share of the capacity in use, 0 to 1; `by_tier` has (size, ready).
    """

    now: float
    size: int
    ready: int
    waiting: float
    running: float
    kv_usage: float
    arrival_rate: float
    throughput: float
    utilization: float
    by_tier: Mapping[str, tuple[int, int]]


class Counts(NamedTuple):
    """What an average replica that has been there from the start has counted."""

    inside: float = 0.0
    started: float = 0.0
    finished: float = 0.0
    prompt_tokens: float = 0.0
    generation_tokens: float = 0.0


class World:
    """A pool in its world: what is paid for, by tier in seconds, is `paid`; `spent` is that times the prices."""

    def __init__(
        self, ground: Ground, spec: PoolSpec, start: datetime, sizes: Mapping[str, int], seed: int = 0
    ) -> None:
        self.ground, self.start, self.seed = ground, start, seed
        self.serving = Serving(ground.engine, (spec.slo.queue_time if spec.slo else SLA).total_seconds())
        self.agenda = Agenda()
        self.fleets = {tier.name: self._fleet(tier.name) for tier in spec.tiers}
        self.keeper = next(tier.name for tier in spec.tiers if tier.type is CapacityType.ON_DEMAND)
        self.drains: list[Drain] = []
        self.paid = dict.fromkeys(self.fleets, 0.0)
        self.spent = 0.0
        self._prices = {name: float(ground.prices.get(name, 0)) / HOUR for name in self.fleets}
        self._counts, self._mark = Counts(), Counts()
        self._begun: dict[str, Counts] = {}
        self.ready = 0
        self._looked = (0.0, 0.0, 0.0)
        for name, fleet in self.fleets.items():
            fleet.begin(sizes.get(name, 0))
        self._refresh()

    @property
    def clock(self) -> float:
        """The seconds since the start."""
        return self.serving.clock

    @property
    def now(self) -> datetime:
        """The instant."""
        return self.start + timedelta(seconds=self.serving.clock)

    @property
    def size(self) -> int:
        """The replicas asked for."""
        return sum(fleet.size for fleet in self.fleets.values())

    @property
    def cut_off(self) -> float:
        """The requests that were cut off while they ran."""
        return self.serving.cut_off

    @property
    def draining(self) -> float:
        """The requests that run on replicas that go."""
        return sum(drain.running for drain in self.drains)

    def resize(self, tier: str, size: int, victims: Collection[str] = ()) -> None:
        """Ask for so many replicas of a tier; the pods named `victims` go first."""
        lost = self.fleets[tier].resize(size, self.clock, victims)
        if lost:
            self._withdraw(tier, lost, self.clock + self.ground.drain.total_seconds())
        self._refresh()

    def advance(self, arrival: Arrival, step: timedelta) -> None:
        """Let a step's requests come and be served, and happen what is due in it, its end included."""
        seconds = step.total_seconds()
        if self.agenda.next > self.clock + seconds:
            self._pass(arrival, seconds)
            return
        end, requests, prompt, output = self.clock + seconds, arrival.requests, arrival.prompt, arrival.output
        while (at := self.agenda.next) <= end:
            if (part := at - self.clock) > 0:
                self._pass(Arrival(requests * part / seconds, prompt, output), part)
            self._turn()
        if (part := end - self.clock) > 0:
            self._pass(Arrival(requests * part / seconds, prompt, output), part)

    def observe(self) -> Observation:
        """Return what the operator sees; with nobody ready to be asked, whoever holds the queue tells its length."""
        serving, at = self.serving, self.now
        if not self.ready:
            readings = (Reading("queue", at, waiting=serving.waits.waiting),)
        else:
            readings = (Reading("pods", at, pods=self._samples()),)
        return Observation(self._target, readings, siblings=self._siblings)

    def gauges(self) -> Gauges:
        """Return what a peer's metrics show, and begin anew to count rates."""
        serving, ready = self.serving, self.ready
        came, finished, then = serving.waits.total, serving.finished, self._looked
        lasted = serving.clock - then[2]
        rates = ((came - then[0]) / lasted, (finished - then[1]) / lasted) if lasted else (0.0, 0.0)
        self._looked = (came, finished, serving.clock)
        capacity = serving.capacity(ready)
        return Gauges(
            now=serving.clock,
            size=self.size,
            ready=ready,
            waiting=serving.waits.waiting,
            running=serving.running,
            kv_usage=serving.kv_usage(ready),
            arrival_rate=rates[0],
            throughput=rates[1],
            utilization=min(1.0, rates[1] / capacity) if capacity else 0.0,
            by_tier=self._by_tier,
        )

    def _fleet(self, tier: str) -> Fleet:
        ground = self.ground
        stock, wait = ground.stock.get(tier, ENDLESS), ground.node_wait.total_seconds()
        return Fleet(tier, Terms(self.start, ground.startup, wait, stock, self.seed), self.agenda)

    def _turn(self) -> None:
        """Let the next thing happen; what runs on a replica that leaves has until it is taken."""
        _, deadline = self.agenda.turn()
        if deadline is not None:
            self._withdraw("", 1, deadline)
        self._refresh()

    def _withdraw(self, tier: str, replicas: int, deadline: float) -> None:
        """Let replicas that were ready go, with what runs on them; those of no tier are paid while they stay."""
        running = self.serving.leave(replicas / self.ready)
        if running < DONE:
            self.serving.finished += running
        else:
            self.drains.append(Drain(tier, replicas, (running, self.serving.decode_output), deadline))

    def _refresh(self) -> None:
        """Take in what the fleets have come to."""
        self._close()
        ready = [one.pod.uid for fleet in self.fleets.values() for one in fleet.ready]
        self.ready = len(ready)
        self._begun = {uid: self._begun.get(uid, self._counts) for uid in ready}
        targets = {name: self._shown(fleet) for name, fleet in self.fleets.items()}
        self._target = targets.pop(self.keeper)
        self._siblings = tuple(targets.values())
        self._by_tier = {name: (fleet.size, len(fleet.ready)) for name, fleet in self.fleets.items()}
        self._rates = [(name, fleet.paid) for name, fleet in self.fleets.items()]

    def _close(self) -> None:
        """Share what the ready replicas have done since the last change among them, before their number changes."""
        totals = self._totals()
        if self.ready:
            shares = zip(self._counts, totals, self._mark, strict=True)
            self._counts = Counts(*[count + (total - mark) / self.ready for count, total, mark in shares])
        self._mark = totals

    def _totals(self) -> Counts:
        serving = self.serving
        return Counts(
            serving.waits.punctual,
            serving.started,
            serving.finished,
            serving.prompt_tokens,
            serving.generation_tokens,
        )

    def _shown(self, fleet: Fleet) -> Target:
        return Target(fleet.size, uid=OURS, writer=OURS, ours=True, pods=fleet.pods, tier=fleet.tier)

    def _pass(self, arrival: Arrival, seconds: float) -> None:
        """Let time pass in which no replica comes or goes."""
        self.serving.advance(arrival, self.ready, seconds)
        for name, count in self._rates:
            self._pay(name, count * seconds)
        if self.drains:
            self._drain(seconds)

    def _pay(self, tier: str, seconds: float) -> None:
        self.paid[tier] += seconds
        self.spent += seconds * self._prices[tier]

    def _drain(self, seconds: float) -> None:
        """Let what runs on replicas that go end, and let those go that are done or have no more time."""
        for drain in self.drains:
            lasted = min(seconds, drain.deadline - self.clock + seconds)
            self.serving.finished += drain.advance(self.ground.engine, lasted)
            if drain.tier:
                self._pay(drain.tier, drain.replicas * lasted)
            if drain.deadline <= self.clock:
                self.serving.cut_off += drain.running
            elif drain.running < DONE:
                self.serving.finished += drain.running
        self.drains = [one for one in self.drains if one.running >= DONE and one.deadline > self.clock]

    def _samples(self) -> tuple[PodSample, ...]:
        """Return what each ready pod's page shows; all have the same share of what waits and runs."""
        self._close()
        ready, serving = self.ready, self.serving
        waiting, running, usage = serving.waits.waiting / ready, serving.running / ready, serving.kv_usage(ready)
        inside, started, finished, prompt_tokens, generation_tokens = self._counts
        return tuple(
            [
                PodSample(
                    uid,
                    waiting,
                    running,
                    usage,
                    inside - begun[0],
                    started - begun[1],
                    finished - begun[2],
                    prompt_tokens - begun[3],
                    generation_tokens - begun[4],
                )
                for uid, begun in self._begun.items()
            ]
        )
