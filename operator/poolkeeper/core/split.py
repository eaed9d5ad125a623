"""How many replicas each tier has (R7).

    due     what the formula gives each tier: the guaranteed part to on-demand, the rest to the preferred tier
    lack    what a tier is due and does not have; another tier covers it at once, at most fallback.maxReplicas
    held    what a tier was found with beyond its due; it goes when the others are solid, one step at a time

A pool of 10, one guaranteed, recovery.after = A, recovery.backoff = B:

                                    on-demand    spot                        held by
    steady                          1            9
    three under notice              1 + 3        9  (6 usable)               lack: 3 under notice
    they end, others are made       1 + 3        9  (6 and 3 on their way)   lack: what is held and not ready again
    the three are ready             1 + 3        9  (9 ready, 6 solid)       held until solid
    ... for A, and B is over        1 + 2        9  (7 solid)                held until solid
                                    1            9

The same arithmetic switches a tier on (all of on-demand is held) and off (all of spot is), and lets spot cover for
on-demand that is overdue. Nothing is held in memory for it but the last reclaim: what is held stands in the cluster.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from poolkeeper.core.model import CapacityType, Guaranteed, Tier
from poolkeeper.core.tiers import Part


class Limits(NamedTuple):
    """What bounds a share-out: the size `before`, and whether nothing at all may be taken away.

    `steps`: how many replicas may go back at once to where capacity is reclaimed. `lost_since`: since when some of it
    has been lost, None where nothing is. `added`: what somebody put in a tier beyond the sizes; it stays on top there.
    `first` names the tier that the first replica from zero is asked of, until one is ready (idle.py).
    """

    before: int
    keep: bool = False
    steps: int = 1
    lost_since: datetime | None = None
    added: int = 0
    first: str = ""


def due(size: int, guaranteed: Guaranteed, tiers: tuple[Tier, ...]) -> dict[str, int]:
    """Return the formula's part of each tier; they sum to `size`.

    guaranteed = min(D, base + ceil(percentAboveBase * max(0, D - base) / 100))
    """
    parts = dict.fromkeys((tier.name for tier in tiers), 0)
    above = max(0, size - guaranteed.base)
    held = min(size, guaranteed.base - -guaranteed.percent_above_base * above // 100)
    keeper = next(tier for tier in tiers if tier.type is CapacityType.ON_DEMAND)
    parts[keeper.name] += held
    parts[tiers[0].name] += size - held
    return parts


def begun(dues: dict[str, int], first: str) -> dict[str, int]:
    """Return the tiers' parts of a size that begins with a replica of the tier `first`, as they are without one."""
    if dues.get(first, 1):
        return dues
    most = max(dues, key=lambda name: dues[name])
    return {**dues, most: dues[most] - 1, first: 1} if dues[most] else dues


class Need(NamedTuple):
    """One tier before anybody covers for it: what it is `due`, and what it was found with beyond (`held`).

    `lost` is what it is due and does not have, `lack` that and what came back and is not ready again.
    """

    part: Part
    due: int
    held: int
    lost: int
    lack: int


class Cut(NamedTuple):
    """One tier's part of a size: what it is `due`, what it `covers` for others, what it `holds` and must keep.

    `lost` and `lack` are those of its Need.
    """

    part: Part
    size: int
    due: int
    lost: int = 0
    lack: int = 0
    covers: int = 0
    holds: int = 0

    @property
    def change(self) -> int:
        """How many replicas are asked for more, or fewer."""
        return self.size - self.part.found

    @property
    def shrinks(self) -> bool:
        """Whether replicas are to be taken away."""
        return self.size < self.part.found


def share_out(size: int, parts: tuple[Part, ...], guaranteed: Guaranteed, limits: Limits) -> tuple[Cut, ...]:
    """Return what each tier is to have of `size`."""
    if len(parts) == 1:
        return (alone(size, parts[0], limits),)
    needs = needs_of(size, parts, guaranteed, limits)
    covers = covered(needs)
    cuts = []
    for need in needs:
        part, cover = need.part, covers[need.part.name]
        holds = min(kept(need, needs, covers, limits, size), max(0, part.found - need.due))
        added = min(need.held, limits.added)
        asked = bounded(part, need.due + max(cover, holds, added), limits)
        cuts.append(Cut(part, asked, need.due, need.lost, need.lack, cover, holds))
    return guarded(cuts, size)


