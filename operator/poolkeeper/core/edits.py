"""Writes to the target's replicas that were not ours (R10).

    we asked for 6, somebody wrote   then
    9  (more)                        allowed: no shrink for KEPT
    4  (fewer, at or over the floor) restored to 6 after the grace period, unless the queue was short all along
    1  (under the floor)             restored to 6 at once
    a third restore within WITHIN    Conflict: nothing is written until the first of them is WITHIN ago

Ours is what our field manager wrote: a size that differs from what we remember while we own the field is our own
write from before a restart. While a pool is frozen or only observed it follows what it finds.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from poolkeeper.core.memory import Edit, Edits
from poolkeeper.core.observation import Target

KEPT = timedelta(hours=1)
WITHIN = timedelta(hours=1)
TOLERATED = 2


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a foreign write means now: `restore` this size, `keep` what is there, or `conflict`; `until` when."""

    restore: int | None = None
    keep: bool = False
    waiting: bool = False
    conflict: bool = False
    until: datetime | None = None


def notice(edits: Edits, target: Target, now: datetime) -> Edits:
    """Return what is known about foreign writes after this look at the target."""
    edits = replace(edits, restored=tuple(at for at in edits.restored if now - at < WITHIN))
    if edits.asked is None or target.replicas == edits.asked:
        return edits
    if target.ours:
        return replace(edits, asked=target.replicas, edit=None)
    ours = edits.asked if edits.edit is None else max(edits.asked, restorable(edits.edit))
    edit = Edit(target.writer, now, ours, target.replicas)
    return replace(edits, asked=target.replicas, edit=edit)


def restorable(edit: Edit) -> int:
    """Return the size that a shrink by somebody else took the pool away from; 0 for a growth."""
    return edit.ours if edit.theirs < edit.ours else 0


def rule(edits: Edits, floor: int, grace: timedelta, now: datetime) -> Ruling:
    """Return what the foreign write in force means at `now`."""
    edit = edits.edit
    if edit is None:
        return Ruling()
    if edit.theirs > edit.ours:
        return Ruling(keep=True, until=edit.at + KEPT) if now - edit.at < KEPT else Ruling()
    if edit.theirs >= floor and now - edit.at < grace:
        return Ruling(waiting=True, until=edit.at + grace)
    if len(edits.restored) >= TOLERATED:
        return Ruling(conflict=True, until=edits.restored[0] + WITHIN)
    return Ruling(restore=edit.ours)


def settle(edits: Edits, ruling: Ruling, size: int, now: datetime) -> Edits:
    """Return the edits after a decision: what was restored is counted, what is over is forgotten."""
    if ruling.restore is not None and size >= ruling.restore:
        return replace(edits, asked=size, edit=None, restored=(*edits.restored, now))
    over = edits.edit is not None and not (ruling.keep or ruling.waiting or ruling.conflict)
    outgrown = edits.edit is not None and ruling.waiting and size >= edits.edit.ours
    return replace(edits, asked=size, edit=None if over or outgrown else edits.edit)


def follow(edits: Edits, target: Target) -> Edits:
    """Return the edits of a pool that writes nothing: what is found is what is meant."""
    return replace(edits, asked=target.replicas, edit=None)
