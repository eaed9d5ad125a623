"""What an audit's GPUs cost: prices on the command line, a book, and what a cloud lists where nobody says."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import typer

from poolkeeper.api.price_book import PriceBookError, parse
from poolkeeper.api.tariff import Rates, Tariff, rate
from poolkeeper.cli.connection import HOME
from poolkeeper.cli.prices import text_of
from poolkeeper.core.prices import Book
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import Refused
from poolkeeper.shell.price_book import Sheet
from poolkeeper.shell.settings import PRICE_BOOK

LISTED = "list_prices.csv"
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says of prices; `book` is None where it names none."""

    rates: Rates = field(default_factory=dict)
    book: Book | None = None
    listed: Book = field(default_factory=Book)
    currency: str = "USD"

    def tariff(self, found: Book | None) -> Tariff:
        """Return all that prices GPUs; `found` is the operator's book, which one that was named goes before."""
        return Tariff(self.rates, self.book or found or Book(), self.listed, self.currency)


def rates(given: Iterable[str]) -> dict[tuple[str, str], Decimal]:
    """Return prices by kind and capacity type.

    Raises:
        ValueError: one of them is none, or is given twice.
    """
    found: dict[tuple[str, str], Decimal] = {}
    for text in given:
        key, amount = rate(text)
        if key in found:
            raise ValueError(f"{text!r} is a second price for the same; give one")
        found[key] = amount
    return found


def of_file(file: Path | None) -> Book | None:
    """Return the book of a file; leave with what is wrong with it."""
    if file is None:
        return None
    try:
        return parse(text_of(file), str(file))
    except PriceBookError as error:
        words = "; ".join(error.problems[:SHOWN])
        raise typer.BadParameter(f"{file}: {words}", param_hint="--price-book") from error


def listed() -> Book:
    """Return what clouds list."""
    return parse(files("poolkeeper.cli").joinpath(LISTED).read_text(encoding="utf-8"), LISTED)


async def of_cluster(kube: KubeClient) -> Book | None:
    """Return the operator's book, None where there is none, or none that we may read."""
    try:
        found = await kube.get(f"/api/v1/namespaces/{HOME}/configmaps/{PRICE_BOOK}", into=Sheet)
        return parse(found.text, found.metadata.name) if found.text else None
    except (Refused, PriceBookError):
        return None
