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
from datetime import timedelta

from poolkeeper.core.decision import Health
from poolkeeper.core.look import Look
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.observation import Observation, Wait
from poolkeeper.core.reasons import Reason
from poolkeeper.core.shares import Settled
from poolkeeper.core.split import Cut, allowed, reclaimable


def told(health: Health, spec: PoolSpec, seen: Observation, view: Look, done: Settled) -> Health:
    """Return the health with what there is to say of the split; a pool of one tier has none."""
    if len(view.parts) == 1 and spec.spot is None:
        return health
    reason, words = next(found(spec, seen, view, done), (Reason.AS_EXPECTED, ""))
    since = done.memory.lost_since
    spot = next((cut for cut in done.cuts if reclaimable(cut.part)), None)
    lost = max(0, spot.due - spot.part.capacity.ready) if spot and since else 0
    return replace(health, split=reason, split_detail=words, lost=lost, lost_since=since)


def found(spec: PoolSpec, seen: Observation, view: Look, done: Settled) -> Iterator[tuple[Reason, str]]:
    """Yield what there is to say, the weightiest first."""
    if seen.unsplit is not Reason.AS_EXPECTED:
        yield seen.unsplit, seen.unsplit_detail
    for cut in done.cuts:
        wrong = [pod.trouble for pod in cut.part.target.pods if pod.wait is Wait.MISCONFIGURED]
        if wrong and reclaimable(cut.part):
            yield Reason.SPOT_MISCONFIGURED, wrong[0]
    for cut in done.cuts:
        if cut.lack and done.memory.lost_since and reclaimable(cut.part):
            yield short(cut, done, view)
        elif cut.lost:
            yield Reason.ON_DEMAND_SHORT, counts(cut) + trouble(cut)
    for cut in done.cuts:
        if cut.holds and not reclaimable(cut.part) and done.memory.lost_since:
            yield Reason.RECOVERING, recovering(cut, spec, view)
        elif cut.holds:
            yield (
                Reason.HANDING_OVER,
                f"{cut.holds} more {cut.part.name} than is due, until what replaces them is ready",
            )


def short(cut: Cut, done: Settled, view: Look) -> tuple[Reason, str]:
    """Return what a tier lacks, and who covers how much of it."""
    standing_in = ", ".join(f"{other.part.name} covers {other.covers}" for other in done.cuts if other.covers)
    words = counts(cut) + (f"; {standing_in}" if standing_in else "; nothing covers them") + trouble(cut)
    if allowed(cut) < cut.lack:
        return Reason.FALLBACK_AT_MAXIMUM, f"{words}; maxReplicas {cut.part.tier.fallback.max_replicas}"
    reclaimed, since = view.memory.tiers.reclaimed_at, done.memory.lost_since
    after_notice = reclaimed is not None and since is not None and reclaimed >= since and not cut.part.short
    return (Reason.SPOT_RECLAIMED if cut.part.noticed or after_notice else Reason.SPOT_SHORT), words


def counts(cut: Cut) -> str:
    """Return how much of its due a tier has."""
    ready = min(cut.due, cut.part.capacity.ready)
    return f"{cut.part.name} has {ready} of {cut.due} ready"


def trouble(cut: Cut) -> str:
    """Return the provider's, the provisioner's, the scheduler's or the kubelet's own words, whoever has some."""
    pods = cut.part.target.pods
    notices = [pod.notice for pod in pods if pod.notice]
    words = notices or [pod.trouble for pod in pods if not pod.ready_at and pod.trouble]
    said = words[0] if words else cut.part.target.failure
    return f" ({said})" if said else ""


def recovering(cut: Cut, spec: PoolSpec, view: Look) -> str:
    """Return what the way back waits for."""
    spot = spec.spot
    words = f"{cut.part.name} holds {cut.holds} until as many spot replicas"
    if spot is None:
        return f"{words} are replaced"
    words += f" have been ready for {span(spot.recovery.after)}"
    reclaimed = view.memory.tiers.reclaimed_at
    return f"{words}, not before {reclaimed + spot.recovery.backoff:%H:%M:%SZ}" if reclaimed else words


def span(duration: timedelta) -> str:
    """Return a duration as a spec writes it."""
    seconds = int(duration.total_seconds())
    return f"{seconds // 60}m" if seconds >= 60 and seconds % 60 == 0 else f"{duration.total_seconds():g}s"  # noqa: PLR2004
