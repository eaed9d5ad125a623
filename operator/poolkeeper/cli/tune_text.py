"""What tune found, for people: today's pool and the frontier in a table, and who won."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from textwrap import fill
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from poolkeeper.api.units import format_duration
from poolkeeper.cli.explain import plain
from poolkeeper.cli.simulate_text import UNDER, WIDE, amount, long, ratio, share
from poolkeeper.simulate.trace import Trace
from poolkeeper.simulate.tune import Judged, Question, Tuned
from poolkeeper.simulate.tune_lives import Part

ABSENT = "auto"
WON = ">"
GLUE = "\0"
"""Stands for a space at which no line may end."""


def show(console: Console, question: Question, trace: Trace, found: Tuned) -> None:
    """Print what was found."""
    console.print(heading(question, trace, found), markup=False, style="bold")
    beside = table(question, found, aside=False)
    if console.measure(beside, options=console.options.update_width(WIDE)).maximum <= console.width:
        console.print(beside)
    else:
        console.print(table(question, found, aside=True))
        for line in numbered(found, console.width):
            console.print(line, markup=False)
    if min(map(lowest, judged(found))) < 1:
        console.print(UNDER, style="dim")
    console.print()
    console.print(verdict(question, found), markup=False)


def heading(question: Question, trace: Trace, found: Tuned) -> str:
    """Return what the table is about."""
    name, searched = question.days.pool.name, question.days.searched
    rest = long(len(trace.bins) * trace.width - searched)
    return f"{name}: {found.tried} specs lived on {long(searched)}, the best judged on the last {rest}"


def judged(found: Tuned) -> Sequence[Judged]:
    """Return what is told of: today's pool and the frontier."""
    return (found.today, *found.frontier)


def lowest(one: Judged) -> float:
    """Return the lower of its two ratios to the bound."""
    return min(one.searched_over_bound, one.over_bound)


def numbered(found: Tuned, width: int) -> Iterator[str]:
    """Yield what each row sets, by its number; lines end at commas alone."""
    for number, one in enumerate(judged(found)):
        head = f"{number}: "
        words = settings(one).replace(" ", GLUE).replace(f",{GLUE}", ", ")
        told = fill(
            words,
            width,
            initial_indent=head,
            subsequent_indent=" " * len(head),
            break_long_words=False,
            break_on_hyphens=False,
        )
        yield told.replace(GLUE, " ")


def table(question: Question, found: Tuned, *, aside: bool) -> Table:
    """Return today's pool and the frontier, on the days searched and on those held out.

    What is set is the last column, or where it is told `aside`, each row's number.
    """
    pool = question.days.pool
    inside = f"inside {format_duration(pool.sla)}"
    money = f"cost {pool.spec.cost.currency}"
    shown = plain(
        "", money, "x bound", inside, f"held out: {money}", "x bound", inside, "row" if aside else "what is set"
    )
    for column in shown.columns[1:-1]:
        column.justify = "right"
    for number, one in enumerate(judged(found)):
        last = str(number) if aside else escape(settings(one))
        shown.add_row(WON if one is found.winner else "", *figures(one), last)
    return shown


def figures(one: Judged) -> Iterator[str]:
    """Yield the figures of both parts of the days."""
    yield from (amount(one.searched.cost), ratio(one.searched_over_bound), share(one.searched.inside))
    yield from (amount(one.held_out.cost), ratio(one.over_bound), share(one.held_out.inside))


def settings(one: Judged) -> str:
    """Return what differs from today's pool."""
    return ", ".join(f"{short(where)} {said(where, value)}" for where, value in one.changes.items()) or "today's pool"


def short(where: str) -> str:
    """Return the end of a field's path that tells it from the others."""
    return where.removeprefix("queue.")


def said(where: str, value: object) -> str:
    """Return a value in a word or two."""
    words: Mapping[str, Callable[[Any], str]] = {
        "schedule": lambda it: " ".join(("of", *(one["name"] for one in it.get("windows", ())))),
        "forecast": lambda it: f"quantile {it['quantile']}",
    }
    return ABSENT if value is None else words.get(where, str)(value)


def verdict(question: Question, found: Tuned) -> str:
    """Return what comes of it."""
    wanted = share(question.objective)
    if found.winner is None:
        return f"Nothing to change: no spec had {wanted} inside on both the days searched and those held out."
    if found.stays:
        return f"Nothing to change: no other spec had {wanted} inside on both parts and cost less on both."
    return f"The cheapest with {wanted} inside on both parts: {saving(found.today.held_out, found.winner.held_out)}."


def saving(today: Part, won: Part) -> str:
    """Return how much less or more a winner costs on the days held out."""
    change = won.cost / today.cost - 1 if today.cost else 0.0
    inside = f"with {share(won.inside)} inside instead of {share(today.inside)}"
    return f"on the days held out {100 * change:+.1f} % of cost against today's pool, {inside}"
