"""The overheads of `poolkeeper cost`: what is paid besides the pools, below what those cost."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import typer
from rich.table import Table

from poolkeeper.api.allocation import rounded
from poolkeeper.api.costs import CostsError
from poolkeeper.api.ledger import Entry
from poolkeeper.api.overheads import Spread, spread
from poolkeeper.cli.connection import console
from poolkeeper.cli.cost_shown import BETWEEN, UNALLOCATED
from poolkeeper.core.teams import Overhead
from poolkeeper.shell.costs import load

Bounds = tuple[Callable[[Entry], date], Callable[[Entry], date]]


def read(path: Path | None) -> list[Overhead]:
    """Return the overheads of the administrator's file; say what is wrong with it and leave with 2."""
    try:
        return [one.to_core() for one in load(path).overheads] if path else []
    except CostsError as error:
        raise typer.BadParameter("\n".join(error.problems), param_hint="--costs") from error


def spreads(
    found: Sequence[Overhead], entries: Sequence[Entry], chosen: Sequence[Entry], by: str, bounds: Bounds
) -> list[Spread]:
    """Return what overheads come to from the first of the days that are asked for to the last."""
    if not chosen:
        return []
    begin, end = bounds
    days = min(begin(one) for one in entries), max(end(one) for one in entries)
    return [spread(one, entries, chosen, by, days) for one in found]


def show(found: Sequence[Spread], by: str) -> None:
    """Print overheads for people."""
    if not found:
        return
    made = Table(box=None, pad_edge=False, padding=(0, BETWEEN, 0, 0))
    for heading in ("OVERHEAD", by.upper()):
        made.add_column(heading, overflow="fold")
    made.add_column("AMOUNT", justify="right", no_wrap=True)
    for one in found:
        amounts = rounded([amount for _, amount in one.parts])
        for (name, _), amount in zip(one.parts, amounts, strict=True):
            group = UNALLOCATED if name is None else name
            made.add_row(one.overhead.name, group, f"{amount:,} {one.overhead.currency}")
    console.print()
    console.print(made)
    console.print("note: overheads are in no sum above; pools bear them by what they cost", markup=False)
