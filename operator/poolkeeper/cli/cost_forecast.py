"""`poolkeeper cost forecast`: what a month would cost at multiples of the load, with this spec."""

from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from poolkeeper.cli import question
from poolkeeper.cli.connection import Context, Kubeconfig, Namespace, OperatorNamespace, ask, print_json
from poolkeeper.cli.cost_forecast_json import as_json
from poolkeeper.cli.cost_forecast_pool import Given, Ground, Subject, ground_of_cluster, ground_of_file, subject
from poolkeeper.cli.cost_forecast_text import Shown, show
from poolkeeper.cli.load_history import telling
from poolkeeper.cli.load_options import (
    At,
    Days,
    Load,
    Origin,
    PerReplica,
    Prometheus,
    PrometheusFile,
    Query,
    Sla,
    Start,
    Startup,
    Trace,
    reader,
)
from poolkeeper.cli.prices_shown import Shelf
from poolkeeper.shell.settings import PRICE_BOOK
from poolkeeper.simulate import multiples
from poolkeeper.simulate.multiples import WhatIf

MOST = 20
"""So many multiples are lived at most."""


class Form(StrEnum):
    """How the answer is printed."""

    TABLE = "table"
    JSON = "json"


def forecast(
    name: Annotated[str | None, typer.Argument(help="The pool in the cluster, `chat` or `ipool/chat`.")] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="The pool in a YAML file instead.")] = None,
    load: Annotated[str, typer.Option(metavar="X,...", help="The multiples of the load.")] = "1,3,5,10",
    prometheus: Prometheus = None,
    prometheus_file: PrometheusFile = None,
    query: Query = None,
    days: Days = 28,
    at: At = None,
    trace: Trace = None,
    start: Start = None,
    per_replica: PerReplica = None,
    max_replicas: Annotated[
        int | None, typer.Option("--max", min=1, max=1000, help="Another maxReplicas for the what-if.")
    ] = None,
    startup: Startup = None,
    sla: Sla = None,
    gpus: Annotated[
        str | None, typer.Option(metavar="N", help="The GPUs of a replica; else as the pool says, or as it rents now.")
    ] = None,
    node_labels: Annotated[
        str, typer.Option(metavar="KEY=VALUE,...", help="With -f: the labels of the nodes that it would run on.")
    ] = "",
    node_gpus: Annotated[str, typer.Option(help="With --node-labels: how many GPUs such a node has.")] = "1",
    book: Annotated[
        Path | None, typer.Option("--book", help="A price book in a file instead of the cluster's.")
    ] = None,
    price_book: Annotated[str, typer.Option(help="As given to `poolkeeper run`.")] = PRICE_BOOK,
    operator: OperatorNamespace = None,
    namespace: Namespace = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    output: Annotated[Form, typer.Option("--output", "-o", help="table or json.")] = Form.TABLE,
) -> None:
    r"""Say what a month would cost at multiples of the load, with this spec.

    Up to four weeks of past load, times each multiple, are lived by the operator's own rules in a simple world, and
    priced as the operator prices them now, commitments included. Where maxReplicas hold the pool, a second row says how
    many it would need and what that costs. A month has 30.44 days; the calendar month is beside it. Leaves with 2 where
    the history cannot be read, or is less than four days long.

        [bold]poolkeeper cost forecast -f chat.yaml --load 1,3,5,10 --per-replica 10 \
          --prometheus http://127.0.0.1:9090 --query 'sum(rate(vllm:request_success_total[5m]))'[/bold]
    """
    if (name is None) is (file is None):
        raise typer.BadParameter("give either a pool's name or -f FILE")
    given = Given(max_replicas, number_of_gpus(gpus), node_labels, node_gpus)
    loads = question.option("--load", load, factors) or ()
    read = reader(Origin(prometheus, prometheus_file, query, days, at, trace, start))
    judged = question.Given(
        per_replica=question.option("--per-replica", per_replica, question.number),
        max_replicas=None,
        startup=question.option("--startup", startup, question.duration),
        sla=question.option("--sla", sla, question.duration),
        timezone=None,
        price=None,
    )
    ground = find(name, file, Shelf(book, operator, price_book), (namespace, kubeconfig, context), given)
    found = subject(ground, given)
    shown = answer(ground, found, judged, loads, read)
    if output is Form.JSON:
        print_json(as_json(shown))
    else:
        show(shown, counted="requests" if trace else "of load")


def find(
    name: str | None,
    file: Path | None,
    shelf: Shelf,
    access: tuple[str | None, Path | None, str | None],
    given: Given,
) -> Ground:
    """Return the pool of a file, else that of the cluster."""
    if file is not None:
        return ground_of_file(file, shelf.file, given)
    namespace, kubeconfig, context = access
    pool = str(name).rpartition("/")[2]
    return ask((kubeconfig, context), lambda kube: ground_of_cluster(kube, namespace, pool, shelf))


def answer(ground: Ground, found: Subject, judged: question.Given, loads: tuple[float, ...], read: Load) -> Shown:
    """Return what each multiple comes to; say what is wrong with the history and leave with 2."""
    with telling() as told:
        series = read(told)
        asked = WhatIf(question.asked(ground.today, judged, series), found.spec, loads, found.pricing)
        made = multiples.multiples(series, asked, told)
    return Shown(found.body, asked, made, (*found.notes, *question.startup_told(ground.today, judged)))


def factors(text: str) -> tuple[float, ...]:
    """Return the multiples of a load; ValueError where they are none."""
    found = tuple(question.number(one.strip()) for one in text.split(","))
    if len(found) > MOST:
        raise ValueError(f"{len(found)} multiples are too many; {MOST} are the most")
    return found


def number_of_gpus(text: str | None) -> Decimal | None:
    """Return how many GPUs are meant, None where it was not given."""
    found = question.option("--gpus", text, question.number)
    return None if found is None else Decimal(str(text))
