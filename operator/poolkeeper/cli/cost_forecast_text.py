"""What multiples of a load come to: a row for each, below it one with room where maxReplicas hold it; then words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from rich.table import Table

from poolkeeper.api.units import format_duration
from poolkeeper.cli.connection import console
from poolkeeper.core.costing import Enforce
from poolkeeper.simulate.history import replaced
from poolkeeper.simulate.lives import WEEK
from poolkeeper.simulate.multiples import SELDOM, Answer, Month, Multiple, WhatIf

Json = dict[str, Any]

DAY = timedelta(days=1)
UNKNOWN = "?"
NONE = "-"
TODAY = 1.0
BETWEEN = 2
SPARE = (-3, 3, 1, 4)
"""The columns that go first where there is no room, by place: the cost of what was counted, MEAN, MAX, GPU-HOURS."""


@dataclass(frozen=True, slots=True)
class Shown:
    """All that is told: the pool's object, what was asked of it, the answer, and notes on both."""

    body: Json
    asked: WhatIf
    answer: Answer
    about: tuple[str, ...]

    @property
    def month(self) -> datetime:
        """An instant of the calendar month, on its clocks."""
        return self.asked.pricing.at.astimezone(self.asked.pricing.tariff.zone)

    @property
    def currency(self) -> str:
        """What costs are in."""
        return self.asked.spec.cost.currency

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know."""
        return (*self.about, *assumed(self), *replaced(self.answer.history), *held_back(self))

    def used(self, month: Month) -> Decimal | None:
        """Return the percentage of the budget that the calendar month uses, None without one, or without a price."""
        budget = self.asked.spec.cost.budget
        return None if budget is None or month.calendar is None else 100 * month.calendar / budget.monthly


def show(shown: Shown, counted: str) -> None:
    """Print the answer; `counted` is what the load is made of."""
    console.print(table(shown, counted))
    for one in shown.answer.multiples:
        for words in binding(shown, one):
            console.print(words, markup=False)
    for words in own(shown):
        console.print(words, markup=False)
    for words in shown.notes:
        console.print(f"note: {words}", markup=False)


def table(shown: Shown, counted: str) -> Table:
    """Return a row for each multiple, and one more where maxReplicas hold it."""
    rows: list[tuple[str, list[str]]] = []
    for one in shown.answer.multiples:
        rows.append(("", [f"{one.load:g}", *row(shown, one.month, str(shown.asked.spec.max_replicas))]))
        if one.roomy is not None:
            rows.append(("dim", ["", *row(shown, one.roomy, NONE)]))
    columns = fitting([headings(shown, counted), *(cells for _, cells in rows)], console.width)
    made = Table(box=None, pad_edge=False, padding=(0, BETWEEN, 0, 0))
    for place in columns:
        made.add_column(headings(shown, counted)[place], justify="right", no_wrap=True)
    for style, cells in rows:
        made.add_row(*(cells[place] for place in columns), style=style)
    return made


def fitting(lines: Sequence[Sequence[str]], room: int) -> list[int]:
    """Return the places of the columns to show: without the spare ones for which there is no room."""
    widths = [BETWEEN + max(map(len, column)) for column in zip(*lines, strict=True)]
    shown = list(range(len(widths)))
    for place in SPARE:
        if sum(widths[one] for one in shown) > room:
            shown.remove(place % len(widths))
    return shown


def headings(shown: Shown, counted: str) -> Sequence[str]:
    """Return what stands above the columns."""
    sla = format_duration(shown.asked.question.sla)
    names = ("LOAD", "MAX", "PEAK", "MEAN", "GPU-HOURS", f"COST {shown.currency}", f"{shown.month:%b %Y}".upper())
    budget = ("BUDGET",) if shown.asked.spec.cost.budget else ()
    return (*names, *budget, f"/1M {counted.upper()}", f"INSIDE {sla}", "HELD")


def row(shown: Shown, month: Month, most: str) -> Iterator[str]:
    """Yield the cells of a month."""
    yield from (most, str(month.peak), f"{month.mean:.1f}", f"{month.gpu_hours:,.0f}")
    yield from (money(month.cost), money(month.calendar))
    if shown.asked.spec.cost.budget:
        used = shown.used(month)
        yield UNKNOWN if used is None else f"{used:.0f}%"
    yield from (money(month.per_million), f"{percent(month.inside):.2f}%", held(month.held))


def held(share: Decimal) -> str:
    """Return a share of the time as a percentage, what is too little to count as such."""
    return NONE if not share else "<1%" if share < SELDOM else f"{percent(share):.0f}%"


def money(amount: Decimal | None) -> str:
    """Return an amount to the cent."""
    return UNKNOWN if amount is None else f"{amount:,.2f}"


def percent(share: Decimal) -> Decimal:
    """Return a share as a percentage."""
    return 100 * share


def binding(shown: Shown, one: Multiple) -> Iterator[str]:
    """Yield what holds a pool, and what it would need."""
    most, roomy = shown.asked.spec.max_replicas, one.roomy
    if one.month.held >= SELDOM:
        words = f"{one.load:g}x: held at maxReplicas {most} for {held(one.month.held)} of the time"
        yield f"{words}, so its cost is not what the load needs" + (f": {needs(shown, roomy)}" if roomy else "")
    if one.month.capped >= SELDOM:
        yield f"{one.load:g}x: held by a cap of the schedule for {held(one.month.capped)} of the time"


def needs(shown: Shown, roomy: Month) -> str:
    """Return with how many replicas nothing holds a load, and what that costs."""
    cost = "" if roomy.cost is None else f", {money(roomy.cost)} {shown.currency} a month"
    if roomy.held >= SELDOM:
        return f"it would take more than {roomy.peak} replicas{cost}"
    mostly = "" if roomy.mostly == roomy.peak else f" ({roomy.mostly} do for 99% of the time)"
    return f"nothing holds it with maxReplicas {roomy.peak}{mostly}{cost}"


def own(shown: Shown) -> Iterator[str]:
    """Yield what the operator itself expects of the month, beside what one times the load comes to here."""
    cost = told(shown)
    if cost is None:
        return
    words = f"the pool's own forecast for {shown.month:%B %Y}: {cost['forecastMonthEnd']} {cost['currency']}"
    words += f" ({cost['forecastRange']})" if "forecastRange" in cost else ""
    here = next((one.month.calendar for one in shown.answer.multiples if one.load == TODAY), None)
    expected = Decimal(cost["forecastMonthEnd"])
    if here is None or not expected:
        yield words
    else:
        yield f"{words}; 1x comes to {money(here)} here, {100 * (here / expected - 1):+.1f} %"


def told(shown: Shown) -> Json | None:
    """Return what the status says of the pool's money, None where that has no forecast."""
    cost: Json = (shown.body.get("status") or {}).get("cost") or {}
    return cost if "forecastMonthEnd" in cost else None


