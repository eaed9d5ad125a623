"""What a pool has to pay for at one look (R8): its replicas, and what their nodes cost beyond them.

A replica is paid for from its scheduling until its object is gone or its phase has ended: loading and draining too,
the wait for a node not. One that is a group of pods is paid for pod by pod, each where its own node is. A pod's node
tells where it is and whether that is spot; its workload tells the tier.

Pools are looked at every second and seldom change: while all is as it was at the last look, the very same bill is
given back, and whoever compares it is done at once.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from poolkeeper.core.meter import Bill, Billed
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.prices import Book, Place
from poolkeeper.core.rates import Rental
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.observe import sibling_of, target_of, tier_of
from poolkeeper.shell.overhead import KEPT, Lodger, Upkeep, begun, emptied, lodged
from poolkeeper.shell.pools import Key, Pool
from poolkeeper.shell.tenancy import Room, Site
from poolkeeper.shell.views import ENDED, PodView, WorkloadView

NODE_LAG = timedelta(seconds=5)
"""How much later than a pod's news those of its node may come."""
NEVER = datetime.max.replace(tzinfo=UTC)


class Half(NamedTuple):
    """Whether it is the half on spot, its pods that rent anything, and how many of these are a replica together."""

    spot: bool
    pods: tuple[PodView, ...]
    parts: int = 1


Halves = tuple[Half, ...]


class Terms(NamedTuple):
    """What a pod's rent goes by: its tier, how many GPUs the spec says that it uses (None: it does not), and parts."""

    tier: str
    told: Decimal | None
    parts: int = 1


@dataclass(frozen=True, slots=True)
class Known:
    """What is to be paid for, and all that it follows from; if nothing changes, it holds `until` then."""

    pool: str
    spec: PoolSpec | None
    halves: Halves
    rooms: tuple[Room, ...] = ()
    bill: Bill = field(default_factory=Bill)
    until: datetime = NEVER
    lodgers: Mapping[str, Lodger] = field(default_factory=dict)
    upkeeps: Mapping[str, Upkeep] = field(default_factory=dict)
    empty: tuple[str, ...] = ()


