"""What a pool costs by the hour at one instant: what it rents, at which prices, after commitments, and what that saves.

commitments    are used first, in their order, by GPUs that nobody reclaims: the tiers', then the overhead's;
               what is left of them is charged all the same, on a line of its own
list           what on-demand costs at the same place
savings        against the baseline B, at the price p of its capacity type, for n replicas C(n): commitments, and p
               for what they do not cover; N replicas are there, the schedule allows at most M
               schedule  C(B) - C(min(B, M))
               queue     C(min(B, M)) - C(N)
               spot      C(N) - what the tiers cost, and all commitments
               what the overhead costs beyond commitments is in the cost and in no saving: a baseline has no nodes
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from poolkeeper.core.costing import Baseline, Commitment, Costing
from poolkeeper.core.days import COMMITMENTS, NOTHING, OVERHEAD, ZERO, Amount, Line, Machine, Part, Savings
from poolkeeper.core.model import ON_DEMAND, CapacityType, PoolSpec
from poolkeeper.core.prices import Book, Place, Prices, Quote, book_quote, quote
from poolkeeper.core.zones import furthest, instant, zone


@dataclass(frozen=True, slots=True)
class Rental:
    """What one replica of a tier rents, or a node beyond its replicas (OVERHEAD); `gpus` None: not known how many.

    `node` is what the cloud's own bill calls the machine; no price asks for it. A replica that is on several machines
    rents in as many `parts`, of which this is one.
    """

    tier: str
    place: Place
    gpus: Decimal | None = None
    node: str = ""
    parts: int = 1


Rented = tuple[tuple[Rental, int], ...]
"""Rentals, and how many of each there are."""


def anonymous(rented: Rented) -> Rented:
    """Return the same rentals without the names of their machines: alike ones are counted together."""
    found: dict[tuple[str, Place, Decimal | None, int], int] = {}
    for one, count in rented:
        kind = one.tier, one.place, one.gpus, one.parts
        found[kind] = found.get(kind, 0) + count
    return tuple((Rental(tier, place, gpus, parts=parts), count) for (tier, place, gpus, parts), count in found.items())


def whole(rented: Rented) -> Rental | None:
    """Return what one replica rents: that in parts, as much as all of them on the average; None where there is none."""
    replicas = [(one, count) for one, count in rented if one.tier != OVERHEAD]
    if not replicas or replicas[0][0].parts == 1:
        return replicas[0][0] if replicas else None
    first, pods = replicas[0][0], sum(count for _, count in replicas)
    gpus = [one.gpus * count for one, count in replicas if one.gpus is not None]
    known = sum(gpus, ZERO) * first.parts / pods if len(gpus) == len(replicas) else None
    return replace(first, gpus=known, node="", parts=1)


@dataclass(frozen=True, slots=True)
class Tariff:
    """What prices rentals: the spec's costing, the book, and the names of the tiers; `spot` empty: there is none."""

    costing: Costing = field(default_factory=Costing)
    book: Book = field(default_factory=Book)
    on_demand: str = ON_DEMAND.name
    spot: str = ""

    @property
    def prices(self) -> Prices:
        """The prices of the pool."""
        return Prices(self.book, self.costing.prices, self.costing.currency)

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose days and months count."""
        return zone(self.costing.timezone)


@dataclass(frozen=True, slots=True)
class Setting:
    """What savings are counted by: the baseline, the schedule's cap where it is narrow, and what a replica rents."""

    baseline: Baseline | None = None
    cap: int | None = None
    unit: Rental | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """GPUs of one rental. `price` and `listed` are those of one of them for an hour, None: unknown.

    `covered` of them are paid for by commitments, which cost `committed`.
    """

    line: str
    gpus: Decimal
    price: Decimal | None
    listed: Decimal | None
    place: Place
    covered: Decimal = ZERO
    committed: Decimal = ZERO

    @property
    def amounts(self) -> Line:
        """What an hour of it comes to."""
        price, rest = self.price or ZERO, self.gpus - self.covered
        return Line(
            gpu_hours=self.gpus,
            unpriced=rest if self.price is None else ZERO,
            listed=(self.listed or ZERO) * self.gpus,
            contracted=price * self.gpus,
            effective=self.committed + price * rest,
            covered=self.covered,
            spared=price * self.covered,
            committed=self.committed,
        )


