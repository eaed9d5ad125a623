"""`poolkeeper report`: what pools cost in a week or a month, as a page to look at or a text to mail."""

import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from poolkeeper.api import ledger
from poolkeeper.api.allocation import newest
from poolkeeper.api.ledger import Entry
from poolkeeper.api.names import ACCEPTED_SUFFIX, API_VERSION, KIND, PLURAL, PRICES_KEY
from poolkeeper.api.periods import Period, month_before, week_before
from poolkeeper.api.price_book import PriceBookError, parse
from poolkeeper.api.price_fields import ALWAYS
from poolkeeper.api.report import report as made_of
from poolkeeper.api.report import standing
from poolkeeper.api.reported import Aside, Report, Standing
from poolkeeper.cli import cost_overheads
from poolkeeper.cli import report_delivery as delivery
from poolkeeper.cli.connection import Context, Kubeconfig, OperatorNamespace, ask, operator_namespace
from poolkeeper.cli.cost_ledger import documents, files, from_files, read
from poolkeeper.cli.cost_summary import FromFile, check
from poolkeeper.cli.report_html import html
from poolkeeper.cli.report_markdown import markdown
from poolkeeper.core.zones import zone
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import KubeError
from poolkeeper.shell.settings import PRICE_BOOK

Json = dict[str, Any]


class Form(StrEnum):
    """How a report is written."""

    HTML = "html"
    MARKDOWN = "markdown"


@dataclass(frozen=True, slots=True)
class Source:
    """The ledger's days, when they were read, and what else was found."""

    entries: list[Entry]
    now: datetime
    aside: Aside


def report(
    week: Annotated[bool, typer.Option("--week", help="The last whole week, Monday to Sunday.")] = False,
    month: Annotated[bool, typer.Option("--month", help="The last whole calendar month.")] = False,
    at: Annotated[
        str | None, typer.Option(metavar="DAY", help="The last that is over on this day, as in 2026-11-02; else today.")
    ] = None,
    by: Annotated[
        str, typer.Option(metavar="KIND", help="team, model, feature, pool, namespace or label:KEY.")
    ] = "team",
    output: Annotated[
        Form | None, typer.Option("--output", "-o", help="html or markdown; by default html, on a terminal markdown.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Write it here; into a folder, named after its period.")
    ] = None,
    webhook_file: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Post it to the address in this file: markdown as JSON, html as it is."),
    ] = None,
    costs: Annotated[
        Path | None, typer.Option(metavar="PATH", help="As given to `poolkeeper run`: its overheads are shown, too.")
    ] = None,
    file: FromFile = None,
    operator: OperatorNamespace = None,
    price_book: Annotated[str, typer.Option(help="As given to `poolkeeper run`.")] = PRICE_BOOK,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
) -> None:
    """Report what pools cost in a week or a month, from the operator's ledger: the trend, and where it is going.

    Spend by group, tier and pool against the period before, the next 90 days with their interval and how far off such
    forecasts were, savings by cause beside the SLO, unusual days with what drove them, idle time, and how old prices
    are. The HTML page holds its plots, and fetches nothing. What may not be read (the pools, the price book) is left
    out, and said. Leaves with 2 where the ledger cannot be read, 1 where the webhook did not take the report.

        [bold]poolkeeper report --week --out report.html[/bold]
    """
    if week is month:
        raise typer.BadParameter("give either --week or --month")
    check(by)
    beside = cost_overheads.read(costs)
    found = (
        from_disk(file) if file else ask((kubeconfig, context), lambda kube: from_cluster(kube, operator, price_book))
    )
    periods = both(until(at, today(found), saved=file is not None), month=month)
    about = made_of(found.entries, periods, by, found.now, replace(found.aside, overheads=tuple(beside)))
    read_here = out is None and webhook_file is None and sys.stdout.isatty()
    form = output or (Form.MARKDOWN if read_here else Form.HTML)
    text = html(about) if form is Form.HTML else markdown(about)
    url = delivery.address(webhook_file) if webhook_file else None
    if out is not None:
        print(delivery.write(text, out, file_name(about, form)))
    if url is not None:
        delivery.post(url, *letter(text, form))
    if out is None and url is None:
        print(text, end="")


