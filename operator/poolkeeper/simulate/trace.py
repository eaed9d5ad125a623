"""Request traces as load: `second,requests,...`, a row for each bin, `second` the bin's start since the trace's.

Three more columns are read where they are there, others are not:

    prompt_tokens, output_tokens    of all requests of the bin; empty or absent is unknown
    filled                          1 marks a bin that somebody has guessed, which is a hole here

A file of clients beside a trace, `second,client,rate,cv,...`, says how bursty each was in a window of time.
"""

import csv
import gzip
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import fsum, isfinite
from statistics import fmean

from poolkeeper.core.arrivals import Arrival
from poolkeeper.simulate.series import Series, Value

NEEDED = ("second", "requests")
OF_CLIENTS = ("second", "rate", "cv")
FEWEST = 2
"""Rows that tell how wide a bin is."""
PACKED = b"\x1f\x8b"
"""How a gzipped file begins."""
UNTOLD = datetime(2024, 1, 1, tzinfo=UTC)
"""When a trace began of which nobody says it: a Monday."""
PROMPT, OUTPUT = 1155.0, 211.0
"""Mean tokens of a request where a trace knows none: azure2023_conv's."""
BURSTIEST = 25.0
"""The largest index of dispersion that clients are believed: the few wilder windows hold a handful of requests."""
DISPERSION = 5.7
"""The index of dispersion of a minute's requests, variance over mean, measured on Azure's LLM trace of 2024."""
SLACK = 1e-6
"""So much of a bin's width may a second be off: what a fraction loses when it is printed."""
GUESSED = ("1", "1.0", "true")
"""What stands in the column `filled` of a bin that somebody has guessed."""

Row = Mapping[str, str | None]


class TraceError(ValueError):
    """Text that is no trace; the words say where and why."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Bins of one `width` from `start` on: the requests of each, and the mean tokens of one.

    `dispersion` is the index of each bin's counts, variance over mean, where something is known of it, else empty.
    """

    start: datetime
    width: timedelta
    bins: tuple[Arrival, ...]
    dispersion: tuple[float, ...] = ()


def unpacked(content: bytes) -> list[str]:
    """Return the lines of a file, gzipped or not.

    Raises:
        TraceError: it is no text.
    """
    try:
        return (gzip.decompress(content) if content.startswith(PACKED) else content).decode("utf-8-sig").splitlines()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise TraceError(f"no text, gzipped or not: {error}") from error


def read_trace(lines: Iterable[str], start: datetime) -> Series:
    """Return a trace that began at `start` as requests a second.

    Raises:
        TraceError: a column lacks, a number is none, or the bins are not of one width.
    """
    seconds, counts = zip(*((second, load(row, line)) for line, second, row in numbered(lines)), strict=True)
    width = seconds[1] - seconds[0]
    values = tuple(None if requests is None else requests / width for requests in counts)
    return Series(start + timedelta(seconds=seconds[0]), timedelta(seconds=width), values)


def read_tokens(lines: Iterable[str], start: datetime = UNTOLD) -> Trace:
    """Return a trace that began at `start`, every bin with its requests and their mean tokens.

    A hole takes the straight line between its neighbours, at an end of the trace its neighbour's values. Unknown tokens
    are those of the trace's mean request; a request has no less than one token of either kind.

    Raises:
        TraceError: a column lacks, a number is none, the bins are not of one width, or all are holes.
    """
    seconds, counts, prompts, outputs = zip(
        *(
            (second, load(row, line), amount(row, "prompt_tokens", line), amount(row, "output_tokens", line))
            for line, second, row in numbered(lines)
        ),
        strict=True,
    )
    requests = bridged(counts)
    bins = map(Arrival, requests, means(counts, prompts, PROMPT), means(counts, outputs, OUTPUT))
    return Trace(start + timedelta(seconds=seconds[0]), timedelta(seconds=seconds[1] - seconds[0]), tuple(bins))


