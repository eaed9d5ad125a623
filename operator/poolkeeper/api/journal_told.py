"""What a journal tells: which decision stood when, who had changed what, and the same decision made again.

22:00      Said, Decided     3, Steady            stands until 02:04
02:04      Decided           3 -> 4, QueueAbove   stands until 02:31
02:31                        the operator is killed, its lease tells when it last looked
02:33      Said (begins)     between, nobody looked
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from poolkeeper.api import override
from poolkeeper.api.journal_records import Answer, Decided, Ended, Lost, Record, Said, answer, unpack_inputs
from poolkeeper.api.names import BUDGET_LIFTED_UNTIL, OVERRIDE, PAUSED_UNTIL
from poolkeeper.api.spec import SpecError, parse_spec
from poolkeeper.api.writers import Writer, who_wrote
from poolkeeper.core.decide import decide
from poolkeeper.core.decision import Decision
from poolkeeper.core.model import PoolSpec

Json = dict[str, Any]

LOOKED = timedelta(seconds=30)
"""A gap that is shorter is none: so long may a lease's last renewal be before the last look (R2)."""
ABSENT = "none"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A decision, what was asked of the pool then, and until when it stood; None: nothing tells that it ended.

    `cut`: another process took over then, and what this one decided last it may not have written any more.
    """

    decided: Decided
    said: Said
    until: datetime | None = None
    cut: bool = False

    @property
    def since(self) -> datetime:
        """Since when it stood."""
        return self.decided.since


@dataclass(frozen=True, slots=True)
class Gap:
    """A time of which nothing is known, and why; until None: it lasts."""

    since: datetime
    until: datetime | None
    words: str


@dataclass(frozen=True, slots=True)
class Change:
    """A field that is another than before, at `at` as the operator heard of it, and who wrote it."""

    at: datetime
    path: str
    before: str
    after: str
    writer: Writer = field(default_factory=Writer)


@dataclass(slots=True)
class Past:
    """A pool's past: what stood, in order, what was changed, and what is not known."""

    stretches: list[Stretch] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    ended: datetime | None = None

    def stood(self, moment: datetime) -> Stretch | None:
        """Return the decision that stood at a moment, None where none is known."""
        found = (one for one in reversed(self.stretches) if one.since <= moment)
        newest = next(found, None)
        over = newest is not None and newest.until is not None and newest.until <= moment
        return None if over else newest

    def gap(self, moment: datetime) -> Gap | None:
        """Return the gap that a moment lies in."""
        return next((one for one in self.gaps if one.since <= moment and (not one.until or moment < one.until)), None)


def past(records: Sequence[Record]) -> Past:
    """Return what the records of a pool tell, which are in order."""
    told, said = Past(), None
    for record in records:
        match record:
            case Said():
                told.changes += changes(said, carried_on(said, record)) if said else ()
                if record.begins:
                    _taken_over(told, record)
                said = carried_on(said, record)
            case Decided() if said is not None:
                _close(told, record.since)
                told.stretches.append(Stretch(record, said))
            case Lost():
                _close(told, record.since)
                words = f"{record.count} records could not be written"
                told.gaps.append(Gap(record.since, record.at, words))
            case Ended():
                _close(told, record.at)
                told.ended = record.at
            case _:  # a decision of which nothing tells what was asked
                continue
    return told


def carried_on(before: Said | None, said: Said) -> Said:
    """Return what is asked of a pool, at the prices from before where none are known yet: at a start."""
    return msgspec.structs.replace(said, prices=before.prices) if before and not said.prices else said


def _close(told: Past, at: datetime, *, cut: bool = False) -> None:
    if told.stretches and told.stretches[-1].until is None:
        last = told.stretches[-1]
        told.stretches[-1] = replace(last, until=max(at, last.since), cut=cut)


def _taken_over(told: Past, said: Said) -> None:
    """Take in that another process leads: from when the one before last looked, nothing is known."""
    looked = min(said.at, said.looked_until or said.at)
    if not told.stretches:
        return
    _close(told, looked, cut=True)
    since = told.stretches[-1].until or looked
    if said.at - since > LOOKED:
        told.gaps.append(Gap(since, said.at, "no operator looked at the pool"))


