"""Writes to the target's replicas that were not ours (R10).

    we asked for 6, somebody wrote   then
    9  (more)                        allowed: no shrink for KEPT
    4  (fewer, at or over the floor) restored to 6 after the grace period; until then nothing more is given away
    1  (under the floor)             restored to 6 at once
    6  (back to ours)                nothing was the matter
    a third one to restore in WITHIN Conflict: nothing is written until the first restore is WITHIN ago

A shrink that the queue grows over before its time counts as restored, too: else a fight would have no end.

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


NO_RULING = Ruling()


def notice(edits: Edits, target: Target, now: datetime) -> Edits:
    """Return what is known about foreign writes after this look at the target."""
    if edits.restored:
        edits = replace(edits, restored=tuple(at for at in edits.restored if now - at < WITHIN))
    if edits.asked is None or target.replicas == edits.asked:
        return edits
    if is_unremembered(edits, target):
        return replace(edits, asked=target.replicas, edit=None)
    ours = meant(edits.asked, edits.edit)
    edit = Edit(target.writer, now, ours, target.replicas) if target.replicas != ours else None
    restored = counted(edits, edits.asked, now)
    return Edits(asked=target.replicas, edit=edit, restored=restored)


def is_unremembered(edits: Edits, target: Target) -> bool:
    """Return whether the size was written by us and never remembered.

    No instant tells: the API server stamps no time on the fields that were written through `/scale`.
    """
    return target.ours and edits.asked is not None and target.replicas != edits.asked


def meant(asked: int, edit: Edit | None) -> int:
    """Return the size that the pool would have had without the foreign write in force."""
    if edit is None:
        return asked
    if asked == edit.theirs:
        return edit.ours
    return max(asked, edit.ours) if edit.theirs < edit.ours else asked


def counted(edits: Edits, size: int, now: datetime) -> tuple[datetime, ...]:
    """Return when foreign shrinks were restored, the one in force with them if this size is over it."""
    edit = edits.edit
    over = edit is not None and edit.theirs < edit.ours and size > edit.theirs
    return (*edits.restored, now) if over else edits.restored


def rule(edits: Edits, floor: int, grace: timedelta, now: datetime) -> Ruling:
    """Return what the foreign write in force means at `now`."""
    edit = edits.edit
    if edit is None:
        return NO_RULING
    if edit.theirs > edit.ours:
        return Ruling(keep=True, until=edit.at + KEPT) if now - edit.at < KEPT else NO_RULING
    if len(edits.restored) >= TOLERATED:
        return Ruling(conflict=True, until=edits.restored[0] + WITHIN)
    if edit.theirs >= floor and now - edit.at < grace:
        return Ruling(waiting=True, until=edit.at + grace)
    return Ruling(restore=edit.ours)


def put_off(ruling: Ruling) -> Ruling:
    """Return the ruling while new replicas cannot be had (R4): a restore waits, and is not forgotten."""
    return Ruling(waiting=True) if ruling.restore is not None else ruling


def settle(edits: Edits, ruling: Ruling, size: int, now: datetime) -> Edits:
    """Return the edits after a decision: what was restored is counted, what is over is forgotten."""
    edit = edits.edit
    if edit is None or ruling.keep or (ruling.waiting and size < edit.ours):
        return edits if size == edits.asked else replace(edits, asked=size)
    return Edits(asked=size, restored=counted(edits, size, now))


def follow(edits: Edits, target: Target) -> Edits:
    """Return the edits of a pool that writes nothing: what is found is what is meant."""
    return replace(edits, asked=target.replicas, edit=None)
