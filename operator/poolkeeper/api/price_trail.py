"""Why a place costs what it costs: the row of the book that counts, and each other that fits, with why it does not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from poolkeeper.api.price_fields import dated
from poolkeeper.core.prices import Place, Prices, Quote, Row, fits, quote, rank, width

COUNTS = "counts"


@dataclass(frozen=True, slots=True)
class Question:
    """What a GPU costs that a replica of a tier uses at a place, at an instant, by these prices."""

    prices: Prices
    tier: str
    place: Place
    at: datetime


@dataclass(frozen=True, slots=True)
class Contender:
    """A row of the book that is about a place's machine or GPU, and in words what became of it."""

    row: Row
    verdict: str


@dataclass(frozen=True, slots=True)
class Trail:
    """The answer, the rows that came into question, first what counts, and how many are about other places."""

    quote: Quote
    contenders: tuple[Contender, ...]
    elsewhere: int


def trail(asked: Question) -> Trail:
    """Return the price of a place, and why it is that."""
    found = quote(asked.prices, asked.tier, asked.place, asked.at)
    about = list(concerning(asked))
    here = sorted((row for row in about if fits(row, asked.place)), key=rank, reverse=True)
    here.sort(key=lambda row: row is not found.row)
    contenders = tuple(Contender(row, verdict(row, found, asked)) for row in here)
    return Trail(found, contenders, len(about) - len(here))


def concerning(asked: Question) -> Iterator[Row]:
    """Yield the rows about the place's machine or GPU, of either capacity type and wherever they count."""
    place = asked.place
    for row in asked.prices.book.rows:
        if row.instance == place.instance if row.instance else row.gpu == place.gpu:
            yield row


def verdict(row: Row, found: Quote, asked: Question) -> str:
    """Return in words what became of a row that fits the place."""
    best = found.row
    if row is best and found.price is not None:
        return COUNTS
    if row.since > asked.at:
        return f"not yet: from {dated(row.since)} on"
    if best is None and found.price is not None:
        return "the pool's own price goes before the book"
    return among_equals(row, found, asked)


def among_equals(row: Row, found: Quote, asked: Question) -> str:
    """Return in words what became of a row that is in effect, where it is for the book to tell the price."""
    best = found.row
    if row.spot and not asked.place.spot:
        return "a spot price; the node is on-demand"
    if best is not None and row is not best and row.spot is best.spot:
        return beaten(row, best)
    if best is not None and best.spot and found.price is not None:
        return "an on-demand price; there is one for spot"
    return useless(row, asked)


def beaten(row: Row, best: Row) -> str:
    """Return why the best row counts in another's place."""
    if best.instance and not row.instance:
        return f"line {best.line} prices the machine, this a GPU"
    if width(row) != width(best):
        return f"line {best.line} is narrower"
    return f"line {best.line} is newer"


def useless(row: Row, asked: Question) -> str:
    """Return why a row gives no price although nothing else does, or nothing else of its capacity type."""
    if row.currency != asked.prices.currency:
        return f"in {row.currency}; the pool counts in {asked.prices.currency}"
    if row.instance and not asked.place.node_gpus:
        return "the node tells of no GPUs to share it out over"
    return "a narrower or newer one comes first, and gives no price"
