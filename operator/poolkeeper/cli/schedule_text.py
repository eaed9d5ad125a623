"""What the clock makes of a pool, for people: what holds now, what comes next, a calendar, and every change."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from operator import itemgetter
from zoneinfo import ZoneInfo

from rich.table import Table

from poolkeeper.api.calendar import DAY, Step, calendar, coming, steps
from poolkeeper.api.names import shown
from poolkeeper.api.units import format_duration, format_instant
from poolkeeper.cli.calendar import draw
from poolkeeper.cli.connection import console
from poolkeeper.cli.explain import plain
from poolkeeper.cli.windows import local, replicas
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.schedule import Edge, Transition, bounds
from poolkeeper.core.zones import zone

Change = tuple[datetime, str, str]
"""When which window does what."""

NO_WINDOW = "no window"
SHOWN = 100
"""How many changes are told one by one."""
FORESIGHT = 14
"""How many days ahead the next start and the next pre-warming are sought at least."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A pool to be shown at an instant. `lead_time` holds where its schedule gives none; `learned` says whence."""

    name: str
    spec: PoolSpec
    now: datetime
    lead_time: timedelta
    learned: str


def show(one: Subject, days: int) -> None:
    """Print a pool's clock for people."""
    place = zone(one.spec.schedule.timezone if one.spec.schedule else "UTC")
    console.print(f"[bold]{shown(one.name)}[/bold] on {both(one.now, place)}, {place}")
    if one.spec.schedule is None:
        console.print(f"no schedule: {replicas(one.spec.min_replicas, one.spec.max_replicas)} at any time")
        return
    for line in heading(one, place, max(days, FORESIGHT)):
        console.print(line, markup=False)
    console.print()
    made = calendar(one.spec, one.now, days, one.lead_time)
    for painted in draw(made, console.width, colour=bool(console.color_system) and not console.no_color):
        console.print(painted)
    console.print()
    upcoming = coming(one.spec, one.now, days * DAY)
    if not upcoming:
        console.print("no window ever starts or ends")
        return
    found = changes(one, upcoming, until(one, upcoming, days))
    console.print(listed(one, found[:SHOWN], place))
    if len(found) > SHOWN:
        console.print(f"and {len(found) - SHOWN} more: -o json has all transitions")


def heading(one: Subject, place: ZoneInfo, days: int) -> Iterator[str]:
    """Yield what holds now, which window comes next, and when pre-warming begins."""
    found = bounds(one.spec, one.now, one.lead_time)
    yield f"in force  {found.window or NO_WINDOW}: {replicas(found.floor, found.cap)}"
    if found.leads_to:
        yield f"pre-warm  now, for {found.lead or NO_WINDOW} on {both(found.leads_to, place)}"
    upcoming = coming(one.spec, one.now, days * DAY)
    begins = next((at for at in upcoming if at.edge is Edge.START), None)
    if begins is None:
        yield f"coming    no window starts in the next {days} days"
    else:
        then = bounds(one.spec, begins.at, one.lead_time)
        yield f"coming    {begins.window} on {both(begins.at, place)}: {replicas(then.floor, then.cap)}"
    warms = next(iter(warmings(one, until(one, upcoming, days))), None)
    if warms is None:
        yield f"pre-warm  no more in the next {days} days"
    else:
        yield f"pre-warm  from {both(warms.at, place)}, for {warms.bounds.lead or NO_WINDOW}"
    yield f"lead      {format_duration(found.lead_time)} ({one.learned})"


def until(one: Subject, upcoming: Sequence[Transition], days: int) -> datetime:
    """Return the end of so many days, or the first transition where that is later."""
    return max([one.now + days * DAY, *(at.at for at in upcoming[:1])])


def warmings(one: Subject, end: datetime) -> list[Step]:
    """Return where a lead time begins, from now on."""
    course = steps(one.spec, (one.now, end), one.lead_time)
    later = (step for before, step in pairwise(course) if step.bounds.leads_to != before.bounds.leads_to)
    return [step for step in later if step.bounds.leads_to]


def changes(one: Subject, upcoming: Sequence[Transition], end: datetime) -> list[Change]:
    """Return the transitions, and the lead times that begin by the end, in order."""
    warms = [(step.at, step.bounds.lead or "-", "pre-warm") for step in warmings(one, end)]
    return sorted([*warms, *((at.at, at.window, at.edge.value) for at in upcoming)], key=itemgetter(0))


def listed(one: Subject, found: Iterable[Change], place: ZoneInfo) -> Table:
    """Return changes as a table, with what holds from each on."""
    table = plain(place.key, "UTC", "window", "what", "replicas", "in force")
    for at, window, edge in found:
        then = bounds(one.spec, at, one.lead_time)
        size = replicas(then.floor, then.cap).partition(" replica")[0]
        table.add_row(local(at, place), format_instant(at), window, edge, size, then.window or "-")
    return table


def both(at: datetime, place: ZoneInfo) -> str:
    """Return an instant on the pool's clock and in UTC."""
    return f"{local(at, place)} ({format_instant(at)})"
