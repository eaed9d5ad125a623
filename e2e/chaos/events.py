"""No change is told twice (R9): each event of a change has a change of its own, in the sizes that there were.

    changes     2 -> 3        3 -> 2        2 -> 3
    events         (none: killed)  3 -> 2       2 -> 3   2 -> 3
                                                claims   finds none that is its own: told twice

An event says `4 -> 5` of a whole pool, and of its tiers `spot 3 -> 4`. The sizes are everybody's witness. It claims the
latest change before it that no other has claimed, and that is not long ago. What cannot be read proves nothing, so it
is a wrong of its own.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from chaos.evidence import UNKNOWN, Step, Write, Wrong
from chaos.members import Kind, Member

WHOLE = re.compile(r"^(\d+) -> (\d+)[ :]")
TIER = re.compile(r"(on-demand|spot) (\d+) -> (\d+)")
NEWS = {
    "PinEnded", "Overridden", "OverrideRefused", "AutoscaledPool", "BudgetAlert", "BudgetExceeded", "BudgetForecast",
    "BudgetLifted", "SpendingUnusual",
}  # fmt: skip
"""The reasons of events that tell of no change."""
SOON = 20.0
"""An event follows its change within so many seconds: both halves of a split are written before, on slow ways."""
SIGHTED = 5.0
"""What only the watch has may have been seen so much later than it was: a watch is made anew after a break."""

Move = tuple[str, int, int]


def check(members: Iterable[Member], writes: Iterable[Write], steps: Mapping[str, list[Step]]) -> list[Wrong]:
    """Return the events that tell of a change that another has told of, of none that was, or of none to be read."""
    known, left = {member.name: member for member in members}, unclaimed(steps)
    wrong = []
    for one in sorted(posted(writes), key=lambda one: one.sent):
        pool, message = one.made["involvedObject"]["name"], one.made["message"]
        if pool not in known or one.made["reason"] in NEWS:
            continue
        told = moves(known[pool], message)
        if not told:
            wrong.append(Wrong("event not read", pool, one.at, message))
        wrong += [Wrong("told twice", pool, one.at, message) for move in told if not claim(left[move], one.sent)]
    return wrong


def unclaimed(steps: Mapping[str, list[Step]]) -> dict[Move, list[Step]]:
    """Return the operator's changes by what they were."""
    found: dict[Move, list[Step]] = defaultdict(list)
    for step in (step for made in steps.values() for step in made if step.seat):
        found[step.name, step.before, step.after].append(step)
    return found


def claim(left: list[Step], at: float) -> bool:
    """Take away the latest change that an event of an instant can tell of; False where there is none."""
    fitting = [one for one in left if -(SIGHTED if one.seat == UNKNOWN else 0) <= at - one.sent <= SOON]
    if fitting:
        left.remove(max(fitting, key=lambda one: one.sent))
    return bool(fitting)


def posted(writes: Iterable[Write]) -> list[Write]:
    """Return the events that the operator made."""
    return [one for one in writes if one.resource == "events" and one.verb == "create" and one.done and one.seat]


def moves(member: Member, message: str) -> list[Move]:
    """Return the changes that an event tells of: of which Deployment, from what to what."""
    if member.kind is Kind.SPOT:
        halves = dict(zip(("on-demand", "spot"), member.halves, strict=True))
        return [(halves[tier], int(before), int(after)) for tier, before, after in TIER.findall(_movement(message))]
    found = WHOLE.match(message)
    return [(member.name, int(found[1]), int(found[2]))] if found else []


def _movement(message: str) -> str:
    """Return what comes before the reason."""
    return message.partition(":")[0]