def assumed(shown: Shown) -> Iterator[str]:
    """Yield what the figures rest on."""
    question, answer = shown.asked.question, shown.answer
    carries = f"a replica was taken to carry {answer.per_replica:.4g} of the load"
    if question.per_replica is None:
        carries += (
            f": nobody says what, so today's maxReplicas {question.spec.max_replicas} carry the largest load, outliers "
            "apart; where the pool is larger than it needs to be that is too little, and --per-replica says otherwise"
        )
    yield carries
    since, until = (at.astimezone(answer.history.place) for at in answer.span)
    yield f"lived were {(until - since) / DAY:.1f} days, from {since:%F %H:%M %Z} to {until:%F %H:%M %Z}"
    if until - since < WEEK:
        yield "the history has no whole week: times of the week that it lacks count as the mean of those that it has"
    yield "prices are those of now, and nodes hold nothing but the replicas: what nodes cost beyond them comes on top"


def held_back(shown: Shown) -> Iterator[str]:
    """Yield where a budget that is used up would hold growth, which was not lived."""
    budget = shown.asked.spec.cost.budget
    lived = [(one.load, shown.used(one.roomy or one.month)) for one in shown.answer.multiples]
    over = [load for load, used in lived if used is not None and used > percent(Decimal(1))]
    if budget and budget.enforce is Enforce.HOLD_SCALE_UP and over:
        yield f"{min(over):g}x uses the budget up, which would hold growth (HoldScaleUp): that was not lived"
