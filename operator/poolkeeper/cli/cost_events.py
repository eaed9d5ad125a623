"""The events of `poolkeeper cost meter`: a CSV file of what holds for a tier from an instant on."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from poolkeeper.api.refused import RefusedError
from poolkeeper.api.units import parse_instant
from poolkeeper.core.days import COMMITMENTS, OVERHEAD

COLUMNS = ("at", "tier", "replicas", "pricePerGPUHour")
COUNT = re.compile(r"[0-9]{1,5}")
PRICE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
FIRST_YEAR, LAST_YEAR = 1970, 2999

Cells = dict[str, str]


class EventsError(RefusedError):
    """A file of events that cannot be read: each of its `problems` names the line, and what would be right."""


@dataclass(frozen=True, slots=True)
class Event:
    """From `at` on, a tier has this many replicas, at this price for a GPU and an hour. `line` is where it stands."""

    at: datetime
    tier: str
    replicas: int
    price: Decimal
    line: int


def read(file: Path) -> list[Event]:
    """Return the events of a CSV file, in the order of time.

    Raises:
        EventsError: it cannot be read, holds no events, or some of them are wrong.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise EventsError([f"{file}: {error.strerror}"]) from error
    except ValueError as error:
        raise EventsError([f"{file}: this is no text in UTF-8"]) from error
    return sorted(parse(text), key=lambda event: event.at)


def parse(text: str) -> list[Event]:
    """Return the events of a CSV text, in the order of its lines."""
    lines = csv.reader(text.splitlines())
    header = [name.strip() for name in next(lines, [])]
    if sorted(header) != sorted(COLUMNS):
        raise EventsError([f"line 1: must be {','.join(COLUMNS)} (got {','.join(header) or 'nothing'})"])
    events: list[Event] = []
    problems: list[str] = []
    for cells in lines:
        if cells:
            read_line(lines.line_num, header, cells, events, problems)
    problems += clashes(events)
    if problems or not events:
        raise EventsError(problems or ["there are no events: the first line must be followed by at least one"])
    return events


def read_line(line: int, header: list[str], cells: list[str], events: list[Event], problems: list[str]) -> None:
    """Add a line to the events, or what is wrong with it to the problems."""
    if len(cells) != len(header):
        problems.append(f"line {line}: must have {len(header)} values, as the first line has (got {len(cells)})")
        return
    row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
    found = list(faults(row))
    problems += [f"line {line}: {words}" for words in found]
    if not found:
        price = Decimal(row["pricePerGPUHour"])
        events.append(Event(parse_instant(row["at"]), row["tier"], int(row["replicas"]), price, line))


def faults(row: Cells) -> Iterator[str]:
    """Yield what is wrong with a row, and what would be right."""
    if not is_instant(row["at"]):
        yield f"at: must be an instant with its zone, as in 2026-03-08T07:30:00Z (got {row['at']!r})"
    if row["tier"] in ("", OVERHEAD, COMMITMENTS):
        yield f"tier: must be a tier's name, as in on-demand (got {row['tier']!r})"
    if not COUNT.fullmatch(row["replicas"]):
        yield f"replicas: must be a whole number from 0 to 99999 (got {row['replicas']!r})"
    if not PRICE.fullmatch(row["pricePerGPUHour"]):
        yield f"pricePerGPUHour: must be an amount of 0 or more, as in 2.50 (got {row['pricePerGPUHour']!r})"


def is_instant(text: str) -> bool:
    """Return whether a text is an instant that a calendar can hold."""
    try:
        return FIRST_YEAR <= parse_instant(text).year <= LAST_YEAR
    except ValueError:
        return False


def clashes(events: list[Event]) -> Iterator[str]:
    """Yield which lines say something else of the same tier at the same instant as a line before them."""
    known: dict[tuple[datetime, str], int] = {}
    for event in events:
        first = known.setdefault((event.at, event.tier), event.line)
        if first != event.line:
            yield f"line {event.line}: at: line {first} has the same instant for {event.tier}; keep one of them"
