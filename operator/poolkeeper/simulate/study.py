"""A study: pools, their variants and their peers, lived over the same traffic; what came of each, beside the bound.

    study    pools x policies x loads x seeds, over one trace
    trial    one of those; a worker draws its traffic from the seed, so that the trace is all it is sent
    row      what came of a trial
    entry    the rows of one policy over all seeds

A trial knows no clock and no file, and its worker may be another process or machine (`fleets.py`).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import groupby
from math import fsum

from poolkeeper.core.arrivals import Arrival, Traffic
from poolkeeper.core.engine import Engine
from poolkeeper.core.model import CapacityType, PoolSpec
from poolkeeper.simulate.bound import Bound, bound
from poolkeeper.simulate.peers import Terms, peer
from poolkeeper.simulate.replay import Case, Moment, Operator, Policy, Run, start_size
from poolkeeper.simulate.stocks import ORDINARY, Setting, cost_by_tier, watched
from poolkeeper.simulate.trace import Trace
from poolkeeper.simulate.traffic import draw

OURS = "poolkeeper"
SIZED = "static="
ON_SPOT = frozenset({"skyserve-spot", "skyserve-hedge"})
"""The peers that know of spot: the replicas of all others are on demand from the start on."""
STEP = timedelta(seconds=5)
FIGURES = (
    "replica_hours",
    "cost",
    "bound_replica_hours",
    "cost_over_bound",
    "bound_with_startup_replica_hours",
    "cost_over_bound_with_startup",
    "in_sla",
    "wait_p50",
    "wait_p95",
    "wait_p99",
    "changes",
    "cut_off",
    "peak",
    "requests",
    "available",
    "reclaims",
)
"""What is known of a row, in the order of its JSON."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What makes traffic of a trace: rates are multiplied until the peak needs `peak_replicas`, if that is given."""

    engine: Engine = field(default_factory=Engine)
    step: timedelta = STEP
    peak_replicas: float | None = None
    dispersion: float | None = None


@dataclass(frozen=True, slots=True)
class Entrant:
    """A policy of a study: `spec` where it is ours, None for a peer of that name."""

    policy: str
    spec: PoolSpec | None = None


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool under study, and what competes for it.

    `prices` are for a replica and an hour, by tier; `startup` is how long a replica loads its model. The bounds and
    tiers that peers keep to, and the floor that the bound has, are those of `spec`. `setting` is what it is lived in.
    """

    name: str
    spec: PoolSpec
    entrants: tuple[Entrant, ...]
    startup: timedelta
    sla: timedelta
    prices: Mapping[str, Decimal]
    setting: Setting = ORDINARY


@dataclass(frozen=True, slots=True)
class Trial:
    """One life of one pool."""

    pool: Pool
    entrant: Entrant
    scene: Scene
    load: float
    seed: int
    plotted: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """What came of a trial. Hours are replica-hours, waits seconds, `in_sla` is a share from 0 to 1.

    `cost_over_bound` is replica-hours over those of the bound: at one price it is what the costs are to each other.
    `available` is the share of the time with `minReplicas` or more ready, `reclaims` how many replicas the market took.
    """

    pool: str
    policy: str
    load: float
    seed: int
    replica_hours: float
    cost: Decimal
    bound_replica_hours: float
    bound_with_startup_replica_hours: float
    in_sla: float
    wait_p50: float
    wait_p95: float
    wait_p99: float
    changes: int
    cut_off: float
    peak: int
    requests: float
    available: float
    reclaims: int
    by_tier: Mapping[str, float]
    cost_by_tier: Mapping[str, Decimal]
    moments: tuple[Moment, ...] = ()

    @property
    def cost_over_bound(self) -> float:
        """How dear it was beside the bound."""
        return over(self.replica_hours, self.bound_replica_hours)

    @property
    def cost_over_bound_with_startup(self) -> float:
        """How dear it was beside the bound that pays for its starts."""
        return over(self.replica_hours, self.bound_with_startup_replica_hours)


@dataclass(frozen=True, slots=True)
class Entry:
    """What came of one policy with one load, over all seeds."""

    rows: tuple[Row, ...]

    @property
    def pool(self) -> str:
        """The pool."""
        return self.rows[0].pool

    @property
    def policy(self) -> str:
        """The policy."""
        return self.rows[0].policy

    @property
    def load(self) -> float:
        """What the traffic was multiplied by."""
        return self.rows[0].load

    def mean(self, figure: str) -> float:
        """Return a figure's mean."""
        return fsum(self.values(figure)) / len(self.rows)

    def values(self, figure: str) -> list[float]:
        """Return a figure, seed by seed."""
        return [float(getattr(row, figure)) for row in self.rows]

    def by_tier(self, figure: str) -> dict[str, float]:
        """Return the mean of each tier's figure: `by_tier` in replica-hours, `cost_by_tier` in money."""
        found: list[Mapping[str, float]] = [getattr(row, figure) for row in self.rows]
        return {tier: fsum(float(one[tier]) for one in found) / len(found) for tier in found[0]}