def spec_of(said: Said, *, overlaid: bool) -> PoolSpec:
    """Return the spec that a decision was made by, with the override in it if it was.

    Raises:
        SpecError: this version does not accept it.
    """
    found = override.read(said.override) if overlaid else None
    laid = override.applied(said.spec, found)[0] if found else None
    return (laid or parse_spec(said.spec)).to_core()


@dataclass(frozen=True, slots=True)
class Again:
    """A decision made again; None, and why, where that cannot be."""

    decision: Decision | None
    answer: Answer | None = None
    words: str = ""


def decide_again(stretch: Stretch) -> Again:
    """Return the decision of a stretch, made again from what it was made from."""
    decided = stretch.decided
    if not decided.inputs:
        return Again(None, words="what it was made from was too large to be kept")
    try:
        seen, before = unpack_inputs(decided.inputs)
        spec = spec_of(stretch.said, overlaid=decided.overlaid)
    except SpecError as error:
        return Again(None, words=f"this version does not accept the spec: {'; '.join(error.problems)}")
    except ValueError as error:
        return Again(None, words=f"this version cannot read what it was made from: {error}")
    decision, after = decide(spec, seen, before, decided.at)
    return Again(decision, answer(decision, after))


def differences(was: Answer, now: Answer) -> list[str]:
    """Return in words where two answers differ, the whole first; none where they are the same."""
    fields = ("current", "wanted", "size", "reason", "frozen", "clamps", "ready", "tiers", "foreign", "message")
    found = [
        f"{name} was {getattr(was, name)}, is {getattr(now, name)}"
        for name in fields
        if getattr(was, name) != getattr(now, name)
    ]
    steps = [f"{one.stage} was {one.before} -> {one.after} {one.reason}" for one in was.trail if one not in now.trail]
    steps += [f"{one.stage} is {one.before} -> {one.after} {one.reason}" for one in now.trail if one not in was.trail]
    return found + steps


def changes(before: Said, after: Said) -> tuple[Change, ...]:
    """Return what is asked of a pool otherwise than before, and who wrote it."""
    old, new = dict(_asked(before)), dict(_asked(after))
    return tuple(
        Change(after.at, path, old.get(path, ABSENT), new.get(path, ABSENT), _writer(path, after))
        for path in dict.fromkeys((*old, *new))
        if old.get(path) != new.get(path) and not (path.startswith("price of") and not before.prices)
    )


def _writer(path: str, said: Said) -> Writer:
    held = {"override": OVERRIDE, "paused": PAUSED_UNTIL, "budget lifted": BUDGET_LIFTED_UNTIL}
    return who_wrote(held.get(path, path.removeprefix("spec.").partition("[")[0]), said.writers)


def _asked(said: Said) -> Iterator[tuple[str, str]]:
    """Yield all that is asked of a pool, each with its name."""
    yield from _leaves(said.spec, "spec")
    found = override.read(said.override)
    if found is not None:
        yield "override", override.told(found)
    yield from (("paused", said.paused),) if said.paused else ()
    yield from (("budget lifted", said.lifted),) if said.lifted else ()
    yield from (("refused", "; ".join(said.refused)),) if said.refused else ()
    yield from ((f"price of {tier}", words) for tier, words in said.prices)


def _leaves(found: object, path: str) -> Iterator[tuple[str, str]]:
    """Yield the values within JSON; items of a list that have names go by these."""
    if isinstance(found, Mapping) and found:
        for key, below in found.items():
            yield from _leaves(below, f"{path}.{key}")
    elif isinstance(found, list) and found and all(isinstance(one, Mapping) and "name" in one for one in found):
        for one in found:
            yield from _leaves({key: below for key, below in one.items() if key != "name"}, f"{path}[{one['name']}]")
    else:
        yield path, found if isinstance(found, str) else json.dumps(found)
