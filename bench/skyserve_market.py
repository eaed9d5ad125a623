"""Pools that want the same size all the time, in core's world, on the stock of a measured spot market.

    zone's ticks -> Stock -> World <- act() -- the operator's own decide(), or a peer
                               '-> how long so many were ready, and what was paid

There is no traffic: whether enough replicas are ready is the only question. So time jumps from event to event. The
operator looks at each, a second after each of its own changes, when its decision says, and once in ten minutes; a peer
looks as often as it does, but for looks that would find what the two before them found.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import ceil, inf

from poolkeeper.core.arrivals import Arrival
from poolkeeper.core.decide import decide
from poolkeeper.core.machines import Replica, Startup, Stock
from poolkeeper.core.memory import Memory
from poolkeeper.core.model import ON_DEMAND, CapacityType, PoolSpec, Tier
from poolkeeper.core.observation import Observation, Target
from poolkeeper.core.plan import Resize, plan
from poolkeeper.core.split import due
from poolkeeper.core.world import Ground, World
from poolkeeper.simulate.replay import Policy

TICK = 600.0
START = datetime(2025, 10, 4, 0, 10, tzinfo=UTC)
NOTHING = Arrival(0.0, 0.0, 0.0)
SPOT = Tier("spot", CapacityType.SPOT)
SOON, LATEST = 1.0, TICK
SLIGHT = 1e-6
GRAIN = 1000
"""An instant is rounded up to a part of a second of this size."""
HOUR = 3600.0
Ticks = Sequence[int]


@dataclass(frozen=True)
class Market:
    """A market: how many instances each zone has at each tick, and what a replica costs an hour and takes to start."""

    zones: Mapping[str, Ticks]
    on_demand: Decimal
    spot: Decimal
    startup: timedelta
    node_wait: timedelta = timedelta(0)
    notice: timedelta = timedelta(seconds=30)

    @property
    def seconds(self) -> float:
        """How long it is known for."""
        return TICK * max(map(len, self.zones.values()))

    @property
    def ground(self) -> Ground:
        """What a pool stands on there: a tier for each zone, and on-demand without end."""
        stock = {name: stock_of(ticks, self.notice) for name, ticks in self.zones.items()}
        prices = {ON_DEMAND.name: self.on_demand, **dict.fromkeys(self.zones, self.spot)}
        return Ground(startup=Startup(self.startup), node_wait=self.node_wait, prices=prices, stock=stock)

    def world(self, sizes: Mapping[str, int]) -> World:
        """Return a world in which so many replicas of each tier are asked for already."""
        tiers = (*(replace(SPOT, name=zone) for zone in self.zones), ON_DEMAND)
        return World(self.ground, PoolSpec(0, sum(sizes.values()), tiers=tiers), START, sizes)


@dataclass(frozen=True)
class Held:
    """How a size was held: the share of the time that so many were ready, of the replicas wanted, and the money."""

    available: float
    ready_share: float
    cost: Decimal
    on_demand_hours: float
    spot_hours: float
    changes: int


class Peered:
    """A peer in the world: it looks as often as it says."""

    def __init__(self, policy: Policy, sizes: Mapping[str, int]) -> None:
        self.policy, self.sizes = policy, sizes
        self.interval = policy.interval.total_seconds()
        self.due = 0.0
        self.before: Mapping[str, tuple[int, int]] = {}

    def act(self, world: World) -> float:
        """Let the peer act where it is due; return for how long it then does nothing."""
        if world.clock + SLIGHT >= self.due:
            seen = world.gauges()
            wanted = self.policy.decide(seen)
            for tier, size in (wanted if isinstance(wanted, Mapping) else {ON_DEMAND.name: wanted}).items():
                world.resize(tier, size)
            calm = self.before == seen.by_tier and world.agenda.next < inf
            wait = max(world.agenda.next - self.due, SLIGHT) if calm else SLIGHT
            self.due += self.interval * ceil(wait / self.interval)
            self.before = seen.by_tier
        return self.due - world.clock


class Operated:
    """The operator in the world: one spot tier, whose pods stand in whatever zone the provisioner finds stock in.

    Which zone a pod goes to is the node provisioner's choice, not the operator's. This one knows where it was refused:
    pods without a node are asked for again in the zone that has room and holds the fewest of them.
    """

    def __init__(self, spec: PoolSpec, zones: Sequence[str]) -> None:
        self.spec, self.zones, self.memory = spec, zones, Memory()
        split = due(spec.min_replicas, spec.guaranteed, spec.tiers)
        self.sizes = {ON_DEMAND.name: split[ON_DEMAND.name], **spread(split.get(SPOT.name, 0), zones)}

    def act(self, world: World) -> float:
        """Look, and carry out what is decided; return for how long it then stands."""
        self.move(world)
        decision, self.memory = decide(self.spec, self.seen(world), self.memory, world.now)
        resizes = plan(self.spec, decision).resizes
        for resize in resizes:
            self.carry_out(world, resize)
        if resizes:
            return SOON
        return max(SOON, (decision.until - world.now).total_seconds()) if decision.until else LATEST

    def seen(self, world: World) -> Observation:
        """Return what the operator sees: all zones as one sibling."""
        seen = world.observe()
        if self.spec.spot is None:
            return replace(seen, siblings=())
        return replace(seen, siblings=(together(seen.siblings),))

    def carry_out(self, world: World, resize: Resize) -> None:
        """Write the size of a tier: more spot goes where there is room, less spot where it hurts least.

        Replicas that stand go in the order of the victims.
        """
        if resize.tier == ON_DEMAND.name:
            world.resize(resize.tier, resize.after, resize.victims)
            return
        for _ in range(resize.before, resize.after):
            zone = roomiest(world, self.zones)
            world.resize(zone, world.fleets[zone].size + 1)
        for _ in range(resize.after, resize.before):
            zone = loosest(world, self.zones, resize.victims)
            world.resize(zone, world.fleets[zone].size - 1, resize.victims)

    def move(self, world: World) -> None:
        """Ask for pods without a node in a zone that has room."""
        for zone in self.zones:
            for _ in waiting(world, zone):
                there = roomiest(world, self.zones)
                if there == zone or room(world, there) < 1:
                    break
                world.resize(zone, world.fleets[zone].size - 1)
                world.resize(there, world.fleets[there].size + 1)


Keeper = Peered | Operated


def held(keeper: Keeper, market: Market, wanted: int) -> Held:
    """Return how a pool holds a size over the whole of a market's time."""
    world = market.world(keeper.sizes)
    full = ready = changes = 0.0
    for lasted, count, changed in spells(keeper, world, market.seconds):
        full += lasted * (count >= wanted)
        ready += lasted * min(count, wanted)
        changes += changed
    hours = {name: seconds / HOUR for name, seconds in world.paid.items()}
    return Held(
        available=full / market.seconds,
        ready_share=ready / market.seconds / wanted,
        cost=Decimal(world.spent),
        on_demand_hours=hours[ON_DEMAND.name],
        spot_hours=sum(hours.values()) - hours[ON_DEMAND.name],
        changes=int(changes),
    )


