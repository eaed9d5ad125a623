"""`poolkeeper recommend`: the windows, thresholds and bounds that would have been cheapest inside the SLA."""

from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from poolkeeper.api.units import format_duration
from poolkeeper.cli import recommended_text
from poolkeeper.cli.connection import Context, Kubeconfig, Namespace, ask, console, print_json
from poolkeeper.cli.load_history import telling
from poolkeeper.cli.load_options import (
    At,
    Days,
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
from poolkeeper.cli.question import (
    Given,
    Today,
    asked,
    duration,
    money,
    number,
    option,
    pool_of_cluster,
    pool_of_file,
    startup_told,
    zone_name,
)
from poolkeeper.cli.recommended_changes import changes, kept_told
from poolkeeper.cli.recommended_pool import manifest, written
from poolkeeper.simulate import recommend as engine
from poolkeeper.simulate.proposal import Question, Recommendation

Json = dict[str, Any]

AUTO = "auto"
"""A lead time that the operator measures."""
NO_SIZE = "how large is the pool today? Give its name, -f FILE or --max N, or --per-replica, what one replica carries"


class Form(StrEnum):
    """How a proposal is printed."""

    TEXT = "text"
    YAML = "yaml"
    JSON = "json"


def recommend(
    name: Annotated[str | None, typer.Argument(help="Today's pool in the cluster, `chat` or `ipool/chat`.")] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="Today's pool in a YAML file instead.")] = None,
    prometheus: Prometheus = None,
    prometheus_file: PrometheusFile = None,
    query: Query = None,
    days: Days = 30,
    at: At = None,
    trace: Trace = None,
    start: Start = None,
    sla: Sla = None,
    per_replica: PerReplica = None,
    max_replicas: Annotated[
        int | None, typer.Option("--max", min=1, max=1000, help="Without a pool: how many replicas run today, always.")
    ] = None,
    startup: Startup = None,
    timezone: Annotated[
        str | None, typer.Option(help="The windows' IANA zone; by default that of the pool's schedule, else UTC.")
    ] = None,
    price: Annotated[str | None, typer.Option(help="What a GPU costs an hour, as in 3.00.")] = None,
    gpus: Annotated[int, typer.Option(min=1, help="The GPUs of a replica.")] = 1,
    namespace: Namespace = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    output: Annotated[Form, typer.Option("--output", "-o", help="text, yaml (the pool alone) or json.")] = Form.TEXT,
) -> None:
    r"""Propose windows, thresholds and bounds from what the traffic of the last weeks was.

    Finds the week that the history repeats, tries windows on it with the operator's own rules, and shows the cheapest
    pool that stays inside the SLA beside today's: GPU-hours, cost and share inside, also on days that were held out.
    Then the pool as YAML. It says so where no schedule helps, and where nothing is to change. Leaves with 2 where the
    history cannot be read, or is less than four days long.

        [bold]poolkeeper recommend -f chat.yaml --prometheus http://127.0.0.1:9090 \
          --query 'sum(rate(vllm:request_success_total[5m]))'[/bold]
    """
    if name is not None and file is not None:
        raise typer.BadParameter("give a pool's name or -f FILE, not both")
    load = reader(Origin(prometheus, prometheus_file, query, days, at, trace, start))
    given = Given(
        per_replica=option("--per-replica", per_replica, number),
        max_replicas=max_replicas,
        startup=option("--startup", startup, duration),
        sla=option("--sla", sla, duration),
        timezone=option("--timezone", timezone, zone_name),
        price=option("--price", price, money),
        gpus=gpus,
    )
    if file is None and name is None and max_replicas is None and per_replica is None:
        raise typer.BadParameter(NO_SIZE)
    if max_replicas is not None and (file or name):
        raise typer.BadParameter("--max says how large the pool is where none is given: drop it, or change the pool")
    if file is not None:
        today = pool_of_file(file)
    elif name is not None:
        pool = name.rpartition("/")[2]
        today = ask((kubeconfig, context), lambda kube: pool_of_cluster(kube, namespace, pool))
    else:
        today = Today()
    with telling() as told:
        series = load(told)
        question = asked(today, given, series)
        found = engine.recommend(series, question, told)
    found = replace(found, notes=(*found.notes, *kept_told(today, found), *startup_told(today, given)))
    lead = AUTO if given.startup is None else format_duration(found.lead)
    tell(output, question, found, today, manifest(today.body, question, found, lead))


def tell(output: Form, question: Question, found: Recommendation, today: Today, body: Json) -> None:
    """Print a proposal, and the pool that it comes to."""
    if output is Form.JSON:
        proposal = msgspec.to_builtins(found, builtin_types=(timedelta,)) | {"lead": format_duration(found.lead)}
        print_json(proposal | {"changes": [list(one) for one in changes(today.body, body)], "pool": body})
    elif output is Form.YAML:
        print(written(body, (found.because, *found.notes)), end="")
    else:
        if today.body is None:
            size = question.spec.max_replicas
            console.print(f"Today's pool was not given: {size} replicas around the clock stand in for it.\n")
        recommended_text.show(console, question, found)
        recommended_text.differences(console, changes(today.body, body) if today.body else None)
        console.print("\n[bold]The pool with this[/bold]")
        console.print(written(body), markup=False)
