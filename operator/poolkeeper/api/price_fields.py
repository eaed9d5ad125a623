"""The fields of a price book that not every text fits into: prices, currencies, capacity types and instants."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from unicodedata import category

from poolkeeper.api.gpus import kind
from poolkeeper.api.places import CLOUDS
from poolkeeper.api.units import format_instant, parse_instant
from poolkeeper.core.prices import ANY

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""Since when a price counts that has no effective_from."""
DEAREST = Decimal(1_000_000_000)
"""More than any machine costs an hour, in any currency."""
FINEST = 12
"""How many decimals a price may have."""

_CAPACITY = {"ondemand": False, "spot": True, "preemptible": True}
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LAST_YEAR = 2999
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode's general categories: control, format, surrogate, and the separators of lines and paragraphs."""
_NUMBER = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?", re.ASCII)


def printable(text: str) -> str:
    """Return a text that does nothing to the terminal or the page that shows it.

    Raises:
        ValueError: it holds control characters, or marks that turn or hide what is around them.
    """
    if not text.isprintable() and any(category(character) in _UNSEEN for character in text):
        raise ValueError("must have no control characters")
    return text


def price(text: str) -> Decimal:
    """Return what an hour costs.

    Raises:
        ValueError: it is no such number; the message says what would be.
    """
    if not _NUMBER.fullmatch(text):
        raise ValueError("must be a number, as in 3.25")
    found = Decimal(text)
    if found.is_signed():
        raise ValueError("must not be negative")
    if found > DEAREST:
        raise ValueError(f"must be the price of an hour, at most {DEAREST}")
    if found != round(found, FINEST):
        raise ValueError(f"must have at most {FINEST} decimals")
    return Decimal(f"{found:f}")  # 1e3 is shown as 1000


def currency(text: str) -> str:
    """Return a currency's code.

    Raises:
        ValueError: it is none.
    """
    if not _CURRENCY.fullmatch(text):
        raise ValueError("must be three capital letters as in ISO 4217, such as USD")
    return text


def spot(text: str) -> bool:
    """Return whether a capacity type can be reclaimed.

    Raises:
        ValueError: it is neither on-demand nor spot, however they are written.
    """
    found = _CAPACITY.get(re.sub(r"[-_ ]", "", text.lower()))
    if found is None:
        raise ValueError("must be on-demand or spot; OnDemand, on_demand and preemptible are understood too")
    return found


def since(text: str) -> datetime:
    """Return from when on a price counts: an instant, or the beginning of a day in UTC.

    Raises:
        ValueError: it is neither.
    """
    if not text:
        return ALWAYS
    found = None
    with suppress(ValueError):
        found = parse_instant(f"{text}T00:00:00Z" if _DATE.fullmatch(text) else text)
    if found is None or not ALWAYS.year <= found.year <= _LAST_YEAR:
        raise ValueError("must be a day or an instant, as in 2026-03-08 or 2026-03-08T07:30:00Z, or empty for always")
    return found


def instance(text: str) -> str:
    """Return the type of a machine; empty where the field says nothing."""
    return "" if text == ANY else text


def gpu(text: str) -> str:
    """Return the kind of a GPU as it is read from nodes, however it is written here; empty where nothing is said.

    Raises:
        ValueError: no name is left of it.
    """
    found = "" if text == ANY else kind(text)
    if text not in ("", ANY) and not found:
        raise ValueError("must name a kind of GPU, as in H100 or NVIDIA-A100-80GB")
    return found


def provider(text: str) -> str:
    """Return the name of a provider as it is read from nodes, `*` where it does not matter."""
    found = text.lower()
    return CLOUDS.get(found, found) or ANY


def dated(instant: datetime) -> str:
    """Return from when on a price counts as the book has it: a day where it begins one, empty for always."""
    if instant == ALWAYS:
        return ""
    return format_instant(instant).removesuffix("T00:00:00Z")


READERS: Mapping[str, Callable[[str], object]] = {
    "gpu": gpu,
    "capacity_type": spot,
    "price": price,
    "currency": currency,
    "effective_from": since,
}
"""The columns that not every text fits into."""
