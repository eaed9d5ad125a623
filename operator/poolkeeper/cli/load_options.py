"""The options that say where a load is from and what one replica does about it, shared by the commands that live it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from poolkeeper.cli.load_history import Told, from_prometheus, from_trace, server
from poolkeeper.cli.question import blaming, option
from poolkeeper.cli.schedule import instant_of
from poolkeeper.shell.clock import Clock
from poolkeeper.shell.history import Range
from poolkeeper.simulate.series import Series

Load = Callable[[Told], Series]

STEP = timedelta(minutes=1)
"""How dense a history is asked for: 1,440 points a day."""
NO_START = (
    "--trace needs --start: when its second 0 was, as in 2024-05-12T00:00:00Z; if the day is not known, give any one "
    "of the same weekday: only the time of the week counts"
)

Prometheus = Annotated[
    str | None, typer.Option(metavar="URL", help="The server with the history, or a name in --prometheus-file.")
]
PrometheusFile = Annotated[Path | None, typer.Option(help="As given to `poolkeeper run`.")]
Query = Annotated[
    str | None, typer.Option(metavar="PROMQL", help="The load: one series, a rate as a gauge or a raw counter.")
]
Days = Annotated[int, typer.Option(min=1, max=366, help="How many days of history to read.")]
At = Annotated[
    str | None, typer.Option(metavar="TIME", help="Where the history ends, as in 2026-03-08T07:30:00Z; else now.")
]
Trace = Annotated[
    Path | None, typer.Option(help="A trace instead of a server: second,requests,... as CSV, also gzipped.")
]
Start = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="With --trace: when its second 0 was, as in 2024-05-12T00:00:00Z; any such weekday will do.",
    ),
]
Sla = Annotated[
    str | None, typer.Option(help="How long a request may wait; by default slo.queueTime of the pool, else 2s.")
]
PerReplica = Annotated[
    str | None,
    typer.Option(metavar="LOAD", help="What one replica carries, in the query's unit; else its share of the peak."),
]
Startup = Annotated[
    str | None,
    typer.Option(help="How long a replica takes to become ready; else as measured in the cluster, or 4m."),
]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a load is from, as the command line says: a server and a query, or a trace."""

    prometheus: str | None
    prometheus_file: Path | None
    query: str | None
    days: int
    at: str | None
    trace: Path | None
    start: str | None


def reader(origin: Origin) -> Load:
    """Return how a load is read; leave with the option's name where one is missing or means nothing."""
    return served(origin) if origin.trace is None else traced(origin, origin.trace)


def served(origin: Origin) -> Load:
    """Return how a server's history is read."""
    if origin.prometheus is None:
        raise typer.BadParameter("give --prometheus URL with --query, or --trace FILE with --start")
    if origin.query is None:
        raise typer.BadParameter("--prometheus needs --query: the load, as in 'sum(rate(requests_total[5m]))'")
    end = option("--at", origin.at, instant_of) or Clock.of_this_machine().now()
    with blaming("--prometheus"):
        source = server(origin.prometheus, origin.prometheus_file)
    wanted = Range(origin.query, end, origin.days, STEP)
    return lambda told: from_prometheus(source, wanted, told)


def traced(origin: Origin, trace: Path) -> Load:
    """Return how a trace is read."""
    if origin.prometheus is not None:
        raise typer.BadParameter("give --prometheus or --trace, not both")
    if origin.start is None:
        raise typer.BadParameter(NO_START)
    with blaming("--start"):
        begin = instant_of(origin.start)
    return lambda _: from_trace(trace, begin)
