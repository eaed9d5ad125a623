"""What `poolkeeper cost meter` counted, as a table and as JSON."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from rich.table import Table

from poolkeeper.api.units import format_instant
from poolkeeper.cli.connection import console
from poolkeeper.core.days import Amount, Day, total
from poolkeeper.core.model import PoolSpec

Json = dict[str, Any]

CENT = Decimal("0.01")
EXACT = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class Sums:
    """What the meter made of events, from the first one until an instant; `unknown` tiers are none of the pool's."""

    name: str
    spec: PoolSpec
    since: datetime
    until: datetime
    days: tuple[Day, ...]
    unknown: tuple[str, ...]


def as_json(sums: Sums) -> Json:
    """Return the sums, to the cent and exact."""
    whole = total(day.amount for day in sums.days)
    return {
        "name": sums.name,
        "currency": sums.spec.cost.currency,
        "timezone": sums.spec.cost.timezone,
        "from": format_instant(sums.since),
        "until": format_instant(sums.until),
        "notes": notes(sums),
        "total": cents(whole.cost),
        "tiers": {name: cents(cost) for name, cost in by_tier(whole).items()},
        "months": {name: cents(cost) for name, cost in by_month(sums.days).items()},
        "exact": {
            "total": exact(whole.cost),
            "tiers": {name: exact(cost) for name, cost in by_tier(whole).items()},
            "months": {name: exact(cost) for name, cost in by_month(sums.days).items()},
        },
        "days": [day_json(day) for day in sums.days],
    }


def day_json(day: Day) -> Json:
    """Return a day, to the cent and exact."""
    tiers = by_tier(day.amount)
    return {
        "on": day.on.isoformat(),
        "cost": cents(day.amount.cost),
        "tiers": {name: cents(cost) for name, cost in tiers.items()},
        "exact": {
            "cost": exact(day.amount.cost),
            "tiers": {name: exact(cost) for name, cost in tiers.items()},
        },
    }


def by_tier(amount: Amount) -> dict[str, Decimal]:
    """Return what each line cost, in the order of names."""
    return {name: amount.lines[name].effective for name in sorted(amount.lines)}


def by_month(days: Iterable[Day]) -> dict[str, Decimal]:
    """Return what each calendar month cost, as 2026-11, in order."""
    months: dict[str, Decimal] = {}
    for day in days:
        month = f"{day.on:%Y-%m}"
        months[month] = months.get(month, Decimal(0)) + day.amount.cost
    return months


def notes(sums: Sums) -> list[str]:
    """Return what a reader of the sums should know."""
    return [f"the pool has no tier {name!r}: counted on its own" for name in sums.unknown]


def cents(money: Decimal) -> str:
    """Return money to the cent, half a cent up.

    >>> cents(Decimal("2.345"))
    '2.35'
    """
    return str(money.quantize(CENT, ROUND_HALF_UP))


def exact(money: Decimal) -> str:
    """Return money to twelve decimals, without zeros at the end.

    >>> exact(Decimal("2.500"))
    '2.5'
    """
    return f"{money.quantize(EXACT).normalize():f}"


def show(sums: Sums) -> None:
    """Print the sums as a table: days, then months, then all."""
    whole = total(day.amount for day in sums.days)
    names = list(by_tier(whole))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ["day", *names, "cost"]:
        table.add_column(name, justify="left" if name == "day" else "right")
    for day in sums.days:
        add(table, day.on.isoformat(), day.amount, names)
    for month in by_month(sums.days):
        add(table, month, total(day.amount for day in sums.days if f"{day.on:%Y-%m}" == month), names)
    add(table, "all", whole, names)
    console.print(table)
    until = f"{format_instant(sums.since)} until {format_instant(sums.until)}"
    console.print(f"{sums.spec.cost.currency}, days of {sums.spec.cost.timezone}, {until}", markup=False)
    for note in notes(sums):
        console.print(f"note: {note}", markup=False)


def add(table: Table, name: str, amount: Amount, names: list[str]) -> None:
    """Add a row with the cost of each line."""
    tiers = by_tier(amount)
    table.add_row(name, *(cents(tiers.get(one, Decimal(0))) for one in names), cents(amount.cost))
