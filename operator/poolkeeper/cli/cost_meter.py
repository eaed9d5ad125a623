"""`poolkeeper cost meter`: the operator's own meter over a file of events, for whoever wants to check its sums."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from poolkeeper.api.names import shown
from poolkeeper.api.spec import parse_spec
from poolkeeper.api.units import format_instant
from poolkeeper.cli.check import examined
from poolkeeper.cli.connection import console, print_json
from poolkeeper.cli.cost_events import Event, EventsError, read
from poolkeeper.cli.manifest import read as read_pools
from poolkeeper.cli.manifest import refusal
from poolkeeper.cli.schedule import instant_of, refuse
from poolkeeper.core.days import Amount, Day, total
from poolkeeper.core.meter import Bill, Billed, Meter, added, due, turn
from poolkeeper.core.model import CapacityType, PoolSpec
from poolkeeper.core.prices import Place
from poolkeeper.core.rates import Rental, Setting, Tariff, tariff_of

Json = dict[str, Any]

CENT = Decimal("0.01")
EXACT = Decimal("1e-12")


class Form(StrEnum):
    """How the sums are printed."""

    TABLE = "table"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Sums:
    """What the meter made of events, from the first one until an instant; `unknown` tiers are none of the pool's."""

    name: str
    spec: PoolSpec
    since: datetime
    until: datetime
    days: tuple[Day, ...]
    unknown: tuple[str, ...]


def meter(
    file: Annotated[Path, typer.Option("--file", "-f", help="A YAML file with one InferencePool.")],
    events: Annotated[Path, typer.Option(help="A CSV file with the columns at,tier,replicas,pricePerGPUHour.")],
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Where the count ends; by default at the last event.")
    ] = None,
    output: Annotated[Form, typer.Option("--output", "-o", help="table or json.")] = Form.TABLE,
) -> None:
    """Count what a pool would cost with these events, as the operator counts it: by tier, month and day.

    Each line of the events says what holds for one tier from an instant (RFC 3339) on. GPUs of a replica (else 1),
    currency, commitments and the zone of days and months are the pool's. Nothing is rounded before it is printed;
    `exact` has twelve decimals. Leaves with 2 where the pool or the events cannot be read.

        [bold]poolkeeper cost meter -f chat.yaml --events events.csv -o json[/bold]
    """
    name, spec = pool_of(file)
    found = events_of(events)
    end = found[-1].at if until is None else instant_of(until, "--until")
    if end < found[-1].at:
        words = f"{until!r} is before the last event, {format_instant(found[-1].at)}"
        raise typer.BadParameter(words, param_hint="--until")
    sums = Sums(name, spec, found[0].at, end, metered(spec, found, end), unknown(spec, found))
    if output is Form.JSON:
        print_json(as_json(sums))
    else:
        show(sums)


def pool_of(file: Path) -> tuple[str, PoolSpec]:
    """Return the one pool of a file; say what is wrong with it and leave with 2."""
    pools = read_pools(file)
    if len(pools) > 1:
        raise refusal(f"{file} holds {len(pools)} pools; events are of one")
    finding = examined(pools[0])
    if finding["problems"]:
        refuse(f"{shown(finding['name'])}: {problem}" for problem in finding["problems"])
    return finding["name"], parse_spec(pools[0]["spec"]).to_core()


def events_of(file: Path) -> list[Event]:
    """Return the events of a file; say what is wrong with all of them and leave with 2."""
    try:
        return read(file)
    except EventsError as error:
        refuse(error.problems)


def unknown(spec: PoolSpec, events: Iterable[Event]) -> tuple[str, ...]:
    """Return the tiers of events that the pool has not, in order."""
    return tuple(sorted({event.tier for event in events} - {tier.name for tier in spec.tiers}))


def metered(spec: PoolSpec, events: list[Event], until: datetime) -> tuple[Day, ...]:
    """Return what the days come to; `events` are in the order of time."""
    known: dict[str, Event] = {}
    days: tuple[Day, ...] = ()
    state = Meter()
    for at, changed in groupby(events, key=lambda event: event.at):
        known |= {event.tier: event for event in changed}
        state, more = turn(state, billed(spec, known.values(), at), Setting(), tariff(spec, known), at)
        days = added(days, iter(more))
    return added(days, iter(due(state, until)))


def billed(spec: PoolSpec, events: Iterable[Event], at: datetime) -> tuple[Billed, ...]:
    """Return each replica that there is after events, as something that is paid for."""
    return tuple(
        Billed(f"{event.tier}/{number}", rental(spec, event.tier), at)
        for event in events
        for number in range(event.replicas)
    )


