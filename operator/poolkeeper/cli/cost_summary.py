"""`poolkeeper cost` itself: what pools cost, by team, model, pool, tier or day."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from poolkeeper.api import focus, overheads
from poolkeeper.api.allocation import KINDS, TIER, allocate, naming, within
from poolkeeper.api.ledger import Entry
from poolkeeper.cli import cost_overheads, cost_shown
from poolkeeper.cli.connection import Context, Kubeconfig, OperatorNamespace, ask, console, print_json
from poolkeeper.cli.cost_ledger import Known, from_cluster, from_files
from poolkeeper.cli.schedule import refuse
from poolkeeper.core.days import month_of
from poolkeeper.core.zones import zone
from poolkeeper.shell.settings import PRICE_BOOK

MONTH = "month"
_DAYS = re.compile(r"(?P<days>\d{1,3})d")


class Form(StrEnum):
    """How the sums are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    FOCUS = "focus"


@dataclass(frozen=True, slots=True)
class Question:
    """Which days of which pools are asked for."""

    since: str
    until: str | None
    pool: str | None
    namespace: str | None


Since = Annotated[
    str, typer.Option(metavar="DAY", help="From which day on: 2026-11-01, 7d (seven days with today), or month.")
]
Until = Annotated[str | None, typer.Option(metavar="DAY", help="The last day, as in 2026-11-30; by default today.")]
PoolName = Annotated[str | None, typer.Option("--pool", metavar="NAME", help="This pool alone.")]
InNamespace = Annotated[
    str | None, typer.Option("--namespace", "-n", help="Pools of this namespace alone; by default all.")
]
FromFile = Annotated[
    Path | None,
    typer.Option(
        "--from-file",
        metavar="PATH",
        help="ConfigMaps saved with `kubectl get configmaps -o yaml`, or a folder of them.",
    ),
]
PriceBookName = Annotated[str, typer.Option("--price-book", help="As given to `poolkeeper run`.")]


def summary(
    invoked: typer.Context,
    by: Annotated[str, typer.Option(metavar="KIND", help=f"One of {', '.join(KINDS)}.")] = "pool",
    since: Since = MONTH,
    until: Until = None,
    pool: PoolName = None,
    namespace: InNamespace = None,
    file: FromFile = None,
    operator: OperatorNamespace = None,
    price_book: PriceBookName = PRICE_BOOK,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    costs: Annotated[
        Path | None, typer.Option(help="As given to `poolkeeper run`: then its overheads are shown, too.")
    ] = None,
    output: Annotated[Form, typer.Option("--output", "-o", help="table, json, csv or focus.")] = Form.TABLE,
) -> None:
    """Show what pools cost, from the operator's ledger, with today as of now.

    Days are those of each pool's `cost.timezone`. What bears no such label is a row of its own, currencies are never
    added, and what is shown is rounded by largest remainder, so that the rows add up to the total. SAVED is against the
    pools' baselines, IDLE the share of ready replica-hours with nothing to do. JSON and CSV have exact sums; focus is
    CSV as FOCUS 1.2 has it, one row for each pool, day and charge. Overheads of --costs stand below the table, and in
    JSON: each day of a month bears the same of them, and pools bear that by what they cost. They are in no sum. Leaves
    with 2 where the ledger cannot be read, or no such pool is known.

        [bold]poolkeeper cost --by team --since 7d[/bold]
    """
    if invoked.invoked_subcommand:
        return
    check(by)
    beside = cost_overheads.read(costs)
    known = find(file, (kubeconfig, context), operator, price_book)
    asked = Question(since, until, pool, namespace)
    entries = chosen(known, asked)
    days = bounds(known, asked)
    spreads = cost_overheads.spreads(beside, within(known.entries, *days), entries, by, days)
    if output is Form.FOCUS:
        print(focus.table(entries), end="")
        return
    found = allocate(entries, by)
    if output is Form.JSON:
        besides = {"overheads": list(overheads.as_json(spreads))} if beside else {}
        print_json(cost_shown.as_json(found, by, known.now) | besides)
    elif output is Form.CSV:
        print(cost_shown.as_csv(found, by), end="")
    elif found:
        cost_shown.show(found, by)
        cost_overheads.show(spreads, by)
    else:
        console.print("the ledger has nothing of these days and pools", markup=False)


def check(kind: str) -> None:
    """Refuse a kind of groups that there is not."""
    try:
        kind == TIER or naming(kind)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--by") from error


def find(file: Path | None, access: tuple[Path | None, str | None], operator: str | None, price_book: str) -> Known:
    """Return the days of files, else those of the cluster."""
    if file is not None:
        return from_files(file)
    return ask(access, lambda kube: from_cluster(kube, operator, price_book))


def chosen(known: Known, question: Question) -> Sequence[Entry]:
    """Return the days that are asked for; a pool may be given as `ipool/chat`, and must be known."""
    asked = [entry for entry in known.entries if is_meant(entry.namespace, entry.name, question)]
    if question.pool and not asked and not any(is_meant(*pool, question) for pool in known.pools):
        there = sorted({entry.name for entry in known.entries} | {name for _, name in known.pools})
        refuse([f"no such pool: {question.pool}; there are {', '.join(there) or 'none'}"])
    return within(asked, *bounds(known, question))


def is_meant(namespace: str, name: str, question: Question) -> bool:
    """Return whether a pool is asked for."""
    wanted = question.pool and question.pool.rpartition("/")[2]
    return name == (wanted or name) and namespace == (question.namespace or namespace)


def bounds(known: Known, question: Question) -> cost_overheads.Bounds:
    """Return from which day on is asked, and the last day, each by the pool's zone."""
    begin = day_of(question.since, known.now, "--since")
    end = day_of(question.until, known.now, "--until") if question.until else today(known.now)
    for entry in known.entries:
        if begin(entry) > end(entry):
            words = f"{end(entry)}, the last day, is before {begin(entry)}, the first; --since says the first"
            raise typer.BadParameter(words, param_hint="--until" if question.until else "--since")
    return begin, end


def today(now: datetime) -> Callable[[Entry], date]:
    """Return which day it is in a pool's zone."""
    return lambda entry: now.astimezone(zone(entry.timezone)).date()


def day_of(text: str, now: datetime, option: str) -> Callable[[Entry], date]:
    """Return which day is meant in a pool's zone."""
    here = today(now)
    if text == MONTH:
        return lambda entry: month_of(here(entry))
    if found := _DAYS.fullmatch(text):
        back = timedelta(days=int(found["days"]) - 1)
        return lambda entry: here(entry) - back
    try:
        given = date.fromisoformat(text)
    except ValueError as error:
        words = f"{text!r} is no day; write 2026-11-01, 7d or month"
        raise typer.BadParameter(words, param_hint=option) from error
    return lambda _: given
