"""Request traces as load: `second,requests,...`, a row for each bin, `second` the bin's start since the trace's.

Columns besides these two may follow and are not read, but for `filled`: 1 marks a bin that somebody has guessed, which
is a hole here.
"""

import csv
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from math import isfinite

from poolkeeper.simulate.series import Series

NEEDED = ("second", "requests")
FEWEST = 2
"""Rows that tell how wide a bin is."""


class TraceError(ValueError):
    """Text that is no trace; the words say where and why."""


def read_trace(lines: Iterable[str], start: datetime) -> Series:
    """Return a trace that began at `start` as requests a second.

    Raises:
        TraceError: a column lacks, a number is none, or the bins are not of one width.
    """
    rows = csv.DictReader(lines)
    missing = [name for name in NEEDED if name not in (rows.fieldnames or ())]
    if missing:
        raise TraceError(f"no column {' and no column '.join(missing)}: a trace begins with second,requests")
    bins = [(number(row, "second", line), load(row, line)) for line, row in enumerate(rows, start=2)]
    if len(bins) < FEWEST:
        raise TraceError(f"{len(bins)} rows are no trace")
    width = bins[1][0] - bins[0][0]
    if width <= 0:
        raise TraceError(f"line 3: second {bins[1][0]:g} is not after {bins[0][0]:g}")
    values: list[float | None] = []
    for line, (second, requests) in enumerate(bins, start=2):
        if second != bins[0][0] + len(values) * width:
            raise TraceError(
                f"line {line}: second {second:g} where each bin is {width:g} wide; every bin must be there"
            )
        values.append(None if requests is None else requests / width)
    return Series(start + timedelta(seconds=bins[0][0]), timedelta(seconds=width), tuple(values))


def load(row: Mapping[str, str | None], line: int) -> float | None:
    """Return a bin's requests, None where they were guessed."""
    return None if row.get("filled") == "1" else number(row, "requests", line)


def number(row: Mapping[str, str | None], column: str, line: int) -> float:
    """Return a number of a row, no less than 0."""
    try:
        found = float(row[column] or "")
    except ValueError:
        found = -1
    if not (isfinite(found) and found >= 0):
        raise TraceError(f"line {line}: {column} is {row[column]!r}, which is no number from 0 on")
    return found
