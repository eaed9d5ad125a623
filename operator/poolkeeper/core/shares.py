"""From the size to what each tier is asked for now: how far a shrink may go, and who goes (R6, R7)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from poolkeeper.core import victims
from poolkeeper.core.decision import Share, Stage
from poolkeeper.core.look import Look
from poolkeeper.core.memory import Tiers
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.reasons import Reason
from poolkeeper.core.split import Cut, Limits, reclaimable, share_out
from poolkeeper.core.victims import Leaving

STILL = Leaving()


class Terms(NamedTuple):
    """What else bounds the shares: `keep`: nothing is taken away. `added` replicas are somebody else's (R10).

    Those stay in the tier where they were put, and no other is given its part of them.
    """

    keep: bool = False
    added: int = 0


class Settled(NamedTuple):
    """The size that can be had now, the tiers' parts of it, the stage that led there, and the tiers' memory.

    `held`: none of the shrink that was wanted may come yet. `backoff_until`: nothing goes back to spot before.
    """

    size: int
    cuts: tuple[Cut, ...]
    shares: tuple[Share, ...]
    stage: Stage
    memory: Tiers
    held: bool
    backoff_until: datetime | None = None


class Going(NamedTuple):
    """A share-out with who leaves the tiers that shrink for it."""

    size: int
    cuts: tuple[Cut, ...]
    leaving: Mapping[str, Leaving]

    @property
    def waits(self) -> bool:
        """Whether some who are to leave may not do so yet."""
        return bool(self.leaving) and any(one.waits for one in self.leaving.values())

    @property
    def forced(self) -> bool:
        """Whether the deadline lets busy ones go."""
        return bool(self.leaving) and any(one.forced for one in self.leaving.values())


def settle(size: int, spec: PoolSpec, seen: Look, now: datetime, terms: Terms) -> Settled:
    """Return how much of `size` can be had now: as near to it as busy replicas allow, at least what there is.

    What goes back from one tier to another waits for idle replicas, too.
    """
    until = backoff_until(spec, seen, now)
    steps = 1 if seen.is_new and until is None else 0
    known = seen.memory.tiers
    limits = Limits(seen.current - terms.added, terms.keep, steps, known.lost_since, terms.added, known.first)
    waited = {name: now - since for name, since in seen.memory.tiers.draining_since.items()}

    def go(candidate: int) -> Going:
        cuts = share_out(candidate - terms.added, seen.parts, spec.guaranteed, limits)
        shrinking = [cut for cut in cuts if cut.shrinks]
        return Going(candidate, cuts, {cut.part.name: leaving(cut, spec, seen, waited) for cut in shrinking})

    wish = go(size)
    going = wish
    while going.waits and going.size < seen.current:
        going = go(going.size + 1)
    return settled(wish, going, until, seen, now)


def found(spec: PoolSpec, seen: Look) -> tuple[Share, ...]:
    """Return the tiers as they are, for a pool in which nothing may be written."""
    cuts = share_out(seen.current, seen.parts, spec.guaranteed, Limits(seen.current))
    return tuple(Share(cut.part.name, cut.part.found, cut.part.found, cut.due, cut.part.capacity.ready) for cut in cuts)


def settled(wish: Going, going: Going, until: datetime | None, seen: Look, now: datetime) -> Settled:
    """Return the share-out `going` that is to be, where `wish` was wanted; nothing goes back before `until`."""
    cuts = tuple(granted(cut, going) for cut in going.cuts) if going.waits else going.cuts
    busy = [name for name, one in wish.leaving.items() if one.waits or one.forced]
    reason = Reason.FORCED_DRAIN if going.forced else Reason.DRAINING if wish.waits else Reason.AS_EXPECTED
    return Settled(
        size=going.size,
        cuts=cuts,
        shares=tuple([share(cut, going, seen) for cut in cuts]),
        stage=Stage("drain", wish.size, going.size, reason, {"busy": ", ".join(sorted(busy)) or None}),
        memory=clocks(drains(busy, going, seen, now), seen.memory.tiers, cuts, now),
        held=going.size == seen.current > wish.size,
        backoff_until=until,
    )


def granted(cut: Cut, going: Going) -> Cut:
    """Return the cut with no more taken away than may go now."""
    if not cut.shrinks:
        return cut
    size = max(cut.size, cut.part.found - going.leaving[cut.part.name].free)
    return cut._replace(size=size, holds=max(cut.holds, size - cut.due))


def drains(busy: list[str], going: Going, seen: Look, now: datetime) -> Mapping[str, datetime]:
    """Return since when each tier waits for an idle replica; who goes after a forced one has the deadline anew.

    A sample that was decided upon before asks nobody to go, and ends no wait either.
    """
    before = seen.memory.tiers.draining_since
    if not seen.is_new:
        return before
    return {name: now if going.leaving.get(name, STILL).forced else before.get(name, now) for name in busy}


def clocks(draining: Mapping[str, datetime], before: Tiers, cuts: tuple[Cut, ...], now: datetime) -> Tiers:
    """Return the tiers' memory with its clocks as they stand now."""
    lost = lost_since(before.lost_since, cuts, now)
    if draining == before.draining_since and lost == before.lost_since:
        return before
    return replace(before, draining_since=draining, lost_since=lost)


