"""A cloud's bill, as its export has it: what each machine cost, hour by hour or day by day.

    AWS     Cost and Usage Report, legacy (lineItem/UnblendedCost) and 2.0 (line_item_unblended_cost), CSV
    GCP     Cloud Billing's standard or detailed export from BigQuery, CSV (resource.name) or one JSON object a line

Of AWS, only what runs a machine counts (BoxUsage, SpotUsage, ...; no traffic, no volumes), at what it cost after
reservations and savings plans where the report has that, else unblended. Of GCP, all of Compute Engine that bears the
machine's name, with its credits. Sources: AWS "Data Exports: CUR 2.0 table dictionary", "Line item details"; GCP
"Structure of Detailed data export".
"""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import chain
from typing import Any

from poolkeeper.api.refused import RefusedError
from poolkeeper.core.days import ZERO

Cells = Mapping[str, Any]
Line = tuple[int, Cells]
"""Where it stands, and its cells by column."""

MOST = 20
"""How many problems are told."""
NODE = "i-"
COMPUTE = "Compute Engine"
_RUNNING = re.compile(r"BoxUsage|SpotUsage|HostUsage|DedicatedUsage|InstanceUsage")
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_FRACTION = re.compile(r"(\.\d{6})\d+")
"""Nanoseconds, which no datetime holds."""


class BillError(RefusedError):
    """A bill that cannot be read: each of its `problems` names line and column, and what would be right."""


@dataclass(frozen=True, slots=True)
class Billed:
    """What a machine cost from an instant on, for as long as the export's lines go."""

    node: str
    instance: str
    at: datetime
    cost: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Export:
    """One kind of export. `needs` are its columns; `keeps` tells the lines that are a machine's."""

    name: str
    needs: tuple[str, ...]
    keeps: Callable[[Cells], bool]
    node: Callable[[Cells], str]
    instance: Callable[[Cells], str]
    at: str
    cost: Callable[[Cells], Decimal]
    currency: str


def parse(text: Iterable[str]) -> list[Billed]:
    """Return what a bill says of machines; `text` are its lines.

    Raises:
        BillError: it is of no kind that is known, or some of its lines are wrong.
    """
    export, lines = opened(iter(text))
    found: list[Billed] = []
    problems: list[str] = []
    for number, cells in lines:
        try:
            if export.keeps(cells):
                found.append(billed(export, cells))
        except ValueError as error:
            problems.append(f"line {number}: {error}")
            if len(problems) == MOST:
                break
    if not found and not problems:
        problems = [f"no line is of a machine: {export.name} must be with resources ({', '.join(export.needs)})"]
    if problems:
        raise BillError(problems)
    return found


def opened(text: Iterator[str]) -> tuple[Export, Iterator[Line]]:
    """Return which kind of export a bill is, and its lines."""
    first = next(text, "").removeprefix("\ufeff")
    is_table = not first.lstrip().startswith("{")
    lines = table(chain([first], text)) if is_table else objects(chain([first], text))
    head = next(lines, None)
    if head is None:
        raise BillError(["line 1: there is nothing after the first line, or nothing at all"])
    export = next((one for one in EXPORTS if one.at in head[1]), None)
    if export is None:
        known = " or ".join(f"{one.at} ({one.name})" for one in EXPORTS)
        raise BillError([f"line 1: must have the column {known} (got {', '.join(map(str, head[1]))})"])
    missing = [column for column in export.needs if column not in head[1]]
    if missing and is_table:
        raise BillError([f"line 1: the columns {', '.join(missing)} are missing; export them too ({export.name})"])
    return export, chain([head], lines)


def table(text: Iterator[str]) -> Iterator[Line]:
    """Yield the lines of a CSV file, each with its columns by their names in snake case."""
    reader = csv.reader(text)
    try:
        header = [snake(name) for name in next(reader, [])]
        for cells in filter(None, reader):
            if len(cells) != len(header):
                words = f"must have {len(header)} values, as the first line has (got {len(cells)})"
                raise BillError([f"line {reader.line_num}: {words}"])
            yield reader.line_num, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise BillError([f"line {reader.line_num}: {error}"]) from error


def objects(text: Iterator[str]) -> Iterator[Line]:
    """Yield the lines of a file with a JSON object in each; nested ones by the names that CSV has for them."""
    for number, line in enumerate(text, start=1):
        if not line.strip():
            continue
        try:
            found = json.loads(line, parse_float=Decimal)
        except ValueError as error:
            raise BillError([f"line {number}: {error}"]) from error
        if not isinstance(found, dict):
            raise BillError([f"line {number}: must be a JSON object (got {line.strip()[:40]!r})"])
        yield number, flat(found)


