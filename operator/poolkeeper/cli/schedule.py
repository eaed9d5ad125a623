"""`poolkeeper schedule`: which window is in force, and what the clock makes of the pool in the days to come."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from poolkeeper.api import memo
from poolkeeper.api.calendar import DAY, coming, outlook
from poolkeeper.api.names import shown
from poolkeeper.api.spec import parse_spec
from poolkeeper.api.units import parse_instant
from poolkeeper.cli.checks.pool import examined
from poolkeeper.cli.completing import pools
from poolkeeper.cli.connection import (
    UNREACHABLE,
    As,
    Context,
    Kubeconfig,
    Namespace,
    Output,
    ask,
    complaints,
    print_json,
    stored,
)
from poolkeeper.cli.manifest import read
from poolkeeper.cli.refusal import consequence
from poolkeeper.cli.schedule_text import Subject, show
from poolkeeper.core.memory import Memory, Starts
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.schedule import bounds
from poolkeeper.core.startup import ENOUGH, usual
from poolkeeper.shell.clock import Clock
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.pools import Pools

Json = dict[str, Any]
Numbered = Annotated[int, typer.Option(min=1, max=366, help="How many days to show.")]

FIRST_YEAR, LAST_YEAR = 1970, 2999


def schedule(
    name: Annotated[
        str | None, typer.Argument(help="The pool's name, `chat` or `ipool/chat`.", autocompletion=pools)
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="A YAML file of InferencePools instead; no cluster is asked.")
    ] = None,
    days: Numbered = 14,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="As in 2026-03-08T07:30:00Z; by default now.")] = None,
    namespace: Namespace = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    output: As = Output.TEXT,
) -> None:
    """Show what the clock makes of a pool: the window in force, a calendar of floors, and every transition.

    Days stand side by side and hours below each other, as the clock of the schedule's zone shows them. Leaves with 2
    where the pool cannot be read.

        [bold]poolkeeper schedule -f chat.yaml --days 7 --at 2026-03-08T07:30:00Z[/bold]
    """
    if (name is None) is (file is None):
        raise typer.BadParameter("give either a pool's name or -f FILE")
    moment = None if at is None else instant_of(at, "--at")
    if file is not None:
        subjects = from_file(file, moment or Clock.of_this_machine().now())
    else:
        place = (namespace, str(name).rpartition("/")[2])
        subjects = [ask((kubeconfig, context), lambda kube: from_cluster(kube, place, moment))]
    if output is Output.JSON:
        print_json(as_json(subjects, days * DAY))
    else:
        for subject in subjects:
            show(subject, days)


def instant_of(text: str, option: str | None = None) -> datetime:
    """Return the instant that was given with an option."""
    try:
        found = parse_instant(text)
    except ValueError as error:
        words = f"{text!r} is no instant; write it as in 2026-03-08T07:30:00Z"
        raise typer.BadParameter(words, param_hint=option) from error
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        words = f"{text!r} is not between the years {FIRST_YEAR} and {LAST_YEAR}"
        raise typer.BadParameter(words, param_hint=option)
    return found


def from_file(file: Path, now: datetime) -> list[Subject]:
    """Return the pools of a YAML file; say what is wrong with them and leave with 2."""
    pools = read(file)
    findings = [examined(pool) for pool in pools]
    problems = [f"{shown(one['name'])}: {problem}" for one in findings for problem in one["problems"]]
    if problems:
        refuse(problems)
    return [subject(one["metadata"]["name"], parse_spec(one["spec"]).to_core(), None, now) for one in pools]


async def from_cluster(kube: KubeClient, place: tuple[str | None, str], moment: datetime | None) -> Subject:
    """Return a pool as it is stored; as the operator does, take the last good spec where the newest is none."""
    namespace, name = place
    pool, now = Pools().take(await stored(kube, namespace, name)), moment or kube.clock.now()
    if pool.core is None:
        refuse([f"{shown(name)}: {problem}" for problem in pool.invalid])
    if pool.invalid:
        complaints.print(f"note: {consequence('; '.join(pool.invalid), known=True)}", markup=False)
    return subject(name, pool.core, memo.load(pool.status.get("memory") or {}, None, now), now)


def refuse(problems: Iterable[str]) -> NoReturn:
    """Say what is wrong and leave with 2."""
    for problem in problems:
        complaints.print(f"error: {problem}", markup=False)
    raise typer.Exit(UNREACHABLE)


def subject(name: str, spec: PoolSpec, memory: Memory | None, now: datetime) -> Subject:
    """Return a pool with the lead time that its starts give it; a file (no memory) knows of none."""
    starts = (memory.starts, *memory.tiers.starts.values()) if memory else ()
    return Subject(name, spec, now.replace(microsecond=0), usual(spec, starts), learned(spec, starts))


def learned(spec: PoolSpec, starts: Iterable[Starts]) -> str:
    """Return in words where the lead time comes from."""
    if spec.schedule and spec.schedule.lead_time is not None:
        return "as leadTime says"
    measured = sum(len(one.durations) for one in starts if len(one.durations) >= ENOUGH)
    if measured:
        return f"leadTime auto: the 95th percentile of {measured} measured starts"
    given = "startup.timeout" if spec.startup_timeout else "the default"
    return f"leadTime auto: {given}, until {ENOUGH} starts are measured"


def as_json(subjects: list[Subject], span: timedelta) -> Json:
    """Return one pool's outlook, or those of several under their names."""
    items = [outlook(bounds(one.spec, one.now, one.lead_time), coming(one.spec, one.now, span)) for one in subjects]
    if len(items) == 1:
        return items[0]
    return {"items": [{"name": one.name, **item} for one, item in zip(subjects, items, strict=True)]}
