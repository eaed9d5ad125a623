"""The traffic of a study: a trace's file, with its clients where they stand beside it, or a server's history."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import typer

from poolkeeper.cli.load_history import Told, telling
from poolkeeper.cli.load_options import Origin, served
from poolkeeper.cli.question import option
from poolkeeper.cli.schedule import instant_of
from poolkeeper.cli.simulate_options import tokens
from poolkeeper.core.arrivals import Arrival
from poolkeeper.simulate.series import Series
from poolkeeper.simulate.trace import (
    FEWEST,
    NEEDED,
    OUTPUT,
    PROMPT,
    UNTOLD,
    Trace,
    TraceError,
    amount,
    bridged,
    load,
    read_tokens,
    reader,
    unpacked,
    with_clients,
)


@dataclass(frozen=True, slots=True)
class Source:
    """A trace, and what was guessed in it."""

    trace: Trace
    notes: Sequence[str] = ()


Reading = Callable[[Told], Source]

CLIENTS = "_clients"
"""What the name of a file of clients has more than its trace's."""


def reading(origin: Origin, given_tokens: str | None) -> Reading:
    """Return how the traffic is read; leave with the option's name where one is missing or means nothing."""
    if origin.trace is None and origin.prometheus is None:
        raise typer.BadParameter("give --trace FILE, or --prometheus URL with --query")
    if origin.trace is None:
        mean = option("--tokens", given_tokens, tokens) or (PROMPT, OUTPUT)
        history = served(origin)
        notes = tuple(unsaid("--tokens")) if given_tokens is None else ()
        return lambda told: Source(of_series(history(told), *mean), notes)
    if origin.prometheus is not None:
        raise typer.BadParameter("give --prometheus or --trace, not both")
    if origin.query is not None:
        raise typer.BadParameter("--query belongs to --prometheus: a trace holds its requests itself")
    if given_tokens is not None:
        raise typer.BadParameter(
            "--tokens belongs to --prometheus: a trace has its own, in prompt_tokens,output_tokens"
        )
    file, start = origin.trace, option("--start", origin.start, instant_of) or UNTOLD
    return lambda _: Source(of_file(file, start), tuple(guessed(lines(file))))


def unsaid(option: str) -> Iterator[str]:
    """Yield what a request is taken to have where nothing at all is known of it."""
    yield f"that a request has {PROMPT:,.0f} prompt and {OUTPUT:,.0f} output tokens is a guess: {option} says otherwise"


def taken(read: Reading) -> Source:
    """Return the traffic, with progress while it is read; leave with 2 where it is none."""
    with telling() as told:
        return read(told)


def of_file(file: Path, start: datetime) -> Trace:
    """Return a trace's file, gzipped or not, as bins with tokens.

    Raises:
        TraceError: it cannot be read, or is no trace.
    """
    trace = read_tokens_of(file, start)
    clients = clients_of(file)
    return with_clients(trace, lines(clients)) if clients.exists() else trace


def guessed(found: Sequence[str]) -> Iterator[str]:
    """Yield which tokens the lines of a trace leave open."""
    rows = reader(found, NEEDED)
    busy = [(row, rows.line_num) for row in rows if load(row, rows.line_num)]
    for column, usual in (("prompt_tokens", PROMPT), ("output_tokens", OUTPUT)):
        unknown = sum(amount(row, column, line) is None for row, line in busy)
        mean = f"{usual:,.0f}, as in a public trace," if unknown == len(busy) else "the mean of the others"
        if unknown:
            yield f"{column} of {unknown:,} of {len(busy):,} busy bins is not there: {mean} a request is a guess"


def read_tokens_of(file: Path, start: datetime) -> Trace:
    """Return a trace's file without its clients."""
    found: list[str] = []
    try:
        found = lines(file)
        return read_tokens(found, start)
    except TraceError as error:
        short = 0 < sum(bool(line.strip()) for line in found) <= FEWEST
        needed = f"; a trace needs a heading and at least {FEWEST} rows" if short else ""
        raise TraceError(f"{file}: {error}{needed}") from error


def lines(file: Path) -> list[str]:
    """Return the lines of a file, gzipped or not."""
    try:
        return unpacked(file.read_bytes())
    except OSError as error:
        raise TraceError(error.strerror or str(error)) from error


def clients_of(file: Path) -> Path:
    """Return where a trace's clients would be: `name_clients.csv.gz` beside `name.csv.gz`."""
    name, dot, rest = file.name.partition(".")
    return file.with_name(f"{name}{CLIENTS}{dot}{rest}")


def of_series(series: Series, prompt: float, output: float) -> Trace:
    """Return a history of requests a second as bins."""
    seconds = series.step.total_seconds()
    bins = tuple(Arrival(rate * seconds, prompt, output) for rate in bridged(series.values))
    return Trace(series.start, series.step, bins)
