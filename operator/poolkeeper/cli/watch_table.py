"""The live view's table: its columns, which of them there is room for, and what stands in them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from poolkeeper.cli.money_text import spent
from poolkeeper.cli.status_table import GAP
from poolkeeper.cli.watch_queue import Key, Trails, bar, key, line
from poolkeeper.cli.watch_rows import age, mood, upcoming

Json = dict[str, Any]

BARS = 10
LINE = 12
EACH = timedelta(seconds=10)
LONGEST = 30
"""How much is shown of what comes next."""
STYLES = {"bad": "bold yellow", "still": "dim", "news": "bold", "well": ""}
ROOM = ("NEXT", "AGE", "MONTH", "$/H", "MODE", "SPOT", "SLO", "REASON")
"""Which column goes first where the screen is narrow; the pane below tells the same of the chosen pool."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to show at `now`: the rows in their order, and what their queues were."""

    rows: Sequence[Json]
    trails: Trails
    now: datetime


@dataclass(frozen=True, slots=True)
class Grid:
    """What stands in the table: each heading's width, and cells by pool in the order of the headings."""

    headings: dict[str, int]
    cells: dict[Key, tuple[Text, ...]]

    @property
    def shape(self) -> tuple[dict[str, int], tuple[Key, ...]]:
        """What must be laid out anew when it changes."""
        return self.headings, tuple(self.cells)


def grid(seen: Seen, width: int) -> Grid:
    """Return the table at most this wide, as far as that can be."""
    told = {key(row): cells(row, seen) for row in seen.rows}
    kept = {
        heading: breadth(heading, told.values()) for heading in HEADINGS if any(one[heading] for one in told.values())
    }
    for least in ROOM:
        if sum(kept.values()) + GAP * len(kept) > width:
            kept.pop(least, None)
    styles = {key(row): STYLES[mood(row)] for row in seen.rows}
    shown = {
        one: tuple(styled(heading, words[heading], styles[one]) for heading in kept) for one, words in told.items()
    }
    return Grid(kept, shown)


def styled(heading: str, words: str, style: str) -> Text:
    """Return a cell; colour only repeats what its words say."""
    return Text(words, style="green" if heading == "QUEUE" and not style else style, no_wrap=True)


def breadth(heading: str, told: Iterable[dict[str, str]]) -> int:
    """Return how wide a column is."""
    return max(map(cell_len, (heading, *(one[heading] for one in told))))


def cells(row: Json, seen: Seen) -> dict[str, str]:
    """Return what stands in each column."""
    return {heading: write(row, seen) for heading, write in HEADINGS.items()}


def size(row: Json, _seen: Seen) -> str:
    """Return the size as a bar and in numbers: ready, asked for, and the most."""
    desired, ready = ("?" if one is None else one for one in (row["desired"], row["ready"]))
    return f"{bar(row, BARS):{BARS}} {ready}/{desired} of {row['max']}"


def queue(row: Json, seen: Seen) -> str:
    """Return the last minutes, and the queue now."""
    now = "?" if row["queue"] is None else f"{row['queue']:g}"
    return f"{line(seen.trails.get(key(row), ()), seen.now, LINE, EACH)} {now}"


def spot(row: Json, _seen: Seen) -> str:
    """Return what is ready of what is asked of spot, where there is such a tier."""
    return f"{row['spot']['ready']}/{row['spot']['desired']}" if row["spot"] else ""


def soon(row: Json, seen: Seen) -> str:
    """Return what comes next, cut where it is long."""
    words = upcoming(row, seen.now)
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"


HEADINGS: dict[str, Callable[[Json, Seen], str]] = {
    "POOL": lambda row, _: f"{row['namespace']}/{row['name']}",
    "MODE": lambda row, _: row["mode"],
    "SIZE": size,
    "QUEUE": queue,
    "SPOT": spot,
    "SLO": lambda row, _: row["slo"] or "",
    "$/H": lambda row, _: (row["cost"] or {}).get("perHour", ""),
    "MONTH": lambda row, _: spent(row["cost"] or {}) or "",
    "REASON": lambda row, _: row["reason"] or "",
    "NEXT": soon,
    "AGE": lambda row, seen: age(row, seen.now),
}
