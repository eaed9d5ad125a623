"""A night of work that can wait, lived by the operator's own decide() in core's world, or by a size that never changes.

The queue is a broker's: it tells how many jobs wait and how many are under way, also while nobody is ready, and what a
replica has not ended when it goes is given back to it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from poolkeeper.core.arrivals import Arrival, Traffic
from poolkeeper.core.engine import Engine
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.observation import Observation, Reading
from poolkeeper.core.world import World
from poolkeeper.simulate.replay import CENT, Operator

HOUR = 3600.0
TOKENS = 1000.0
"""What a job is long, in tokens that are read: these take equally long, while those that are given end at any time."""
INSTANT = 1e9


Look = Callable[[World, Observation], None]
"""What looks at a world, and resizes it."""


@dataclass(frozen=True, slots=True)
class Lived:
    """What a night came to: when all was done (None: it was not), what it cost, and how many jobs were given back."""

    done_at: datetime | None
    replica_hours: Mapping[str, float]
    cost: Decimal
    given_back: float
    changes: int


def worker(job: timedelta) -> Engine:
    """Return an engine that does one job at a time, each in so long."""
    return Engine(slots=1, prefill_rate=TOKENS / job.total_seconds(), decode_rate=INSTANT, cache_tokens=2 * TOKENS)


def coming(start: datetime, lasting: timedelta, jobs: Mapping[timedelta, float], step: timedelta) -> Traffic:
    """Return what comes to the queue: so many jobs each at a time after the start."""
    counts = [0.0] * (lasting // step)
    for after, number in jobs.items():
        counts[after // step] += number
    return Traffic(start, step, tuple(Arrival(number, TOKENS, 1.0) for number in counts))


def wanted(spec: PoolSpec) -> Look:
    """Return what looks at a world as the operator does."""
    operator = Operator(spec)

    def look(world: World, seen: Observation) -> None:
        operator.carry_out(world, operator.see(seen, world.now))

    return look


def constant(size: int) -> Look:
    """Return what keeps so many where nothing is reclaimed, until nothing is left."""

    def look(world: World, seen: Observation) -> None:
        world.resize(world.keeper, size if left(seen) else 0)

    return look


def live(look: Look, world: World, traffic: Traffic) -> Lived:
    """Return what a night comes to in a world that redelivers; it is looked at in every step of the traffic."""
    done_at, size, changes = None, 0, 0
    for arrival in traffic.arrivals:
        seen = at_broker(world)
        look(world, seen)
        changes, size = changes + (world.size != size), world.size
        world.advance(arrival, traffic.step)
        done_at = None if left(at_broker(world)) else done_at or world.now
    hours = {tier: seconds / HOUR for tier, seconds in world.paid.items()}
    return Lived(done_at, hours, Decimal(world.spent).quantize(CENT), world.given_back, changes)


def left(seen: Observation) -> float:
    """Return how many jobs wait or are under way."""
    return sum((one.waiting or 0.0) + (one.running or 0.0) for one in seen.readings)


def at_broker(world: World) -> Observation:
    """Return what the operator sees of a world whose queue is a broker's: whole jobs."""
    serving = world.serving
    waiting, running = serving.waits.waiting, serving.running
    jobs = Reading("jobs", world.now, waiting=float(round(waiting)), running=float(round(running)))
    return replace(world.observe(), readings=(jobs,))
