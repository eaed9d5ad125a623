"""`poolkeeper explain`: why a pool has the size it has, stage by stage, and what would change it next."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from poolkeeper.api.names import API_VERSION, PLURAL, shown
from poolkeeper.api.units import format_duration, parse_instant
from poolkeeper.cli.connection import (
    As,
    Context,
    Kubeconfig,
    Namespace,
    OperatorUrl,
    Output,
    ask,
    console,
    live,
    print_json,
)
from poolkeeper.shell.kube import KubeClient

Json = dict[str, Any]

BAD = {"Conflict": "True", "ScalingLimited": "True", "SpecWarning": "True"}


def explain(
    name: Annotated[str, typer.Argument(help="The pool's name, `chat` or `ipool/chat`.")],
    namespace: Namespace = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    operator: OperatorUrl = None,
    output: As = Output.TEXT,
) -> None:
    """Say why a pool has the size it has.

    Shows each stage of the last decision with what it saw and what it changed, then what would change the size
    next and when. The stages stand in the order in which they are applied: the last one that moved the size, or
    held it, is the reason.

        [bold]poolkeeper explain chat -n inference[/bold]
    """
    name = name.rpartition("/")[2]
    found = ask((kubeconfig, context), lambda kube: gather(kube, namespace, name, operator))
    if output is Output.JSON:
        print_json(found)
    else:
        show(name, found)


async def gather(kube: KubeClient, namespace: str | None, name: str, operator: str | None) -> Json:
    """Return the pool's object, and its live decision where the operator can be reached.

    As with kubectl, the namespace is the context's where none is given.
    """
    namespace = namespace or kube.access.namespace
    pool: Json = await kube.get(f"/apis/{API_VERSION}/namespaces/{namespace}/{PLURAL}/{name}", into=dict)
    page = await live(kube, operator, f"/pools/{namespace}/{name}")
    return {
        "namespace": namespace,
        "name": name,
        "now": kube.clock.now().isoformat(),
        "spec": pool["spec"],
        "status": pool.get("status") or {},
        "decision": (page or {}).get("decision"),
    }


def show(name: str, found: Json) -> None:
    """Print an explanation for people."""
    decision, status, now = found["decision"], found["status"], parse_instant(found["now"])
    console.print(f"[bold]{shown(name)}[/bold] in {found['namespace']}, {found['spec']['mode']}")
    if decision is None:
        console.print("[yellow]The operator's live page cannot be reached (try --operator URL).[/yellow]")
        console.print(f"size    {status.get('desiredReplicas', 'unknown')}, {status.get('readyReplicas', '?')} ready")
        why = f"{status['reason']}: {status['message']}" if "reason" in status else "not looked at yet"
        console.print(f"why     {escape(why)}")
    else:
        queue = "unknown" if decision["queue"] is None else f"{decision['queue']:g} waiting"
        console.print(f"size    {decision['size']} replicas, {decision['ready']} ready; queue {queue}")
        console.print(f"why     [bold]{decision['reason']}[/bold]: {escape(decision['because'])}")
        if decision["trail"]:
            console.print(trail(decision))
        ahead(decision)
    troubles(status)
    changes(status, now)


def trail(decision: Json) -> Table:
    """Return the stages as a table."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("stage", "size", "reason", "what it saw"):
        table.add_column(heading, header_style="dim", overflow="fold")
    for stage in decision["trail"]:
        moved = stage["before"] != stage["after"]
        size = f"{stage['before']} -> {stage['after']}" if moved else str(stage["after"])
        style = "bold" if moved else ("" if stage["reason"] == decision["reason"] else "dim")
        table.add_row(stage["stage"], size, stage["reason"], escape(stage["figures"]), style=style)
    return table


def ahead(decision: Json) -> None:
    """Print what would change the size next."""
    if not decision["next"]:
        console.print("next    nothing until something new is seen")
    for prospect in decision["next"]:
        wait = format_duration(timedelta(seconds=max(0, round(prospect["in"]))))
        console.print(f"next    in {wait}: {prospect['words']}")


def troubles(status: Json) -> None:
    """Print the conditions that are not as they should be."""
    for condition in status.get("conditions", ()):
        if condition["type"] != "Ready" and condition["status"] == BAD.get(condition["type"], "False"):
            words = escape(condition["message"])
            console.print(f"[yellow]note[/yellow]    {condition['type']} {condition['reason']}: {words}")


def changes(status: Json, now: datetime) -> None:
    """Print the last changes of size."""
    for change in status.get("history", ())[:5]:
        ago = format_duration(timedelta(seconds=round((now - parse_instant(change["at"])).total_seconds())))
        console.print(f"was     {ago} ago: {change['message']}", markup=False)
