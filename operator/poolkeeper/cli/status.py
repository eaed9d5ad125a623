"""`poolkeeper status`: all pools at a glance, with their live queues."""

import asyncio
from threading import Event
from typing import Annotated, Any

import typer
from rich.live import Live
from rich.table import Table

from poolkeeper.api.names import API_VERSION, PLURAL
from poolkeeper.cli.connection import (
    As,
    Context,
    Kubeconfig,
    Namespace,
    OperatorUrl,
    Output,
    ask,
    complaints,
    console,
    live,
    print_json,
)
from poolkeeper.shell.kube import KubeClient

Json = dict[str, Any]

EVERY = 1.0


def status(
    namespace: Namespace = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Look again every second until Ctrl-C.")] = False,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    operator: OperatorUrl = None,
    output: As = Output.TEXT,
) -> None:
    """Show all pools: live queue, desired and ready replicas, and why.

    The queue comes from the operator's own page, because the resource's status is not written for its sake. Where
    the page cannot be reached the column stays empty.

        [bold]poolkeeper status --watch[/bold]
    """

    def look() -> list[Json]:
        return ask((kubeconfig, context), lambda kube: gather(kube, namespace, operator))

    if output is Output.JSON:
        print_json({"items": look()})
    elif watch:
        follow(look)
    else:
        console.print(table(look()))


def follow(look: Any) -> None:  # noqa: ANN401  a function without arguments
    """Show the table again and again."""
    try:
        with Live(table(look()), console=console, auto_refresh=False) as shown:
            while True:
                Event().wait(EVERY)  # the pace at which a person looks
                shown.update(table(look()), refresh=True)
    except KeyboardInterrupt:
        return


async def gather(kube: KubeClient, namespace: str | None, operator: str | None) -> list[Json]:
    """Return each pool's row."""
    inside = f"/namespaces/{namespace}" if namespace else ""
    listed, page = await asyncio.gather(
        kube.list(f"/apis/{API_VERSION}{inside}/{PLURAL}", item=dict), live(kube, operator, "/pools")
    )
    if page is None:
        complaints.print("no operator answers: this is what the status held (try --operator URL)")
    decisions = {(one["namespace"], one["name"]): one.get("decision") for one in (page or {}).get("items", ())}
    return [row(pool, decisions.get((pool["metadata"]["namespace"], pool["metadata"]["name"]))) for pool in listed]


def row(pool: Json, decision: Json | None) -> Json:
    """Return what is shown of one pool: live where that is known, else what its status holds."""
    said = pool.get("status") or {}
    ahead = (decision or {}).get("next") or []
    return {
        "namespace": pool["metadata"]["namespace"],
        "name": pool["metadata"]["name"],
        "mode": pool["spec"]["mode"],
        "queue": decision["queue"] if decision else None,
        "desired": decision["size"] if decision else said.get("desiredReplicas"),
        "ready": decision["ready"] if decision else said.get("readyReplicas"),
        "min": pool["spec"]["minReplicas"],
        "max": pool["spec"]["maxReplicas"],
        "slo": said.get("slo"),
        "reason": decision["reason"] if decision else said.get("reason"),
        "next": ahead[0] if ahead else None,
    }


def table(rows: list[Json]) -> Table:
    """Return the pools as a table that fits 80 columns."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading, justify in (
        ("POOL", "left"),
        ("MODE", "left"),
        ("QUEUE", "right"),
        ("DESIRED", "right"),
        ("READY", "right"),
        ("MIN-MAX", "right"),
        ("SLO", "right"),
        ("REASON", "left"),
    ):
        made.add_column(heading, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for one in rows:
        queue = "" if one["queue"] is None else f"{one['queue']:g}"
        bounds = f"{one['min']}-{one['max']}"
        cells = (one["mode"], queue, one["desired"], one["ready"], bounds, one["slo"], one["reason"])
        made.add_row(f"{one['namespace']}/{one['name']}", *("" if cell is None else str(cell) for cell in cells))
    return made