def rental(spec: PoolSpec, name: str) -> Rental:
    """Return what a replica of a tier rents: one that the pool has not is spot if that is its name."""
    types = {tier.name: tier.type for tier in spec.tiers}
    kind = types.get(name, CapacityType.SPOT if name == "spot" else CapacityType.ON_DEMAND)
    gpus = spec.cost.gpus_per_replica
    return Rental(name, Place(spot=kind is CapacityType.SPOT), Decimal(1) if gpus is None else gpus)


def tariff(spec: PoolSpec, events: Mapping[str, Event]) -> Tariff:
    """Return what prices the pool: the events' prices, and whatever else the pool says of money."""
    prices = {tier: event.price for tier, event in events.items()}
    return tariff_of(replace(spec, cost=replace(spec.cost, prices=prices)), Bill().book)


def as_json(sums: Sums) -> Json:
    """Return the sums, to the cent and exact."""
    whole = total(day.amount for day in sums.days)
    return {
        "name": sums.name,
        "currency": sums.spec.cost.currency,
        "timezone": sums.spec.cost.timezone,
        "from": format_instant(sums.since),
        "until": format_instant(sums.until),
        "notes": notes(sums),
        "total": cents(whole.cost),
        "tiers": {name: cents(cost) for name, cost in by_tier(whole).items()},
        "months": {name: cents(cost) for name, cost in by_month(sums.days).items()},
        "exact": {
            "total": exact(whole.cost),
            "tiers": {name: exact(cost) for name, cost in by_tier(whole).items()},
            "months": {name: exact(cost) for name, cost in by_month(sums.days).items()},
        },
        "days": [day_json(day) for day in sums.days],
    }


def day_json(day: Day) -> Json:
    """Return a day, to the cent and exact."""
    tiers = by_tier(day.amount)
    return {
        "on": day.on.isoformat(),
        "cost": cents(day.amount.cost),
        "tiers": {name: cents(cost) for name, cost in tiers.items()},
        "exact": {
            "cost": exact(day.amount.cost),
            "tiers": {name: exact(cost) for name, cost in tiers.items()},
        },
    }


def by_tier(amount: Amount) -> dict[str, Decimal]:
    """Return what each line cost, in the order of names."""
    return {name: amount.lines[name].effective for name in sorted(amount.lines)}


def by_month(days: Iterable[Day]) -> dict[str, Decimal]:
    """Return what each calendar month cost, as 2026-11, in order."""
    months: dict[str, Decimal] = {}
    for day in days:
        month = f"{day.on:%Y-%m}"
        months[month] = months.get(month, Decimal(0)) + day.amount.cost
    return months


def notes(sums: Sums) -> list[str]:
    """Return what a reader of the sums should know."""
    return [f"the pool has no tier {name!r}: counted on its own" for name in sums.unknown]


def cents(money: Decimal) -> str:
    """Return money to the cent, half a cent up.

    >>> cents(Decimal("2.345"))
    '2.35'
    """
    return str(money.quantize(CENT, ROUND_HALF_UP))


def exact(money: Decimal) -> str:
    """Return money to twelve decimals, without zeros at the end.

    >>> exact(Decimal("2.500"))
    '2.5'
    """
    return f"{money.quantize(EXACT).normalize():f}"


def show(sums: Sums) -> None:
    """Print the sums as a table: days, then months, then all."""
    whole = total(day.amount for day in sums.days)
    names = list(by_tier(whole))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ["day", *names, "cost"]:
        table.add_column(name, justify="left" if name == "day" else "right")
    for day in sums.days:
        add(table, day.on.isoformat(), day.amount, names)
    for month in by_month(sums.days):
        add(table, month, total(day.amount for day in sums.days if f"{day.on:%Y-%m}" == month), names)
    add(table, "all", whole, names)
    console.print(table)
    until = f"{format_instant(sums.since)} until {format_instant(sums.until)}"
    console.print(f"{sums.spec.cost.currency}, days of {sums.spec.cost.timezone}, {until}", markup=False)
    for note in notes(sums):
        console.print(f"note: {note}", markup=False)


def add(table: Table, name: str, amount: Amount, names: list[str]) -> None:
    """Add a row with the cost of each line."""
    tiers = by_tier(amount)
    table.add_row(name, *(cents(tiers.get(one, Decimal(0))) for one in names), cents(amount.cost))
