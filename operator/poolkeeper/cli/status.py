"""`poolkeeper status`: all pools at a glance, with their live queues."""

import asyncio
from collections.abc import Iterator
from threading import Event
from typing import Annotated, Any

import typer
from rich.cells import cell_len
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
from poolkeeper.cli.money_text import spent
from poolkeeper.cli.refusal import held, refused
from poolkeeper.shell.kube import KubeClient

Json = dict[str, Any]

EVERY = 1.0
COLUMNS = (
    "POOL",
    "MODE",
    "QUEUE",
    "DESIRED",
    "READY",
    "SPOT",
    "MIN-MAX",
    "WINDOW",
    "HELD",
    "SLO",
    "$/H",
    "MONTH",
    "SAVES",
    "REASON",
)
WORDS = {"POOL", "MODE", "WINDOW", "HELD", "REASON"}
RARE = ("SPOT", "WINDOW", "HELD", "$/H", "MONTH", "SAVES")
"""Columns that are there where any pool has something in them."""
LEAST = ("MONTH", "SAVES", "WINDOW", "$/H", "MODE", "SLO", "SPOT", "HELD")
"""Which column goes first where the screen is narrow: `explain` and `poolkeeper cost` tell the same."""
SILENT = {"", "Active"}
"""What says nothing in a column: there is no news in it."""
GAP = 2


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
        rows = look()
        console.print(
            table(rows, console.width) if rows else f"no pools in {namespace or 'any namespace'}", markup=False
        )


def follow(look: Any) -> None:  # noqa: ANN401  a function without arguments
    """Show the table again and again."""
    try:
        with Live(table(look(), console.width), console=console, auto_refresh=False) as shown:
            while True:
                Event().wait(EVERY)  # the pace at which a person looks
                shown.update(table(look(), console.width), refresh=True)
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
    spec = held(pool["spec"], said)
    ahead = (decision or {}).get("next") or []
    bounds = (decision["schedule"] if decision else said.get("schedule")) or {}
    return {
        "namespace": pool["metadata"]["namespace"],
        "name": pool["metadata"]["name"],
        "mode": spec["mode"],
        "queue": decision["queue"] if decision else None,
        "desired": decision["size"] if decision else said.get("desiredReplicas"),
        "ready": decision["ready"] if decision else said.get("readyReplicas"),
        "spot": spot(spec, said, decision),
        "min": bounds.get("floor", spec["minReplicas"]),
        "max": bounds.get("cap", spec["maxReplicas"]),
        "window": bounds.get("window"),
        "slo": said.get("slo"),
        "cost": said.get("cost"),
        "observe": (decision.get("observe") if decision else None) or said.get("observe"),
        "pin": said.get("pin"),
        "override": said.get("override"),
        "peer": said.get("peer"),
        "reason": decision["reason"] if decision and not refused(said) else said.get("reason"),
        "next": ahead[0] if ahead else None,
    }


def spot(spec: Json, said: Json, decision: Json | None) -> Json | None:
    """Return how many replicas are asked of spot, how many of them are ready; None where there is no such tier."""
    tiers = (spec.get("capacity") or {}).get("tiers") or ()
    name = next((tier["name"] for tier in tiers if tier["type"] == "Spot"), None)
    if decision:
        known = {tier["tier"]: {"desired": tier["size"], "ready": tier["ready"]} for tier in decision["tiers"]}
    else:
        told = said.get("tiers") or ()
        known = {tier["name"]: {"desired": tier["replicas"], "ready": tier["ready"]} for tier in told}
    return known.get(name)


def table(rows: list[Json], width: int) -> Table:
    """Return the pools as a table of at most this width; spot, windows and money have columns where any pool has them.

    Where there is no room for all columns, those that matter least are left out, and below the table that is said.
    """
    told = [{heading: "" if it is None else str(it) for heading, it in cells(one).items()} for one in rows]
    columns = [heading for heading in COLUMNS if heading not in RARE or any(one[heading] for one in told)]
    kept = fitting(columns, told, width)
    left = ", ".join(heading for heading in columns if heading not in kept)
    below = f"no room for {left}: -o json has all" if left else None
    made = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), caption=below, caption_justify="left")
    for heading in kept:
        made.add_column(heading, justify="left" if heading in WORDS else "right", overflow="fold")
    for shown in told:
        made.add_row(*(shown[heading] for heading in kept))
    return made


def fitting(columns: list[str], told: list[dict[str, str]], width: int) -> list[str]:
    """Return the columns that there is room for: those that say nothing go first, then those that matter least."""
    kept = columns
    silent = [heading for heading in LEAST if all(one[heading] in SILENT for one in told)]
    for least in (*silent, *LEAST):
        if breadth(kept, told) > width:
            kept = [heading for heading in kept if heading != least]
    return kept


def breadth(columns: list[str], told: list[dict[str, str]]) -> int:
    """Return how wide a table of these columns is."""
    widths = [max(cell_len(text) for text in (heading, *(one[heading] for one in told))) for heading in columns]
    return sum(widths) + GAP * (len(widths) - 1)


def cells(one: Json) -> Json:
    """Return a pool's row by column."""
    cost = one["cost"] or {}
    return {
        "POOL": f"{one['namespace']}/{one['name']}",
        "MODE": one["mode"],
        "QUEUE": None if one["queue"] is None else f"{one['queue']:g}",
        "DESIRED": one["desired"],
        "READY": one["ready"],
        "SPOT": one["spot"] and f"{one['spot']['ready']}/{one['spot']['desired']}",
        "MIN-MAX": f"{one['min']}-{one['max']}",
        "WINDOW": one["window"],
        "HELD": "; ".join(holds(one)),
        "SLO": one["slo"],
        "$/H": cost.get("perHour"),
        "MONTH": spent(cost),
        "SAVES": saves(one["observe"]),
        "REASON": one["reason"],
    }


def holds(one: Json) -> Iterator[str]:
    """Yield what people and other pools ask of a pool beside its spec, and until when."""
    pin, override, peer = one["pin"], one["override"], one["peer"]
    if pin:
        yield f"pin {pin['replicas']} until {pin['until']}" if pin["counts"] else f"pin {pin['replicas']} is over"
    if override:
        yield f"{override['summary']} until {override['until']}" if "until" in override else override["summary"]
    if peer:
        yield str(peer["summary"])


def saves(told: Json | None) -> str | None:
    """Return what our sizes would save while the pool is in Observe."""
    if told is None or "until" in told or "percent" not in told["saving"]:
        return None
    return f"{told['saving']['percent']}%"
