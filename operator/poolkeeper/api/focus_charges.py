"""What a day of a pool is charged for, as FOCUS 1.2 tells charges apart.

    a tier, a day        Usage, Standard or Dynamic (spot)       billed = effective
    what commitments
      paid of it         Usage, Committed, Used                  billed 0, effective what was committed to
      were not used for  Usage, Committed, Unused                billed 0, effective the charge
      cost in all        Purchase, Recurring                     billed the charge, effective 0

So the sum of BilledCost and that of EffectiveCost are both what the ledger says (the specification's appendix
"Commitment Discounts"). GPU-hours of unknown price are consumed, and not priced.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from poolkeeper.core.days import COMMITMENTS, OVERHEAD, ZERO, Amount, Line, Machine
from poolkeeper.core.prices import Place


@dataclass(frozen=True, slots=True)
class Charge:
    """What one row charges for, described by `words`. `priced` are the GPU-hours of known price."""

    line: str
    words: str
    pricing: str
    gpu_hours: Decimal
    priced: Decimal
    listed: Decimal
    contracted: Decimal
    billed: Decimal
    effective: Decimal
    category: str = "Usage"
    status: str = ""
    replica_hours: Decimal = ZERO
    places: tuple[Place, ...] = ()

    @property
    def consumed(self) -> bool:
        """Whether GPUs were used, and not only paid for."""
        return self.category == "Usage" and self.status != "Unused"


def charges(amount: Amount) -> Iterator[Charge]:
    """Yield what a day charges for."""
    for name, line in amount.lines.items():
        places = places_of(name, amount.machines)
        if name == COMMITMENTS:
            yield unused(line)
            continue
        if line.gpu_hours > line.covered or not line.covered:
            yield used(name, line, places)
        if line.covered:
            yield committed(name, line, places)
    if purchased(amount):
        yield purchase(amount)


def used(name: str, line: Line, places: tuple[Place, ...]) -> Charge:
    """Return the charge for what commitments do not pay."""
    hours = line.gpu_hours - line.covered
    listed, cost = line.listed - line.spared, line.contracted - line.spared
    words = "What nodes cost beyond the replicas" if name == OVERHEAD else f"Replicas on {name}"
    return Charge(
        line=name,
        words=f"{words}, at the price of the day",
        pricing="Dynamic" if places and all(place.spot for place in places) else "Standard",
        gpu_hours=hours,
        priced=hours - line.unpriced if hours > line.unpriced or not listed else hours,
        listed=listed,
        contracted=cost,
        billed=line.effective - line.committed,
        effective=line.effective - line.committed,
        replica_hours=line.replica_hours,
        places=places,
    )


def committed(name: str, line: Line, places: tuple[Place, ...]) -> Charge:
    """Return the charge for what commitments pay of a line."""
    return Charge(
        line=name,
        words=f"Replicas on {name}, paid by commitments",
        pricing="Committed",
        gpu_hours=line.covered,
        priced=line.covered,
        listed=line.spared,
        contracted=line.spared,
        billed=ZERO,
        effective=line.committed,
        status="Used",
        places=places,
    )


def unused(line: Line) -> Charge:
    """Return the charge for the part of commitments that was not used."""
    return Charge(
        line=COMMITMENTS,
        words="The unused part of commitments",
        pricing="Committed",
        gpu_hours=line.gpu_hours,
        priced=line.gpu_hours,
        listed=line.listed,
        contracted=line.contracted,
        billed=ZERO,
        effective=line.effective,
        status="Unused",
    )


def purchased(amount: Amount) -> Decimal:
    """Return the GPU-hours of a day's commitments, used or not."""
    left = amount.lines.get(COMMITMENTS, Line()).gpu_hours
    return left + sum((line.covered for line in amount.lines.values()), ZERO)


def purchase(amount: Amount) -> Charge:
    """Return what a day's commitments cost in all."""
    hours = purchased(amount)
    left = amount.lines.get(COMMITMENTS, Line()).effective
    cost = left + sum((line.committed for line in amount.lines.values()), ZERO)
    return Charge(
        line=COMMITMENTS,
        words="Commitments, used or not",
        pricing="Standard",
        gpu_hours=hours,
        priced=hours,
        listed=cost,
        contracted=cost,
        billed=cost,
        effective=ZERO,
        category="Purchase",
    )


def places_of(name: str, machines: Iterable[Machine]) -> tuple[Place, ...]:
    """Return where a line's machines are, each place once."""
    return tuple(dict.fromkeys(machine.place for machine in machines if machine.line == name))
