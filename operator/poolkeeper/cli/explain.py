"""Why a pool has the size it has, stage by stage, and what would change it next: what `poolkeeper explain` prints."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from poolkeeper.api.names import shown
from poolkeeper.api.units import format_duration, parse_instant
from poolkeeper.cli import money_text
from poolkeeper.cli.connection import console, live, stored
from poolkeeper.cli.counted import counted
from poolkeeper.cli.refusal import held, refused
from poolkeeper.cli.split import ago, listed, whole
from poolkeeper.cli.windows import lines
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.kube import KubeClient

Json = dict[str, Any]

BAD = {
    "Conflict": "True",
    "ScalingLimited": "True",
    "SpecWarning": "True",
    "Autoscaled": "True",
}
ENDED = {"Pinned", "Overridden"}
"""Conditions that are told of either way: what somebody asked for counts, or it does not."""
SHOWN = 5
"""How many changes are told one by one."""
WIDE = 8
"""The columns of the labels."""


async def gather(kube: KubeClient, namespace: str | None, name: str, operator: str | None) -> Json:
    """Return the pool's object, and its live decision where the operator can be reached.

    As with kubectl, the namespace is the context's where none is given.
    """
    namespace = namespace or kube.access.namespace
    pool = await stored(kube, namespace, name)
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
    spec, problem = held(found["spec"], status), refused(status)
    console.print(f"[bold]{shown(name)}[/bold] in {found['namespace']}, {spec['mode']}")
    if problem:
        say("spec", f"[red]{escape(problem)}[/red]")
    told = {"ScalingActive"} if problem else set()
    told |= money_text.CONDITIONS if "cost" in status else set()
    if decision is None:
        written(status)
        clock(spec, status.get("schedule"))
        work(status.get("batch"))
        observed(status.get("observe"))
        money(f"{name} -n {found['namespace']}", status, now)
        troubles(status, told)
    else:
        decided(decision, now)
        clock(spec, decision["schedule"])
        forecast(decision["forecast"])
        work(decision.get("batch"))
        observed(decision.get("observe"))
        ahead(decision)
        money(f"{name} -n {found['namespace']}", status, now)
        troubles(status, {"SplitReady", *told})
    changes(status, now)


def say(label: str, words: str) -> None:
    """Print words (markup) beside their label; a terminal has them wrapped there, a file in one line."""
    text = Text.from_markup(words)
    wrapped = text.wrap(console, max(1, console.width - WIDE)) if console.is_terminal else [text]
    for number, line in enumerate(wrapped):
        console.print(Text.assemble("" if number else Text.from_markup(label), " " * WIDE)[:WIDE], line, sep="")


def written(status: Json) -> None:
    """Print the size, and why, as the status holds it."""
    console.print("[yellow]The operator's live page cannot be reached (try --operator URL).[/yellow]")
    say("size", f"{status.get('desiredReplicas', 'unknown')}, {status.get('readyReplicas', '?')} ready")
    said = status.get("message", "not looked at yet")
    say("why", escape(said if "reason" not in status or refused(status) else f"{status['reason']}: {said}"))
    if "split" in status:
        say("split", escape(status["split"]))


def decided(decision: Json, now: datetime) -> None:
    """Print the size and why, stage by stage and tier by tier."""
    queue = "unknown" if decision["queue"] is None else f"{decision['queue']:g} waiting"
    say("size", f"{counted(decision['size'], 'replica')}, {decision['ready']} ready; queue {queue}")
    say("why", f"[bold]{decision['reason']}[/bold]: {escape(decision['because'])}")
    if decision["trail"]:
        console.print(trail(decision))
    if decision["split"] or len(decision["tiers"]) > 1:
        tiers(decision, now)


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
        say("split", whole(decision["split"], now, told))
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
            say("goes", escape(f"{listed(tier['victims'])} of {tier['tier']}"))


def clock(spec: Json, told: Json | None) -> None:
    """Print the window in force on the wall clock of its zone."""
    if spec.get("schedule") and told:
        for label, words in lines(spec, told):
            say(label, escape(words))


def forecast(told: Json | None) -> None:
    """Print the floor that was learned, or what lacks."""
    if told is not None:
        words = f"a floor of {told['replicas']}" if told["replicas"] else "no floor"
        why = "" if told["reason"] == Reason.AS_EXPECTED else f"; {told['reason']}: {told['sentence']}"
        detail = f" ({told['message']})" if told["message"] else ""
        say("learned", escape(f"{words}{why}{detail}"))


def work(told: Json | None) -> None:
    """Print what there is of work that can wait, and until when it must be done."""
    if told is None:
        return
    late = f", {told['late']} of them late" if told["late"] else ""
    due = f", due {told['dueAt']}" if "dueAt" in told else ""
    must = f", must run from {told['mustRunFrom']}" if "mustRunFrom" in told else ""
    job = f"; a job takes {told['jobTime']}" if "jobTime" in told else ""
    say("work", escape(f"{told['workLeft']} jobs left{late}{due}{must}{job}"))


def observed(told: Json | None) -> None:
    """Print what Observe has measured."""
    if told is not None:
        say("observe" if "until" not in told else "before", escape(told["message"]))


def ahead(decision: Json) -> None:
    """Print what would change the size next."""
    if not decision["next"]:
        say("next", "nothing until something new is seen")
    for prospect in decision["next"]:
        wait = format_duration(timedelta(seconds=max(0, round(prospect["in"]))))
        say("next", escape(f"in {wait}: {prospect['words']}"))


def money(whose: str, status: Json, now: datetime) -> None:
    """Print what the pool costs, as the status holds it; `whose`: how commands are told which pool is meant."""
    if "cost" not in status:
        return
    say("cost", money_text.present(status["cost"], now))
    if status["cost"]["tiers"]:
        table = plain("line", "an hour", "a GPU-hour", "priced by")
        for row in money_text.rows(status["cost"]):
            table.add_row(*(escape(cell) for cell in row))
        console.print(table)
    for label, words in money_text.lines(whose, status):
        say(label, escape(words))


def troubles(status: Json, told: Collection[str] = ()) -> None:
    """Print the conditions that are not as they should be, but for those that were `told` of."""
    for condition in status.get("conditions", ()):
        kind = condition["type"]
        bad = kind in ENDED or condition["status"] == BAD.get(kind, "False")
        if kind not in {"Ready", *told} and bad:
            words = escape(condition["message"])
            say("[yellow]note[/yellow]", f"{condition['type']} {condition['reason']}: {words}")


def changes(status: Json, now: datetime) -> None:
    """Print the last changes."""
    for change in status.get("history", ())[:SHOWN]:
        say("was", escape(f"{ago(change['at'], now)} ago: {change['message']}"))
