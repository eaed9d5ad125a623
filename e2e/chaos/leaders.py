"""Nobody writes who does not hold the lease, but for what was under way when it was lost.

    seat a      first process, leads |killed|    | next process, starts |leads
    lease       renewal renewal - - - - - - - - - - - - - - - - - renewal
    writes      right                            | wrong, each          |right

The lease's own writes in the audit log tell who held it from when to when, and until when at the most; what was sent by
then was under way. A process's end and its freezing are known by whoever ended or froze it. All processes of a seat
have one identity, so a lease that is in their name is no right to write: each must have renewed it itself.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from chaos.evidence import Span, Write, Wrong

LEASE = "leases"
ASKING = {"selfsubjectaccessreviews", "selfsubjectrulesreviews", "tokenreviews", "subjectaccessreviews"}
"""Created by who asks, and kept nowhere."""
SLACK = 0.5
"""From leaving the operator to the proxy's stamp. Too early is another thing: what was renewed is told by an answer."""


class Life(NamedTuple):
    """A time in which a process of a seat ran and was not frozen."""

    seat: str
    begin: float
    end: float


class Hold(NamedTuple):
    """A renewal: who holds the lease from an instant on, until when unless it is renewed, and when that was sent."""

    at: float
    seat: str
    until: float
    sent: float


def holds(writes: Iterable[Write], seats: Iterable[str]) -> list[Hold]:
    """Return the lease's renewals in order; an identity begins with its seat's name."""
    found = []
    for one in sorted((one for one in writes if one.resource == LEASE and one.done), key=_version):
        spec = one.made.get("spec", {})
        holder = spec.get("holderIdentity") or ""
        seat = next((seat for seat in seats if holder.startswith(seat)), holder)
        until = one.at + spec.get("leaseDurationSeconds", 0) if holder else one.at
        found.append(Hold(one.at, seat, until, one.sent))
    return found


def check(writes: Iterable[Write], renewals: Sequence[Hold], lives: Sequence[Life]) -> tuple[list[Wrong], int]:
    """Return the writes of who did not hold the lease, and how many there were that had been under way."""
    mine, spans = counted(writes), reigns(renewals, lives)
    strays = [one for one in mine if not held(spans, life_at(lives, one.seat, one.sent), one.sent)]
    late = [one for one in mine if one not in strays and not held(spans, life_at(lives, one.seat, one.sent), one.at)]
    return [
        Wrong("write by a non-leader", one.name, one.sent, f"{one.seat}: {one.verb} {one.resource}") for one in strays
    ], len(late)


def counted(writes: Iterable[Write]) -> list[Write]:
    """Return the writes that only who holds the lease may make."""
    return [one for one in writes if one.seat and one.done and one.resource not in {*ASKING, LEASE}]


def life_at(lives: Iterable[Life], seat: str, at: float) -> Life | None:
    """Return the process that sent what left a seat at an instant: the last one to begin; None where none had begun."""
    return max((life for life in lives if life.seat == seat and life.begin <= at), default=None)


def reigns(renewals: Sequence[Hold], lives: Sequence[Life] = ()) -> list[tuple[Life | None, Span]]:
    """Return the spans in which the lease had a holder, each with its process: until its end, or the next renewal."""
    following = [*(one.at for one in renewals[1:]), float("inf")]
    return [
        (life_at(lives, one.seat, one.sent), Span(one.at, min(one.until, then)))
        for one, then in zip(renewals, following, strict=True)
    ]


def held(spans: Iterable[tuple[Life | None, Span]], life: Life | None, at: float) -> bool:
    """Return whether a process held the lease at an instant, or a moment before."""
    return any(span.begin <= at <= span.end + SLACK for holder, span in spans if life and holder == life)


def tenures(renewals: Sequence[Hold], lives: Iterable[Life]) -> list[tuple[str, Span]]:
    """Return when which seat led, process by process: a time in which it held the lease and lived."""
    return sorted(
        ((life.seat, Span(run[0].at, min(life.end, run[-1].until))) for life, run in _terms(renewals, lives)),
        key=lambda one: one[1].begin,
    )


def heard(renewals: Sequence[Hold], lives: Iterable[Life]) -> list[Span]:
    """Return when somebody led whom the API server still heard: what it saw later it could tell no successor (R2)."""
    return sorted(Span(run[0].at, min(life.end, run[-1].at)) for life, run in _terms(renewals, lives))


def _terms(renewals: Sequence[Hold], lives: Iterable[Life]) -> list[tuple[Life, list[Hold]]]:
    """Return the renewals of each term, with the process whose it was."""
    found = []
    for life in lives:
        mine = [one for one in renewals if one.seat == life.seat and life.begin <= one.sent <= life.end]
        found += [(life, run) for run in _runs(mine, renewals)]
    return found


def _runs(mine: Sequence[Hold], renewals: Sequence[Hold]) -> list[list[Hold]]:
    """Return renewals of one process, parted where another seat held the lease in between."""
    runs: list[list[Hold]] = []
    for one in mine:
        begun = runs[-1][-1].at if runs else None
        if begun is None or any(begun < other.at < one.at and other.seat != one.seat for other in renewals):
            runs.append([])
        runs[-1].append(one)
    return runs


def _version(one: Write) -> int:
    return int(one.made["metadata"]["resourceVersion"])
