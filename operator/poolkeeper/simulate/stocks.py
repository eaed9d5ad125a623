"""A spot market over time, as files tell it; the setting that a pool is lived in; and what is seen of its replicas.

    second,zone,available    so many instances can be had from that second on
    second,zone,price        one costs so much an hour from that second on

`second` is since the traffic's start. The zone may be left out where there is one. A replica takes one instance.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from poolkeeper.core.engine import Engine
from poolkeeper.core.machines import ENDLESS, Startup, Stock
from poolkeeper.core.model import CapacityType, PoolSpec
from poolkeeper.core.world import Ground, World
from poolkeeper.simulate.replay import CENT, Run
from poolkeeper.simulate.trace import TraceError, number, reader

ZERO = Decimal(0)
AVAILABLE, PRICE = "available", "price"
NOTICE = timedelta(seconds=30)
"""How long before it ends a spot instance is told so, on Google Cloud and Azure; AWS gives two minutes."""

Changes = Sequence[tuple[float, float]]
"""What holds from each second on."""
Ticks = tuple[tuple[float, int], ...]
Prices = tuple[tuple[float, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """What a pool is lived in, besides traffic and engines. As it is, spot is there always, and never reclaimed.

    `stock` is that of the spot tier, `prices` what a replica of it costs an hour from each second on. Start-up times
    have a lognormal spread of `sigma`. `silences` are from one second to another: then nobody has figures.
    """

    stock: Stock = ENDLESS
    prices: Prices = ()
    node_wait: timedelta = timedelta(0)
    sigma: float = 0.0
    metric_delay: timedelta = timedelta(0)
    silences: tuple[tuple[float, float], ...] = ()

    @property
    def jumps(self) -> bool:
        """Whether looks may be left out: of a silence, jumping knows nothing."""
        return not self.silences

    def ground(self, engine: Engine, startup: timedelta, prices: Mapping[str, Decimal], spot: Iterable[str]) -> Ground:
        """Return what a pool stands on whose replicas load for `startup`; `spot` are tiers that may be reclaimed."""
        names = tuple(spot)
        return Ground(
            engine=engine,
            startup=Startup(startup, self.sigma),
            node_wait=self.node_wait,
            prices=prices,
            metric_delay=self.metric_delay,
            stock=dict.fromkeys(names, self.stock),
            repriced=dict.fromkeys(names, self.prices),
            silences=self.silences,
        )


ORDINARY = Setting()


def read_zones(lines: Iterable[str], column: str) -> dict[str, Changes]:
    """Return what a file says of each of its zones, in the file's order; a zone that has no name is an empty one.

    Raises:
        TraceError: a column lacks, a number is none, a zone goes back in time, or there is no row.
    """
    rows = reader(lines, ("second", column))
    zones: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in rows:
        line = rows.line_num
        second, value = number(row, "second", line), number(row, column, line)
        found = zones[(row.get("zone") or "").strip()]
        if found and second <= found[-1][0]:
            raise TraceError(f"line {line}: second {second:g} is not after {found[-1][0]:g}")
        found.append((second, value))
    if not zones:
        raise TraceError("there is no row below the heading")
    return dict(zones)


def together(zones: Iterable[Changes]) -> Ticks:
    """Return what zones have together, at each second that one of them is told of.

    Raises:
        TraceError: what can be had is no whole number of instances.
    """
    stocks = [Stock(tuple(map(whole, zone))) for zone in zones]
    seconds = sorted({second for stock in stocks for second, _ in stock.ticks})
    return tuple((second, sum(int(stock.available(second)) for stock in stocks)) for second in seconds)


def whole(tick: tuple[float, float]) -> tuple[float, int]:
    """Return a tick of a stock, which is a whole number."""
    second, count = tick
    if count % 1:
        raise TraceError(f"second {second:g}: {AVAILABLE} is {count:g}, which is no whole number")
    return second, int(count)


def prices(zone: Changes) -> Prices:
    """Return prices as they change.

    Raises:
        TraceError: one is 0: what is not known is never free.
    """
    for second, price in zone:
        if not price:
            raise TraceError(f"second {second:g}: {PRICE} is 0, which is no price")
    return tuple((second, Decimal(str(price))) for second, price in zone)


class Watch:
    """What is seen of a life at the end of each step: whether enough replicas were ready, and which were reclaimed.

    A step is shorter than the notice, so no reclaim is missed.
    """

    def __init__(self, world: World, enough: int) -> None:
        self.world, self.enough = world, enough
        self.steps = self.full = 0
        self.markets = [
            fleet for fleet in world.fleets.values() if fleet.terms.stock.ticks or fleet.terms.stock.reclaims
        ]
        self.told: set[tuple[str, int]] = set()

    def look(self, steps: int) -> None:
        """Look at the world after so many steps; it has been as it is now from the end of the first of them on."""
        self.steps += steps
        self.full += steps * (self.world.ready >= self.enough)
        for fleet in self.markets:
            self.told.update([(fleet.tier, one.number) for one in fleet.replicas if one.pod.notice and one.landed])

    @property
    def available(self) -> float:
        """The share of the time with enough replicas ready, from 0 to 1."""
        return self.full / self.steps

    @property
    def reclaims(self) -> int:
        """How many replicas were taken back while they had a node."""
        return len(self.told)


def watched(run: Run, enough: int, progress: Callable[[float], None] | None = None) -> Watch:
    """Live a run to its end, and return what was seen; `progress` is told the share that is done, from time to time."""
    watch, place, many = Watch(run.world, enough), 0, len(run.traffic.arrivals)
    while place < many:
        if progress is not None and place % run.thinning == 0:
            progress(place / many)
        after = run.stride(place)
        watch.look(after - place)
        place = after
    return watch


def cost_by_tier(
    hours: Mapping[str, float], cost: Decimal, spec: PoolSpec, rates: Mapping[str, Decimal]
) -> dict[str, Decimal]:
    """Return what of a cost is each tier's, by replica-hours and what one costs.

    Only spot's price may change over time. So the others are told by their hours, and spot has the rest.
    """
    spot = {tier.name for tier in spec.tiers if tier.type is CapacityType.SPOT}
    paid = sorted((name for name, lasted in hours.items() if lasted), key=lambda name: name in spot)
    known = {name: (Decimal(hours[name]) * rates.get(name, ZERO)).quantize(CENT) for name in paid[:-1]}
    rest = dict.fromkeys(paid[-1:], cost - sum(known.values(), ZERO))
    return dict.fromkeys(hours, ZERO) | known | rest
