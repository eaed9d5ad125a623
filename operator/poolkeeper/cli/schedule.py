"""`poolkeeper schedule`: which window is in force, and what the clock makes of the pool in the days to come."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, NoReturn
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from poolkeeper.api import memo
from poolkeeper.api.calendar import DAY, calendar, coming, outlook, steps
from poolkeeper.api.names import API_VERSION, PLURAL, shown
from poolkeeper.api.spec import parse_spec
from poolkeeper.api.units import format_duration, format_instant, parse_instant
from poolkeeper.cli.calendar import dated, draw
from poolkeeper.cli.check import examined
from poolkeeper.cli.connection import (
    UNREACHABLE,
    As,
    Context,
    Kubeconfig,
    Namespace,
    Output,
    ask,
    complaints,
    console,
    print_json,
)
from poolkeeper.cli.explain import plain
from poolkeeper.cli.manifest import read
from poolkeeper.core.memory import Memory, Starts
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.schedule import Bounds, Edge, Transition, bounds
from poolkeeper.core.startup import ENOUGH, usual
from poolkeeper.core.zones import zone
from poolkeeper.shell.clock import Clock
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.pools import Pools

Json = dict[str, Any]
Numbered = Annotated[int, typer.Option(min=1, max=366, help="How many days to show.")]

NO_WINDOW = "no window"
FIRST_YEAR, LAST_YEAR = 1970, 2999
SHOWN = 100
"""How many transitions are told one by one."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A pool to be shown at an instant. `lead_time` holds where its schedule gives none; `learned` says whence."""

    name: str
    spec: PoolSpec
    now: datetime
    lead_time: timedelta
    learned: str


def schedule(
    name: Annotated[str | None, typer.Argument(help="The pool's name, `chat` or `ipool/chat`.")] = None,
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
    moment = None if at is None else instant_of(at)
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


def instant_of(text: str) -> datetime:
    """Return the instant that was given."""
    try:
        found = parse_instant(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no instant; write it as in 2026-03-08T07:30:00Z") from error
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise typer.BadParameter(f"{text!r} is not between the years {FIRST_YEAR} and {LAST_YEAR}")
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
    namespace, name = place[0] or kube.access.namespace, place[1]
    body: Json = await kube.get(f"/apis/{API_VERSION}/namespaces/{namespace}/{PLURAL}/{name}", into=dict)
    pool, now = Pools().take(body), moment or kube.clock.now()
    if pool.core is None:
        refuse([f"{shown(name)}: {problem}" for problem in pool.invalid])
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


def show(one: Subject, days: int) -> None:
    """Print a pool's clock for people."""
    place = zone(one.spec.schedule.timezone if one.spec.schedule else "UTC")
    console.print(f"[bold]{shown(one.name)}[/bold] on {both(one.now, place)}, {place}")
    if one.spec.schedule is None:
        console.print(f"no schedule: {one.spec.min_replicas} to {one.spec.max_replicas} replicas at any time")
        return
    upcoming = coming(one.spec, one.now, days * DAY)
    for line in heading(one, upcoming, place, days):
        console.print(line, markup=False)
    console.print()
    made = calendar(one.spec, one.now, days, one.lead_time)
    for painted in draw(made, console.width, colour=bool(console.color_system) and not console.no_color):
        console.print(painted)
    console.print()
    console.print(listed(one, upcoming[:SHOWN], place) if upcoming else "no window ever starts or ends")
    if len(upcoming) > SHOWN:
        console.print(f"and {len(upcoming) - SHOWN} more: -o json has them all")


def heading(one: Subject, upcoming: Sequence[Transition], place: ZoneInfo, days: int) -> Iterator[str]:
    """Yield what holds now, which window comes next, and when pre-warming begins."""
    found = bounds(one.spec, one.now, one.lead_time)
    yield f"in force  {found.window or NO_WINDOW}: {sized(found)}"
    if found.leads_to:
        yield f"pre-warm  now, for {found.lead or NO_WINDOW} on {both(found.leads_to, place)}"
    begins = next((at for at in upcoming if at.edge is Edge.START), None)
    if begins is None:
        yield f"coming    no window starts in the next {counted(days)}"
    else:
        then = sized(bounds(one.spec, begins.at, one.lead_time))
        yield f"coming    {begins.window} on {both(begins.at, place)}: {then}"
    course = steps(one.spec, (one.now, one.now + days * DAY), one.lead_time)
    later = (step for before, step in pairwise(course) if step.bounds.leads_to != before.bounds.leads_to)
    warms = next((step for step in later if step.bounds.leads_to), None)
    if warms is None:
        yield f"pre-warm  no more in the next {counted(days)}"
    else:
        yield f"pre-warm  from {both(warms.at, place)}, for {warms.bounds.lead or NO_WINDOW}"
    yield f"lead      {format_duration(found.lead_time)} ({one.learned})"


def counted(days: int) -> str:
    """Return a number of days as people say it."""
    return "day" if days == 1 else f"{days} days"


def sized(found: Bounds) -> str:
    """Return bounds in words."""
    return f"{found.floor} to {found.cap} replicas"


def both(at: datetime, place: ZoneInfo) -> str:
    """Return an instant on the pool's clock and in UTC."""
    return f"{local(at, place)} ({format_instant(at)})"


def local(at: datetime, place: ZoneInfo) -> str:
    """Return an instant as the clock of a zone shows it."""
    here = at.astimezone(place)
    return f"{dated(here)} {here:%H:%M %Z}"


def listed(one: Subject, upcoming: Iterable[Transition], place: ZoneInfo) -> Table:
    """Return transitions as a table, with what holds from each on."""
    table = plain(place.key, "UTC", "window", "edge", "then", "in force")
    for at in upcoming:
        then = bounds(one.spec, at.at, one.lead_time)
        limits = f"{then.floor}-{then.cap}"
        table.add_row(local(at.at, place), format_instant(at.at), at.window, at.edge, limits, then.window or "-")
    return table