def tariff_of(spec: PoolSpec, book: Book) -> Tariff:
    """Return what prices a pool."""
    kept = next((tier.name for tier in spec.tiers if tier.type is CapacityType.ON_DEMAND), ON_DEMAND.name)
    return Tariff(spec.cost, book, kept, spec.spot.name if spec.spot else "")


def rates(tariff: Tariff, rented: Rented, setting: Setting, at: datetime) -> Amount:
    """Return what an hour of all that is rented comes to at an instant."""
    kinds = anonymous(rented)
    pieces = [piece(tariff, rental, count, at) for rental, count in kinds if rental.gpus is not None]
    active = commitments(tariff, at)
    paid, left = covered(pieces, active)
    lines = charged(paid, left)
    for rental, count in kinds:
        if rental.tier != OVERHEAD:
            lines[rental.tier] = lines.get(rental.tier, Line()) + replicas(rental, count)
    saved = savings(tariff, lines, active, setting, at)
    return Amount(lines, saved, machines=machines(paid, rented)) if lines or saved != Savings() else NOTHING


def replicas(rental: Rental, count: int) -> Line:
    """Return what an hour of several replicas alike comes to besides their GPUs."""
    there = Decimal(count) / rental.parts
    return Line(replica_hours=there, uncounted=there if rental.gpus is None else ZERO)


def piece(tariff: Tariff, rental: Rental, count: int, at: datetime) -> Piece:
    """Return the GPUs of several rentals alike, with their prices."""
    here = charge(tariff, rental, at).price
    listed = listing(tariff, rental, at).price if rental.place.spot else here
    gpus = (rental.gpus or ZERO) * count
    return Piece(rental.tier, gpus, here, here if listed is None else listed, rental.place)


def charge(tariff: Tariff, rental: Rental, at: datetime) -> Quote:
    """Return what a GPU of a rental costs.

    A spot node may outlive the tier that it was there for. Its overhead then costs what the book says of spot, and only
    where it says nothing what on-demand's own price is.
    """
    if rental.tier == OVERHEAD and rental.place.spot and not tariff.spot and OVERHEAD not in tariff.costing.prices:
        found = book_quote(tariff.prices, rental.place, at)
        if found.price is not None:
            return found
    return quote(tariff.prices, payer(tariff, rental), rental.place, at)


def payer(tariff: Tariff, rental: Rental) -> str:
    """Return the tier at whose own price a rental is charged: GPUs beyond the replicas cost what those of them do."""
    if rental.tier != OVERHEAD or rental.tier in tariff.costing.prices:
        return rental.tier
    return (rental.place.spot and tariff.spot) or tariff.on_demand


def listing(tariff: Tariff, rental: Rental, at: datetime) -> Quote:
    """Return what a rental would cost on demand."""
    return quote(tariff.prices, tariff.on_demand, replace(rental.place, spot=False), at)


def reclaimed(tariff: Tariff, rental: Rental, at: datetime) -> Quote:
    """Return what a rental would cost on spot."""
    return quote(tariff.prices, tariff.spot, replace(rental.place, spot=True), at)


def commitments(tariff: Tariff, at: datetime) -> tuple[Commitment, ...]:
    """Return the commitments that run at an instant."""
    today = at.astimezone(tariff.zone).date()
    return tuple(one for one in tariff.costing.commitments if one.until is None or today <= one.until)


