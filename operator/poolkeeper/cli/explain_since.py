"""`poolkeeper explain --since`: what changed a pool's size, and what people changed, a line each, from the journal."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.markup import escape

from poolkeeper.api.names import shown
from poolkeeper.api.units import format_instant
from poolkeeper.cli.connection import console
from poolkeeper.cli.explain import plain, say
from poolkeeper.cli.explain_changes import change
from poolkeeper.cli.explain_past import Known, audit_query
from poolkeeper.cli.explain_remarks import Asked, gap_told, open_end, unknown
from poolkeeper.cli.moment import Moment, brief
from poolkeeper.core.reasons import Reason

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """Something that happened: when, what, and in more words."""

    at: datetime
    what: str
    words: str


def lines(known: Known, since: datetime, until: datetime, place: ZoneInfo) -> list[Line]:
    """Return what happened within a time, oldest first: sizes, what people changed, what is not known."""
    found = [line for one in known.all for line in (*_others(one, place), *_sizes(one), *_last(one, until, place))]
    within = sorted((one for one in found if since <= one.at <= until), key=lambda one: one.at)
    return list(dict.fromkeys((*_first(known, since, until, place), *within)))


def _first(known: Known, since: datetime, until: datetime, place: ZoneInfo) -> Iterator[Line]:
    """Yield why nobody knows how the time began, unless the journal begins within it."""
    one, asked = known.of(since), Asked(Moment(since), place)
    stood, begun = one.past.stood(since), one.past.stretches[:1]
    if not any(since < first.since <= until for first in begun):
        words = open_end(one, stood, asked) if stood else unknown(one, asked)
        yield from (Line(since, "unknown", word) for word in words)


def _last(known: Known, until: datetime, place: ZoneInfo) -> Iterator[Line]:
    """Yield why nobody knows how long the last decision stood."""
    for one in known.past.stretches[-1:]:
        at = known.looked_until if known.spec is not None and known.looked_until else one.since
        words = open_end(known, one, Asked(Moment(until), place))
        yield from (Line(at, "unknown", word) for word in words)


HOLDS = {
    *(Reason.OUTAGE, Reason.OUTAGE_AT_LEAST, Reason.STARTUP_BLOCKED, Reason.BUDGET_HELD, Reason.WRITE_REFUSED),
    *(Reason.PAUSED, Reason.TARGET_NOT_FOUND, Reason.INVALID_SPEC),
    *(reason for reason in Reason if reason.value.startswith("Conflict")),
}
"""What keeps the size from following its queue: told as it begins, though the size stays."""


def _sizes(known: Known) -> Iterator[Line]:
    foreign, before = None, ""
    for one in known.past.stretches:
        answer = one.decided.answer
        if answer.foreign is not None and answer.foreign != foreign:
            who = answer.foreign.writer or "somebody"
            yield Line(answer.foreign.at, "written", f"{answer.foreign.ours} -> {answer.foreign.theirs} by {who}")
        foreign = answer.foreign
        held = answer.reason in HOLDS and answer.reason != before
        if answer.moves or held:
            yield Line(one.decided.at, answer.reason, answer.message)
        before = answer.reason


def _others(known: Known, place: ZoneInfo) -> Iterator[Line]:
    yield from (Line(one.at, "changed", change(one, place)) for one in known.past.changes)
    yield from (Line(one.since, "unknown", gap_told(one, place)) for one in known.past.gaps)
    if known.past.stretches:
        yield Line(known.past.stretches[0].since, "begins", "the journal begins here")
    if known.past.ended:
        yield Line(known.past.ended, "deleted", "the pool was deleted")


def show(known: Known, found: Iterable[Line], place: ZoneInfo) -> None:
    """Print what happened, a line each."""
    listed = list(found)
    console.print(f"[bold]{shown(known.name)}[/bold] in {known.namespace}, times in {place.key}")
    table = plain("at", "what", "")
    for one in listed:
        table.add_row(brief(one.at, place), escape(one.what), escape(one.words))
    console.print(table if listed else "nothing changed the size, and nobody changed anything")
    for words in dict.fromkeys(words for one in known.all for words in one.problems):
        say("[yellow]note[/yellow]", escape(words))
    if any(one.what == "changed" for one in listed):
        say("who", escape(f"people's names are in the API server's audit log: {audit_query(known)}"))


def as_json(found: Iterable[Line]) -> list[Json]:
    """Return what happened, as JSON."""
    return [{"at": format_instant(one.at), "what": one.what, "message": one.words} for one in found]