def spells(keeper: Keeper, world: World, end: float) -> Iterator[tuple[float, int, bool]]:
    """Yield for how long how many were ready, and whether sizes were changed before."""
    while world.clock < end:
        before = {name: fleet.size for name, fleet in world.fleets.items()}
        until = min(end, world.agenda.next, world.clock + min(LATEST, keeper.act(world)))
        until = min(until, world.agenda.next)
        changed = before != {name: fleet.size for name, fleet in world.fleets.items()}
        begun, ready = world.clock, world.ready
        world.advance(NOTHING, timedelta(seconds=max(1, ceil((until - begun) * GRAIN)) / GRAIN))
        yield world.clock - begun, ready, changed


def stock_of(ticks: Ticks, notice: timedelta) -> Stock:
    """Return a zone's ticks as a stock, where it changes."""
    changes = [(place * TICK, count) for place, count in enumerate(ticks) if not place or count != ticks[place - 1]]
    return Stock(tuple(changes), notice=notice)


def spread(size: int, zones: Sequence[str]) -> dict[str, int]:
    """Return a size in parts that are as equal as they can be, the first zones first."""
    return {zone: (size + len(zones) - 1 - place) // len(zones) for place, zone in enumerate(zones)}


def together(siblings: Sequence[Target]) -> Target:
    """Return the zones of a tier as the one workload that it is."""
    pods = tuple(pod for sibling in siblings for pod in sibling.pods)
    return replace(siblings[0], tier=SPOT.name, replicas=sum(one.replicas for one in siblings), pods=pods)


def room(world: World, zone: str) -> float:
    """Return how many more instances a zone has than are held there."""
    fleet = world.fleets[zone]
    return fleet.terms.stock.available(world.clock) - sum(one.placed for one in fleet.replicas)


def waiting(world: World, zone: str) -> list[Replica]:
    """Return the replicas of a zone that have no node."""
    return [one for one in world.fleets[zone].replicas if not one.placed]


def roomiest(world: World, zones: Sequence[str]) -> str:
    """Return the zone for one more: one with room, and of those with the fewest of ours; without room anywhere any."""
    return min(zones, key=lambda zone: (room(world, zone) < 1, world.fleets[zone].size))


def loosest(world: World, zones: Sequence[str], victims: Sequence[str]) -> str:
    """Return the zone that loses one: that of the first victim, else where somebody waits, else the fullest."""
    first = {name: place for place, name in enumerate(reversed(victims), start=1)}
    return max(
        zones,
        key=lambda zone: (
            max((first.get(one.pod.name, 0) for one in world.fleets[zone].replicas), default=0),
            len(waiting(world, zone)),
            world.fleets[zone].size,
        ),
    )