def over(hours: float, least: float) -> float:
    """Return hours over the least that were possible; over none, 1 where nothing was spent either."""
    return hours / least if least else 1.0 if not hours else float("inf")


def trials(pools: Iterable[Pool], scene: Scene, loads: Iterable[float], seeds: Iterable[int]) -> Iterator[Trial]:
    """Yield the trials of a study: pool by pool, load by load, policy by policy. The first seed of each is plotted."""
    loads, seeds = tuple(loads), tuple(seeds)
    for pool in pools:
        for load in loads:
            for entrant in pool.entrants:
                yield from (Trial(pool, entrant, scene, load, seed, seed == seeds[0]) for seed in seeds)


def entries(rows: Iterable[Row]) -> list[Entry]:
    """Return rows, which come as their trials do, by policy."""
    by_policy = groupby(rows, key=lambda row: (row.pool, row.load, row.policy))
    return [Entry(tuple(found)) for _, found in by_policy]


def lived(trial: Trial, trace: Trace, progress: Callable[[float], None] | None = None) -> Row:
    """Return what comes of a trial; `progress` is told which share is done.

    Raises:
        ValueError: the traffic is asked to have a peak, and the trace has no request.
    """
    pool, traffic = trial.pool, drawn(trace, trial.scene, trial.load, trial.seed)
    cheapest, with_starts = least(trace, trial)
    run = Run(policy(trial, traffic, cheapest), case(trial, traffic), jump=pool.setting.jumps)
    seen = watched(run, (trial.entrant.spec or pool.spec).min_replicas, progress)
    played = run.played()
    hours = dict.fromkeys((tier.name for tier in pool.spec.tiers), 0.0) | dict(played.by_tier)
    return Row(
        pool=pool.name,
        policy=trial.entrant.policy,
        load=trial.load,
        seed=trial.seed,
        replica_hours=played.replica_hours,
        cost=played.cost,
        bound_replica_hours=cheapest.replica_hours,
        bound_with_startup_replica_hours=with_starts.replica_hours,
        in_sla=played.in_sla,
        wait_p50=played.wait_p50,
        wait_p95=played.wait_p95,
        wait_p99=played.wait_p99,
        changes=played.changes,
        cut_off=played.cut_off,
        peak=played.peak,
        requests=played.requests,
        available=seen.available,
        reclaims=seen.reclaims,
        by_tier=hours,
        cost_by_tier=cost_by_tier(hours, played.cost, pool.spec, pool.prices),
        moments=played.moments if trial.plotted else (),
    )


