"""`poolkeeper explain`: why a pool has the size it has, stage by stage, and what would change it next."""

from collections.abc import Collection
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
from poolkeeper.cli.windows import lines
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.kube import KubeClient

Json = dict[str, Any]

BAD = {"Conflict": "True", "ScalingLimited": "True", "SpecWarning": "True"}
SHOWN = 5
"""How many names or changes are told one by one."""


def explain(
    name: Annotated[str, typer.Argument(help="The pool's name, `chat` or `ipool/chat`.")],
    namespace: Namespace = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    operator: OperatorUrl = None,
    output: As = Output.TEXT,
) -> None:
    """Say why a pool has the size it has.

    Shows each stage of the last decision with what it saw and what it changed, how the size is split over the tiers,
    then what would change next and when. The stages stand in the order in which they are applied: the last one that
    moved the size, or held it, is the reason.

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
        if "split" in status:
            console.print(f"split   {status['split']}")
        clock(found, status.get("schedule"))
        troubles(status)
    else:
        queue = "unknown" if decision["queue"] is None else f"{decision['queue']:g} waiting"
        console.print(f"size    {decision['size']} replicas, {decision['ready']} ready; queue {queue}")
        console.print(f"why     [bold]{decision['reason']}[/bold]: {escape(decision['because'])}")
        if decision["trail"]:
            console.print(trail(decision))
        if decision["split"] or len(decision["tiers"]) > 1:
            tiers(decision, now)
        clock(found, decision["schedule"])
        forecast(decision["forecast"])
        ahead(decision)
        troubles(status, told={"SplitReady"})
    changes(status, now)


def trail(decision: Json) -> Table:
    """Return the stages as a table."""
    table = plain("stage", "size", "reason", "what it saw")
    for stage in decision["trail"]:
        moved = stage["before"] != stage["after"]
        style = "bold" if moved else ("" if stage["reason"] == decision["reason"] else "dim")
        size = step(stage["before"], stage["after"])
        table.add_row(stage["stage"], size, stage["reason"], escape(stage["figures"]), style=style)
    return table


def plain(*headings: str) -> Table:
    """Return an empty table without lines."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, header_style="dim", overflow="fold")
    return table


def step(before: int, after: int) -> str:
    """Return a number, or what it was and what it becomes."""
    return str(after) if before == after else f"{before} -> {after}"


def tiers(decision: Json, now: datetime) -> None:
    """Print how the size is split: what is off as a whole, each tier, and who goes first."""
    told = {decision["reason"]}
    if decision["split"]:
        console.print(f"split   {whole(decision['split'], now, told)}")
        told.add(decision["split"]["reason"])
    table = plain("tier", "asked", "due", "ready", "why")
    for tier in decision["tiers"]:
        style = "" if tier["found"] == tier["size"] else "bold"
        numbers = (step(tier["found"], tier["size"]), str(tier["due"]), str(tier["ready"]))
        why = tier["reason"] if tier["sentence"] and tier["reason"] in told else tier["sentence"]
        table.add_row(tier["tier"], *numbers, why, style=style)
    console.print(table)
    for tier in decision["tiers"]:
        if tier["victims"]:
            console.print(f"goes    {listed(tier['victims'])} of {tier['tier']}", markup=False)


def whole(split: Json, now: datetime, told: Collection[str]) -> str:
    """Return how the split stands, in one line: what is lost and since when, and why unless that was `told`."""
    if split["reason"] == "AsExpected":
        return escape(split["detail"]) or "as it should be"
    why = f"[bold]{split['reason']}[/bold]"
    if split["reason"] not in told:
        why += f": {escape(': '.join(filter(None, (split['sentence'], split['detail']))))}"
    if not split["lost"]:
        return why
    since = f" for {ago(split['lostSince'], now)}" if split["lostSince"] else ""
    return f"{split['lost']} lost{since}; {why}"


def listed(names: list[str]) -> str:
    """Return the first names, and how many more there are."""
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def ago(instant: str, now: datetime) -> str:
    """Return how long ago something was, to the second."""
    return format_duration(timedelta(seconds=max(0, round((now - parse_instant(instant)).total_seconds()))))


def clock(found: Json, told: Json | None) -> None:
    """Print the window in force on the wall clock of its zone; the last good spec's, as the operator has it."""
    refused = found["status"].get("reason") == Reason.INVALID_SPEC
    spec = (found["status"].get("acceptedSpec") if refused else found["spec"]) or {}
    if spec.get("schedule") and told:
        for line in lines(spec["schedule"], told):
            console.print(line, markup=False)


def forecast(told: Json | None) -> None:
    """Print the floor that was learned, or what lacks."""
    if told is not None:
        words = f"a floor of {told['replicas']}" if told["replicas"] else "no floor"
        why = "" if told["reason"] == Reason.AS_EXPECTED else f"; {told['reason']}: {told['sentence']}"
        detail = f" ({told['message']})" if told["message"] else ""
        console.print(f"learned {words}{why}{detail}", markup=False)


def ahead(decision: Json) -> None:
    """Print what would change the size next."""
    if not decision["next"]:
        console.print("next    nothing until something new is seen")
    for prospect in decision["next"]:
        wait = format_duration(timedelta(seconds=max(0, round(prospect["in"]))))
        console.print(f"next    in {wait}: {prospect['words']}")


def troubles(status: Json, told: Collection[str] = ()) -> None:
    """Print the conditions that are not as they should be, but for those that were `told` of."""
    for condition in status.get("conditions", ()):
        if condition["type"] not in {"Ready", *told} and condition["status"] == BAD.get(condition["type"], "False"):
            words = escape(condition["message"])
            console.print(f"[yellow]note[/yellow]    {condition['type']} {condition['reason']}: {words}")


def changes(status: Json, now: datetime) -> None:
    """Print the last changes."""
    for change in status.get("history", ())[:SHOWN]:
        console.print(f"was     {ago(change['at'], now)} ago: {change['message']}", markup=False)
