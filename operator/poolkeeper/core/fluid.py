"""A simple world for one pool: a queue that is a fluid, machines that are all alike, and the real decide().

    traffic --> waiting --> ready replicas, each `rate` requests a second, `slots` at once
                   |                          |
                   +------ what a look sees --+--> decide() --> replicas: ready `startup` later, gone at once

What arrives waits as long as the ready replicas take for what waits already; inside the SLA is a wait of at most that
long. There is one tier, nothing fails, and a replica's speed does not depend on how many requests it runs.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil

from poolkeeper.core.decide import decide
from poolkeeper.core.memory import Memory
from poolkeeper.core.model import ON_DEMAND, Guaranteed, Mode, PoolSpec
from poolkeeper.core.observation import Observation, Pod, PodSample, Reading, Target

HOUR = timedelta(hours=1)
OURS = "poolkeeper"


@dataclass(frozen=True, slots=True)
class Machine:
    """What one replica runs on: requests a second, how many of them at once, and the time from asked for to ready."""

    rate: float
    slots: int
    startup: timedelta


@dataclass(frozen=True, slots=True)
class Moment:
    """What stands from `at` on, for as long as it `lasted`.

    `rate` arrives a second, `size` replicas are there and `ready` of them serve; `waiting` was in the queue at `at`.
    """

    at: datetime
    lasted: timedelta
    rate: float
    size: int
    ready: int
    waiting: float


@dataclass(frozen=True, slots=True)
class Run:
    """What a stretch of traffic came to: requests that `arrived`, and those of them `inside` the SLA.

    `peak` is the largest size, `sizes` are the sizes from each of the `changes` on, the first one included.
    """

    replica_hours: float = 0.0
    arrived: float = 0.0
    inside: float = 0.0
    changes: int = 0
    peak: int = 0
    sizes: tuple[tuple[datetime, int], ...] = ()

    @property
    def share(self) -> float:
        """The share inside, from 0 to 1; 1 where nothing arrived."""
        return self.inside / self.arrived if self.arrived else 1.0


def live(
    spec: PoolSpec, traffic: Iterable[tuple[datetime, float]], machine: Machine, sla: timedelta, step: timedelta
) -> Run:
    """Return what a pool makes of traffic: (instant, requests a second until the next); the last instant ends it.

    It is looked at every `step`, from as many ready replicas as the first traffic needs.
    """
    return account(moments(spec, traffic, machine, step), machine, sla)


def account(played: Iterable[Moment], machine: Machine, sla: timedelta) -> Run:
    """Return what moments come to."""
    hours = arrived = punctual = 0.0
    sizes: list[tuple[datetime, int]] = []
    for moment in played:
        hours += moment.size * (moment.lasted / HOUR)
        arrived += moment.rate * moment.lasted.total_seconds()
        punctual += inside(moment, machine, sla)
        if not sizes or sizes[-1][1] != moment.size:
            sizes.append((moment.at, moment.size))
    peak = max((size for _, size in sizes), default=0)
    return Run(hours, arrived, punctual, max(0, len(sizes) - 1), peak, tuple(sizes))


def inside(moment: Moment, machine: Machine, sla: timedelta) -> float:
    """Return the requests of a moment that wait for `sla` at most: those that come while little enough waits."""
    capacity, lasted = moment.ready * machine.rate, moment.lasted.total_seconds()
    growth, room = moment.rate - capacity, capacity * sla.total_seconds() - moment.waiting
    if not capacity:
        return 0.0
    reached = room / growth if growth else lasted
    if room >= 0:
        return moment.rate * (min(lasted, reached) if growth > 0 else lasted)
    return moment.rate * (max(0.0, lasted - reached) if growth < 0 else 0.0)


def moments(
    spec: PoolSpec, traffic: Iterable[tuple[datetime, float]], machine: Machine, step: timedelta
) -> Iterator[Moment]:
    """Yield what stands after each look, until the traffic's last instant."""
    world: World | None = None
    for (start, rate), (end, _) in pairwise(traffic):
        world = world or World(spec, machine, start, rate)
        for number in range(ceil((end - start) / step)):
            at = start + number * step
            yield world.turn(at, rate, min(step, end - at))


class World:
    """One pool and its machines: the state between two looks."""

    def __init__(self, spec: PoolSpec, machine: Machine, at: datetime, rate: float) -> None:
        self.spec = replace(spec, mode=Mode.ACTIVE, tiers=(ON_DEMAND,), guaranteed=Guaranteed())
        self.machine, self.memory = machine, Memory()
        self.pods: list[Pod] = []
        self.ready, self.made = 0, 0
        self.waiting, self.rate = 0.0, rate
        self._resize(min(spec.max_replicas, max(spec.min_replicas, ceil(rate / machine.rate))), at - machine.startup)

    def turn(self, at: datetime, rate: float, lasted: timedelta) -> Moment:
        """Look at an instant, carry out what is decided, and let the traffic flow for as long as it lasts."""
        while self.ready < len(self.pods) and self.pods[self.ready].created_at + self.machine.startup <= at:
            begun = self.pods[self.ready]
            self.pods[self.ready] = replace(begun, ready_at=begun.created_at + self.machine.startup)
            self.ready += 1
        decision, self.memory = decide(self.spec, self._seen(at), self.memory, at)
        self._resize(decision.size, at)
        moment = Moment(at, lasted, rate, len(self.pods), self.ready, self.waiting)
        flow = (rate - self.ready * self.machine.rate) * lasted.total_seconds()
        self.waiting, self.rate = max(0.0, self.waiting + flow), rate
        return moment

    def _resize(self, size: int, at: datetime) -> None:
        """Make pods, or take the newest away; those that are not ready are the newest."""
        del self.pods[size:]
        self.ready = min(self.ready, size)
        for _ in range(size - len(self.pods)):
            self.made += 1
            name = f"{OURS}-{self.made}"
            self.pods.append(Pod(name, name, at, at, template=OURS))

    def _seen(self, at: datetime) -> Observation:
        """Return what a look sees; with nobody ready to be asked, whoever holds the queue tells its length."""
        target = Target(len(self.pods), uid=OURS, writer=OURS, ours=True, pods=tuple(self.pods))
        if not self.ready:
            return Observation(target, (Reading("queue", at, waiting=self.waiting),))
        waiting, running = self.waiting / self.ready, self._running()
        samples = tuple([PodSample(pod.uid, waiting, running) for pod in self.pods[: self.ready]])
        return Observation(target, (Reading("pods", at, pods=samples),))

    def _running(self) -> float:
        """Return the requests that one replica runs: all its slots while a queue feeds it, else what arrives (Little).

        A request runs for slots / rate: that many fill a replica that serves at its rate.
        """
        if self.waiting:
            return float(self.machine.slots)
        return self.machine.slots * min(1.0, self.rate / (self.ready * self.machine.rate))
