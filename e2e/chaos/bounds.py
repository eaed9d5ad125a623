"""Never outside its bounds (R0): no write of the operator's makes a pool larger than its cap or smaller than its floor.

The floor of a pool that goes by the clock is that of the moment of the decision, which is a little before the write.
"""

from collections.abc import Iterable, Iterator, Mapping

from chaos.evidence import Step, Wrong
from chaos.members import Kind, Member

DECIDED = 3.0
"""How many seconds before it is sent a write may have been decided."""


def check(members: Iterable[Member], steps: Mapping[str, list[Step]]) -> list[Wrong]:
    """Return what was wrong."""
    return [wrong for member in members for wrong in _of(member, steps)]


def _of(member: Member, steps: Mapping[str, list[Step]]) -> Iterator[Wrong]:
    sizes = dict.fromkeys(member.halves, 0)
    for step in sorted(step for half in member.halves for step in steps.get(half, ())):
        before = sum(sizes.values())
        sizes[step.name] = step.after
        if step.seat and (words := _fault(member, step, before, sum(sizes.values()))):
            yield Wrong("out of bounds", member.name, step.sent, words)


def _fault(member: Member, step: Step, before: int, after: int) -> str:
    """Return what is wrong with a step that changes a pool's size so, empty where nothing is."""
    least = min(member.floor(step.sent), member.floor(step.sent - DECIDED))
    if member.kind is Kind.OBSERVED:
        return f"{step.name} was given {step.after}, and the pool is in Observe"
    if after > before and after > member.cap():
        return f"{before} -> {after} is above {member.cap()}"
    if after < before and after < least:
        return f"{before} -> {after} is below {least}"
    return ""
