"""Who spent what: the days of the ledger, put together by team, model, pool, tier, day or any label.

What bears no label is a group of its own, so that all groups together are the whole. Sums are exact; amounts that are
shown are rounded last, by largest remainder, so that those shown add up to the total that is shown. Currencies are
never added.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import partial

from poolkeeper.api.ledger import Entry
from poolkeeper.core import economics
from poolkeeper.core.days import ZERO, Amount, total
from poolkeeper.core.economics import Phase

LABEL = "label:"
LABELS = ("team", "model", "feature")
TIER = "tier"
CENT = Decimal("0.01")

Name = Callable[[Entry], str | None]


def pool_name(entry: Entry) -> str:
    """Return a pool's name within its cluster."""
    return f"{entry.namespace}/{entry.name}"


def day_name(entry: Entry) -> str:
    """Return the day of an entry."""
    return entry.day.on.isoformat()


def namespace_name(entry: Entry) -> str:
    """Return the namespace of an entry's pool."""
    return entry.namespace


def in_cluster(entry: Entry, name: Name) -> str:
    """Return a name with its cluster's, for a ledger of several."""
    return f"{entry.cluster}/{name(entry)}"


def label_name(entry: Entry, key: str) -> str | None:
    """Return what a pool's label said on that day, None where it bore none."""
    return entry.labels.get(key) or None


NAMES: Mapping[str, Name] = {
    **{key: partial(label_name, key=key) for key in LABELS},
    "pool": pool_name,
    "namespace": namespace_name,
    "day": day_name,
}
KINDS = (*LABELS, "pool", TIER, "namespace", "day", f"{LABEL}KEY")
"""What groups are made by."""


@dataclass(frozen=True, slots=True)
class Group:
    """What a group came to in one currency. `name` None: unallocated."""

    name: str | None
    amount: Amount

    @property
    def listed(self) -> Decimal:
        """What it would have cost on demand."""
        return sum((line.listed for line in self.amount.lines.values()), ZERO)

    @property
    def gpu_hours(self) -> Decimal:
        """The GPU-hours, those of unknown price included."""
        return sum((line.gpu_hours for line in self.amount.lines.values()), ZERO)

    @property
    def cost(self) -> Decimal | None:
        """What it cost; None where nothing of it is known."""
        return self.amount.cost if self.amount.whole or self.amount.cost else None

    @property
    def savings(self) -> Decimal | None:
        """What it saved; None where there is no baseline to go by."""
        return None if self.amount.savings.baseline is None else self.amount.savings.total

    @property
    def idle(self) -> float | None:
        """The share of ready replica-hours with nothing to do; None where nobody looked."""
        use = self.amount.use
        return use.idle_hours / use.ready_hours if use.ready_hours else None

    @property
    def per_request(self) -> Decimal | None:
        """What a request cost; None where none is known of, or a part has no price."""
        return economics.per_request(self.amount)

    @property
    def per_million_tokens(self) -> Decimal | None:
        """What a million tokens cost, read and generated; None as for requests."""
        return economics.per_million_tokens(self.amount)

    @property
    def per_million_prompt(self) -> Decimal | None:
        """What a million tokens of prompts cost, by their part of the cost; None as for requests."""
        return economics.per_million_tokens(self.amount, Phase.PROMPT)

    @property
    def per_million_generated(self) -> Decimal | None:
        """What a million generated tokens cost, by their part of the cost; None as for requests."""
        return economics.per_million_tokens(self.amount, Phase.GENERATION)


@dataclass(frozen=True, slots=True)
class Allocation:
    """The groups of one currency, the dearest first, what is unallocated last."""

    currency: str
    groups: tuple[Group, ...]

    @property
    def total(self) -> Group:
        """All groups together."""
        return Group("total", total(group.amount for group in self.groups))


def naming(kind: str) -> Name:
    """Return how groups of a kind are named; of tiers, see `allocate`.

    Raises:
        ValueError: there is no such kind.
    """
    if kind.startswith(LABEL) and kind != LABEL:
        return partial(label_name, key=kind.removeprefix(LABEL))
    if kind not in NAMES:
        raise ValueError(f"must be one of {', '.join(KINDS)} (got {kind!r})")
    return NAMES[kind]


def allocate(entries: Sequence[Entry], kind: str) -> tuple[Allocation, ...]:
    """Return the groups of a kind, currency by currency.

    Raises:
        ValueError: there is no such kind.
    """
    found: defaultdict[str, defaultdict[str | None, list[Amount]]] = defaultdict(lambda: defaultdict(list))
    name = None if kind == TIER else naming(kind)
    if name in (pool_name, namespace_name) and len({entry.cluster for entry in entries}) > 1:
        name = partial(in_cluster, name=name)
    for entry in entries:
        parts = {name(entry): entry.day.amount} if name else by_line(entry.day.amount)
        for key, amount in parts.items():
            found[entry.currency][key].append(replace(amount, machines={}))
    return tuple(
        Allocation(currency, ordered([Group(key, total(amounts)) for key, amounts in found[currency].items()], kind))
        for currency in sorted(found)
    )


def by_line(amount: Amount) -> Mapping[str, Amount]:
    """Return an amount's lines; what belongs to no line alone (savings, requests, the gap) is in none of them."""
    return {name: Amount({name: line}) for name, line in amount.lines.items()}


def ordered(groups: Iterable[Group], kind: str) -> tuple[Group, ...]:
    """Return days in their order, other groups with the dearest first; what is unallocated is last."""
    if kind == "day":
        return tuple(sorted(groups, key=lambda group: group.name or ""))
    return tuple(sorted(groups, key=lambda group: (group.name is None, -group.amount.cost, group.name or "")))


def within(entries: Iterable[Entry], since: Callable[[Entry], date], until: Callable[[Entry], date]) -> list[Entry]:
    """Return the entries of days from one to another, both included."""
    return [entry for entry in entries if since(entry) <= entry.day.on <= until(entry)]


def newest(*sources: Iterable[Entry]) -> list[Entry]:
    """Return each pool's days once: as the last of the sources that has a day tells it."""
    found = {(one.cluster, one.uid, one.day.on, one.currency): one for source in sources for one in source}
    return [found[key] for key in sorted(found)]


def rounded(amounts: Sequence[Decimal], to: Decimal = CENT) -> list[Decimal]:
    """Return amounts rounded so that they add up to their rounded sum: by largest remainder.

    >>> rounded([Decimal("0.005"), Decimal("0.005"), Decimal("0.005")])
    [Decimal('0.01'), Decimal('0.01'), Decimal('0.00')]
    """
    floors = [amount.quantize(to, ROUND_FLOOR) for amount in amounts]
    missing = int((sum(amounts, ZERO).quantize(to, ROUND_HALF_UP) - sum(floors, ZERO)) / to)
    by_remainder = sorted(range(len(amounts)), key=lambda place: floors[place] - amounts[place])
    raised = set(by_remainder[:missing])
    return [floor + to if place in raised else floor for place, floor in enumerate(floors)]
