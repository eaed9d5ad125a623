"""The pools as a table that fits the screen: what has no column there stands in a second line, and nothing is lost."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from poolkeeper.cli.money_text import spent
from poolkeeper.cli.status_rows import holds, saves

Json = dict[str, Any]
Told = dict[str, str]

COLUMNS = (
    "POOL",
    "MODE",
    "QUEUE",
    "DESIRED",
    "READY",
    "SPOT",
    "MIN-MAX",
    "WINDOW",
    "HELD",
    "SLO",
    "$/H",
    "MONTH",
    "SAVES",
    "REASON",
)
WORDS = {"POOL", "MODE", "WINDOW", "HELD", "REASON"}
RARE = ("SPOT", "WINDOW", "HELD", "$/H", "MONTH", "SAVES")
"""Columns that are there where any pool has something in them."""
LEAST = ("MONTH", "SAVES", "WINDOW", "$/H", "MODE", "SLO", "SPOT", "HELD", "POOL")
"""Which column goes first where the screen is narrow."""
SILENT = {"", "Active"}
"""What says nothing in a column: there is no news in it."""
GAP = 2


def table(rows: Sequence[Json], width: int) -> Text:
    """Return the pools as a table of at most this width; spot, windows and money have columns where any pool has them.

    Where there is no room for all columns, those that matter least stand below their pool in words.
    """
    told = [{heading: "" if it is None else str(it) for heading, it in cells(one).items()} for one in rows]
    columns = [heading for heading in COLUMNS if heading not in RARE or any(one[heading] for one in told)]
    kept = fitting(columns, told, width)
    widths = {heading: breadth_of(heading, told) for heading in kept}
    lines = [Text(laid({heading: heading for heading in kept}, widths), style="bold")]
    for one in told:
        left = {heading: one[heading] for heading in columns if heading not in kept}
        lines += [Text(line) for line in pool(one, left, widths, width)]
    return Text("\n").join(lines)


def pool(one: Told, left: Told, widths: dict[str, int], width: int) -> Iterator[str]:
    """Yield a pool's lines: its name where it is too long for a column, its row, and what has no column."""
    if "POOL" in left:
        yield one["POOL"]
    yield laid(one, widths)
    words = [f"{heading.lower()} {text}" for heading, text in left.items() if heading != "POOL" and text not in SILENT]
    yield from wrapped(words, width)


def wrapped(words: Sequence[str], width: int) -> Iterator[str]:
    """Yield words in indented lines of at most this width, broken between them as far as that can be."""
    line = ""
    for word in words:
        longer = f"{line}, {word}" if line else f"  {word}"
        if line and cell_len(longer) >= width:
            yield f"{line},"
            longer = f"  {word}"
        line = longer
    if line:
        yield line


def laid(one: Told, widths: dict[str, int]) -> str:
    """Return a row's cells at their columns' widths."""
    padded = []
    for heading, width in widths.items():
        space = " " * (width - cell_len(one[heading]))
        padded.append(one[heading] + space if heading in WORDS else space + one[heading])
    return (" " * GAP).join(padded).rstrip()


def fitting(columns: Sequence[str], told: Sequence[Told], width: int) -> list[str]:
    """Return the columns that there is room for: those that say nothing go first, then those that matter least."""
    kept = list(columns)
    silent = [heading for heading in LEAST if heading in columns and all(one[heading] in SILENT for one in told)]
    for least in (*silent, *LEAST):
        if breadth(kept, told) > width:
            kept = [heading for heading in kept if heading != least]
    return kept


def breadth(columns: Sequence[str], told: Sequence[Told]) -> int:
    """Return how wide a table of these columns is."""
    return sum(breadth_of(heading, told) for heading in columns) + GAP * (len(columns) - 1)


def breadth_of(heading: str, told: Sequence[Told]) -> int:
    """Return how wide a column is."""
    return max(cell_len(text) for text in (heading, *(one[heading] for one in told)))


def cells(one: Json) -> Json:
    """Return a pool's row by column."""
    cost = one["cost"] or {}
    return {
        "POOL": f"{one['namespace']}/{one['name']}",
        "MODE": one["mode"],
        "QUEUE": None if one["queue"] is None else f"{one['queue']:g}",
        "DESIRED": one["desired"],
        "READY": one["ready"],
        "SPOT": one["spot"] and f"{one['spot']['ready']}/{one['spot']['desired']}",
        "MIN-MAX": f"{one['min']}-{one['max']}",
        "WINDOW": one["window"],
        "HELD": "; ".join(holds(one)),
        "SLO": one["slo"],
        "$/H": cost.get("perHour"),
        "MONTH": spent(cost),
        "SAVES": saves(one["observe"]),
        "REASON": one["reason"],
    }
