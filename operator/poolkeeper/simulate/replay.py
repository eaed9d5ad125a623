"""A policy lived through traffic: the operator's own decide(), or a peer's algorithm, in core's world.

every step     what is due is looked at and resized, then the step's requests come
ours           every queue.interval, and no more often than the traffic's step; jumping, only where it could matter
a peer         every interval of its own
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from math import ceil, fsum
from typing import Protocol

from poolkeeper.core.arrivals import Arrival, Traffic
from poolkeeper.core.decide import decide
from poolkeeper.core.decision import Decision
from poolkeeper.core.memory import Memory
from poolkeeper.core.model import ON_DEMAND, CapacityType, Mode, PoolSpec, Tier
from poolkeeper.core.observation import Observation
from poolkeeper.core.plan import plan
from poolkeeper.core.split import due
from poolkeeper.core.world import Gauges, Ground, World
from poolkeeper.simulate.jumps import Standing

FIRST = timedelta(minutes=10)
MARGIN = 1.1
HOUR = 3600.0
MOMENTS = 1000
CENT = Decimal("0.01")
SLIGHT = 1e-6


class Policy(Protocol):
    """An algorithm that sees gauges: its size is the total, all of it on-demand, or each tier's."""

    name: str
    interval: timedelta

    def decide(self, seen: Gauges) -> int | Mapping[str, int]:
        """Return the size to have."""
        ...


class Operator:
    """The operator itself: decide() and plan(), and the memory between two decisions."""

    name = "poolkeeper"

    def __init__(self, spec: PoolSpec) -> None:
        self.spec = replace(spec, mode=Mode.ACTIVE)
        self.interval = spec.queue.interval
        self.memory = Memory()

    def see(self, seen: Observation, now: datetime) -> Decision:
        """Look, and remember."""
        decision, self.memory = decide(self.spec, seen, self.memory, now)
        return decision

    def act(self, world: World) -> Decision:
        """Look at the world, and carry out what is decided."""
        return self.carry_out(world, self.see(world.observe(), world.now))

    def carry_out(self, world: World, decision: Decision) -> Decision:
        """Do what was decided, and return that."""
        for resize in plan(self.spec, decision).resizes:
            world.resize(resize.tier, resize.after, resize.victims)
        return decision


@dataclass(frozen=True, slots=True)
class Case:
    """What every policy is put through: traffic, on which ground, between which sizes, from which on."""

    traffic: Traffic
    ground: Ground
    minimum: int
    maximum: int
    start_size: int
    sla: timedelta
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Moment:
    """What stood at an instant: the load of the time since the last moment, in replicas, and what it has come to.

    `late` is the share of what came since the last moment that did not start in time.
    """

    at: datetime
    load: float
    sizes: Mapping[str, int]
    ready: int
    waiting: float
    cost: Decimal
    late: float


@dataclass(frozen=True, slots=True)
class Played:
    """What a policy came to. Waits in seconds; what still waits at the end counts as if it started then."""

    policy: str
    replica_hours: float
    by_tier: Mapping[str, float]
    cost: Decimal
    in_sla: float
    wait_p50: float
    wait_p95: float
    wait_p99: float
    changes: int
    cut_off: float
    peak: int
    requests: float
    moments: tuple[Moment, ...] = ()


def start_size(traffic: Traffic, ground: Ground, minimum: int, maximum: int) -> int:
    """Return what the mean of the first ten minutes needs and a tenth, inside the bounds."""
    first = traffic.arrivals[: max(1, ceil(FIRST / traffic.step))]
    load = fsum(work(one, ground, traffic.step) for one in first) / len(first)
    return max(minimum, min(maximum, ceil(load * MARGIN)))


def replay(
    policy: Policy | Operator, case: Case, progress: Callable[[float], None] | None = None, *, jump: bool = False
) -> Played:
    """Return what a policy makes of a case; `progress` is told the share that is done, from time to time.

    With `jump` the operator's looks that would change nothing are left out (`jumps.py`): the same sizes, sooner.
    """
    run, place, many = Run(policy, case, jump=jump), 0, len(case.traffic.arrivals)
    while place < many:
        if progress is not None and place % run.thinning == 0:
            progress(place / many)
        place = run.stride(place)
    return run.played()


def work(arrival: Arrival, ground: Ground, step: timedelta) -> float:
    """Return the replicas that a step's requests keep busy."""
    if not arrival.requests:
        return 0.0
    return arrival.requests / step.total_seconds() / ground.engine.capacity(arrival.prompt, arrival.output)


