"""What a GPU costs an hour: the price book, and which of its rows prices a place (R8).

of several rows that fit                the one that counts
an instance type, or a kind of GPU      the instance type: its price is that of the whole machine
a zone, a region, `*`                   the narrowest
the same, from different instants       the newest that has come into effect
none for spot                           on-demand's, and it is said
none at all                             unknown, which is never zero
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from itertools import product
from operator import attrgetter

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


Where = tuple[str, str, str]
"""Provider, region and zone, as rows have them."""
Courses = Mapping[Where, Sequence[Row]]
"""What the price of one machine or GPU was over time, the oldest row first, by where that counts."""
_since = attrgetter("since")


@dataclass(frozen=True)
class Book:
    """The administrator's prices. `name` is where they stand, for messages."""

    rows: tuple[Row, ...] = ()
    name: str = ""

    @cached_property
    def _of(self) -> Mapping[tuple[str, str, bool], Courses]:
        found: defaultdict[tuple[str, str, bool], defaultdict[Where, list[Row]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for row in sorted(self.rows, key=_since):
            found[row.instance, "" if row.instance else row.gpu, row.spot][where(row)].append(row)
        return {key: dict(courses) for key, courses in found.items()}

    @cached_property
    def instants(self) -> tuple[datetime, ...]:
        """When prices change, in order."""
        return tuple(sorted({row.since for row in self.rows}))

    def next_change(self, after: datetime) -> datetime | None:
        """Return when prices change next after an instant, None: never."""
        number = bisect_right(self.instants, after)
        return self.instants[number] if number < len(self.instants) else None

    def best(self, place: Place, at: datetime) -> Row | None:
        """Return the row that counts at a place at an instant, None where none does; without a look at all others."""
        for courses in self._courses(place):
            for one in wheres(place):
                rows = courses.get(one, ())
                number = bisect_right(rows, at, key=_since)
                if number:
                    return rows[number - 1]
        return None

    def _courses(self, place: Place) -> Iterator[Courses]:
        keys = [(place.instance, "")] if place.instance else []
        for instance, gpu in [*keys, ("", place.gpu)]:
            if instance or gpu:
                yield self._of.get((instance, gpu, place.spot), {})


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
    best = prices.book.best(place, at)
    if best is None:
        return Quote(words=f"{prices.book.name or 'no price book'} has no {shown(place)}")
    if best.currency != prices.currency:
        return Quote(None, best, f"line {best.line} is in {best.currency}, the pool counts in {prices.currency}")
    words = f"line {best.line} of {prices.book.name}: {best.price} {best.currency}"
    if not best.instance:
        return Quote(best.price, best, words)
    if not place.node_gpus:
        return Quote(None, best, f"{words} for {best.instance}, but the node tells of no GPUs to share it out over")
    many = "1 GPU" if place.node_gpus == 1 else f"{place.node_gpus} GPUs"
    return Quote(best.price / place.node_gpus, best, f"{words} for {best.instance} of {many}")


def where(row: Row) -> Where:
    """Return where a row counts."""
    return (row.provider, row.region, row.zone)


def wheres(place: Place) -> Iterator[Where]:
    """Yield wherever a row counts that fits a place, the narrowest first: in the order of `width`."""
    for zone, region, provider in product((place.zone, ANY), (place.region, ANY), (place.provider, ANY)):
        yield (provider, region, zone)


def fits(row: Row, place: Place) -> bool:
    """Return whether a row's place holds a place."""
    return where(row) in wheres(place)


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
