"""What the readers of other tools' prices have in common: their tables, their terms, and what is left of zones."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation

import typer

from poolkeeper.api.price_fields import ALWAYS, FINEST, price
from poolkeeper.core.prices import ANY, Row

Cells = Mapping[str, str]
Notes = Counter[str]
"""What was left out, or changed on the way, in words, and how often."""

NO_PRICE = "left out, no price"
DEAREST = "highest taken, one machine at several prices"
ZONES = "highest taken, zones that differ and are told by ids (--zone names them)"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the file does not say. `everything`: machines without GPUs too. `zones`: names of zones by their ids."""

    provider: str = ANY
    currency: str = "USD"
    since: datetime = ALWAYS
    source: str = ""
    regions: tuple[str, ...] = ()
    everything: bool = False
    zones: Mapping[str, str] = field(default_factory=dict)

    def row(self, cost: Decimal, region: str) -> Row:
        """Return a price on these terms, of what is not yet told."""
        return Row(cost, self.currency, self.since, self.provider, region or ANY, source=self.source)

    def wants(self, region: str) -> bool:
        """Return whether prices of a region are asked for."""
        return not self.regions or region in self.regions


def table(text: str, columns: Iterable[str]) -> list[Cells]:
    """Return the rows of a CSV file with a header, without its comments.

    Raises:
        typer.BadParameter: it has not these columns.
    """
    lines = (line for line in text.removeprefix("\ufeff").splitlines() if line.strip() and not line.startswith("#"))
    reader = csv.DictReader(lines, restval="", restkey="")
    missing = [name for name in columns if name not in (reader.fieldnames or ())]
    if missing:
        raise typer.BadParameter(f"it is no such file: it has no column {', '.join(missing)}")
    return list(reader)


def amount(text: str) -> Decimal | None:
    """Return a price as the book takes it, None where there is none; zero is how others write `unknown`."""
    try:
        found = price(f"{round(Decimal(text), FINEST).normalize():f}")
    except (ValueError, InvalidOperation):
        return None
    return found or None


def merged(rows: Iterable[Row], notes: Notes, zones: Mapping[str, str]) -> Iterator[Row]:
    """Yield one row for a region where its zones cost the same, else one for each zone.

    A zone's id is not its name, and which is which differs from account to account: without a name in `zones`, the
    dearest zone of such a region stands for all.
    """
    places: defaultdict[Row, dict[str, Decimal]] = defaultdict(dict)
    for one in rows:
        known = places[replace(one, zone=ANY, price=Decimal(0))]
        zone = zones.get(one.zone, one.zone)
        if known.get(zone, one.price) != one.price:
            notes[DEAREST] += 1
        known[zone] = max(one.price, known.get(zone, one.price))
    for key in sorted(places, key=lambda one: (one.instance, one.gpu, one.region, one.spot)):
        yield from spread(key, places[key], notes)


def spread(key: Row, costs: Mapping[str, Decimal], notes: Notes) -> Iterator[Row]:
    """Yield the rows of one machine in one region by what it costs in each zone."""
    dearest = max(costs.values())
    ids = any(is_id(zone) for zone in costs)
    if len(set(costs.values())) == 1 or ids:
        notes[ZONES] += len(set(costs.values())) > 1
        yield replace(key, price=dearest)
        return
    for zone in sorted(costs):
        yield replace(key, zone=zone, price=costs[zone])


def is_id(zone: str) -> bool:
    """Return whether a zone is told by its id, as AWS has it: use1-az4."""
    return "-az" in zone