def both(on: date, *, month: bool) -> tuple[Period, Period]:
    """Return the period that is reported on, and the one before it."""
    before = month_before if month else week_before
    period = before(on)
    return period, before(period.first)


def until(at: str | None, now: date, *, saved: bool) -> date:
    """Return the day on which the period is over; a ledger that was `saved` says itself how far it goes."""
    wanted = day(at) if at else now
    if wanted > now and not saved:
        raise typer.BadParameter(
            f"{wanted} is after today, {now}: what is not over cannot be reported", param_hint="--at"
        )
    return wanted


def day(text: str) -> date:
    """Return the day that is meant."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no day; write it as in 2026-11-02", param_hint="--at") from error


def today(found: Source) -> date:
    """Return the day it is where it is earliest: a day is over once it is so in the zones of all pools."""
    zones = {entry.timezone for entry in found.entries} or {"UTC"}
    return min(found.now.astimezone(zone(name)).date() for name in zones)


def file_name(about: Report, form: Form) -> str:
    """Return what a report is called in a folder of them."""
    suffix = "html" if form is Form.HTML else "md"
    return f"poolkeeper-{about.period.first}-{about.period.last}.{suffix}"


def letter(text: str, form: Form) -> tuple[bytes, str]:
    """Return what is posted, and its type: chats take text in JSON."""
    if form is Form.HTML:
        return text.encode(), "text/html; charset=utf-8"
    return json.dumps({"text": text}).encode(), "application/json"


def from_disk(place: Path) -> Source:
    """Return what was saved says: the ledger's ConfigMaps, and the pools and the price book where they are there."""
    known = from_files(place)
    found = [one for file in files(place) for one in documents(file)]
    pools = [one for one in found if one.get("kind") == KIND]
    books = [one.get("data") or {} for one in found if PRICES_KEY in (one.get("data") or {})]
    told = dict(map(standing, pools)) if pools else None
    return Source(list(known.entries), known.now, Aside(told, newest_price(books, known.now)))


async def from_cluster(kube: KubeClient, operator: str | None, price_book: str) -> Source:
    """Return what the cluster's ledger says; pools and prices are asked for, and may be refused."""
    home = await operator_namespace(kube, operator)
    path = f"/api/v1/namespaces/{home}/configmaps"
    entries = read(await kube.list(path, item=dict, params={"labelSelector": ledger.SELECTOR}))
    aside = Aside(await standings(kube), await priced_since(kube, path, price_book))
    return Source(newest(entries), kube.clock.now(), aside)


async def standings(kube: KubeClient) -> dict[str, Standing] | None:
    """Return what the pools' status says, None where they may not be read."""
    try:
        return dict(map(standing, await kube.list(f"/apis/{API_VERSION}/{PLURAL}", item=dict)))
    except KubeError:
        return None


async def priced_since(kube: KubeClient, path: str, price_book: str) -> datetime | None:
    """Return since when the newest price of the book in force holds, None where nobody knows."""
    books: list[Json] = []
    for name in (price_book, price_book + ACCEPTED_SUFFIX):
        with suppress(KubeError):
            books.append((await kube.get(f"{path}/{name}", into=dict)).get("data") or {})
    return newest_price(books, kube.clock.now())


def newest_price(books: Sequence[Json], now: datetime) -> datetime | None:
    """Return since when the newest price of the first good book holds; None: there is none, or none has a date."""
    for one in books:
        with suppress(PriceBookError, KeyError):
            since = parse(one[PRICES_KEY], PRICE_BOOK).instants
            return max((instant for instant in since if ALWAYS < instant <= now), default=None)
    return None
