"""How `poolkeeper cost` shows groups: as a table, as JSON or as CSV. Amounts are rounded so that they add up."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from rich.table import Table

from poolkeeper.api.allocation import CENT, Allocation, Group, rounded
from poolkeeper.api.amounts import format_number
from poolkeeper.api.units import format_instant
from poolkeeper.cli.connection import console

Json = dict[str, Any]

UNALLOCATED = "(unallocated)"
TENTH = Decimal("0.1")
UNKNOWN = "?"
NONE = "-"

Value = Decimal | float | None
COLUMNS: dict[str, tuple[str, Callable[[Group], Value]]] = {
    "cost": ("COST", lambda group: group.cost),
    "listCost": ("LIST", lambda group: None if group.cost is None else group.listed),
    "savings": ("SAVED", lambda group: group.savings),
    "gpuHours": ("GPU-HOURS", lambda group: group.gpu_hours),
    "idlePercent": ("IDLE", lambda group: None if group.idle is None else 100 * group.idle),
    "perRequest": ("/REQUEST", lambda group: group.per_request),
    "perMillionTokens": ("/1M TOKENS", lambda group: group.per_million_tokens),
    "perMillionPromptTokens": ("/1M IN", lambda group: group.per_million_prompt),
    "perMillionGenerationTokens": ("/1M OUT", lambda group: group.per_million_generated),
    "unpricedGPUHours": ("UNPRICED", lambda group: group.amount.unpriced or None),
    "gap": ("GAP", lambda group: group.amount.gap or None),
}
"""By name in JSON and CSV: the heading, and what stands below it."""
SUMS = {"cost": CENT, "listCost": CENT, "savings": CENT, "gpuHours": TENTH, "unpricedGPUHours": TENTH, "gap": CENT}
"""What adds up, and to what it is rounded."""
UNPRICED = ("cost", "listCost")
"""What is unknown, and not nothing, where nothing of it is there."""
SPARE = ("gap", "unpricedGPUHours", "perMillionPromptTokens", "perMillionGenerationTokens", "perRequest", "listCost")
"""What goes first where a terminal is narrow; the notes tell the first two all the same."""
WIDEST = 30
BETWEEN = 2


def show(found: Sequence[Allocation], kind: str) -> None:
    """Print groups for people, currency by currency."""
    for one in found:
        console.print(table(one, kind))
        for note in notes(one):
            console.print(f"note: {note}", markup=False)
        if one is not found[-1]:
            console.print()


def table(found: Allocation, kind: str) -> Table:
    """Return a currency's groups and their total; a column with nothing in it is not there."""
    cells = texts(found)
    names = [UNALLOCATED if group.name is None else group.name for group in found.groups]
    longest = max(len(name) for name in [*names, kind, "total"])
    shown = fitting(found, cells, console.width - min(longest, WIDEST))
    made = Table(box=None, pad_edge=False, padding=(0, BETWEEN, 0, 0))
    made.add_column(kind.upper(), overflow="fold")
    for name in shown:
        made.add_column(heading(name, found), justify="right", no_wrap=True)
    for place, name in enumerate([*names, "total"]):
        made.add_row(name, *(cells[column][place] for column in shown), style="bold" if name == "total" else None)
    return made


def fitting(found: Allocation, cells: Mapping[str, Sequence[str]], width: int) -> list[str]:
    """Return the columns that have something in them, without the spare ones for which there is no room."""
    shown = [name for name in COLUMNS if any(text != NONE for text in cells[name])]
    widths = {name: BETWEEN + max(len(text) for text in [heading(name, found), *cells[name]]) for name in shown}
    for name in SPARE:
        if name in shown and sum(widths[one] for one in shown) > width:
            shown.remove(name)
    return shown


def heading(name: str, found: Allocation) -> str:
    """Return what stands above a column."""
    return COLUMNS[name][0] + (f" {found.currency}" if name == "cost" else "")


def texts(found: Allocation) -> dict[str, list[str]]:
    """Return each column's cells: those of the groups, and the total's."""
    groups = (*found.groups, found.total)
    return {name: column(name, [value(group) for group in groups]) for name, (_, value) in COLUMNS.items()}


def column(name: str, values: Sequence[Value]) -> list[str]:
    """Return the cells of a column; those that add up are rounded together."""
    if name not in SUMS:
        return [ratio(name, value) for value in values]
    parts = iter(rounded([Decimal(value) for value in values[:-1] if value is not None], SUMS[name]))
    whole = values[-1]
    total = None if whole is None else rounded([Decimal(whole)], SUMS[name])[0]
    absent = UNKNOWN if name in UNPRICED else NONE
    cells = [absent if value is None else f"{next(parts):,}" for value in values[:-1]]
    return [*cells, absent if total is None else f"{total:,}"]


def ratio(name: str, value: Value) -> str:
    """Return what does not add up: a share, or a price to four significant digits."""
    if value is None:
        return NONE
    return f"{value:.0f}%" if name == "idlePercent" else f"{price(Decimal(value)):f}"


def price(value: Decimal) -> Decimal:
    """Return a price to the cent, a small one to four significant digits."""
    return value.quantize(CENT) if value >= 1 or not value else value.quantize(Decimal(1).scaleb(value.adjusted() - 3))


def notes(found: Allocation) -> Iterator[str]:
    """Yield what is in no amount, or in it without having been seen."""
    whole = found.total.amount
    if whole.unpriced:
        yield f"{rounded([whole.unpriced], TENTH)[0]:,} GPU-hours have no price and are in no amount of money"
    if whole.uncounted:
        hours = rounded([whole.uncounted], TENTH)[0]
        yield f"{hours:,} replica-hours of an unknown number of GPUs are in no amount of money"
    if whole.gap:
        yield f"{rounded([whole.gap])[0]:,} {found.currency} are of times when no operator looked: the last rate held"


def as_json(found: Sequence[Allocation], kind: str, now: datetime) -> Json:
    """Return groups as JSON: money and hours exact, to nine decimals."""
    return {
        "by": kind,
        "asOf": format_instant(now),
        "currencies": [
            {"currency": one.currency, "rows": [row(group) for group in one.groups], "total": row(one.total)}
            for one in found
        ],
    }


def row(group: Group) -> Json:
    """Return a group as JSON, null where something is not known."""
    return {"name": group.name} | {name: exact(value(group)) for name, (_, value) in COLUMNS.items()}


def exact(value: Value) -> str | float | None:
    """Return a sum as a string that says it exactly, a share as a number."""
    return format_number(value) if isinstance(value, Decimal) else value


def as_csv(found: Sequence[Allocation], kind: str) -> str:
    """Return groups as CSV, exact, without totals; empty where something is not known."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["currency", kind, *COLUMNS])
    for one in found:
        for group in one.groups:
            name = "" if group.name is None else group.name
            writer.writerow([one.currency, name, *(plain(value) for key, value in row(group).items() if key != "name")])
    return text.getvalue()


def plain(value: str | float | None) -> str:
    """Return a CSV cell."""
    return "" if value is None else str(value)
