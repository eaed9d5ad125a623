"""The journal's records: what people say of a pool, a decision and all that it was made from, what is missing, the end.

A decision stands until the next record that changes it. Money is left out of what it was made from, but for when the
budget is used up: no size depends on anything else of it.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from poolkeeper.api.writers import Writer
from poolkeeper.core.account import Account
from poolkeeper.core.decision import Decision
from poolkeeper.core.memory import Memory
from poolkeeper.core.observation import Observation
from poolkeeper.core.words import message

Json = dict[str, Any]


class Step(msgspec.Struct, frozen=True, array_like=True):
    """A stage of the trail."""

    stage: str
    before: int
    after: int
    reason: str


class Part(msgspec.Struct, frozen=True, array_like=True):
    """What became of a tier, and who was to go first."""

    tier: str
    found: int
    size: int
    reason: str
    victims: tuple[str, ...] = ()


class Foreign(msgspec.Struct, frozen=True, array_like=True):
    """A write to the target's size that was not ours and is in force."""

    writer: str
    at: datetime
    ours: int
    theirs: int


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """What was decided: all that a repetition of the decision is held to."""

    current: int
    wanted: int
    size: int
    reason: str
    ready: int
    frozen: bool
    clamps: tuple[str, ...]
    trail: tuple[Step, ...]
    tiers: tuple[Part, ...]
    message: str
    foreign: Foreign | None = None

    @property
    def moves(self) -> bool:
        """Whether it changed a size, the whole or a tier's."""
        return not self.frozen and (self.size != self.current or any(one.size != one.found for one in self.tiers))


class Said(msgspec.Struct, frozen=True, array_like=True, tag="said"):
    """What is asked of a pool at `at`, as one operator (its version, its name in the lease) knew it.

    `looked_until`: with this record another process takes over, and the one before last looked then; None where it
    goes on, or nobody led before. `spec` is what was last accepted, `refused` what is wrong with a newer one.
    `override`, `paused` and `lifted` are as they are written; `prices` by tier, in words.
    """

    at: datetime
    version: str
    identity: str
    begins: bool
    looked_until: datetime | None
    generation: int
    spec: Json
    refused: tuple[str, ...] = ()
    override: str = ""
    paused: str = ""
    lifted: str = ""
    writers: tuple[Writer, ...] = ()
    prices: tuple[tuple[str, str], ...] = ()


class Decided(msgspec.Struct, frozen=True, array_like=True, tag="decided"):
    """A decision made at `at` that stands since `since`. `overlaid`: the override was part of the spec.

    Before it, the reason changed `wavered` times without a record, to and fro between some that had one. `inputs` are
    what it was made from, packed by themselves: empty where they are too large to be kept.
    """

    at: datetime
    since: datetime
    wavered: int
    overlaid: bool
    answer: Answer
    inputs: bytes = b""


class Lost(msgspec.Struct, frozen=True, array_like=True, tag="lost"):
    """So many records of the time from `since` to `at` could not be written, and were dropped."""

    at: datetime
    since: datetime
    count: int


class Ended(msgspec.Struct, frozen=True, array_like=True, tag="ended"):
    """The pool was deleted."""

    at: datetime


Record = Said | Decided | Lost | Ended


_encoder = msgspec.msgpack.Encoder()
_inputs = msgspec.msgpack.Decoder(tuple[Observation, Memory])


def answer(decision: Decision, after: Memory) -> Answer:
    """Return what was decided, and the foreign write that is remembered after it."""
    edit = after.edits.edit
    return Answer(
        current=decision.current,
        wanted=decision.wanted,
        size=decision.size,
        reason=decision.reason.value,
        ready=decision.ready,
        frozen=decision.frozen,
        clamps=tuple([clamp.value for clamp in decision.clamps]),
        trail=tuple([Step(one.name, one.before, one.after, one.reason.value) for one in decision.trail]),
        tiers=tuple([Part(one.tier, one.found, one.size, one.reason.value, one.victims) for one in decision.shares]),
        message=message(decision),
        foreign=Foreign(edit.writer, edit.at, edit.ours, edit.theirs) if edit else None,
    )


def pack_inputs(seen: Observation, before: Memory, after: Memory) -> bytes:
    """Return what a decision was made from, without money: `after` tells whether the budget was used up by then."""
    known = replace(before, account=Account(spent_at=after.account.spent_at))
    return _encoder.encode((replace(seen, bill=None), known))


def unpack_inputs(packed: bytes) -> tuple[Observation, Memory]:
    """Return what a decision was made from.

    Raises:
        ValueError: it cannot be read, by this version at least.
    """
    return _inputs.decode(packed)