@lru_cache(maxsize=2)
def drawn(trace: Trace, scene: Scene, load: float, seed: int) -> Traffic:
    """Return the traffic of a trial, drawn once for all the policies that a worker lives with it."""
    return draw(
        trace,
        scene.step,
        seed,
        load=load,
        dispersion=scene.dispersion,
        peak_replicas=scene.peak_replicas,
        engine=scene.engine,
    )


def least(trace: Trace, trial: Trial) -> tuple[Bound, Bound]:
    """Return the cheapest sizes that could have served a trial's traffic, without and with start-up time.

    They keep to the lowest floor of all variants, so that they bound each of them.
    """
    pool = trial.pool
    floors = [entrant.spec.min_replicas for entrant in pool.entrants if entrant.spec] or [pool.spec.min_replicas]
    return bounded(trace, trial.scene, (trial.load, trial.seed), (min(floors), pool.sla, pool.startup))


@lru_cache(maxsize=4)
def bounded(
    trace: Trace, scene: Scene, draws: tuple[float, int], limits: tuple[int, timedelta, timedelta]
) -> tuple[Bound, Bound]:
    """Return the bounds, found once for all policies; `limits` are the floor, the SLA and the start-up time."""
    floor, sla, startup = limits
    traffic = drawn(trace, scene, *draws)
    return bound(traffic, scene.engine, sla, floor), bound(traffic, scene.engine, sla, floor, startup)


def case(trial: Trial, traffic: Traffic) -> Case:
    """Return the ground and the traffic of a trial; all policies of a pool begin at the size that the load needs."""
    pool = trial.pool
    spec = trial.entrant.spec or pool.spec
    given = static_size(trial.entrant.policy)
    on_spot = trial.entrant.spec is not None or trial.entrant.policy in ON_SPOT
    spot = [tier.name for tier in pool.spec.tiers if tier.type is CapacityType.SPOT and on_spot]
    ground = pool.setting.ground(trial.scene.engine, pool.startup, pool.prices, spot)
    return Case(
        traffic=traffic,
        ground=ground,
        minimum=min(given or spec.min_replicas, spec.min_replicas),
        maximum=max(given or spec.max_replicas, spec.max_replicas),
        start_size=start_size(traffic, ground, spec.min_replicas, spec.max_replicas),
        sla=pool.sla,
        seed=trial.seed,
    )


def static_size(policy: str) -> int:
    """Return the size that a peer of that name has whatever the pool's bounds are, as in `static=6`; else 0."""
    return int(policy.removeprefix(SIZED)) if policy.startswith(SIZED) else 0


def policy(trial: Trial, traffic: Traffic, cheapest: Bound) -> Policy | Operator:
    """Return who decides; a peer by the clock is given the size that each hour of the day needed at most."""
    pool = trial.pool
    if trial.entrant.spec is not None:
        return Operator(trial.entrant.spec)
    mean = typical(traffic)
    terms = Terms(
        engine=trial.scene.engine,
        prompt=mean.prompt,
        output=mean.output,
        startup=pool.startup,
        tiers=pool.spec.tiers,
        start=traffic.start,
        hours=by_hour(traffic.start, cheapest),
    )
    return peer(trial.entrant.policy, pool.spec.min_replicas, pool.spec.max_replicas, terms)


def by_hour(start: datetime, found: Bound) -> tuple[int, ...]:
    """Return the largest size of each hour of the day; of an hour that never was, the largest of all."""
    sizes: defaultdict[int, int] = defaultdict(int)
    for place, size in enumerate(found.sizes):
        hour = (start + place * found.period).hour
        sizes[hour] = max(sizes[hour], size)
    return tuple(sizes[hour] or max(found.sizes, default=1) for hour in range(24))


def typical(traffic: Traffic) -> Arrival:
    """Return the mean request of a traffic."""
    total = traffic.requests or 1.0
    prompt = fsum(one.requests * one.prompt for one in traffic.arrivals) / total
    return Arrival(1.0, prompt, fsum(one.requests * one.output for one in traffic.arrivals) / total)
