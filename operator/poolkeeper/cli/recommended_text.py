"""A proposal for people: the week that was found, the windows, what they would have cost, and how sure that is.

     0     3     6     9     12    15    18    21
Mon  ░░░░░░░░░░░░░░░░▓▓████████████████▒▒░░░░░░░░
Tue  ...
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from math import ceil

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from poolkeeper.api.units import format_duration
from poolkeeper.api.weekdays import WEEK
from poolkeeper.cli.calendar import SHADES
from poolkeeper.cli.explain import plain
from poolkeeper.cli.recommended_changes import Change
from poolkeeper.core.week import PER_DAY
from poolkeeper.simulate.proposal import Outcome, Proposed, Question, Recommendation

MARGIN = 5
TICKS = 3
"""Hours between two numbers over the chart."""
UNKNOWN = "?"
SAYS_LITTLE = "-"
LARGE = 100


def show(console: Console, question: Question, found: Recommendation) -> None:
    """Print a proposal."""
    console.print(f"The usual week, on the clocks of {question.timezone}; a column is half an hour")
    for line in week(found.profile.usual):
        console.print(Text(line))
    console.print(legend(found))
    console.print()
    if found.windows:
        console.print("[bold]Proposed windows[/bold]")
        console.print(windows(found))
    else:
        console.print(Text(sentence(found.because), style="bold"), soft_wrap=False)
    console.print()
    held, proposed = found.held_out, {} if found.stays else {"proposed": found.proposed}
    console.print(outcomes(question, {"today": found.today} | proposed))
    console.print()
    console.print(f"[bold]On days that it had not seen[/bold]: {held.days}")
    proposed = proposed and {"proposed": held.proposed}
    console.print(outcomes(question, {"today": held.today, "no windows": held.unscheduled} | proposed))
    console.print()
    console.print(remarks(found))


def differences(console: Console, found: Sequence[Change] | None) -> None:
    """Print what would change of today's pool, None: none was given."""
    if found is None:
        return
    if not found:
        console.print("\n[bold]Nothing to change[/bold]: this is today's pool")
        return
    table = plain("what changes", "today", "proposed")
    for one in found:
        table.add_row(*map(escape, one))
    console.print()
    console.print(table)


def sentence(words: str) -> str:
    """Return words that begin in capitals."""
    return words[:1].upper() + words[1:]


def week(values: Sequence[float | None]) -> Iterator[str]:
    """Yield a chart of a week in half hours: the hours, then a line for each day, dark where there is much."""
    top = max((value for value in values if value is not None), default=0)
    hours = "".join(str(hour).ljust(2 * TICKS) for hour in range(0, 24, TICKS))
    yield (" " * MARGIN + hours).rstrip()
    for number, day in enumerate(WEEK):
        slots = values[number * PER_DAY : (number + 1) * PER_DAY]
        yield (day.ljust(MARGIN) + "".join(shade(value, top) for value in slots)).rstrip()


def shade(value: float | None, top: float) -> str:
    """Return a value's shade, with as many steps as there are up to the largest."""
    if value is None:
        return UNKNOWN
    return SHADES[ceil(round((len(SHADES) - 1) * value / top, 6))] if top else SHADES[0]


def legend(found: Recommendation) -> str:
    """Return what the shades mean, in the load's own unit."""
    known = [value for value in found.profile.usual if value is not None]
    top, steps = max(known, default=0), len(SHADES) - 1
    shades = "  ".join(f"{mark} to {figure(top * number / steps)}" for number, mark in enumerate(SHADES) if number)
    holes = f"  {UNKNOWN} never measured" if None in found.profile.usual else ""
    return f"{' ' * MARGIN}{shades}{holes}; one replica carries {figure(found.per_replica)}"


def figure(value: float) -> str:
    """Return a load with three digits, a large one with all before the point."""
    return f"{value:,.0f}" if value >= LARGE else f"{value:.3g}"


def windows(found: Recommendation) -> Table:
    """Return the windows, and what holds where none is in force."""
    table = plain("window", "days", "from", "to", "replicas")
    for one in found.windows:
        table.add_row(one.name, one.days, one.begin, one.end, bounds(found, one))
    floor = found.min_replicas if found.outside.floor is None else found.outside.floor
    cap = found.max_replicas if found.outside.cap is None else found.outside.cap
    table.add_row("outside", "", "", "", between(floor, cap), style="dim")
    return table


def bounds(found: Recommendation, one: Proposed) -> str:
    """Return a window's limits."""
    return between(one.min_replicas, found.max_replicas if one.max_replicas is None else one.max_replicas)


def between(floor: int, cap: int) -> str:
    """Return limits, or the only size that they leave."""
    return str(floor) if floor == cap else f"{floor} to {cap}"


def outcomes(question: Question, columns: Mapping[str, Outcome]) -> Table:
    """Return what a week comes to with each of several pools."""
    table = plain("a week", *columns)
    for column in table.columns[1:]:
        column.justify = "right"
    for heading, cell in rows(question):
        table.add_row(heading, *(cell(one) for one in columns.values()))
    return table


def rows(question: Question) -> Iterator[tuple[str, Callable[[Outcome], str]]]:
    """Yield what is told of an outcome, line by line."""
    yield "GPU-hours", lambda one: f"{one.gpu_hours:,.1f}"
    if question.price is not None:
        yield "cost", lambda one: money(one.cost)
    yield f"inside {format_duration(question.sla)}", lambda one: f"{100 * one.inside:.2f} %"
    yield "changes of size", lambda one: f"{one.changes:,.0f}"


def money(cost: Decimal | None) -> str:
    """Return a cost, to the cent."""
    return SAYS_LITTLE if cost is None else f"{cost:,.2f}"


def remarks(found: Recommendation) -> Table:
    """Return how sure the proposal is, why it is as it is, and what was noticed."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_row("sure", escape(found.confidence.words))
    if found.windows:
        table.add_row("why", escape(found.because))
        table.add_row("lead", f"{format_duration(found.lead)}: a window's floor counts so much earlier")
    for note in found.notes:
        table.add_row("note", escape(note))
    return table