def with_clients(trace: Trace, lines: Iterable[str]) -> Trace:
    """Return the trace with the index of dispersion that a file of its clients gives.

    The counts of independent renewal processes together have the index sum(rate * cv**2) / sum(rate), over times that
    are long against their gaps (Cox and Lewis 1966, section 4.5). A cv measured on n gaps cannot be above sqrt(n - 1),
    so that of a client with a handful of requests weighs no more than them.

    Raises:
        TraceError: a column lacks, or a number is none.
    """
    rows = reader(lines, OF_CLIENTS)
    windows: defaultdict[float, list[tuple[float, float]]] = defaultdict(list)
    for row in rows:
        line = rows.line_num
        windows[number(row, "second", line)].append((number(row, "rate", line), number(row, "cv", line)))
    seconds = sorted(windows)
    window = min((after - before for before, after in pairwise(seconds)), default=trace.width.total_seconds())
    found = {round(second / window): index_of(clients, window) for second, clients in windows.items()}
    usual = fmean(found.values()) if found else DISPERSION
    width = trace.width.total_seconds()
    indices = tuple(found.get(int(place * width / window), usual) for place in range(len(trace.bins)))
    return replace(trace, dispersion=indices)


def index_of(clients: Iterable[tuple[float, float]], window: float) -> float:
    """Return the index of dispersion of clients, each a rate and a cv, over a window of so many seconds."""
    weighed = [(rate, min(cv**2, max(1.0, rate * window - 1))) for rate, cv in clients]
    total = fsum(rate for rate, _ in weighed)
    return min(BURSTIEST, fsum(rate * square for rate, square in weighed) / total) if total else 1.0


def numbered(lines: Iterable[str]) -> Iterator[tuple[int, float, Row]]:
    """Yield each bin's line, second and row.

    Raises:
        TraceError: a column lacks, a second is none, or the bins are not of one width.
    """
    rows = reader(lines, NEEDED)
    first = width = 0.0
    place = -1
    for place, row in enumerate(rows):
        second = number(row, "second", rows.line_num)
        if place == 0:
            first = second
        elif place == 1:
            width = gap(first, second, rows.line_num)
        if abs(second - first - place * width) > SLACK * width:
            raise TraceError(
                f"line {rows.line_num}: second {second:g} where each bin is {width:g} wide; every bin must be there"
            )
        yield rows.line_num, second, row
    if place + 1 < FEWEST:
        raise TraceError(f"{place + 1} rows are no trace")


def gap(before: float, after: float, line: int) -> float:
    """Return the distance of two bins, which is more than 0."""
    if after <= before:
        raise TraceError(f"line {line}: second {after:g} is not after {before:g}")
    return after - before


def reader(lines: Iterable[str], needed: Iterable[str]) -> "csv.DictReader[str]":
    """Return the rows of lines that have these columns."""
    rows = csv.DictReader(lines, skipinitialspace=True)
    rows.fieldnames = [name.strip() for name in rows.fieldnames or ()]
    missing = [name for name in needed if name not in rows.fieldnames]
    if missing:
        raise TraceError(f"no column {' and no column '.join(missing)}: a trace begins with {','.join(needed)}")
    return rows


def load(row: Row, line: int) -> Value:
    """Return a bin's requests, None where they were guessed."""
    return None if (row.get("filled") or "").strip().lower() in GUESSED else number(row, "requests", line)


def amount(row: Row, column: str, line: int) -> Value:
    """Return a number that may be unknown."""
    return number(row, column, line) if (row.get(column) or "").strip() else None


def number(row: Row, column: str, line: int) -> float:
    """Return a number of a row, no less than 0."""
    try:
        found = float(row[column] or "")
    except ValueError:
        found = -1
    if not (isfinite(found) and found >= 0):
        raise TraceError(f"line {line}: {column} is {row[column]!r}, which is no number from 0 on")
    return found


def means(counts: Sequence[Value], sums: Sequence[Value], otherwise: float) -> list[float]:
    """Return the mean tokens of each bin's requests; `otherwise` is the mean where nothing at all is known."""
    known = [(count, total) for count, total in zip(counts, sums, strict=True) if count and total is not None]
    mean = fsum(total for _, total in known) / fsum(count for count, _ in known) if known else otherwise
    return bridged(
        [
            None if count is None else max(1.0, mean if total is None or not count else total / count)
            for count, total in zip(counts, sums, strict=True)
        ]
    )


def bridged(values: Sequence[Value]) -> list[float]:
    """Return values with the straight line between its neighbours in each hole."""
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    if not known:
        raise TraceError("column filled: every bin is a hole")
    filled: list[float] = []
    for (begin, before), (end, after) in pairwise([(0, known[0][1]), *known, (len(values), known[-1][1])]):
        filled += [before + (after - before) * place / (end - begin) for place in range(end - begin)]
    return filled
