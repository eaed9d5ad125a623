"""What is paid besides the pools, spread over them by what they cost: shown apart, and never added to it (R8)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from poolkeeper.api.allocation import allocate
from poolkeeper.api.amounts import format_number
from poolkeeper.api.ledger import Entry
from poolkeeper.core.days import ZERO
from poolkeeper.core.teams import Overhead, accrued, selects

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Spread:
    """What an overhead comes to in some days, and the parts of groups in it; `None` bears what nobody can bear."""

    overhead: Overhead
    amount: Decimal
    parts: tuple[tuple[str | None, Decimal], ...]


def spread(
    overhead: Overhead, entries: Sequence[Entry], chosen: Sequence[Entry], by: str, days: tuple[date, date]
) -> Spread:
    """Return what an overhead comes to, and the parts of groups of a kind.

    Args:
        overhead: each day of a month bears the same of it, a day that is not over all of its own.
        entries: the days of all pools; what they cost in the overhead's currency is what it is spread by.
        chosen: those of `entries` whose parts are asked for.
        by: the kind of the groups.
        days: the first day and the last.
    """
    amount, whole = accrued(overhead.monthly, *days), cost_of(overhead, entries)
    if not whole:
        return Spread(overhead, amount, ((None, amount),))
    groups = (group for one in allocate(bearing(overhead, chosen), by) for group in one.groups)
    return Spread(overhead, amount, tuple((group.name, amount * group.amount.cost / whole) for group in groups))


def bearing(overhead: Overhead, entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries that bear an overhead."""
    return [one for one in entries if one.currency == overhead.currency and selects(overhead.selector, one.labels)]


def cost_of(overhead: Overhead, entries: Sequence[Entry]) -> Decimal:
    """Return what those entries cost that bear an overhead."""
    return sum((one.day.amount.cost for one in bearing(overhead, entries)), ZERO)


def as_json(found: Sequence[Spread]) -> Iterator[Json]:
    """Yield overheads as JSON: money exact, to nine decimals."""
    for one in found:
        rows = [{"name": name, "amount": format_number(amount)} for name, amount in one.parts]
        known = {"name": one.overhead.name, "currency": one.overhead.currency}
        amounts = {"monthly": format_number(one.overhead.monthly), "amount": format_number(one.amount)}
        yield {**known, **amounts, "rows": rows}
