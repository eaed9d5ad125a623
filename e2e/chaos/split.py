"""The split is exact once all has settled, and no step of ours leaves fewer ready than the size (R7).

`ready` is how many replicas of a pool were ready, from which instant on. Where nodes were reclaimed meanwhile it is not
our own hand that took them.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from chaos.evidence import Span, Step, Wrong
from chaos.members import Kind, Member

SOON = 3.0
"""Within how many seconds of a step its pods are gone."""

Counts = Sequence[tuple[float, int]]


class Settled(NamedTuple):
    """The halves of a pool at a moment at which nothing was going on."""

    at: float
    pool: str
    on_demand: int
    spot: int


def exact(members: Iterable[Member], moments: Iterable[Settled]) -> list[Wrong]:
    """Return the splits that were not exact."""
    known = {member.name: member for member in members if member.kind is Kind.SPOT}
    found = ((one, known[one.pool].guaranteed(one.on_demand + one.spot)) for one in moments if one.pool in known)
    return [
        Wrong("split not exact", one.pool, one.at, f"{one.on_demand} + {one.spot}, not {due} on on-demand")
        for one, due in found
        if one.on_demand != due
    ]


class Held(NamedTuple):
    """A step of ours that took replicas away: so many were ready after it, and so many had to be."""

    step: Step
    pool: str
    least: int
    due: int


def kept(looks: Iterable[Held]) -> list[Wrong]:
    """Return the steps after which too few were ready."""
    return [
        Wrong(
            "below the size by our own hand",
            one.pool,
            one.step.sent,
            f"{one.step.name} {one.step.before} -> {one.step.after} left {one.least} ready, of {one.due}",
        )
        for one in looks
        if one.least < one.due
    ]


def held(
    members: Iterable[Member], steps: Mapping[str, list[Step]], ready: Mapping[str, Counts], lost: Sequence[Span]
) -> list[Held]:
    """Return what each step is held against; none while others took nodes or pods away, in the spans of `lost`."""
    pools = [member for member in members if member.kind is Kind.SPOT]
    return [one for member in pools for one in _held(member, steps, ready.get(member.name, ()), lost)]


def _held(member: Member, steps: Mapping[str, list[Step]], ready: Counts, lost: Sequence[Span]) -> Iterator[Held]:
    sizes = dict.fromkeys(member.halves, 0)
    for step in sorted(step for half in member.halves for step in steps.get(half, ())):
        sizes[step.name] = step.after
        after = Span(step.sent, step.sent + SOON)
        if not (step.falls and step.seat) or any(after.within(span).seconds for span in lost):
            continue
        due = min(_at(ready, step.sent), wanted(member, sizes[member.halves[1]]))
        least = min([_at(ready, after.end), *(count for at, count in ready if after.begin < at <= after.end)])
        yield Held(step, member.name, least, due)


def wanted(member: Member, spot: int) -> int:
    """Return the smallest size that so many on spot are a part of."""
    return next((size for size in range(member.most + 1) if size - member.guaranteed(size) == spot), member.least)


def _at(counts: Counts, at: float) -> int:
    """Return the count that held at an instant, 0 before the first."""
    index = bisect_right(counts, at, key=lambda one: one[0])
    return counts[index - 1][1] if index else 0
