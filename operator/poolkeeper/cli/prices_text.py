"""What prices what a pool rents, for people and as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from rich.table import Table

from poolkeeper.api.names import shown
from poolkeeper.api.price_fields import ALWAYS, dated
from poolkeeper.api.price_trail import Contender, Trail
from poolkeeper.api.units import format_instant
from poolkeeper.cli.connection import console
from poolkeeper.cli.counted import counted
from poolkeeper.cli.explain import plain
from poolkeeper.core.prices import ANY, Place, Row
from poolkeeper.core.rates import Rental

Json = dict[str, Any]

SHOWN = 20
"""How many rows are told one by one."""
WIDE = 100
"""From so many columns on there is room for where a price is from."""
FINE = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Priced:
    """So many replicas that rent alike, and why one of their GPUs costs what it does."""

    what: Rental
    replicas: int
    trail: Trail


def write(name: str, found: Sequence[Priced], currency: str, now: datetime) -> None:
    """Print the prices of a pool."""
    console.print(f"[bold]{shown(name)}[/bold] at {format_instant(now.replace(microsecond=0))}")
    if not found:
        console.print("no replica is on a node, so nothing is paid for; -f with --node-labels asks about a place")
    for one in found:
        console.print()
        console.print(headline(one), markup=False)
        price = one.trail.quote.price
        cost = "price unknown" if price is None else f"{price.quantize(FINE)} {currency} a GPU-hour"
        console.print(f"{cost}: {one.trail.quote.words}", markup=False)
        if one.trail.contenders:
            console.print(table(one.trail.contenders[:SHOWN]))
        for words in rest(one.trail):
            console.print(words, markup=False)


def headline(one: Priced) -> str:
    """Return what is rented, in words."""
    many = counted(one.replicas, "replica")
    gpus = "" if one.what.gpus is None else f" of {one.what.gpus.normalize():f} GPU"
    return f"{one.what.tier}: {many}{gpus} on {where(one.what.place)}"


def where(place: Place) -> str:
    """Return a place in words."""
    gpus = f"{place.node_gpus.normalize():f} " if place.node_gpus else ""
    kind = f"({gpus}{place.gpu or 'GPU'})" if place.gpu or gpus else ""
    told = " ".join(filter(None, (place.instance, kind, place.provider, place.zone or place.region)))
    node = "a spot node" if place.spot else "an on-demand node"
    return f"{node}: {told}" if told else f"{node} whose labels tell nothing"


def table(contenders: Sequence[Contender]) -> Table:
    """Return rows of the book as a table."""
    wide = console.width >= WIDE
    made = plain("line", "price", "of", "where", "from", *(["source"] if wide else []), "verdict")
    for one in contenders:
        row = one.row
        kind = "spot" if row.spot else "on-demand"
        said = (f"{row.price:f} {row.currency}", f"{row.instance or row.gpu} {kind}", narrowest(row))
        made.add_row(str(row.line), *said, dated(row.since) or "always", *([row.source] if wide else []), one.verdict)
    return made


def narrowest(row: Row) -> str:
    """Return where a row counts, in short."""
    return next((said for said in (row.zone, row.region, row.provider) if said != ANY), "anywhere")


def rest(found: Trail) -> list[str]:
    """Return how many rows are not shown."""
    more = len(found.contenders) - SHOWN
    words = [f"and {more} more rows: -o json has all"] if more > 0 else []
    if found.elsewhere:
        words.append(f"{found.elsewhere} more {'row is' if found.elsewhere == 1 else 'rows are'} about other places")
    return words


def as_json(name: str, found: Sequence[Priced], currency: str, now: datetime) -> Json:
    """Return the prices of a pool as JSON."""
    items = [
        {
            "tier": one.what.tier,
            "replicas": one.replicas,
            "gpus": None if one.what.gpus is None else str(one.what.gpus),
            "place": placed(one.what.place),
            "pricePerGPUHour": None if one.trail.quote.price is None else f"{one.trail.quote.price:f}",
            "currency": currency,
            "assumed": one.trail.quote.assumed,
            "because": one.trail.quote.words,
            "rows": [{**written(each.row), "verdict": each.verdict} for each in one.trail.contenders],
            "elsewhere": one.trail.elsewhere,
        }
        for one in found
    ]
    return {"pool": name, "at": format_instant(now), "items": items}


def placed(place: Place) -> Json:
    """Return a place as JSON; what is not known is empty."""
    return {
        "provider": place.provider,
        "region": place.region,
        "zone": place.zone,
        "instanceType": place.instance,
        "gpu": place.gpu,
        "capacityType": "spot" if place.spot else "on-demand",
        "nodeGPUs": str(place.node_gpus),
    }


def written(row: Row) -> Json:
    """Return a row of the book as JSON."""
    return {
        "line": row.line,
        "provider": row.provider,
        "region": row.region,
        "zone": row.zone,
        "instanceType": row.instance,
        "gpu": row.gpu,
        "capacityType": "spot" if row.spot else "on-demand",
        "price": f"{row.price:f}",
        "currency": row.currency,
        "effectiveFrom": None if row.since == ALWAYS else format_instant(row.since),
        "source": row.source,
    }
