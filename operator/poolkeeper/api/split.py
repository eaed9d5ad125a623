"""How the status tells of the split over tiers (R7). A pool of one tier has none to tell of."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from poolkeeper.api.shape import Shape
from poolkeeper.api.units import format_instant
from poolkeeper.core.decision import Decision, Share
from poolkeeper.core.model import CapacityType, Tier

Json = dict[str, Any]


class TierStatus(Shape):
    """One tier's part of the pool."""

    name: str
    """The tier's name."""
    type: Literal["OnDemand", "Spot"]
    """How its machines are bought."""
    replicas: int
    """The replicas that are asked of it."""
    ready: int
    """Those that are ready, without pods whose node is being reclaimed."""
    desired: int
    """Its part of the size by the split's formula. What `replicas` has beyond it covers for another tier."""
    lost: int | None = None
    """The replicas that it lacks. Only of Spot."""
    since: Annotated[str, Field(json_schema_extra={"format": "date-time"})] | None = None
    """Since when it has lacked any."""
    provider: str | None = None
    """Whose labels, taints and events tell of it. Only of Spot, once that is known."""


class TierChange(Shape):
    """What one change did to one tier."""

    name: str
    """The tier's name."""
    from_: Annotated[int, Field(alias="from")]
    """The replicas that were found."""
    to: int
    """The replicas that were asked for."""
    reason: str
    """Why, for machines."""


def is_split(decision: Decision, tiers: Sequence[Tier]) -> bool:
    """Return whether there is a split to tell of: the spec has spot, or some is left of when it had."""
    return len(decision.shares) > 1 or any(tier.type is CapacityType.SPOT for tier in tiers)


def split(decision: Decision, tiers: Sequence[Tier], provider: str = "") -> Json:
    """Return `tiers` and `split` as the status has them; neither where there is nothing to split."""
    if not is_split(decision, tiers):
        return {}
    types = {tier.name: tier.type for tier in tiers}
    told = [_tier(share, types.get(share.tier, CapacityType.SPOT)) for share in decision.shares]
    told = [one | (_loss(decision, provider) if one["type"] == CapacityType.SPOT else {}) for one in told]
    return {"tiers": told, "split": ", ".join(short(one) for one in told)}


def _tier(share: Share, kind: CapacityType) -> Json:
    return {
        "name": share.tier,
        "type": kind.value,
        "replicas": share.size,
        "ready": share.ready,
        "desired": share.due,
    }


def _loss(decision: Decision, provider: str) -> Json:
    """Return what is told of spot besides: what it lacks, and whose it is."""
    since = decision.health.lost_since
    told: Json = {"lost": decision.health.lost}
    told |= {"since": format_instant(since.replace(microsecond=0))} if since else {}
    return told | ({"provider": provider} if provider else {})


def short(tier: Json) -> str:
    """Return a tier in one glance: `spot 6/9 (3 lost)` has 6 ready of 9, `on-demand 4/4 (+3)` 3 beyond its part."""
    extra = tier["replicas"] - tier["desired"]
    notes = [f"{tier['lost']} lost"] if tier.get("lost") else []
    notes += [f"+{extra}"] if extra > 0 else []
    return f"{tier['name']} {tier['ready']}/{tier['replicas']}" + (f" ({', '.join(notes)})" if notes else "")


def moves(decision: Decision) -> list[Json]:
    """Return what a decision does to each tier, in order of preference; nothing where there is one."""
    if len(decision.shares) <= 1:
        return []
    return [
        {"name": share.tier, "from": share.found, "to": share.size, "reason": share.reason.value}
        for share in decision.shares
    ]
