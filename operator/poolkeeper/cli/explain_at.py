"""`poolkeeper explain --at`: why a pool had the size it had then, from the journal, and who had changed what."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rich.markup import escape

from poolkeeper.api.explain import explanation
from poolkeeper.api.journal_records import Answer
from poolkeeper.api.journal_told import Again, Change, Stretch, decide_again, differences
from poolkeeper.api.names import shown
from poolkeeper.api.units import format_instant
from poolkeeper.cli import explain
from poolkeeper.cli.connection import console
from poolkeeper.cli.explain import say
from poolkeeper.cli.explain_changes import change
from poolkeeper.cli.explain_past import Known, audit_query, neighbour
from poolkeeper.cli.explain_remarks import Asked, remarks
from poolkeeper.cli.moment import brief, lasted
from poolkeeper.cli.moment import shown as clock_shows

Json = dict[str, Any]

AROUND = timedelta(hours=1)
"""How long before and after a moment changes are told that people made."""


def as_json(known: Known, asked: Asked) -> Json:
    """Return what is known of a moment."""
    found = known.past.stood(asked.at)
    near = [one for one in known.past.changes if abs(one.at - asked.at) <= AROUND]
    return {
        "namespace": known.namespace,
        "name": known.name,
        "at": format_instant(asked.at),
        "timezone": asked.place.key,
        **({"stood": _stood(found), **_again(found)} if found else {"stood": None}),
        "sizedBy": _stood(resized(known, found)),
        "before": _stood(neighbour(known, found, -1)),
        "after": _stood(neighbour(known, found, 1)),
        "changes": [_change(one) for one in near],
        "remarks": [*filter(None, [asked.moment.remark]), *remarks(known, asked, found)],
        "auditQuery": audit_query(known),
    }


def _stood(found: Stretch | None) -> Json | None:
    """Return a decision that stood, in short."""
    if found is None:
        return None
    answer = found.decided.answer
    return {
        "since": format_instant(found.since),
        "until": format_instant(found.until) if found.until else None,
        "decidedAt": format_instant(found.decided.at),
        "size": answer.size,
        "reason": answer.reason,
        "message": answer.message,
        "generation": found.said.generation,
        "version": found.said.version,
        "operator": found.said.identity,
    }


def _again(found: Stretch) -> Json:
    again = decide_again(found)
    wrong = [again.words] if again.words else differences(found.decided.answer, again.answer or found.decided.answer)
    return {
        "decision": told(found, again),
        "decidedAgain": {"same": not wrong, "differences": wrong},
    }


def _change(one: Change) -> Json:
    return {
        "at": format_instant(one.at),
        "field": one.path,
        "before": one.before,
        "after": one.after,
        "manager": one.writer.manager or None,
        "operation": one.writer.operation or None,
        "written": one.writer.at or None,
    }


def told(found: Stretch, again: Again) -> Json:
    """Return the decision whole where it is the same when it is made again, else as far as it was written."""
    if again.decision is not None and again.answer == found.decided.answer:
        return explanation(again.decision, found.decided.at)
    return written(found.decided.answer, found.decided.at)


def written(answer: Answer, at: datetime) -> Json:
    """Return a decision as far as the journal holds its outcome."""
    return {
        "at": format_instant(at),
        "current": answer.current,
        "ready": answer.ready,
        "queue": None,
        "wanted": answer.wanted,
        "size": answer.size,
        "reason": answer.reason,
        "because": answer.message,
        "frozen": answer.frozen,
        "clamps": list(answer.clamps),
        "trail": [
            {"stage": one.stage, "before": one.before, "after": one.after, "reason": one.reason, "figures": ""}
            for one in answer.trail
        ],
        "tiers": [],
        "split": None,
        "schedule": None,
        "forecast": None,
        "next": [],
    }


def resized(known: Known, found: Stretch | None) -> Stretch | None:
    """Return the decision that gave the pool the size that it had then, None where the journal has none."""
    until = known.past.stretches.index(found) + 1 if found else 0
    moved = (one for one in reversed(known.past.stretches[:until]) if one.decided.answer.moves)
    return next(moved, None)


def show(known: Known, asked: Asked) -> None:
    """Print what is known of a moment, for people."""
    console.print(f"[bold]{shown(known.name)}[/bold] in {known.namespace}, {clock_shows(asked.at, asked.place)}")
    if asked.moment.remark:
        say("time", escape(asked.moment.remark))
    found = known.past.stood(asked.at)
    if found is not None:
        stood(found)
        stand(known, found, asked.place)
    for one in known.past.changes:
        if abs(one.at - asked.at) <= AROUND:
            say("changed", escape(f"{brief(one.at, asked.place)} {change(one, asked.place)}"))
    for words in remarks(known, asked, found):
        say("[yellow]note[/yellow]", escape(words))
    if any(abs(one.at - asked.at) <= AROUND for one in known.past.changes):
        say("who", escape(f"the person's name is in the API server's audit log: {audit_query(known)}"))


def stood(found: Stretch) -> None:
    """Print a decision with its trail, and whether it is the same when it is made again."""
    again = decide_again(found)
    decision = told(found, again)
    explain.decided(decision, found.decided.at)
    explain.clock(found.said.spec, decision["schedule"])
    explain.forecast(decision["forecast"])
    explain.work(decision.get("batch"))
    wrong = differences(found.decided.answer, again.answer) if again.answer else []
    other = f"decided again: not the same; what was written is shown, by version {found.said.version}"
    say("again", escape(again.words or (other if wrong else "decided again: the same")))
    for words in wrong:
        say("", escape(words))


def stand(known: Known, found: Stretch, place: ZoneInfo) -> None:
    """Print how long a decision stood, and what stood before and after it."""
    until = "and still stands" if known.spec is not None else "until the pool was deleted"
    if found.until:
        until = f"to {brief(found.until, place)} ({lasted(found.since, found.until)})"
    say("stood", f"from {brief(found.since, place)} {until}")
    sized = resized(known, found)
    if sized is not None and sized is not found:
        say("sized", escape(f"{brief(sized.decided.at, place)} {sized.decided.answer.message}"))
    for label, one in (("before", neighbour(known, found, -1)), ("after", neighbour(known, found, 1))):
        if one is not None:
            answer = one.decided.answer
            say(label, escape(f"{brief(one.since, place)} size {answer.size}, {answer.reason}: {answer.message}"))