def alone(size: int, part: Part, limits: Limits) -> Cut:
    """Return the same for a pool of one tier: it is due all of the size, and nobody covers for it."""
    added = min(max(0, part.found - limits.before), limits.added)
    missed = lost(part, size)
    lack = missed + min(size, ending(part))
    return Cut(part, bounded(part, size + added, limits), size, missed, lack)


def needs_of(size: int, parts: tuple[Part, ...], guaranteed: Guaranteed, limits: Limits) -> list[Need]:
    """Return what each tier is due of `size`, has beyond its part of the size before, and lacks."""
    tiers = tuple(part.tier for part in parts if part.wanted)
    dues = begun(due(size, guaranteed, tiers), limits.first)
    dues_before = dues
    if limits.before != size:
        dues_before = begun(due(limits.before, guaranteed, tiers), limits.first)
    held = [max(0, part.found - dues_before.get(part.name, 0)) for part in parts]
    needs = []
    for part, own in zip(parts, held, strict=True):
        share = dues.get(part.name, 0)
        missed = lost(part, share)
        back = min(share, max(min(sum(held) - own, replacements(part, limits.lost_since)), ending(part)))
        needs.append(Need(part, share, own, missed, missed + back))
    return needs


def is_full(size: int, parts: tuple[Part, ...], guaranteed: Guaranteed) -> bool:
    """Return whether more could not be had: no tier's replicas come, or one's do not and cover for it is used up."""
    wanted = [part for part in parts if part.wanted]
    stuck = [part for part in wanted if part.capacity.blocked]
    dues = due(size, guaranteed, tuple(part.tier for part in wanted))
    limits = [part.tier.fallback.max_replicas for part in stuck]
    held = sum(max(0, part.found - dues[part.name]) for part in wanted if part not in stuck)
    return len(stuck) == len(wanted) or any(limit is not None and held >= limit for limit in limits)


def lost(part: Part, share: int) -> int:
    """Return how much of its `share` a tier does not have; what is not asked for yet is to come."""
    to_come = max(0, share - part.found) if part.has_room else 0
    return share - min(share, max(0, part.usable) + to_come)


def replacements(part: Part, lost_since: datetime | None) -> int:
    """Return how many replicas are on the way in the place of what was lost; what stands in for those is spoken for.

    Without it a reclaim that follows another would find the first one's replacements counted already. What was on the
    way before the loss stands in for nothing: counted too, it would be covered twice.
    """
    if lost_since is None or not reclaimable(part):
        return 0
    since = lost_since.replace(microsecond=0)  # the API server stamps whole seconds
    made = sum(pod.created_at >= since for pod in part.target.pods if not pod.ready_at and not pod.notice)
    return min(on_the_way(part), made)


def ending(part: Part) -> int:
    """Return how many replicas are on the way in the place of pods that a reclaim was seen to end."""
    return min(on_the_way(part), len(part.target.reclaimed))


def on_the_way(part: Part) -> int:
    """Return how many of a tier's replicas count and are not ready."""
    return max(0, part.usable - part.capacity.ready)


def covered(needs: list[Need]) -> dict[str, int]:
    """Return how much each tier covers: a lack goes to the next tier in order of preference that has room for it."""
    covers = {need.part.name: 0 for need in needs}
    for place, need in enumerate(needs):
        others = (other.part for other in (*needs[place + 1 :], *needs[:place]) if other.part.has_room)
        stand_in = next(others, None)
        if stand_in is not None:
            covers[stand_in.name] += allowed(need)
    return covers


def allowed(need: Need | Cut) -> int:
    """Return how much of a tier's lack another may cover."""
    limit = need.part.tier.fallback.max_replicas
    return need.lack if limit is None else min(need.lack, limit)


def kept(need: Need, needs: list[Need], covers: Mapping[str, int], limits: Limits, size: int) -> int:
    """Return how much of what a tier holds beyond its due must stay: until the others stand on their own.

    To where capacity is reclaimed it goes back one step at a time, and not at all too soon after a reclaim. A size that
    shrinks lets go of as much.
    """
    if not need.held:
        return 0
    others = [other for other in needs if other is not need and other.part.wanted]
    missing = sum(max(0, other.due + covers[other.part.name] - other.part.solid) for other in others)
    if all(other.part.tier.type is CapacityType.ON_DEMAND for other in others):
        return min(need.held, missing)
    steps = limits.steps + max(0, limits.before - size)
    return min(need.held, max(missing, need.held - steps))