class Billing:
    """Tells what each pool has to pay for. It remembers each pool's last look."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._known: dict[Key, Known] = {}

    def forget(self, key: Key) -> None:
        """Take in that a pool is gone."""
        self._known.pop(key, None)

    def bill(self, pool: Pool, book: Book, now: datetime) -> Bill:
        """Return what a pool has to pay for now, and the book that prices it; the same while nothing changes."""
        known = self._known.get(pool.key)
        if known is None or known.pool != pool.uid:
            known = Known(pool.uid, pool.core, ())
        halves = self._halves(pool, known.halves if known.spec is pool.core else ())
        seen = (pool.core, halves, self._rooms(halves, known.empty))
        if now >= known.until or (known.spec, known.halves, known.rooms) != seen:
            known = self._look(pool, halves, known, now)
        if known.bill.book is not book:
            known = replace(known, bill=Bill(known.bill.items, book))
        self._known[pool.key] = known
        return known.bill

    def _halves(self, pool: Pool, before: Halves) -> Halves:
        pods_of = self._cluster.ownership.pods_of
        halves = ((False, target_of(pool, self._cluster)), (True, sibling_of(pool, self._cluster)))
        known = [(spot, found) for spot, found in halves if found is not None]
        pods = [self._with_left(found, tuple(renting(found, pods_of(found.uid))), before) for _, found in known]
        return tuple([Half(spot, own, found.renting) for (spot, found), own in zip(known, pods, strict=True)])

    def _with_left(self, workload: WorkloadView, pods: tuple[PodView, ...], before: Halves) -> tuple[PodView, ...]:
        """Return the pods, and the workers that still end although the leader by which they were found is gone."""
        if workload.pods_each == 1:
            return pods
        known = {pod.uid for pod in pods}
        missed = (pod for half in before for pod in half.pods if pod.uid not in known)
        return (*pods, *filter(None, map(self._cluster.ownership.again, missed)))

    def _rooms(self, halves: Halves, empty: tuple[str, ...]) -> tuple[Room, ...]:
        room = self._cluster.tenancy.room
        return tuple([room(pod.node) for half in halves for pod in half.pods] + [room(name) for name in empty])

    def _look(self, pool: Pool, halves: Halves, before: Known, now: datetime) -> Known:
        lodgers = {one.pod.uid: one for one in self._lodgers(pool, halves, before, now)}
        upkeeps = dict(self._upkeeps(lodgers.values(), before.upkeeps, now))
        items = (*(one.billed for one in lodgers.values()), *charges(upkeeps.values()))
        empty = tuple(name for name, upkeep in upkeeps.items() if upkeep.emptied_at)
        return Known(
            pool=pool.uid,
            spec=pool.core,
            halves=halves,
            rooms=self._rooms(halves, empty),
            bill=before.bill if before.bill.items == items else Bill(items, before.bill.book),
            until=min(changes(halves, lodgers, upkeeps), default=NEVER),
            lodgers=lodgers,
            upkeeps=upkeeps,
            empty=empty,
        )

    def _lodgers(self, pool: Pool, halves: Halves, before: Known, now: datetime) -> Iterator[Lodger]:
        """Yield the replicas that are paid for, the half where nothing is reclaimed first, the oldest of each first."""
        told = pool.core.cost.gpus_per_replica if pool.core else None
        for spot, pods, parts in halves:
            terms = Terms(tier_of(pool, spot=spot), None if told is None else told / parts, parts)
            for pod in sorted(filter(is_paid, pods), key=lambda pod: (begun(pod), pod.uid)):
                known = before.lodgers.get(pod.uid)
                site = self._cluster.tenancy.room(pod.node).site or (known.site if known else None)
                if known and known.site is site and before.spec is pool.core and is_same(known, pod, parts):
                    yield known
                elif site or known or now - begun(pod) >= NODE_LAG:
                    yield lodger(pod, site, terms, known)

    def _upkeeps(
        self, lodgers: Iterable[Lodger], before: Mapping[str, Upkeep], now: datetime
    ) -> Iterator[tuple[str, Upkeep]]:
        """Yield what the nodes cost beyond the replicas, by name; of nodes that are gone, nothing."""
        own = defaultdict(list)
        for one in lodgers:
            own[one.pod.node].append(one)
        for name in {**own, **before}:
            room = self._cluster.tenancy.room(name)
            found = lodged(room, own[name], before.get(name), now) if name in own else emptied(room, before[name], now)
            if found is not None:
                yield name, found


def is_paid(pod: PodView) -> bool:
    """Return whether a pod is on a node, and has not ended there."""
    return bool(pod.node) and pod.phase not in ENDED


def renting(workload: WorkloadView, pods: Iterable[PodView]) -> Iterator[PodView]:
    """Yield the pods by which replicas are paid for: all of them, or where only some of a group have GPUs, these."""
    return (pod for pod in pods if workload.renting == workload.pods_each or pod.devices)


def is_same(known: Lodger, pod: PodView, parts: int) -> bool:
    """Return whether a pod rents what it did before."""
    return known.pod.devices == pod.devices and known.billed.rental.parts == parts


def lodger(pod: PodView, site: Site | None, terms: Terms, known: Lodger | None) -> Lodger:
    """Return a pod as it is paid for.

    What it keeps from others are the GPUs that it asks for, but not fewer than it is said to use.
    """
    asked = site.count(pod.devices) if site else pod.gpus
    told = terms.told
    gpus = told if told is not None else asked
    machine = site.machine if site else ""
    rental = Rental(terms.tier, site.place if site else Place(), gpus, machine, terms.parts)
    same = known is not None and known.billed.rental == rental
    billed = known.billed if known and same else Billed(pod.uid, rental, begun(pod))
    return Lodger(pod, site, billed, max((one for one in (asked, told) if one is not None), default=None))


def charges(upkeeps: Iterable[Upkeep]) -> Iterator[Billed]:
    """Yield what is charged for nodes."""
    for upkeep in upkeeps:
        yield from filter(None, (upkeep.boot, upkeep.spare))


def changes(halves: Halves, lodgers: Mapping[str, Lodger], upkeeps: Mapping[str, Upkeep]) -> Iterator[datetime]:
    """Yield when the bill changes by itself: a node is waited for no longer, or kept no longer."""
    for half in halves:
        for pod in half.pods:
            if is_paid(pod) and pod.uid not in lodgers:
                yield begun(pod) + NODE_LAG
    for upkeep in upkeeps.values():
        if upkeep.emptied_at:
            yield upkeep.emptied_at + KEPT
