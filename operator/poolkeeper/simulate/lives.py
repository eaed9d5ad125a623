"""A history lived by a plan: core's world and the real decide(), looked at as often as anything can change.

something waits, or starts              a look every LOOK
more waits than the cap allows to meet  none until the queue can have fallen, the cap changes, or a slot ends
the load would let a replica go         a look every grace period, LONGEST at most: each may take one
neither: the guard or the floor holds   none until the load, a lead time or a transition changes that, or a slot ends

Between two looks the mean of the load flows. The grace clock counts over the longer looks: the spec that is lived says
so by its interval.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from math import inf

from poolkeeper.core import demand
from poolkeeper.core.fluid import Machine, Moment, World, account
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.schedule import Bounds, bounds
from poolkeeper.core.shrink import GUARD
from poolkeeper.core.week import SLOT, begun
from poolkeeper.core.zones import zone
from poolkeeper.simulate.proposal import Outcome, Question
from poolkeeper.simulate.weekly import Timed

LOOK = timedelta(minutes=1)
LONGEST = timedelta(minutes=10)
WEEK = timedelta(weeks=1)
UTC = zone("UTC")
SLOTS = 64
"""How many requests a replica runs at once where the spec does not say: no figure here depends on it."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Traffic to live through, as (instant, load until the next), and which of its moments count."""

    traffic: tuple[Timed, ...]
    counts: Callable[[datetime], bool]


def machine(question: Question, per_replica: float) -> Machine:
    """Return what one replica runs on; its rate is in the unit of the traffic."""
    return Machine(per_replica, question.spec.queue.slots_per_replica or SLOTS, question.startup)


def live(spec: PoolSpec, stretch: Stretch, runs_on: Machine, question: Question) -> Outcome:
    """Return what a week of the stretch comes to with this pool."""
    counted = [one for one in moments(spec, stretch.traffic, runs_on) if stretch.counts(one.at)]
    run = account(counted, runs_on, question.sla)
    weeks = sum((one.lasted for one in counted), timedelta(0)) / WEEK or 1.0
    hours = run.replica_hours * question.gpus / weeks
    cost = None if question.price is None else (Decimal(str(hours)) * question.price).quantize(Decimal("0.01"))
    return Outcome(hours, cost, run.share, run.changes / weeks)


def moments(spec: PoolSpec, traffic: tuple[Timed, ...], runs_on: Machine) -> Iterator[Moment]:
    """Yield what stands after each look, until the traffic's last instant."""
    longest = max(LOOK, min(LONGEST, spec.queue.down.grace_period))
    spec = replace(spec, queue=replace(spec.queue, interval=longest))
    flow = Flow(traffic)
    world = World(spec, runs_on, traffic[0][0], traffic[0][1])
    at, end = traffic[0][0], traffic[-1][0]
    while at < end:
        until = at + LOOK
        if world.ready == len(world.pods):
            until = stuck_until(world, at, end) if world.waiting else quiet_until(world, flow, at, end)
        until = min(end, until)
        yield world.turn(at, flow.mean(at, until), until - at)
        at = until


def quiet_until(world: World, flow: "Flow", at: datetime, end: datetime) -> datetime:
    """Return until when one look is enough while nothing waits and nothing starts."""
    spec, limits = world.spec, bounds(world.spec, at, world.machine.startup)
    load, low, high = flow.at(at), least(world, limits), len(world.pods) * world.machine.rate
    end = min(end, *turns(limits, at))
    if low <= load <= high:
        return flow.within(low, high, at, end)
    if load > high or world.rate >= low:
        return at + LOOK
    return flow.within(0.0, high, at, min(end, at + spec.queue.interval))


def stuck_until(world: World, at: datetime, end: datetime) -> datetime:
    """Return until when one look is enough while something waits: the cap holds, and does so even if no more comes."""
    limits, size = bounds(world.spec, at, world.machine.startup), len(world.pods)
    spare = world.waiting - demand.above(world.spec.queue, size)
    if size != limits.cap or spare <= 0:
        return at + LOOK
    longest = min(timedelta(seconds=spare / (size * world.machine.rate)), SLOT) if size else SLOT
    return max(at + LOOK, min(end, at + longest, *turns(limits, at)))


def turns(limits: Bounds, at: datetime) -> tuple[datetime, ...]:
    """Return when the bounds may change after an instant, and when its slot of the week ends."""
    known = (limits.leads_at, limits.next.at if limits.next else None)
    return (begun(at, UTC) + SLOT, *(turn for turn in known if turn is not None and turn > at))


def least(world: World, limits: Bounds) -> float:
    """Return the load from which on no replica may go: the survivors would be too busy, or too few (R2)."""
    down, size = world.spec.queue.down, len(world.pods)
    if size > limits.cap:
        return inf
    if size <= limits.floor:
        return 0.0
    return max(0, size - (down.step or 1)) * world.machine.rate * (down.max_utilization_percent or GUARD) / 100


class Flow:
    """Traffic by the instant."""

    def __init__(self, traffic: tuple[Timed, ...]) -> None:
        self.traffic = traffic
        self.instants = [at for at, _ in traffic]

    def parts(self, begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, float]]:
        """Yield the parts of a stretch: from, to, load."""
        number = bisect_right(self.instants, begin) - 1
        while begin < end:
            after = min(end, self.instants[number + 1])
            yield begin, after, self.traffic[number][1]
            begin, number = after, number + 1

    def mean(self, begin: datetime, end: datetime) -> float:
        """Return the mean load of a stretch."""
        weighed = sum(load * ((after - before) / LOOK) for before, after, load in self.parts(begin, end))
        return weighed / ((end - begin) / LOOK)

    def at(self, instant: datetime) -> float:
        """Return the load at an instant."""
        return self.traffic[bisect_right(self.instants, instant) - 1][1]

    def within(self, low: float, high: float, begin: datetime, end: datetime) -> datetime:
        """Return until when the load stays between two."""
        leaves = (before for before, _, load in self.parts(begin, end) if not low <= load <= high)
        return next(leaves, end)
