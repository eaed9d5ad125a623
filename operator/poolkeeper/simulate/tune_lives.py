"""A spec lived through days that are searched, and on through days that are held out.

    |------- searched -------|-- held out --|
    a trial ends here -------^              ^------- who is judged lives on: with the memory that it has by then

Each part has its own costs and its own requests. What waits at a part's end is late in it.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from math import fsum

from poolkeeper.core.arrivals import Traffic
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.world import Ground
from poolkeeper.simulate.bound import bound
from poolkeeper.simulate.fleets import processes
from poolkeeper.simulate.replay import HOUR, Operator, Run, work
from poolkeeper.simulate.study import OURS, Entrant, Pool, Scene, Trial, case, drawn
from poolkeeper.simulate.trace import Trace

WORKERS = 2

Told = Callable[[int], None]
"""Is told how many are done."""


@dataclass(frozen=True, slots=True)
class Days:
    """Where a pool is lived: in traffic drawn with `seed`. Trials see what is `searched`; the rest is held out."""

    pool: Pool
    scene: Scene
    seed: int
    searched: timedelta


@dataclass(frozen=True, slots=True)
class Part:
    """What a part of the days came to: money, replica-hours, requests, and how many of them started in time."""

    cost: float
    replica_hours: float
    requests: float
    punctual: float

    @property
    def inside(self) -> float:
        """The share inside the SLA, from 0 to 1; 1 where nobody came."""
        return min(1.0, self.punctual / self.requests) if self.requests else 1.0

    def since(self, before: "Part") -> "Part":
        """Return what came after another part that this one holds."""
        return Part(
            self.cost - before.cost,
            self.replica_hours - before.replica_hours,
            self.requests - before.requests,
            self.punctual - before.punctual,
        )


Lived = tuple[Part, ...]
"""The searched days, and where they were lived, too, those held out."""


def lived(spec: PoolSpec, days: Days, trace: Trace, *, on: bool) -> Lived:
    """Return what a spec comes to on the searched days; with `on`, also what it comes to on those held out."""
    traffic = drawn(trace, days.scene, 1.0, days.seed)
    first = boundary(traffic, days)
    begun = case(trial(spec, days), replace(traffic, arrivals=traffic.arrivals[:first]))
    run = Run(Operator(spec), replace(begun, traffic=traffic), jump=True)
    for place in range(first):
        run.step(place)
    searched = so_far(run, days)
    if not on:
        return (searched,)
    for place in range(first, len(traffic.arrivals)):
        run.step(place)
    return searched, so_far(run, days).since(searched)


def trial(spec: PoolSpec, days: Days) -> Trial:
    """Return the trial of a spec."""
    return Trial(days.pool, Entrant(OURS, spec), days.scene, 1.0, days.seed)


def boundary(traffic: Traffic, days: Days) -> int:
    """Return the first step that is held out."""
    return round(days.searched / traffic.step)


def so_far(run: Run, days: Days) -> Part:
    """Return what a run has come to by now."""
    world, waits = run.world, run.world.serving.waits
    punctual = waits.inside(days.pool.sla.total_seconds()) * waits.total
    return Part(float(world.spent), fsum(world.paid.values()) / HOUR, waits.total, punctual)


@dataclass(frozen=True, slots=True)
class Team:
    """Who lives specs, on days that all of them share: other processes, or without `workers` this one."""

    days: Days
    trace: Trace
    workers: Executor | None = None

    def live(self, specs: Sequence[PoolSpec], told: Told, *, on: bool) -> list[Lived]:
        """Return what specs come to, in their order, whoever is done first."""
        act = partial(lived, days=self.days, trace=self.trace, on=on)
        found = of(self.workers, act, specs) if self.workers else map(act, specs)
        done: list[Lived] = []
        for one in found:
            done.append(one)
            told(len(done))
        return done


def of(workers: Executor, act: Callable[[PoolSpec], Lived], specs: Sequence[PoolSpec]) -> Iterator[Lived]:
    """Yield what specs come to with workers, all of whom are set to work first."""
    sent: list[Future[Lived]] = [workers.submit(act, spec) for spec in specs]
    return (one.result() for one in sent)


@contextmanager
def team(days: Days, trace: Trace) -> Iterator[Team]:
    """Open the processes that live specs, none on a machine with one processor."""
    if (os.cpu_count() or 1) <= 1:
        yield Team(days, trace)
        return
    with processes(WORKERS, trace) as (workers, _):
        yield Team(days, trace, workers)


def least(days: Days, trace: Trace, floor: int) -> tuple[float, float]:
    """Return the bound's replica-hours on the searched days, and on those held out."""
    traffic = drawn(trace, days.scene, 1.0, days.seed)
    first = boundary(traffic, days)
    parts = (traffic.arrivals[:first], traffic.arrivals[first:])
    hours = [bound(replace(traffic, arrivals=part), days.scene.engine, days.pool.sla, floor) for part in parts]
    return hours[0].replica_hours, hours[1].replica_hours


def load(days: Days, trace: Trace) -> float:
    """Return the replicas that the searched days keep busy on the average."""
    traffic = drawn(trace, days.scene, 1.0, days.seed)
    first, ground = boundary(traffic, days), Ground(days.scene.engine)
    return fsum(work(one, ground, traffic.step) for one in traffic.arrivals[:first]) / max(1, first)
