"""What a GPU costs an hour: the price book, and which of its rows prices a place (R8).

of several rows that fit                the one that counts
an instance type, or a kind of GPU      the instance type: its price is that of the whole machine
a zone, a region, `*`                   the narrowest
the same, from different instants       the newest that has come into effect
none for spot                           on-demand's, and it is said
none at all                             unknown, which is never zero
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property

ANY = "*"
UNTOLD = (
    "the node has no label that tells its instance type (node.kubernetes.io/instance-type)"
    " or its GPU (such as nvidia.com/gpu.product)"
)
"""Why a place without either has no price in any book."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where replicas run, as the node's labels have it; empty where they say nothing. `node_gpus`: of the node."""

    provider: str = ""
    region: str = ""
    zone: str = ""
    instance: str = ""
    gpu: str = ""
    spot: bool = False
    node_gpus: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Row:
    """One price of the book for an hour, from `since` on: of a machine of type `instance`, else of a GPU of kind `gpu`.

    `provider`, `region` and `zone` are `*` where they do not matter. `source` tells where the price is from, `line`
    where it stands in the book.
    """

    price: Decimal
    currency: str
    since: datetime
    provider: str = ANY
    region: str = ANY
    zone: str = ANY
    instance: str = ""
    gpu: str = ""
    spot: bool = False
    source: str = ""
    line: int = 0


@dataclass(frozen=True)
class Book:
    """The administrator's prices. `name` is where they stand, for messages."""

    rows: tuple[Row, ...] = ()
    name: str = ""

    @cached_property
    def _of(self) -> Mapping[tuple[str, str, bool], tuple[Row, ...]]:
        found: defaultdict[tuple[str, str, bool], list[Row]] = defaultdict(list)
        for row in self.rows:
            found[row.instance, "" if row.instance else row.gpu, row.spot].append(row)
        return {key: tuple(rows) for key, rows in found.items()}

    @cached_property
    def instants(self) -> tuple[datetime, ...]:
        """When prices change, in order."""
        return tuple(sorted({row.since for row in self.rows}))

    def about(self, place: Place) -> Iterator[Row]:
        """Yield the rows for a place's machine or GPU and its capacity type, wherever they count."""
        keys = [(place.instance, "")] if place.instance else []
        for instance, gpu in [*keys, ("", place.gpu)]:
            yield from self._of.get((instance, gpu, place.spot), ()) if instance or gpu else ()


@dataclass(frozen=True, slots=True)
class Quote:
    """The price of one GPU for an hour, None where it is unknown, the row that says so, and why in words.

    `assumed`: spot has no price, and on-demand's stands in for it.
    """

    price: Decimal | None = None
    row: Row | None = None
    words: str = ""
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Prices:
    """All that prices a pool: its own prices by tier, in its currency, then the book."""

    book: Book = field(default_factory=Book)
    own: Mapping[str, Decimal] = field(default_factory=dict)
    currency: str = "USD"


def quote(prices: Prices, tier: str, place: Place, at: datetime) -> Quote:
    """Return the price of a GPU that a replica of this tier uses at this place, at an instant."""
    own = prices.own.get(tier)
    if own is not None:
        return Quote(own, None, f"cost.pricePerGPUHour.{tier} of the pool")
    found = book_quote(prices, place, at)
    if found.price is not None or not place.spot:
        return found
    instead = book_quote(prices, replace(place, spot=False), at)
    if instead.price is None:
        return found
    return replace(instead, words=f"no spot price; on-demand's: {instead.words}", assumed=True)


def book_quote(prices: Prices, place: Place, at: datetime) -> Quote:
    """Return the price that the book has for a place at an instant."""
    if not (place.instance or place.gpu):
        return Quote(words=UNTOLD)
    fitting = [row for row in prices.book.about(place) if fits(row, place) and row.since <= at]
    best = max(fitting, key=rank, default=None)
    if best is None:
        return Quote(words=f"{prices.book.name or 'no price book'} has no {shown(place)}")
    if best.currency != prices.currency:
        return Quote(None, best, f"line {best.line} is in {best.currency}, the pool counts in {prices.currency}")
    words = f"line {best.line} of {prices.book.name}: {best.price} {best.currency}"
    if not best.instance:
        return Quote(best.price, best, words)
    if not place.node_gpus:
        return Quote(None, best, f"{words} for {best.instance}, but the node tells of no GPUs to share it out over")
    return Quote(best.price / place.node_gpus, best, f"{words} for {best.instance} of {place.node_gpus} GPUs")


def fits(row: Row, place: Place) -> bool:
    """Return whether a row's place holds a place."""
    pairs = ((row.provider, place.provider), (row.region, place.region), (row.zone, place.zone))
    return all(said in (ANY, found) for said, found in pairs)


def rank(row: Row) -> tuple[bool, tuple[bool, bool, bool], datetime]:
    """Return what makes a row count before others that fit."""
    return (bool(row.instance), width(row), row.since)


def width(row: Row) -> tuple[bool, bool, bool]:
    """Return how narrow a row's place is: a zone is narrower than any region, and that than any provider."""
    return (row.zone != ANY, row.region != ANY, row.provider != ANY)


def shown(place: Place) -> str:
    """Return in words the price of a place whose machine or GPU is known."""
    kind = "spot" if place.spot else "on-demand"
    where = ", ".join(filter(None, (place.provider, place.zone or place.region)))
    return f"{kind} price for {place.instance or place.gpu}" + (f" in {where}" if where else "")
