"""`poolkeeper init`: a good first pool for a workload, with the reason beside each line."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from poolkeeper.api.holdings import Holding
from poolkeeper.api.survey import Reference
from poolkeeper.api.target import KINDS, WorkloadKind
from poolkeeper.api.units import format_duration
from poolkeeper.cli.connection import Context, Kubeconfig, Namespace, ask, complaints
from poolkeeper.cli.load_history import telling
from poolkeeper.cli.load_options import At, Days, Origin, Prometheus, PrometheusFile, Query, Startup, reader
from poolkeeper.cli.question import SLA, Given, Today, asked, duration, money, option, zone_name
from poolkeeper.cli.saved import Force, save
from poolkeeper.cli.starting import bounds, lines, look, manifest
from poolkeeper.cli.starting.facts import Asked, Facts
from poolkeeper.cli.starting.remarks import remarks
from poolkeeper.cli.starting.replaced import replacing
from poolkeeper.shell import past
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.queues.engines import BY_NAME
from poolkeeper.simulate import recommend as engine

SHORT = {"deploy": "deployment", "sts": "statefulset", "lws": "leaderworkerset"}
RATE = timedelta(minutes=5)


def init(
    workload: Annotated[
        str | None, typer.Argument(metavar="[KIND/]NAME", help="The workload, as chat or statefulset/chat.")
    ] = None,
    namespace: Namespace = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    prometheus: Prometheus = None,
    prometheus_file: PrometheusFile = None,
    query: Query = None,
    days: Days = 30,
    at: At = None,
    startup: Startup = None,
    timezone: Annotated[str | None, typer.Option(help="The IANA zone of windows that history shows; else UTC.")] = None,
    slo: Annotated[str | None, typer.Option(help="How long a request may wait, as in 2s, which is usual.")] = None,
    budget: Annotated[str | None, typer.Option(help="What a month may cost, as in 15000: alerts tell of it.")] = None,
    price: Annotated[
        str | None, typer.Option(help="What a GPU costs an hour, as in 3.00; else the price book.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A file for the YAML; by default it is printed.")
    ] = None,
    force: Force = False,
) -> None:
    r"""Write a good first pool for a workload, with the reason beside each line.

    Looks at the workload (GPUs, engine, port, probes), at who else scales it, at the nodes, and with --prometheus at
    its history: bounds, thresholds and windows are then what `recommend` finds. What is assumed, it says. Where an
    autoscaler is there already the pool is in mode Observe. On a terminal it asks what is not said; elsewhere the
    workload must be named unless there is only one with GPUs. Writes nothing to the cluster.

        [bold]poolkeeper init chat -n inference -o chat.yaml[/bold]
    """
    wish = wished(slo, budget, price)
    option("--timezone", timezone, zone_name)
    access = (kubeconfig, context)
    if prometheus is None and (query or prometheus_file):
        raise typer.BadParameter("give --prometheus URL: who has the history")
    place, kind, name = ask(access, lambda kube: chosen(kube, namespace, workload))
    if workload is None and sys.stdin.isatty():
        wish = wished(*prompted(slo, budget), price)
    facts = ask(access, lambda kube: look.look(kube, place, kind, name))
    if prometheus is None:
        found = bounds.without_history(facts)
    else:
        origin = Origin(prometheus, prometheus_file, query or load_of(facts), days, at, None, None)
        given = Given(None, bounds.largest_today(facts), option("--startup", startup, duration), SLA, timezone, None)
        found = historic(facts, origin, given)
    text = lines.written(manifest.pool(facts, found, wish))
    save(text, out, force)
    for remark in (*replacing(facts, text), *remarks(facts, wish, str(out) if out else "FILE")):
        complaints.print(f"- {remark}", markup=False)


def wished(slo: str | None, budget: str | None, price: str | None) -> Asked:
    """Return what the user wants; leave with the option's name where it means nothing."""
    return Asked(
        format_duration(option("--slo", slo, duration) or SLA),
        f"{option('--budget', budget, money):f}" if budget else None,
        f"{option('--price', price, money):f}" if price else None,
    )


def prompted(slo: str | None, budget: str | None) -> tuple[str, str]:
    """Return what somebody at a terminal wants, where the options do not say."""
    waits = slo or typer.prompt("How long may a request wait", default=format_duration(SLA), err=True)
    costs = budget or typer.prompt(
        "What may a month cost (nothing: no budget)", default="", show_default=False, err=True
    )
    return waits, costs


async def chosen(kube: KubeClient, namespace: str | None, workload: str | None) -> tuple[str, WorkloadKind, str]:
    """Return the workload that is meant: its namespace, its kind and its name."""
    place = namespace or kube.access.namespace
    if workload is not None:
        return place, *parsed(workload)
    found = await look.candidates(kube, place)
    names = [f"{kind.lower()}/{name}" for kind, name in found]
    if not names:
        raise typer.BadParameter(f"no workload in {place} asks for GPUs: name the one that is meant, and -n NAMESPACE")
    if len(names) == 1:
        return place, *parsed(names[0])
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"which workload? In {place} these ask for GPUs: {', '.join(names)}")
    for number, one in enumerate(names, 1):
        complaints.print(f"{number}. {one}", markup=False)
    answer: int = typer.prompt("Which one", type=int, default=1, err=True)
    if not 0 < answer <= len(names):
        raise typer.BadParameter(f"{answer} is none of 1 to {len(names)}")
    return place, *parsed(names[answer - 1])


def parsed(workload: str) -> tuple[WorkloadKind, str]:
    """Return the kind and the name in text like `statefulset/chat`; without a kind, a Deployment."""
    kind, _, name = workload.rpartition("/")
    known = {one.name.lower(): one for one in KINDS.values()}
    meant = SHORT.get(kind.lower(), kind.lower()) or "deployment"
    if meant not in known:
        raise typer.BadParameter(f"{workload!r}: {kind} cannot be a pool's target; these can: {', '.join(known)}")
    return known[meant], name


def load_of(facts: Facts) -> str:
    """Return the query for a workload's load: the requests that its engines served in a second."""
    done = BY_NAME[facts.page.engine].done if facts.page.engine else ""
    if not done:
        raise typer.BadParameter("--prometheus needs --query here: this engine counts no requests that it has served")
    workload = Holding(facts.namespace, Reference(facts.kind, facts.name, ""))
    return f"sum(rate({done}{{{past.matchers(workload)}}}[{format_duration(RATE)}]))"


def historic(facts: Facts, origin: Origin, given: Given) -> bounds.Bounds:
    """Return the bounds by the load that there was."""
    load = reader(origin)
    with telling() as told:
        series = load(told)
        question = asked(Today(), given, series)
        found = engine.recommend(series, question, told)
    for note in found.notes:
        complaints.print(f"- {note}", markup=False)
    return bounds.by_history(facts, found, origin.days, question.timezone)
