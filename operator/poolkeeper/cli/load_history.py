"""Where the load of the past comes from: a Prometheus, or a trace's file; with progress while it is read."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from poolkeeper.cli.connection import complaints
from poolkeeper.cli.schedule import refuse
from poolkeeper.shell import history
from poolkeeper.shell.history import HistoryError, Range
from poolkeeper.shell.servers import ServerConfig, load_servers, parse_server
from poolkeeper.simulate.series import Series, SeriesError, from_points
from poolkeeper.simulate.trace import TraceError, read_trace

Told = Callable[[str, float], None]

PACKED = b"\x1f\x8b"
"""How a gzipped file begins."""


@contextmanager
def telling() -> Iterator[Told]:
    """Show what is done, and which share of it, on a terminal; elsewhere nothing.

    Where the load turns out to be none that can be lived, that is said, and the command leaves with 2.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=complaints, transient=True, disable=not complaints.is_terminal) as shown:
            task = shown.add_task("", total=1.0)
            yield lambda words, share: shown.update(task, description=words, completed=share)
    except (HistoryError, TraceError, SeriesError) as error:
        refuse([str(error)])


def server(given: str, file: Path | None) -> ServerConfig:
    """Return the server that is meant: a URL, or a name that stands in a file of servers.

    Raises:
        ValueError: it is neither.
    """
    if "://" in given:
        return parse_server(f"default={given}")
    known = {one.name: one for one in load_servers((), file)}
    if given not in known:
        there = f"{file} has {', '.join(known)}" if file else "a name needs --prometheus-file"
        raise ValueError(f"--prometheus {given!r} is no http:// or https:// address and no known server: {there}")
    return known[given]


def from_prometheus(asked: ServerConfig, wanted: Range, told: Told) -> Series:
    """Return what a server has of a range, as load; days that could not be read are noted.

    Raises:
        HistoryError: it has none, or cannot be asked.
    """
    told(f"waiting for {asked.url}", 0.0)
    found = history.read(asked, wanted, lambda day, days: told(f"reading day {day} of {days}", day / days))
    series = from_points((found.start + place * found.step, value) for place, value in enumerate(found.values))
    gaps = tuple(f"the day from {gap.start:%a %Y-%m-%d %H:%M} UTC could not be read: {gap.words}" for gap in found.gaps)
    return replace(series, notes=(*gaps, *series.notes))


def from_trace(path: Path, start: datetime) -> Series:
    """Return a trace's file, gzipped or not, as load.

    Raises:
        TraceError: it cannot be read, or is no trace.
    """
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if content.startswith(PACKED) else content).decode()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise TraceError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    try:
        return read_trace(text.splitlines(), start)
    except TraceError as error:
        raise TraceError(f"{path}: {error}") from error