def covered(pieces: Sequence[Piece], active: Sequence[Commitment]) -> tuple[list[Piece], list[Commitment]]:
    """Return the pieces with what commitments pay of them, and what is left of the commitments."""
    left = list(active)
    paid = []
    for found in sorted(pieces, key=lambda one: one.line == OVERHEAD):
        gpus, cost, left = (ZERO, ZERO, left) if found.place.spot else taken(left, found.gpus)
        paid.append(replace(found, covered=gpus, committed=cost) if gpus else found)
    return paid, left


def charged(paid: Sequence[Piece], left: Sequence[Commitment]) -> dict[str, Line]:
    """Return each line's amounts of an hour, with what is left of commitments."""
    lines: dict[str, Line] = {}
    for one in paid:
        lines[one.line] = lines.get(one.line, Line()) + one.amounts
    unused = sum((one.gpus for one in left), ZERO)
    if unused:
        charge = sum((one.gpus * one.price for one in left), ZERO)
        lines[COMMITMENTS] = Line(gpu_hours=unused, listed=charge, contracted=charge, effective=charge)
    return lines


def machines(paid: Sequence[Piece], rented: Rented) -> dict[Machine, Part]:
    """Return each line's part of an hour on each machine; what commitments pay of machines alike, they pay of each."""
    whole: dict[tuple[str, Place], Part] = {}
    for one in paid:
        kind = one.line, one.place
        whole[kind] = whole.get(kind, Part()) + Part(one.gpus, one.amounts.effective)
    each = {kind: Part(Decimal(1), part.cost / part.gpu_hours) for kind, part in whole.items() if part.gpu_hours}
    parts: dict[Machine, Part] = {}
    for rental, count in rented:
        rate = each.get((rental.tier, rental.place))
        if rate and rental.gpus:
            machine = Machine(rental.tier, rental.place, rental.node)
            parts[machine] = parts.get(machine, Part()) + rate * (rental.gpus * count)
    return parts


def taken(left: Sequence[Commitment], wanted: Decimal) -> tuple[Decimal, Decimal, list[Commitment]]:
    """Take so many GPUs out of what is left of commitments; return how many, what they cost, and what stays."""
    covers = cost = ZERO
    stays = []
    for one in left:
        used = min(one.gpus, wanted - covers)
        covers, cost = covers + used, cost + used * one.price
        stays.append(replace(one, gpus=one.gpus - used))
    return covers, cost, stays


def savings(
    tariff: Tariff, lines: dict[str, Line], active: Sequence[Commitment], setting: Setting, at: datetime
) -> Savings:
    """Return what an hour saves against the baseline, by cause; nothing where a part of it is unknown.

    All causes together are the baseline less the cost, but for what the overhead costs beyond commitments.
    """
    baseline, unit = setting.baseline, setting.unit
    if baseline is None or unit is None or unit.gpus is None or not Amount(lines).whole:
        return Savings()
    each = (reclaimed if baseline.spot else listing)(tariff, unit, at).price
    if each is None:
        return Savings()

    gpus, kept = unit.gpus, ZERO if baseline.spot else sum((one.gpus for one in active), ZERO)
    paid = sum((one.gpus * one.price for one in active), ZERO)

    def cost(size: Decimal) -> Decimal:
        return paid + max(ZERO, size * gpus - kept) * each

    there = sum((line.replica_hours for line in lines.values()), ZERO)
    allowed = baseline.replicas if setting.cap is None else min(baseline.replicas, Decimal(setting.cap))
    spent = sum((line.committed if name == OVERHEAD else line.effective for name, line in lines.items()), ZERO)
    return Savings(
        queue=cost(allowed) - cost(there),
        schedule=cost(baseline.replicas) - cost(allowed),
        spot=cost(there) - spent,
        baseline=cost(baseline.replicas),
    )


def ends(tariff: Tariff, after: datetime) -> datetime:
    """Return the first instant after `after` at which rates may change by themselves, a day's end at the latest."""
    tomorrow = furthest(after, tariff.zone).date() + timedelta(days=1)
    midnight = instant(datetime.combine(tomorrow, time()), tariff.zone)
    change = tariff.book.next_change(after)
    return midnight if change is None else min(midnight, change)