def backoff_until(spec: PoolSpec, seen: Look, now: datetime) -> datetime | None:
    """Return until when a reclaim is too recent for anything to go back to where it was, None where it is not."""
    at = seen.memory.tiers.reclaimed_at
    if at is None or spec.spot is None:
        return None
    return at + spec.spot.recovery.backoff if now < at + spec.spot.recovery.backoff else None


def leaving(cut: Cut, spec: PoolSpec, seen: Look, waited: Mapping[str, timedelta]) -> Leaving:
    """Return who leaves a tier for its cut; replicas without a pod are no loss to anybody."""
    target = cut.part.target
    if len(target.pods) > target.replicas:  # who goes for the shrink before is not seen to go yet
        return Leaving(waits=True)
    loads = victims.in_flight(seen.depth.samples, whole=seen.depth.whole)
    spent = waited.get(cut.part.name, timedelta(0))
    if any(pod.ordinal is not None for pod in target.pods):
        row = victims.in_a_row(target.pods, target.replicas, target.replicas + cut.change)
        return victims.released(row, loads, spent, spec.drain_deadline)
    absent = max(0, target.replicas - len(target.pods))
    found = victims.leaving(target.pods, max(0, -cut.change - absent), loads, spent, spec.drain_deadline)
    return replace(found, free=found.free + absent)


def share(cut: Cut, going: Going, seen: Look) -> Share:
    """Return a tier's part as the decision tells it."""
    return Share(
        tier=cut.part.name,
        found=cut.part.found,
        size=cut.size,
        due=cut.due,
        ready=cut.part.capacity.ready,
        reason=because(cut, going, seen),
        victims=going.leaving[cut.part.name].names[: -cut.change] if cut.shrinks else (),
    )


def because(cut: Cut, going: Going, seen: Look) -> Reason:
    """Return why a tier is asked for more, or fewer."""
    if not cut.change:
        return Reason.AS_EXPECTED
    if cut.change < 0:
        if going.size < seen.current:
            return Reason.SPLIT
        return Reason.HANDING_OVER if reclaimable(cut.part) else Reason.RETURNING
    if cut.covers > cut.holds:
        return lacking(cut, going.cuts)
    return Reason.SPLIT if going.size > seen.current else Reason.HANDING_OVER


def lacking(cut: Cut, cuts: tuple[Cut, ...]) -> Reason:
    """Return why another tier needs to be covered."""
    other = next(other for other in cuts if other.lack and other.part is not cut.part)
    if not reclaimable(other.part):
        return Reason.ON_DEMAND_SHORT
    return Reason.SPOT_RECLAIMED if other.part.noticed else Reason.SPOT_SHORT


def lost_since(before: datetime | None, cuts: tuple[Cut, ...], now: datetime) -> datetime | None:
    """Return since when spot has lacked replicas; for as long as anything stands in for them."""
    if [cut for cut in cuts if reclaimable(cut.part) and (cut.lost or cut.part.target.reclaimed)]:
        return before or now
    return before if [cut for cut in cuts if cut.covers or cut.holds] else None
