"""The price book as administrators write it: CSV text, read as a whole or refused with what is wrong with it.

    provider,region,zone,instance_type,gpu,capacity_type,price,currency,effective_from,source
    aws,us-east-1,*,p5.48xlarge,,on-demand,55.04,USD,2026-10-01,list price
    # a GPU of a kind, wherever it is
    *,*,*,,NVIDIA-L4,spot,0.28,USD,,contract 4711

Each line stands for itself: a quoted field may hold commas, but no line break. So every problem has its line.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from io import StringIO

from poolkeeper.api.price_fields import READERS, dated, gpu, instance, price, printable, provider, since, spot
from poolkeeper.api.refused import RefusedError
from poolkeeper.core.prices import ANY, Book, Row

COLUMNS = (
    "provider",
    "region",
    "zone",
    "instance_type",
    "gpu",
    "capacity_type",
    "price",
    "currency",
    "effective_from",
    "source",
)
LARGEST = 2**20
"""How many bytes a book may have: a ConfigMap's limit."""
MOST = 100
"""With so many problems, a book is not read any further."""
Line = tuple[int, str]
Problem = tuple[int, str]
Key = tuple[str, str, str, str, str, bool, datetime]


class PriceBookError(RefusedError):
    """The book cannot be taken as it is; `problems` are what is wrong with it, each with its line."""


def parse(text: str, name: str) -> Book:
    """Return the book that a CSV text holds. `name`: where it stands, for messages.

    Raises:
        PriceBookError: with what is wrong, line by line; nothing of such a book counts.
    """
    size = len(text.encode(errors="replace"))
    if size > LARGEST:
        raise PriceBookError([f"line 1: the book has {size} bytes; at most {LARGEST} fit into a ConfigMap"])
    (number, header), *lines = [*written(text)] or [(1, "")]
    columns = header_of(header, number)
    if not lines:
        raise PriceBookError([f"line {number}: no price follows the header; write one row at least"])
    return Book(tuple(rows_of(lines, columns)), name)


def rows_of(lines: Sequence[Line], columns: tuple[str, ...]) -> list[Row]:
    """Return the rows of all lines.

    Raises:
        PriceBookError: some are wrong; once there are `MOST` problems, no more lines are looked at.
    """
    rows: list[Row] = []
    problems: list[Problem] = []
    first: dict[Key, int] = {}
    looked = 0
    while looked < len(lines) and len(problems) < MOST:
        found = row_of(lines[looked], columns, problems)
        if found:
            rows.append(found)
            problems += again(found, first)
        looked += 1
    if problems:
        raise PriceBookError(told(problems, len(lines) - looked))
    return rows


def told(problems: Iterable[Problem], left: int) -> list[str]:
    """Return problems in words, by line, and how many lines nobody looked at."""
    words = [f"line {at}: {problem}" for at, problem in sorted(problems)]
    return [*words, f"{left} more lines were not looked at"] if left else words


def written(text: str) -> Iterator[Line]:
    """Yield the lines that are neither blank nor a comment, with their numbers."""
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line.removesuffix("\r")


def header_of(line: str, number: int) -> tuple[str, ...]:
    """Return the names of the columns, in the header's order.

    Raises:
        PriceBookError: one is missing, unknown, or there twice.
    """
    if not line or (";" in line and "," not in line):
        problem = "fields are separated by ;: save it with commas" if line else "the book is empty"
        raise PriceBookError([f"line {number}: {problem}; the header is {','.join(COLUMNS)}"])
    try:
        columns = tuple(name.lower() for name in cells_of(line))
    except csv.Error as error:
        raise PriceBookError([f"line {number}: {error}; the header is {','.join(COLUMNS)}"]) from error
    missing = [name for name in COLUMNS if name not in columns]
    words = [f"the column {name} is missing" for name in missing]
    words += [f"there is no column {name!r}" for name in dict.fromkeys(columns) if name not in COLUMNS]
    words += [f"the column {name} is there twice" for name in COLUMNS if columns.count(name) > 1]
    if words:
        raise PriceBookError([f"line {number}: {problem}; the header is {','.join(COLUMNS)}" for problem in words])
    return columns


def cells_of(line: str) -> list[str]:
    """Return the fields of a line.

    Raises:
        csv.Error: a quote is not closed, or something follows it.
    """
    return [cell.strip() for cell in next(csv.reader([line], strict=True))]


def row_of(line: Line, columns: tuple[str, ...], problems: list[Problem]) -> Row | None:
    """Return the row of a line; None, and what is wrong with it among the problems, where it is none."""
    number, text = line
    try:
        cells = cells_of(text)
    except csv.Error as error:
        problems.append((number, f"{error}; a quoted field ends on its line, and a quote in it is doubled"))
        return None
    if len(cells) != len(columns):
        problems.append((number, f"{len(cells)} fields, but the header has {len(columns)} columns"))
        return None
    said = dict(zip(columns, cells, strict=True))
    found = [(number, words) for words in wrong(said)]
    problems += found
    return None if found else row(said, number)


def wrong(said: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with the fields of a row."""
    for column, text in said.items():
        try:
            READERS.get(column, str)(printable(text))
        except ValueError as error:
            yield f"{column}: {error} (got {text!r})"
    named = [said[column] not in ("", ANY) for column in ("instance_type", "gpu")]
    if all(named) or not any(named):
        both = "both are" if all(named) else "neither is"
        yield f"instance_type, gpu: {both} given; a price is either of a machine or of one GPU"


def row(said: Mapping[str, str], number: int) -> Row:
    """Return the row that sound fields make."""
    return Row(
        price=price(said["price"]),
        currency=said["currency"],
        since=since(said["effective_from"]),
        provider=provider(said["provider"]),
        region=said["region"] or ANY,
        zone=said["zone"] or ANY,
        instance=instance(said["instance_type"]),
        gpu=gpu(said["gpu"]),
        spot=spot(said["capacity_type"]),
        source=said["source"],
        line=number,
    )


def key(row: Row) -> Key:
    """Return what two prices of one book must differ in; the currency is not enough."""
    return (row.provider, row.region, row.zone, row.instance, row.gpu, row.spot, row.since)


def again(row: Row, first: dict[Key, int]) -> Iterator[Problem]:
    """Yield that a row says again what one before it said; `first` is the line that said each thing first."""
    before = first.setdefault(key(row), row.line)
    if before != row.line:
        yield row.line, f"the same as line {before}: place, machine, capacity type and effective_from; keep one"


def write(rows: Iterable[Row]) -> str:
    """Return rows as the text of a book, with its header; `parse` reads it back."""
    made = StringIO()
    sheet = csv.writer(made, lineterminator="\n")
    sheet.writerow(COLUMNS)
    for one in rows:
        kind = "spot" if one.spot else "on-demand"
        place = (one.provider, one.region, one.zone, one.instance, one.gpu, kind)
        sheet.writerow((*place, f"{one.price:f}", one.currency, dated(one.since), one.source))
    return made.getvalue()