def bounded(part: Part, wanted: int, limits: Limits) -> int:
    """Return a tier's size: no more of one whose replicas do not come, no less than must be kept."""
    if part.capacity.blocked:
        wanted = min(wanted, part.found)
    return max(wanted, part.found) if limits.keep else wanted


def guarded(cuts: list[Cut], size: int) -> tuple[Cut, ...]:
    """Return the cuts; nothing is taken away where that would leave fewer ready than the size, or than there are."""
    ready = sum(cut.part.capacity.ready for cut in cuts)
    left = sum(min(cut.part.capacity.ready, cut.size) for cut in cuts)
    if left >= min(size, ready):
        return tuple(cuts)
    return tuple(cut._replace(size=max(cut.size, cut.part.found)) for cut in cuts)


def size_found(parts: tuple[Part, ...], asked: Mapping[str, int], before: int | None, guaranteed: Guaranteed) -> int:
    """Return the size that the tiers' replicas stand for, given what each was last asked for and for which size.

    What somebody else wrote counts as it is. What we wrote and do not remember (a crash came between) is a change of
    size only as far as the preferred tier shows it: on-demand that we added beyond that covered for something.
    A workload that is gone, or was made anew at zero, says nothing: somebody deleted it, and its replicas come back.
    """
    tiers = tuple(part.tier for part in parts if part.wanted)
    if before is None:
        return adopted(parts, guaranteed, tiers)
    moved = {part.name: part.found - asked.get(part.name, part.found) for part in parts}
    moved |= {part.name: 0 for part in parts if not part.target.uid}  # not made yet, or deleted: that says nothing
    size = max(0, before + sum(moved[part.name] for part in parts if not part.target.ours))
    forgotten = any(moved[part.name] and part.found for part in parts if part.target.ours and part.wanted)
    return written(parts, size, guaranteed, tiers) if forgotten else size


def written(parts: tuple[Part, ...], size: int, guaranteed: Guaranteed, tiers: tuple[Tier, ...]) -> int:
    """Return the size that we wrote and do not remember: of those that give spot what it has, the nearest to `size`.

    Of several the one that gives on-demand what it has, too; but not while spot lacks some, for then it covers.
    """
    spot = {part.name: part.found for part in parts if part.wanted and reclaimable(part)}
    whole = {part.name: part.found for part in parts if part.wanted}
    reach = range(size + 2 * sum(whole.values()) + 2)
    dues = {other: due(other, guaranteed, tiers) for other in reach}
    fits = [other for other, given in dues.items() if all(given[name] == found for name, found in spot.items())]
    exact = [other for other in fits if dues[other] == whole]
    lacks = any(part.usable < part.found for part in parts if part.wanted and reclaimable(part))
    return min(fits if lacks or not exact else exact, key=lambda other: abs(other - size), default=size)


def adopted(parts: tuple[Part, ...], guaranteed: Guaranteed, tiers: tuple[Tier, ...]) -> int:
    """Return the size of a pool of which nothing is remembered: all that was asked for, but what covers for a loss.

    In doubt it is the larger: what is too much leaves by steps, what is too little is missed at once.
    """
    whole = sum(part.found for part in parts)
    for part in parts:
        if part.wanted and reclaimable(part):
            size = nearest(part, whole, guaranteed, tiers)
            return size if part.usable <= size - (whole - part.found) <= part.found else whole
    return whole


def reclaimable(part: Part) -> bool:
    """Return whether the tier's machines may be taken away at any moment."""
    return part.tier.type is CapacityType.SPOT


def nearest(part: Part, size: int, guaranteed: Guaranteed, tiers: tuple[Tier, ...]) -> int:
    """Return the size nearest to `size` that gives a tier what it was found with; `size` itself where none does."""
    reach = range(size + 2 * part.found + 2)
    fits = [other for other in reach if due(other, guaranteed, tiers)[part.name] == part.found]
    return min(fits, key=lambda other: abs(other - size), default=size)
