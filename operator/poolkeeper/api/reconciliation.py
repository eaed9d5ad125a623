"""The ledger beside the cloud's bill, machine by machine, on the days that both have.

both know it        the gap is what the bill has more: other workloads' part, discounts, prices that are off
the ledger alone    all of it is gap: the bill is not complete, or the machine has no name in it
the bill alone      told apart, and no gap: no pool ran there
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from poolkeeper.api.bill import Billed
from poolkeeper.api.ledger import Entry
from poolkeeper.core.days import COMMITMENTS, ZERO, Line
from poolkeeper.core.zones import zone

UTC_ZONE = "UTC"


@dataclass(frozen=True, slots=True)
class Pair:
    """What a machine, or all of a type, cost by the ledger and by the bill; None: it does not know it."""

    node: str
    instance: str
    ledger: Decimal | None = None
    bill: Decimal | None = None

    @property
    def gap(self) -> Decimal:
        """What the bill has more than the ledger."""
        return (self.bill or ZERO) - (self.ledger or ZERO)

    @property
    def percent(self) -> Decimal | None:
        """The gap in percent of the bill; None where that has nothing."""
        return 100 * self.gap / self.bill if self.bill else None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The ledger beside a bill in one currency. `pairs` are machines of pools, the widest gap first.

    `elsewhere` are machines of the same types of which no pool had any; `commitments` is what the ledger charges for
    their unused part, on no machine. `zone` is where the days are from.
    """

    currency: str
    zone: str
    days: tuple[date, ...]
    pairs: tuple[Pair, ...]
    elsewhere: tuple[Pair, ...] = ()
    commitments: Decimal = ZERO

    @property
    def total(self) -> Pair:
        """All machines of pools together."""
        return together("total", "", self.pairs)

    @property
    def types(self) -> tuple[Pair, ...]:
        """Machines of pools together by their type, the widest gap first."""
        found: defaultdict[str, list[Pair]] = defaultdict(list)
        for pair in self.pairs:
            found[pair.instance].append(pair)
        return widest(together("", instance, pairs) for instance, pairs in found.items())


def reconcile(entries: Sequence[Entry], bill: Iterable[Billed]) -> tuple[Reconciliation, ...]:
    """Return the ledger beside a bill, for each currency that the ledger has."""
    lines = list(bill)
    return tuple(
        within(
            currency,
            [one for one in entries if one.currency == currency],
            [one for one in lines if one.currency == currency],
        )
        for currency in sorted({entry.currency for entry in entries})
    )


def within(currency: str, entries: Sequence[Entry], bill: Sequence[Billed]) -> Reconciliation:
    """Return the ledger beside a bill of the same currency."""
    name = zone_of(entries)
    place = zone(name)
    dated = [(one.at.astimezone(place).date(), one) for one in bill]
    days = {entry.day.on for entry in entries} & {on for on, _ in dated}
    ledger = by_machine(entry for entry in entries if entry.day.on in days)
    charged: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    types = {node: instance for node, (instance, _) in ledger.items()}
    for on, one in dated:
        if on in days:
            charged[one.node] += one.cost
            types[one.node] = types.get(one.node) or one.instance
    known = {instance for instance, _ in ledger.values()}
    return Reconciliation(
        currency,
        name,
        tuple(sorted(days)),
        widest(Pair(node, types[node], cost, charged.get(node)) for node, (_, cost) in ledger.items()),
        widest(
            Pair(node, types[node], None, cost)
            for node, cost in charged.items()
            if node not in ledger and types[node] in known
        ),
        unused(entry for entry in entries if entry.day.on in days),
    )


def zone_of(entries: Iterable[Entry]) -> str:
    """Return the zone of the pools' days; UTC where they differ."""
    names = {entry.timezone for entry in entries}
    return names.pop() if len(names) == 1 else UTC_ZONE


def by_machine(entries: Iterable[Entry]) -> dict[str, tuple[str, Decimal]]:
    """Return each machine's type and cost, of all pools; machines without a name by their type."""
    found: dict[str, tuple[str, Decimal]] = {}
    for entry in entries:
        for machine, part in entry.day.amount.machines.items():
            instance = machine.place.instance or machine.place.gpu
            node = machine.node or f"(no name, {instance or 'no type'})"
            found[node] = (instance, found.get(node, ("", ZERO))[1] + part.cost)
    return found


def unused(entries: Iterable[Entry]) -> Decimal:
    """Return what the unused part of commitments cost."""
    return sum((entry.day.amount.lines.get(COMMITMENTS, Line()).effective for entry in entries), ZERO)


def together(node: str, instance: str, pairs: Iterable[Pair]) -> Pair:
    """Return several machines as one."""
    found = list(pairs)
    ledger = sum((pair.ledger or ZERO for pair in found), ZERO)
    return Pair(node, instance, ledger, sum((pair.bill or ZERO for pair in found), ZERO))


def widest(pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    """Return pairs, the widest gap first."""
    return tuple(sorted(pairs, key=lambda pair: (-abs(pair.gap), pair.node, pair.instance)))
