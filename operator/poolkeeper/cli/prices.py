"""`poolkeeper prices`: make a price book, check it, and see which row priced what."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from poolkeeper.api.names import PRICES_KEY
from poolkeeper.api.price_book import LARGEST, PriceBookError, parse, write
from poolkeeper.api.price_fields import ALWAYS, currency, dated, provider, since
from poolkeeper.cli import opencost_prices, skypilot_prices
from poolkeeper.cli.connection import As, Output, complaints, console, print_json
from poolkeeper.cli.counted import counted
from poolkeeper.cli.price_imports import Notes, Terms, merged
from poolkeeper.cli.prices_shown import show
from poolkeeper.core.prices import ANY, Book, Row
from poolkeeper.shell.clock import Clock
from poolkeeper.shell.settings import PRICE_BOOK

Json = dict[str, Any]

SHOWN = 10
"""How many lines or problems are named."""

app = typer.Typer(no_args_is_help=True, help="The price book: what machines and GPUs cost.")


class Tool(StrEnum):
    """Whose prices are read."""

    OPENCOST = "opencost"
    SKYPILOT = "skypilot"


class Form(StrEnum):
    """How a price book is printed."""

    CSV = "csv"
    CONFIGMAP = "configmap"


READERS = {Tool.OPENCOST: opencost_prices.read, Tool.SKYPILOT: skypilot_prices.read}


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The file, `-` for the standard input.")],
    tool: Annotated[Tool, typer.Option("--from", help="Whose file it is.")],
    cloud: Annotated[str, typer.Option("--provider", help="Whose machines they are, such as aws, gcp, azure.")] = ANY,
    money: Annotated[str, typer.Option("--currency", help="What the prices are in.")] = "USD",
    begin: Annotated[
        str, typer.Option("--effective-from", metavar="DATE", help="From when on they count; by default always.")
    ] = "",
    region: Annotated[list[str] | None, typer.Option(help="Take these regions alone; repeatable.")] = None,
    zone: Annotated[
        list[str] | None, typer.Option(metavar="ID=NAME", help="A zone's name in your account; repeatable.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Take machines without GPUs too.")] = False,
    output: Annotated[Form, typer.Option("--output", "-o", help="csv or configmap.")] = Form.CSV,
) -> None:
    """Make a price book of OpenCost's custom prices, or of a catalog of SkyPilot's.

    What was left out, and why, is said on the standard error. AWS tells zones by ids, which are other zones in each
    account: `aws ec2 describe-availability-zones` says which; without that the dearest zone counts for its region.

        [bold]poolkeeper prices import --from skypilot vms.csv --provider aws --region us-east-1 -o configmap |
        kubectl apply --server-side -n poolkeeper -f -[/bold]
    """
    terms = Terms(
        provider=provider(cloud),
        currency=given(money, "--currency", currency),
        since=given(begin, "--effective-from", since),
        source=f"{tool.value} {file.name}",
        regions=tuple(region or ()),
        everything=everything,
        zones=dict(pair(one) for one in zone or ()),
    )
    notes = Notes()
    rows = list(merged(READERS[tool](read(file), terms, notes), notes, terms.zones))
    for words, count in sorted(notes.items()):
        if count:
            complaints.print(f"{words}: {count}", markup=False)
    print(printed(rows, output), end="")


@app.command("check")
def check(
    file: Annotated[
        Path, typer.Option("--file", "-f", help="A price book: CSV, or its ConfigMap as YAML; `-` for standard input.")
    ],
    output: As = Output.TEXT,
) -> None:
    """Check a price book: every problem with its line.

    Leaves with 0 where all is well, 1 where the operator would not take it.

        [bold]poolkeeper prices check -f prices.csv[/bold]
    """
    problems: list[str] = []
    book = Book()
    try:
        book = parse(text_of(file), str(file))
    except PriceBookError as error:
        problems = error.problems
    told = list(notes(book, Clock.of_this_machine().now()))
    if output is Output.JSON:
        print_json({"file": str(file), "prices": len(book.rows), "problems": problems, "notes": told})
    else:
        for problem in problems:
            console.print(f"{file}: {problem}", markup=False)
        if not problems:
            console.print(f"{file}: {summary(book)}", markup=False)
        for note in told:
            console.print(f"note: {note}", markup=False)
    if problems:
        raise typer.Exit(1)


app.command("show")(show)


def read(file: Path) -> str:
    """Return the text of a file."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file}: {error}") from error


def text_of(file: Path) -> str:
    """Return the prices of a file: those of a ConfigMap's YAML, else all that it holds."""
    text = read(file)
    if file.suffix not in (".yaml", ".yml") and not text.startswith("apiVersion:"):
        return text
    try:
        found = [one for one in yaml.safe_load_all(text) if isinstance(one, dict) and one.get("kind") == "ConfigMap"]
        return str(found[0]["data"][PRICES_KEY])
    except (yaml.YAMLError, IndexError, KeyError, TypeError) as error:
        raise typer.BadParameter(f"{file} holds no ConfigMap with the key {PRICES_KEY}") from error


def given(text: str, option: str, reader: Any) -> Any:  # noqa: ANN401  whatever the option means
    """Return what an option means."""
    try:
        return reader(text)
    except ValueError as error:
        raise typer.BadParameter(f"{error} (got {text!r})", param_hint=option) from error


def pair(text: str) -> tuple[str, str]:
    """Return a zone's id and name."""
    known, found, name = text.partition("=")
    if not (known and found and name):
        raise typer.BadParameter("write it as in use1-az4=us-east-1a", param_hint="--zone")
    return known, name


def printed(rows: list[Row], output: Form) -> str:
    """Return rows as a price book; what cannot be one is said."""
    text = write(rows)
    try:
        parse(text, "")
    except PriceBookError as error:
        if len(text.encode()) > LARGEST:
            complaints.print(f"error: {len(text.encode())} bytes do not fit into a ConfigMap: name regions by --region")
        else:
            complaints.print("error: " + "; ".join(error.problems[:SHOWN]), markup=False)
        raise typer.Exit(1) from error
    return text if output is Form.CSV else configmap(text)


def configmap(text: str) -> str:
    """Return the YAML of a ConfigMap that holds a price book, line by line as it is."""
    head = f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {PRICE_BOOK}\ndata:\n  {PRICES_KEY}: |\n"
    return head + "".join(f"    {line}\n" for line in text.splitlines())


def summary(book: Book) -> str:
    """Return in words what is in a price book."""
    named = {(row.instance, row.gpu) for row in book.rows}
    things = f"{counted(len(book.rows), 'price')} of {counted(len(named), 'kind')} of machine or GPU"
    money = ", ".join(sorted({row.currency for row in book.rows}))
    begun = [row.since for row in book.rows if row.since != ALWAYS]
    newest = f"; the newest from {max(begun).astimezone(UTC):%Y-%m-%d} on" if begun else ""
    return f"ok: {things} in {money}{newest}"


def notes(book: Book, now: datetime) -> Iterator[str]:
    """Yield what is allowed in a price book and yet hardly meant."""
    free = [str(row.line) for row in book.rows if not row.price]
    if free:
        many = "lines" if len(free) > 1 else "line"
        yield f"{many} {', '.join(free[:SHOWN])}{', ...' if len(free) > SHOWN else ''}: the price is 0"
    if book.instants and book.instants[0] > now:
        yield f"no price counts before {dated(book.instants[0])}, when the first of them begins"
