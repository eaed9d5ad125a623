"""No replica is taken away but after a whole grace period in which the queue was short, and known to be (R2, R3).

    queue     ~~~~ long ~~~~|______ short _______________
    metrics   ok ok ok ok ok ok ok | bad bad | ok ok ok
    leader    =====  kill ===================  kill =====
                            seen: ->         ->| grace  | a replica may go

A break (a queue that is not short, a metric that tells nothing) counts where somebody is sure to have seen and
told it: it stood for LOOKS under one leader whom the API server heard until then. What a leader saw when it could write
nothing any more its successor cannot know, and a gap of up to half a minute counts towards a grace (R2). From its end
on a whole grace must pass; so it must from one step to the next. A step begins with the marks on the pods that are to
go and with the budget that is lowered for it, which may take their time. Steps are of one replica.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from chaos.evidence import Span, Step, Write, Wrong
from chaos.members import Member

LOOKS = 8.0
"""Demand is looked at once a second; on a strained machine, or by a slow source, a look may come so much later."""
SLACK = 2.5
"""A sample may be taken a moment before the end of a break is known to us, and a write be stamped a moment late."""
AHEAD = {"pods", "poddisruptionbudgets"}
"""What is written before a replica goes."""


def check(
    members: Iterable[Member],
    steps: Mapping[str, list[Step]],
    breaks: Mapping[str, Sequence[Span]],
    tenures: Sequence[Span],
    writes: Sequence[Write] = (),
) -> list[Wrong]:
    """Return what was wrong; `breaks` are by pool, `tenures` the times in which one process led and was heard."""
    wrong: list[Wrong] = []
    for member in members:
        falls, ends = falls_of(member, steps), ends_of(member, breaks, tenures)
        ahead = [one for one in writes if one.resource in AHEAD and of(member, one)]
        wrong += [*_hasty(member, falls, ahead), *_unfounded(member, falls, ends)]
    return wrong


class Judged(NamedTuple):
    """What there was to judge by: so many breaks that were seen for sure, and so many falls that each kind was held to.

    Only the first fall after a break is held to that; each later one to the fall before, which is after it.
    """

    breaks: int
    after_breaks: int
    after_falls: int


def judged(
    members: Iterable[Member],
    steps: Mapping[str, list[Step]],
    breaks: Mapping[str, Sequence[Span]],
    tenures: Sequence[Span],
) -> Judged:
    """Return against how much the falls were held: nothing wrong among nothing says nothing."""
    found = [_judged(falls_of(one, steps), ends_of(one, breaks, tenures)) for one in members]
    return Judged(*map(sum, zip(*found, strict=True))) if found else Judged(0, 0, 0)


def _judged(falls: Sequence[Step], ends: Sequence[float]) -> Judged:
    """Return it of one pool."""
    since = [0.0, *(fall.sent for fall in falls)]
    first = sum(any(before < end <= fall.sent for end in ends) for before, fall in zip(since, falls, strict=False))
    return Judged(len(ends), first, max(0, len(falls) - 1))


def falls_of(member: Member, steps: Mapping[str, list[Step]]) -> list[Step]:
    """Return the operator's steps that took replicas away from a pool."""
    return [step for step in steps.get(member.halves[-1], ()) if step.falls and step.seat]


def ends_of(member: Member, breaks: Mapping[str, Sequence[Span]], tenures: Sequence[Span]) -> list[float]:
    """Return when the breaks of a pool that somebody is sure to have seen were over."""
    return sorted(span.end for span in seen(breaks.get(member.name, ()), tenures))


def seen(breaks: Iterable[Span], tenures: Sequence[Span]) -> list[Span]:
    """Return the parts of breaks that somebody is sure to have seen."""
    parts = (one.within(tenure) for one in breaks for tenure in tenures)
    return [part for part in parts if part.seconds >= LOOKS]


def of(member: Member, write: Write) -> bool:
    """Return whether what was written is a pool's: its own budget, or a pod of it."""
    return write.name == member.name or write.name.startswith(f"{member.name}-")


def _hasty(member: Member, falls: Sequence[Step], ahead: Sequence[Write]) -> Iterator[Wrong]:
    for step in falls:
        if step.before - step.after > 1 and member.least:
            yield Wrong("more than a step", member.name, step.sent, f"{step.name} {step.before} -> {step.after}")
    for before, one, next_ in zip([None, *falls], falls, falls[1:], strict=False):
        since = min([one.sent, *(made.sent for made in ahead if (before.sent if before else 0) < made.sent < one.sent)])
        if next_.sent - since < member.grace - SLACK:
            words = f"{next_.name} {next_.before} -> {next_.after}, {next_.sent - since:.1f} s after the one before"
            yield Wrong("no grace between two steps", member.name, next_.sent, words)


def _unfounded(member: Member, falls: Sequence[Step], ends: Sequence[float]) -> Iterator[Wrong]:
    for step in falls:
        last = max((end for end in ends if end <= step.sent + SLACK), default=None)
        if last is not None and step.sent - last < member.grace - SLACK:
            words = f"{step.name} {step.before} -> {step.after}, {step.sent - last:.1f} s after a break ended"
            yield Wrong("no valid grace", member.name, step.sent, words)
