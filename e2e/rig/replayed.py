"""A pool's life on the control plane, and the same life in the model: the same requests, spec and start-up time.

    live      fleet.load() sends a window of a trace; the operator scrapes the pods, and a watch tells every size
    replay    the very same requests by the second, token by token, in core's world; the operator's own decide()
    along     the same requests in core's world again, with so many replicas ready as there were live at every second

Seconds since the first request is expected, in all. The replay is told one thing that was measured live: how long a
replica took from the size that asked for it to being ready, in the mean. Along what was ready live it decides nothing,
so that waits are compared by themselves: a second by which a slow machine starts a replica later is in both.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil
from statistics import fmean
from typing import Any

from fleet import FleetControl, Profile, Report
from fleet.arrivals import requests
from fleet.shapes import named
from poolkeeper.api.spec import parse_spec
from poolkeeper.core.arrivals import Arrival, Traffic
from poolkeeper.core.decision import Decision
from poolkeeper.core.engine import Engine
from poolkeeper.core.machines import Startup
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.world import Gauges, Ground, World
from poolkeeper.simulate.replay import Case, Operator, Played, replay
from rig.manifests import loading
from rig.record import Change, ReadyPods
from rig.space import Space
from rig.waiting import PATIENCE

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SLA = timedelta(seconds=2)

Json = dict[str, Any]


@dataclass(frozen=True)
class Window:
    """So many seconds of a trace from one on, with `rate` times its requests, drawn by a seed."""

    trace: str
    start: float
    length: float
    rate: float
    seed: int = 1

    def send(self, fleet: FleetControl, workload: str) -> float:
        """Let a workload have the requests from now on; returns the moment."""
        began = time.monotonic()
        fleet.load(workload, self.trace, rate=self.rate, seed=self.seed, window=(self.start, self.length))
        return (began + time.monotonic()) / 2

    def arrivals(self, quiet: float, silence: float) -> Traffic:
        """Return the same requests by the second, with so many seconds without any before and after them."""
        sent = list(requests(named(self.trace).window(self.start, self.length).scaled(self.rate), self.seed))
        bins = [[0, 0, 0] for _ in range(ceil(quiet) + ceil(self.length) + ceil(silence))]
        for one in sent:
            counts = bins[int(ceil(quiet) + one.arrival)]
            for place, count in enumerate((1, one.prompt_tokens, one.output_tokens)):
                counts[place] += count
        means = (Arrival(count, prompt / (count or 1), output / (count or 1)) for count, prompt, output in bins)
        return Traffic(START, SECOND, tuple(means))


@dataclass(frozen=True)
class Step:
    """A size that was decided, seconds after the first request was expected."""

    at: float
    size: int


@dataclass(frozen=True)
class Life:
    """What a pool came to: its sizes after the first one, waits in seconds, the share inside the SLA."""

    steps: tuple[Step, ...]
    p50: float
    p95: float
    inside: float
    cut_off: float
    requests: float

    @property
    def sizes(self) -> list[int]:
        """The sizes, in order."""
        return [step.size for step in self.steps]

    def __str__(self) -> str:
        """Return it for people."""
        steps = ", ".join(f"{step.size} at {step.at:.1f} s" for step in self.steps)
        waits = f"waits p50 {self.p50:.2f} s, p95 {self.p95:.2f} s, inside {100 * self.inside:.1f} %"
        return f"{steps}; {waits}; {self.cut_off:.0f} of {self.requests:.0f} cut off"


@dataclass(frozen=True)
class Pair:
    """The lives, when the one on the control plane began (by the monotonic clock), how long a replica took."""

    live: Life
    model: Life
    along: Life
    began: float
    load: timedelta

    def __str__(self) -> str:
        """Return it for people."""
        lives = f"live   {self.live}\nmodel  {self.model}\nalong  {self.along}"
        return f"{lives}\na replica took {self.load.total_seconds():.1f} s"


def both(space: Space, made: Json, window: Window, load: float, silence: float) -> Pair:
    """Let a pool, as an object, live with a window of a trace until it is back at its minimum, and replay it.

    Pods load for so many seconds. After the window nothing comes; it takes at most `silence` seconds until the end.
    """
    name, least = made["metadata"]["name"], made["spec"]["minReplicas"]
    space.deploy(name, least, annotations=loading(load))
    ready = ReadyPods(space.api, space.name, name)
    space.operate().wait_until_leading()
    created = time.monotonic()
    space.create(made)
    space.wait_for_reason(name, "AtMinimum")
    began = window.send(space.fleet, space.workload(name))
    space.wait_for_growth(name, window.length + PATIENCE)
    over = began + window.length
    words = "nothing comes any more, and the pool is back at its minimum"
    patience = window.length + silence + PATIENCE
    space.wait_until(lambda: time.monotonic() > over and space.size(name) == least, words, patience)
    changes, quiet = space.changes(name), began - created
    took = startup(changes, least, ready)
    live = lived(changes, began, space.fleet.report(space.workload(name)))
    spec, traffic = parse_spec(made["spec"]).to_core(), window.arrivals(quiet, silence)
    model = replayed(Noted(spec), spec, traffic, quiet, took)
    along = replayed(Followed(ready.counts, began - ceil(quiet)), spec, traffic, quiet, timedelta(0))
    return Pair(live, model, along, began, took)


def lived(changes: list[Change], began: float, report: Report) -> Life:
    """Return the life on the control plane that began then."""
    steps = tuple(Step(change.at - began, change.replicas) for change in changes)
    waits = report.total
    return Life(steps, waits.p50, waits.p95, waits.share_inside, waits.cut_off, waits.arrived)


def startup(changes: list[Change], first: int, ready: ReadyPods) -> timedelta:
    """Return how long replicas took to be ready from when they were asked for, in the mean."""
    asked: dict[int, float] = {}
    for change in changes:
        for size in range(max((first, *asked)) + 1, change.replicas + 1):
            asked[size] = change.at
    reached = {size: ready.reached(size) for size in asked}
    return timedelta(seconds=fmean(at - asked[size] for size, at in reached.items() if at is not None))


class Noted(Operator):
    """The operator in the model, with every size that it had made, and when."""

    def __init__(self, spec: PoolSpec) -> None:
        super().__init__(spec)
        self.sizes: list[tuple[float, int]] = []

    def act(self, world: World) -> Decision:
        """Look at the world, carry out what is decided, and note it."""
        decision = super().act(world)
        self.sizes.append((world.clock, world.size))
        return decision


class Followed:
    """No operator: as many replicas as were ready live, by the monotonic clock; the model's begins at `start`."""

    name = "followed"
    interval = SECOND

    def __init__(self, counts: Sequence[tuple[float, int]], start: float) -> None:
        self.counts, self.start = counts, start
        self.sizes: list[tuple[float, int]] = []

    def decide(self, seen: Gauges) -> int:
        """Return how many were ready then."""
        size = next(count for at, count in reversed(self.counts) if at <= self.start + seen.now)
        self.sizes.append((seen.now, size))
        return size


def replayed(policy: Noted | Followed, spec: PoolSpec, traffic: Traffic, quiet: float, load: timedelta) -> Life:
    """Return the life of a pool in the model, from its minimum on; replicas start in `load`."""
    profile = Profile()
    engine = Engine(
        profile.slots, profile.prefill_rate, profile.decode_rate, profile.half_batch, float(profile.cache_tokens)
    )
    ground = Ground(engine, Startup(load), drain=timedelta(0))
    least, most = spec.min_replicas, spec.max_replicas
    played = replay(policy, Case(traffic, ground, least, most, least, SLA))
    return modelled(policy.sizes, played, ceil(quiet))


def modelled(sizes: Sequence[tuple[float, int]], played: Played, quiet: float) -> Life:
    """Return what a replay came to; what came before the first request has negative seconds."""
    steps = tuple(Step(at - quiet, size) for (_, before), (at, size) in pairwise(sizes) if size != before)
    return Life(steps, played.wait_p50, played.wait_p95, played.in_sla, played.cut_off, played.requests)
