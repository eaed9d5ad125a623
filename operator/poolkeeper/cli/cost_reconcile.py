"""`poolkeeper cost reconcile`: the ledger beside the cloud's bill, machine by machine."""

import gzip
import zlib
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from poolkeeper.api.allocation import CENT
from poolkeeper.api.amounts import format_number
from poolkeeper.api.bill import Billed, BillError, parse
from poolkeeper.api.reconciliation import Pair, Reconciliation, reconcile
from poolkeeper.cli.connection import Context, Kubeconfig, OperatorNamespace, console, print_json
from poolkeeper.cli.cost_summary import (
    MONTH,
    FromFile,
    InNamespace,
    PoolName,
    PriceBookName,
    Question,
    Since,
    Until,
    chosen,
    find,
)
from poolkeeper.cli.counted import counted
from poolkeeper.cli.schedule import refuse
from poolkeeper.shell.settings import PRICE_BOOK

Json = dict[str, Any]

OVER = 5
SHOWN = 20
"""How many machines are told one by one."""
PACKED = b"\x1f\x8b"


class Form(StrEnum):
    """How the comparison is printed."""

    TABLE = "table"
    JSON = "json"


def reconciliation(
    bill: Annotated[
        Path,
        typer.Option(
            "--bill", metavar="FILE", help="AWS CUR as CSV, or GCP's detailed export as CSV or JSONL; also gzipped."
        ),
    ],
    over: Annotated[int, typer.Option(min=0, max=100, metavar="PERCENT", help="What a gap may be.")] = OVER,
    since: Since = MONTH,
    until: Until = None,
    pool: PoolName = None,
    namespace: InNamespace = None,
    file: FromFile = None,
    operator: OperatorNamespace = None,
    price_book: PriceBookName = PRICE_BOOK,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    output: Annotated[Form, typer.Option("--output", "-o", help="table or json.")] = Form.TABLE,
) -> None:
    """Hold the ledger against the cloud's bill: the gap by machine, by type and in all.

    Only days that both have count, and only machines on which a pool had replicas. The bill is taken after reservations
    and savings plans, and with credits. Leaves with 1 where the gap is over 5 % of the bill, 2 where the bill or the
    ledger cannot be read, or they have no day in common.

        [bold]poolkeeper cost reconcile --bill cur-2026-11.csv.gz --since 2026-11-01[/bold]
    """
    charges = read(bill)
    known = find(file, (kubeconfig, context), operator, price_book)
    found = reconcile(chosen(known, Question(since, until, pool, namespace)), charges)
    if not any(one.days for one in found):
        refuse([f"the ledger and {bill} have no day and currency in common"])
    if output is Form.JSON:
        print_json({"over": over, "currencies": [as_json(one) for one in found]})
    else:
        for one in found:
            show(one, over)
    if any(is_over(one.total, over) for one in found):
        raise typer.Exit(1)


def read(file: Path) -> list[Billed]:
    """Return what a bill says of machines; say what is wrong with it and leave with 2."""
    try:
        return parse(lines(file))
    except BillError as error:
        refuse(f"{file}: {problem}" for problem in error.problems)
    except (OSError, EOFError, zlib.error) as error:
        refuse([f"{file}: {error}"])
    except UnicodeDecodeError:
        refuse([f"{file}: this is no text in UTF-8"])


def lines(file: Path) -> Iterator[str]:
    """Yield the lines of a text file, unpacked where it is gzipped."""
    with file.open("rb") as raw:
        packed = raw.read(len(PACKED)) == PACKED
        raw.seek(0)
        with TextIOWrapper(gzip.GzipFile(fileobj=raw) if packed else raw, encoding="utf-8", newline="") as text:
            yield from text


def is_over(whole: Pair, percent: int) -> bool:
    """Return whether a gap is wider than it may be; without a bill, any is."""
    return bool(whole.gap) if whole.percent is None else abs(whole.percent) > percent


def show(found: Reconciliation, over: int) -> None:
    """Print a comparison for people: machines, types, all."""
    if not found.days:
        console.print(f"{found.currency}: the bill has none of the ledger's days", markup=False)
        return
    listed(found.currency, [*found.pairs[:SHOWN], found.total])
    if len(found.pairs) > SHOWN:
        console.print(f"and {len(found.pairs) - SHOWN} more: -o json has all", markup=False)
    console.print()
    listed(found.currency, found.types)
    console.print()
    for line in words(found, over):
        console.print(line, markup=False)


def listed(currency: str, pairs: Sequence[Pair]) -> None:
    """Print pairs as a table; the column of machines only where they have names."""
    named = any(pair.node for pair in pairs)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("NODE", "TYPE") if named else ("TYPE",):
        table.add_column(heading, overflow="fold")
    for heading in (f"LEDGER {currency}", "BILL", "GAP", "GAP %"):
        table.add_column(heading, justify="right", no_wrap=True)
    for pair in pairs:
        names = (pair.node, pair.instance) if named else (pair.instance or "(unknown)",)
        table.add_row(*names, money(pair.ledger), money(pair.bill), f"{pair.gap:+,.2f}", percent(pair))
    console.print(table)


def money(amount: Decimal | None) -> str:
    """Return an amount to the cent, `-` where nobody told any."""
    return "-" if amount is None else f"{amount.quantize(CENT):,}"


def percent(pair: Pair) -> str:
    """Return a gap in percent of the bill."""
    return "-" if pair.percent is None else f"{pair.percent:+.1f}"


def words(found: Reconciliation, over: int) -> Iterable[str]:
    """Yield what the comparison comes to, and what is not in it."""
    whole = found.total
    verdict = f"over {over} %" if is_over(whole, over) else f"within {over} %"
    days = counted(len(found.days), "day")
    yield f"{days}, {found.days[0]} to {found.days[-1]} in {found.zone}: the gap is {verdict}"
    if found.elsewhere:
        cost = sum((pair.bill or Decimal(0) for pair in found.elsewhere), Decimal(0))
        count = counted(len(found.elsewhere), "machine")
        yield f"note: the bill has {count} more of these types, for {money(cost)}, on which no pool had a replica"
    if found.commitments:
        yield f"note: the ledger charges {money(found.commitments)} for commitments that were not used, on no machine"


def as_json(found: Reconciliation) -> Json:
    """Return a comparison as JSON, exact."""
    return {
        "currency": found.currency,
        "timezone": found.zone,
        "days": [day.isoformat() for day in found.days],
        "total": pair_json(found.total),
        "types": [pair_json(pair) for pair in found.types],
        "nodes": [pair_json(pair) for pair in found.pairs],
        "elsewhere": [pair_json(pair) for pair in found.elsewhere],
        "unusedCommitments": format_number(found.commitments),
    }


def pair_json(pair: Pair) -> Json:
    """Return a pair as JSON, null where nobody told anything."""
    return {
        "node": pair.node or None,
        "type": pair.instance or None,
        "ledger": None if pair.ledger is None else format_number(pair.ledger),
        "bill": None if pair.bill is None else format_number(pair.bill),
        "gap": format_number(pair.gap),
        "percent": None if pair.percent is None else round(float(pair.percent), 2),
    }
