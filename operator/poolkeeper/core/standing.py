"""How the split stands (R7), in words: what is lost, what covers it, and what is being waited for. First answer counts.

something forbids a split           TargetNotPinned, ProviderUnknown, SiblingTaken, SiblingBehind
the template can match no node      SpotMisconfigured: no stock-out, and nothing is taken over for it
spot lacks replicas                 SpotReclaimed, SpotShort, or FallbackAtMaximum where that is not enough
on-demand lacks replicas            OnDemandShort
on-demand has more than its due     Recovering after a loss, else HandingOver
spot has more than its due          HandingOver
"""

from collections.abc import Iterator
from dataclasses import replace

from poolkeeper.core.decision import Health
from poolkeeper.core.look import Look
from poolkeeper.core.model import CapacityType, PoolSpec
from poolkeeper.core.observation import Observation, Wait
from poolkeeper.core.reasons import Reason
from poolkeeper.core.shares import Settled
from poolkeeper.core.split import Cut, allowed, reclaimable
from poolkeeper.core.words import span


def told(health: Health, spec: PoolSpec, seen: Observation, view: Look, done: Settled) -> Health:
    """Return the health with what there is to say of the split; a pool of one tier has none."""
    if len(view.parts) == 1 and spec.spot is None:
        return health
    reason, words = next(found(seen, view, done), (Reason.AS_EXPECTED, ""))
    since = done.memory.lost_since
    spot = next((cut for cut in done.cuts if reclaimable(cut.part)), None)
    lost = max(0, spot.due - spot.part.capacity.ready) if spot and since else 0
    return replace(health, split=reason, split_detail=words, lost=lost, lost_since=since)


def found(seen: Observation, view: Look, done: Settled) -> Iterator[tuple[Reason, str]]:
    """Yield what there is to say, the weightiest first."""
    if seen.unsplit is not Reason.AS_EXPECTED:
        yield seen.unsplit, seen.unsplit_detail
    yield from misfits(done)
    yield from lacks(done, view)
    yield from surplus(done)
    behind = [counts(cut) for cut in done.cuts if cut.part.capacity.ready < cut.due]
    if behind:
        yield Reason.AS_EXPECTED, f"{', '.join(behind)}, the others are on their way"


def misfits(done: Settled) -> Iterator[tuple[Reason, str]]:
    """Yield what keeps spot pods from ever having a node."""
    for cut in done.cuts:
        wrong = [pod.trouble for pod in cut.part.target.pods if pod.wait is Wait.MISCONFIGURED]
        if wrong and reclaimable(cut.part):
            yield Reason.SPOT_MISCONFIGURED, wrong[0]


def lacks(done: Settled, view: Look) -> Iterator[tuple[Reason, str]]:
    """Yield what the tiers lack."""
    for cut in done.cuts:
        if cut.lack and done.memory.lost_since and reclaimable(cut.part):
            yield short(cut, done, view)
        elif cut.lost:
            yield Reason.ON_DEMAND_SHORT, counts(cut) + trouble(cut)


def surplus(done: Settled) -> Iterator[tuple[Reason, str]]:
    """Yield what the tiers have beyond their due."""
    for cut in done.cuts:
        if cut.holds and not reclaimable(cut.part) and done.memory.lost_since:
            yield Reason.RECOVERING, holding(cut, done)
        elif cut.holds:
            yield Reason.HANDING_OVER, holding(cut, done)


def short(cut: Cut, done: Settled, view: Look) -> tuple[Reason, str]:
    """Return what a tier lacks, and who covers how much of it."""
    standing_in = ", ".join(cover(other) for other in done.cuts if other.covers)
    words = counts(cut) + trouble(cut) + (f"; {standing_in}" if standing_in else "; nothing covers them")
    if allowed(cut) < cut.lack:
        return Reason.FALLBACK_AT_MAXIMUM, f"{words}; fallback.maxReplicas is {cut.part.tier.fallback.max_replicas}"
    reclaimed, since = view.memory.tiers.reclaimed_at, done.memory.lost_since
    after_notice = reclaimed is not None and since is not None and reclaimed >= since and not cut.part.short
    return (Reason.SPOT_RECLAIMED if cut.part.noticed or after_notice else Reason.SPOT_SHORT), words


def cover(cut: Cut) -> str:
    """Return how much a tier covers, and what keeps it from having all of that."""
    said = f"{cut.part.name} covers {cut.covers}"
    missing = cut.part.found - cut.part.capacity.ready
    return f"{said}, {missing} of its {cut.part.found} not ready yet{trouble(cut)}" if missing > 0 else said


def counts(cut: Cut) -> str:
    """Return how much of its due a tier has."""
    ready = min(cut.due, cut.part.capacity.ready)
    return f"{cut.part.name} has {ready} of {cut.due} ready"


def trouble(cut: Cut) -> str:
    """Return the provider's, the provisioner's, the scheduler's or the kubelet's own words, whoever has some."""
    pods = cut.part.target.pods
    notices = [pod.notice for pod in pods if pod.notice]
    troubles = [pod.trouble for pod in pods if not pod.ready_at and pod.trouble]
    words = [*notices, cut.part.target.refused, *troubles, cut.part.target.failure]
    said = next(filter(None, words), "")
    return f" ({said})" if said else ""


def holding(cut: Cut, done: Settled) -> str:
    """Return what a tier has beyond its due, and what the way back waits for."""
    other = next((one.part.tier for one in done.cuts if one.part.wanted and one is not cut), None)
    if other is None:  # what a pool of one tier has beyond its size is busy
        return f"{cut.part.name} holds {cut.holds} until they are idle or their drain deadline has passed"
    words = f"{cut.part.name} holds {cut.holds} until as many {other.name} replicas"
    if other.type is CapacityType.ON_DEMAND:
        return f"{words} are ready"
    words = f"{words} have been ready for {span(other.recovery.after)}"
    return f"{words}, not before {done.backoff_until:%H:%M:%SZ}" if done.backoff_until else words