def flat(found: Cells) -> Cells:
    """Return an object with those within it as cells of their own: resource.name."""
    inner = {
        f"{key}.{name}": value for key, part in found.items() if isinstance(part, dict) for name, value in part.items()
    }
    return {**found, **inner}


def snake(name: str) -> str:
    """Return a column's name as CUR 2.0 writes it.

    >>> snake("lineItem/UnblendedCost")
    'line_item_unblended_cost'
    """
    return _WORD.sub("_", name.strip()).replace("/", "_").lower()


def billed(export: Export, cells: Cells) -> Billed:
    """Return what a line says.

    Raises:
        ValueError: a cell is wrong; the message names its column.
    """
    return Billed(
        node=export.node(cells),
        instance=export.instance(cells),
        at=moment(cells, export.at),
        cost=export.cost(cells),
        currency=str(cells.get(export.currency) or "USD"),
    )


def moment(cells: Cells, column: str) -> datetime:
    """Return an instant; where it has no zone it is in UTC, as both clouds write it."""
    text = str(cells.get(column) or "")
    try:
        found = datetime.fromisoformat(_FRACTION.sub(r"\1", text.replace(" UTC", "+00:00")))
    except ValueError as error:
        raise ValueError(f"{column}: must be an instant, as in 2026-11-01T00:00:00Z (got {text!r})") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def number(cells: Cells, column: str) -> Decimal:
    """Return an amount."""
    text = str(cells.get(column, ""))
    try:
        found = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{column}: must be a number, as in 3.25 (got {text!r})") from error
    if not found.is_finite():
        raise ValueError(f"{column}: must be a number, as in 3.25 (got {text!r})")
    return found


AWS_COST = "line_item_unblended_cost"
AWS_AFTER = {
    "DiscountedUsage": "reservation_effective_cost",
    "SavingsPlanCoveredUsage": "savings_plan_savings_plan_effective_cost",
}
"""By the kind of line: what it cost after the commitment that covered it."""


def aws_keeps(cells: Cells) -> bool:
    """Return whether a line is what a machine cost to run."""
    usage = cells.get("line_item_usage_type")
    running = usage is None or _RUNNING.search(usage) is not None
    return running and str(cells["line_item_resource_id"]).startswith(NODE)


def aws_cost(cells: Cells) -> Decimal:
    """Return what a line cost, after commitments where the report has that."""
    column = AWS_AFTER.get(str(cells.get("line_item_line_item_type")), AWS_COST)
    return number(cells, column if cells.get(column) else AWS_COST)


def gcp_keeps(cells: Cells) -> bool:
    """Return whether a line is what a machine cost to run."""
    return bool(cells.get("resource.name")) and (cells.get("service.description") or COMPUTE) == COMPUTE


def gcp_cost(cells: Cells) -> Decimal:
    """Return what a line cost, with its credits, which are negative."""
    return number(cells, "cost") + sum((number(credit, "amount") for credit in gcp_credits(cells)), ZERO)


def gcp_credits(cells: Cells) -> Sequence[Cells]:
    """Return the credits of a line: a list, in CSV as JSON."""
    found = cells.get("credits") or ()
    try:
        found = json.loads(found, parse_float=Decimal) if isinstance(found, str) else found
    except ValueError as error:
        raise ValueError(f"credits: must be a JSON list (got {found[:40]!r})") from error
    if not all(isinstance(credit, dict) for credit in found):
        raise ValueError(f"credits: must be a list of objects with an amount (got {str(found)[:40]!r})")
    return tuple(found)


def gcp_instance(cells: Cells) -> str:
    """Return a machine's type, where the line says it."""
    labels = cells.get("system_labels") or ()
    try:
        found = json.loads(labels) if isinstance(labels, str) else labels
        return next(str(one["value"]) for one in found if one["key"] == "compute.googleapis.com/machine_spec")
    except (KeyError, StopIteration, TypeError, ValueError):
        return ""


AWS = Export(
    name="AWS Cost and Usage Report",
    needs=("line_item_resource_id", AWS_COST),
    keeps=aws_keeps,
    node=lambda cells: str(cells["line_item_resource_id"]),
    instance=lambda cells: str(cells.get("product_instance_type") or ""),
    at="line_item_usage_start_date",
    cost=aws_cost,
    currency="line_item_currency_code",
)
GCP = Export(
    name="Cloud Billing's detailed export",
    needs=("resource.name", "cost"),
    keeps=gcp_keeps,
    node=lambda cells: str(cells["resource.name"]),
    instance=gcp_instance,
    at="usage_start_time",
    cost=gcp_cost,
    currency="currency",
)
EXPORTS = (AWS, GCP)