class Run:
    """One policy on its way through a case."""

    def __init__(self, policy: Policy | Operator, case: Case, *, jump: bool = False) -> None:
        self.policy, self.case, self.traffic = policy, case, case.traffic
        self.spec = pool(policy, case)
        self.world = World(case.ground, self.spec, case.traffic.start, first_sizes(self.spec, case), case.seed)
        self.interval = max(policy.interval, self.traffic.step).total_seconds()
        between = ceil(self.interval / self.traffic.step.total_seconds()) * self.traffic.step
        self.standing = Standing(self.spec, between) if jump and isinstance(policy, Operator) else None
        self.looks = 0
        self.size = self.peak = self.world.size
        self.changes = 0
        self.thinning = max(1, len(self.traffic.arrivals) // MOMENTS)
        self.seconds = self.traffic.step.total_seconds()
        self.capacity = lru_cache(case.ground.engine.capacity)  # a bin's steps have the same tokens
        self.moments: list[Moment] = []
        self.load = self.came = self.late = 0.0

    def step(self, place: int) -> None:
        """Look where it is due, and let a step pass."""
        arrival, world = self.traffic.arrivals[place], self.world
        if world.clock + SLIGHT >= self.looks * self.interval:
            self.looks += 1
            if self.standing is None or not self.standing.skips(world):
                self._look()
        self._count(arrival)
        if place % self.thinning == 0:
            self._note()
        world.advance(arrival, self.traffic.step)

    def stride(self, place: int) -> int:
        """Let a step pass, and those after it in which no look is due and nobody comes to wait; returns the next.

        A step at which something is noted begins another stride.
        """
        self.step(place)
        after = place + 1
        room = -after % self.thinning
        if self.standing is not None and room:
            room = min(room, self.standing.strides(self.world, self.traffic.step))
            coming = self.traffic.arrivals[after : after + room]
            passed, before = self.world.glide(coming, self.traffic.step)
            if before is not None:
                self.standing.skip(self.world, before)
            for arrival in coming[:passed]:
                self._count(arrival)
            self.looks += passed
            after += passed
        return after

    def played(self) -> Played:
        """Return what it came to."""
        world, waits = self.world, self.world.serving.waits
        left = waits.waiting
        waits.start(world.clock, world.clock, left)
        return Played(
            policy=self.policy.name,
            replica_hours=fsum(world.paid.values()) / HOUR,
            by_tier={tier: seconds / HOUR for tier, seconds in world.paid.items()},
            cost=Decimal(world.spent).quantize(CENT),
            in_sla=waits.inside(self.case.sla.total_seconds()),
            wait_p50=waits.percentile(0.5),
            wait_p95=waits.percentile(0.95),
            wait_p99=waits.percentile(0.99),
            changes=self.changes,
            cut_off=world.cut_off,
            peak=self.peak,
            requests=waits.total,
            moments=tuple(self.moments),
        )

    def _count(self, arrival: Arrival) -> None:
        """Add up the load, in replicas."""
        requests, prompt, output = arrival
        if requests:
            self.load += requests / self.seconds / self.capacity(prompt, output)

    def _look(self) -> None:
        """Let the policy act, and count what it changed."""
        world = self.world
        if isinstance(self.policy, Operator):
            self._operate(self.policy)
        else:
            for tier, size in self._wanted(self.policy.decide(world.gauges())).items():
                world.resize(tier, size)
        if world.size != self.size:
            self.changes += 1
            self.size = world.size
            self.peak = max(self.peak, self.size)

    def _operate(self, operator: Operator) -> None:
        """Let the operator act; where somebody waits, it first makes up for the look that it left out."""
        standing = self.standing
        if standing is not None and standing.skipped is not None and self.world.serving.waits.waiting:
            operator.see(*standing.skipped)
        decision = operator.act(self.world)
        if standing is not None:
            standing.take(decision, operator.memory, self.world)

    def _wanted(self, answer: int | Mapping[str, int]) -> Mapping[str, int]:
        """Return each tier's size; a total is all on the tier that stays, and none elsewhere."""
        if isinstance(answer, Mapping):
            return answer
        return {tier.name: 0 for tier in self.spec.tiers} | {self.world.keeper: self._bounded(answer)}

    def _bounded(self, size: int) -> int:
        """Return a total inside the pool's bounds."""
        return max(self.case.minimum, min(self.case.maximum, size))

    def _note(self) -> None:
        """Keep what stands now, for plots."""
        world, waits = self.world, self.world.serving.waits
        came = waits.started - self.came
        late = waits.started - waits.punctual
        self.moments.append(
            Moment(
                at=world.now,
                load=self.load / self.thinning if self.moments else self.load,
                sizes={name: fleet.size for name, fleet in world.fleets.items()},
                ready=world.ready,
                waiting=waits.waiting,
                cost=Decimal(world.spent).quantize(CENT),
                late=(late - self.late) / came if came else 0.0,
            )
        )
        self.load, self.came, self.late = 0.0, waits.started, late


def pool(policy: Policy | Operator, case: Case) -> PoolSpec:
    """Return the pool of a case: the operator's own, with the SLA counted, or for a peer one of the tiers there are."""
    if isinstance(policy, Operator):
        return policy.spec
    spot = [Tier(name, CapacityType.SPOT) for name in case.ground.stock if name != ON_DEMAND.name]
    return PoolSpec(case.minimum, case.maximum, tiers=(*spot, ON_DEMAND))


def first_sizes(spec: PoolSpec, case: Case) -> Mapping[str, int]:
    """Return how the start's size is split over the tiers."""
    return due(case.start_size, spec.guaranteed, spec.tiers)
