"""`poolkeeper cost meter`: the operator's own meter over a file of events, for whoever wants to check its sums."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from poolkeeper.api.names import shown
from poolkeeper.api.spec import parse_spec
from poolkeeper.api.units import format_instant
from poolkeeper.cli.checks.pool import examined
from poolkeeper.cli.connection import print_json
from poolkeeper.cli.cost_events import Event, EventsError, read
from poolkeeper.cli.cost_sums import Sums, as_json, show
from poolkeeper.cli.manifest import read as read_pools
from poolkeeper.cli.manifest import refusal
from poolkeeper.cli.schedule import instant_of, refuse
from poolkeeper.core.days import Day
from poolkeeper.core.meter import Bill, Billed, Meter, added, due, turn
from poolkeeper.core.model import CapacityType, PoolSpec
from poolkeeper.core.prices import Place
from poolkeeper.core.rates import Rental, Setting, Tariff, tariff_of


class Form(StrEnum):
    """How the sums are printed."""

    TABLE = "table"
    JSON = "json"


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
