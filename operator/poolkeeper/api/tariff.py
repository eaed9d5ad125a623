"""What a GPU costs an hour where no operator counts: as given, else as a price book has it, else by a list.

given for the kind of GPU and the capacity type     it
given for the kind, or for the type, or for all     it, in this order
the administrator's price book                      the row that counts (core/prices.py)
list prices                                         likewise, and said to be assumed
none                                                unknown, which is never zero

>>> rate("L4:spot=0.30"), rate("3.00")
((('L4', 'spot'), Decimal('0.30')), (('', ''), Decimal('3.00')))
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from poolkeeper.api.gpus import kind
from poolkeeper.api.price_fields import price
from poolkeeper.core.prices import Book, Place, Prices, quote

Rates = Mapping[tuple[str, str], Decimal]
"""Prices of a GPU for an hour by kind and capacity type; empty stands for any."""
TYPES = ("spot", "on-demand")
FORM = "write it as 3.00, H100=3.00, spot=0.90 or H100:spot=0.90"


@dataclass(frozen=True, slots=True)
class Priced:
    """The price of a GPU for an hour, None: unknown; `words` say where it is from. `assumed`: it is a guess."""

    price: Decimal | None
    words: str
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Tariff:
    """All that prices a cluster's GPUs."""

    given: Rates = field(default_factory=dict)
    book: Book = field(default_factory=Book)
    listed: Book = field(default_factory=Book)
    currency: str = "USD"

    def priced(self, place: Place | None, at: datetime) -> Priced:
        """Return what a GPU costs at a place, None: nobody may see where it is."""
        mine = self.rate_of(place)
        if mine is not None:
            return Priced(mine, "--price")
        if place is None:
            return Priced(None, "the nodes could not be read")
        found = quote(Prices(self.book, currency=self.currency), "", place, at)
        if found.price is not None:
            return Priced(found.price, found.words, found.assumed)
        listed = quote(Prices(self.listed, currency=self.currency), "", place, at)
        if listed.price is not None:
            return Priced(listed.price, f"assumed list price: {listed.words}", assumed=True)
        return Priced(None, found.words)

    def rate_of(self, place: Place | None) -> Decimal | None:
        """Return the price that was given for a place."""
        name = place.gpu if place else ""
        spot = "" if place is None else TYPES[0] if place.spot else TYPES[1]
        keys = ((name, spot), (name, ""), ("", spot), ("", ""))
        return next((self.given[key] for key in keys if key in self.given), None)


def rate(text: str) -> tuple[tuple[str, str], Decimal]:
    """Return what `KIND:TYPE=PRICE` says, of which PRICE alone is needed.

    >>> rate("L4:spot=0.30"), rate("3.00")
    ((('L4', 'spot'), Decimal('0.30')), (('', ''), Decimal('3.00')))

    Raises:
        ValueError: it is no such text; the message says what would be.
    """
    named, found, amount = text.rpartition("=")
    name, _, capacity = named.rpartition(":")
    if not name and capacity not in TYPES:
        name, capacity = capacity, ""
    if (found and not named) or (capacity and capacity not in TYPES):
        raise ValueError(f"{text!r} is no price; {FORM}")
    try:
        return (kind(name) if name else "", capacity), price(amount)
    except ValueError as error:
        raise ValueError(f"{text!r}: the price {error}; {FORM}") from error
