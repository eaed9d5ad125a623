"""Roles: the tie to another pool as users write it, and what the status tells of it (core/peer.py)."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from poolkeeper.api.rules import Part, Rule
from poolkeeper.api.shape import Shape, State
from poolkeeper.api.sources import ObjectName
from poolkeeper.core.model import Tie
from poolkeeper.core.peer import Tied
from poolkeeper.core.reasons import Reason

Json = dict[str, Any]
MOST = 10_000
"""The largest share of a peer, in percent."""


class PeerRef(Part):
    """The pool that this one is held beside."""

    name: ObjectName
    """The peer's name: a pool in the same namespace."""
    min_percent: Annotated[int, Field(ge=0, le=MOST)] | None = None
    """This pool has at least so much of the replicas that the peer needs for its own sake, in percent, rounded up."""
    max_percent: Annotated[int, Field(ge=1, le=MOST)] | None = None
    """This pool grows to at most so much of the peer's replicas, in percent, rounded down; to 1 where there are any."""

    RULES: ClassVar = (
        Rule(
            "has(self.minPercent) || has(self.maxPercent)",
            lambda it: it.min_percent is not None or it.max_percent is not None,
            "peerRef needs minPercent or maxPercent, or both",
        ),
        Rule(
            "!has(self.minPercent) || !has(self.maxPercent) || self.minPercent <= self.maxPercent",
            lambda it: it.max_percent is None or (it.min_percent or 0) <= it.max_percent,
            "minPercent must not be over maxPercent",
        ),
    )

    def to_core(self) -> Tie:
        """Return the tie as the rules read it."""
        return Tie(self.name, self.min_percent or 0, self.max_percent)


class PeerStatus(Shape):
    """The pool that this one is held beside, and what that means now."""

    name: str
    """The peer's name."""
    replicas: int | None = None
    """The size that the peer is asked for. Absent: there is none to go by."""
    at_least: int | None = None
    """How many replicas this pool has at least for the peer's sake."""
    at_most: int | None = None
    """How many replicas this pool grows to at most."""
    summary: str
    """All of it at a glance."""


def peer_status(found: Tied) -> Json:
    """Return a tie as the status holds it."""
    numbers = {"replicas": found.size, "atLeast": found.floor if found.size is not None else None, "atMost": found.cap}
    known = {name: value for name, value in numbers.items() if value is not None}
    return {"name": found.name, **known, "summary": summary(found)}


def summary(found: Tied) -> str:
    """Return a tie at a glance: `2-16 beside chat-decode 8`."""
    if found.size is None:
        return f"no {found.name}"
    most = "" if found.cap is None else found.cap
    return f"{found.floor}-{most} beside {found.name} {found.size}"


def peer_condition(found: Tied) -> State:
    """Return the condition that a tie makes."""
    if found.reason is Reason.PEER_MISSING:
        return ("Tied", "False", found.reason, f"{found.reason.sentence}: {found.detail}")
    return ("Tied", "True", Reason.AS_EXPECTED, "")
