"""No change is told twice (R9): each event of a change has a change of its own, in the sizes that there were.

An event says `4 -> 5` of a whole pool, and of its tiers `spot 3 -> 4`. The sizes are everybody's witness.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from chaos.evidence import Step, Write, Wrong
from chaos.members import Kind, Member

WHOLE = re.compile(r"^(\d+) -> (\d+)[ :]")
TIER = re.compile(r"(on-demand|spot) (\d+) -> (\d+)")


def check(members: Iterable[Member], writes: Iterable[Write], steps: Mapping[str, list[Step]]) -> list[Wrong]:
    """Return the events that tell of a change that another has told of."""
    known = {member.name: member for member in members if member.kind is not Kind.OBSERVED}
    left = Counter((step.name, step.before, step.after) for found in steps.values() for step in found if step.seat)
    wrong = []
    for one in sorted(posted(writes), key=lambda one: one.at):
        pool = one.made["involvedObject"]["name"]
        for move in moves(known[pool], one.made["message"]) if pool in known else ():
            left[move] -= 1
            if left[move] < 0:
                wrong.append(Wrong("told twice", pool, one.at, one.made["message"]))
    return wrong


def posted(writes: Iterable[Write]) -> list[Write]:
    """Return the events that the operator made."""
    return [one for one in writes if one.resource == "events" and one.verb == "create" and one.done and one.seat]


def moves(member: Member, message: str) -> list[tuple[str, int, int]]:
    """Return the changes that an event tells of: of which Deployment, from what to what."""
    if member.kind is Kind.SPOT:
        halves = dict(zip(("on-demand", "spot"), member.halves, strict=True))
        return [(halves[tier], int(before), int(after)) for tier, before, after in TIER.findall(_movement(message))]
    found = WHOLE.match(message)
    return [(member.name, int(found[1]), int(found[2]))] if found else []


def _movement(message: str) -> str:
    """Return what comes before the reason."""
    return message.partition(":")[0]
