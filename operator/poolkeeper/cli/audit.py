"""`poolkeeper audit`: who has the cluster's GPUs, what use they are, what they cost, and what a pool would save."""

from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from poolkeeper.api.units import parse_duration
from poolkeeper.cli import audit_pool
from poolkeeper.cli.audit_finding import Audit
from poolkeeper.cli.audit_json import as_json
from poolkeeper.cli.audit_look import Look, judge, look
from poolkeeper.cli.audit_prices import Given, listed, of_file, rates
from poolkeeper.cli.audit_tables import as_csv, as_html, as_markdown
from poolkeeper.cli.audit_text import show
from poolkeeper.cli.connection import Context, Kubeconfig, ask, complaints, console, print_json
from poolkeeper.cli.load_history import server, telling
from poolkeeper.cli.load_options import At, Prometheus, PrometheusFile
from poolkeeper.cli.question import blaming, option
from poolkeeper.cli.schedule import instant_of


class Form(StrEnum):
    """How an audit is printed."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    HTML = "html"
    MARKDOWN = "markdown"


def audit(
    namespace: Annotated[
        str | None, typer.Option("--namespace", "-n", help="Look at this namespace alone; by default at all of them.")
    ] = None,
    prometheus: Prometheus = None,
    prometheus_file: PrometheusFile = None,
    days: Annotated[int, typer.Option(min=1, max=90, help="How many days of history to read.")] = 14,
    at: At = None,
    look_for: Annotated[
        str, typer.Option("--look", metavar="DURATION", help="Without a server: how long to look at pods; 0s: not.")
    ] = "10s",
    price: Annotated[
        list[str] | None,
        typer.Option(help="A GPU's price an hour, as in 3.00, H100=3.00 or H100:spot=0.90; repeatable."),
    ] = None,
    price_book: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A price book; by default the operator's, if there is one.")
    ] = None,
    currency: Annotated[str, typer.Option(help="What the prices are in.")] = "USD",
    top: Annotated[int, typer.Option(min=1, help="How many workloads to show as text.")] = 20,
    write: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the proposed pools into this folder, a file each.")
    ] = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    output: Annotated[Form, typer.Option("--output", "-o", help="text, json, csv, html or markdown.")] = Form.TEXT,
) -> None:
    r"""Show who has the cluster's GPUs, how busy they are, what they cost, and what a pool would save.

    Reads, and changes nothing; Poolkeeper need not be installed. It needs `get` and `list` and takes what it may have:
    what may not be read is said and left out. Idle and forgotten workloads come first. How busy they are is read from
    --prometheus, else from two looks at the pods' own metrics through the API server; what nobody tells is unknown,
    never 0. A proposed pool begins in mode Observe. Leaves with 2 where the cluster cannot be read.

        [bold]poolkeeper audit --prometheus http://127.0.0.1:9090 --price H100=3.00 --write pools/[/bold]
    """
    with blaming("--price"):
        given = Given(rates(price or []), of_file(price_book), listed(), currency)
    with blaming("--prometheus"):
        asked = server(prometheus, prometheus_file) if prometheus else None
    with blaming("--look"):
        span = parse_duration(look_for) if asked is None else timedelta(0)
    end = option("--at", at, instant_of)
    with telling() as told:
        seen: Look = ask((kubeconfig, context), lambda kube: look(kube, namespace, span, told))
        about = judge(replace(seen, end=end or seen.survey.at), asked, days, given, told)
    places = audit_pool.write_all(about.findings, write, currency) if write else {}
    tell(about, output, top, places)
    if write:
        for words in audit_pool.outcome(about.findings, write, places.values()):
            complaints.print(words, markup=False)


def tell(about: Audit, output: Form, top: int, places: dict[str, Path]) -> None:
    """Print an audit, and where its pools are."""
    if output is Form.JSON:
        found = as_json(about)
        for one, told in zip(about.findings, found["workloads"], strict=True):
            told["pool"] = audit_pool.pool(one)
        print_json(found)
    elif output is Form.TEXT:
        pools = {
            one.holding.top.uid: audit_pool.shown(body) for one in about.findings if (body := audit_pool.pool(one))
        }
        where = {name: f", in {places[name]}" for name in places}
        show(console, about, top, {name: words + where.get(name, "") for name, words in pools.items()})
    else:
        forms = {Form.CSV: as_csv, Form.HTML: as_html, Form.MARKDOWN: as_markdown}
        print(forms[output](about), end="")
