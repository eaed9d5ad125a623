"""The spec's parts about machines: what is guaranteed, which tiers there are, and how replicas leave them (R6, R7)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field
from pydantic.alias_generators import to_camel

from poolkeeper.api.fields import MAX_REPLICAS, Duration, Name
from poolkeeper.api.rules import Part, Rule
from poolkeeper.api.units import format_duration, parse_duration
from poolkeeper.core import model
from poolkeeper.core.days import COMMITMENTS, OVERHEAD

MAX_TIERS = 8


def at_most(field: str, limit: timedelta) -> Rule:
    """Return the rule that a duration is no longer than this."""
    name, words = to_camel(field), format_duration(limit)
    return Rule(
        f"duration(self.{name}) <= duration('{words}')", _within(field, limit), f"{name} must be at most {words}"
    )


def _within(field: str, limit: timedelta) -> Callable[[Any], bool]:
    return lambda it: parse_duration(getattr(it, field)) <= limit


class Guaranteed(Part):
    """What is held on on-demand, where nothing is reclaimed: `base`, and a share of what is above it, rounded up."""

    base: Annotated[int, Field(ge=0, le=MAX_REPLICAS)] = 0
    """Replicas that are on-demand before any is spot."""
    percent_above_base: Annotated[int, Field(ge=0, le=100)] = 0
    """The share of the replicas above `base`, in percent, that is on-demand too."""


class Fallback(Part):
    """How on-demand takes over what spot lacks. A notice or a stock-out counts at once, whatever `after` says."""

    after: Duration = "2m"
    """How long spot may be without a replica that nothing is said about, before on-demand takes over; at most 1h."""
    max_replicas: Annotated[int, Field(ge=0, le=MAX_REPLICAS)] | None = None
    """The most replicas that on-demand takes over. Without it, all that spot lacks."""

    RULES: ClassVar = (at_most("after", timedelta(hours=1)),)


class Recovery(Part):
    """How what was taken over goes back to spot, one replica at a time."""

    after: Duration = "10m"
    """How long a spot replica must have been ready before on-demand gives one back; at most 24h."""
    backoff: Duration = "5m"
    """How long after a reclaim nothing goes back; at most 24h."""

    RULES: ClassVar = (at_most("after", timedelta(hours=24)), at_most("backoff", timedelta(hours=24)))


class Tier(Part):
    """One kind of capacity."""

    name: Name
    """The tier's name, in messages, metrics and the label `poolkeeper.io/tier`."""
    type: Literal["OnDemand", "Spot"]
    """OnDemand: kept until it is given back; the target itself. Spot: may be reclaimed at any moment."""
    provider: Literal["auto", "karpenter", "eks", "gke", "aks"] | None = None
    """Whose labels, taints and events tell of spot. Without it or with `auto`, the nodes tell. Only for Spot."""
    fallback: Fallback | None = None
    """How on-demand takes over what this tier lacks. Only for Spot; without it, its defaults."""
    recovery: Recovery | None = None
    """How what was taken over goes back. Only for Spot; without it, its defaults."""

    RULES: ClassVar = (
        Rule(
            "self.type == 'Spot' || !(has(self.provider) || has(self.fallback) || has(self.recovery))",
            lambda it: it.type == "Spot" or (it.provider, it.fallback, it.recovery) == (None, None, None),
            "provider, fallback and recovery belong to the tier of type Spot",
        ),
        Rule(
            "self.name != 'spot' || self.type == 'Spot'",  # what a pool leaves behind on spot still bears that name
            lambda it: it.name != "spot" or it.type == "Spot",
            "the name spot is for a tier of type Spot",
        ),
        Rule(
            f"!(self.name in ['{OVERHEAD}', '{COMMITMENTS}'])",
            lambda it: it.name not in (OVERHEAD, COMMITMENTS),
            f"the names {OVERHEAD} and {COMMITMENTS} are for lines of the cost beside those of tiers",
        ),
    )

    def to_core(self) -> model.Tier:
        """Return the tier as the rules read it."""
        fallback, recovery = self.fallback or Fallback(), self.recovery or Recovery()
        return model.Tier(
            self.name,
            model.CapacityType(self.type),
            self.provider or "auto",
            model.Fallback(parse_duration(fallback.after), fallback.max_replicas),
            model.Recovery(parse_duration(recovery.after), parse_duration(recovery.backoff)),
        )


class Capacity(Part):
    """On which kinds of machines the replicas run."""

    guaranteed: Guaranteed = Field(default_factory=Guaranteed)
    """What is held on on-demand; the rest goes to the tiers in their order."""
    tiers: Annotated[
        tuple[Tier, ...],
        Field(strict=False, min_length=1, max_length=MAX_TIERS, json_schema_extra={"list-map-key": "name"}),
    ] = (Tier(name="spot", type="Spot"), Tier(name="on-demand", type="OnDemand"))
    """The tiers in order of preference: one OnDemand, and at most one Spot before it."""

    RULES: ClassVar = (
        Rule(
            "self.tiers.exists_one(tier, tier.type == 'OnDemand')",
            lambda it: _count(it, "OnDemand") == 1,
            "give exactly one tier of type OnDemand: it is the target itself",
        ),
        Rule(
            "self.tiers.filter(tier, tier.type == 'Spot').size() <= 1",
            lambda it: _count(it, "Spot") <= 1,
            "more than one tier of type Spot is not supported yet",
        ),
        Rule(
            "self.tiers.size() <= 2",
            lambda it: len(it.tiers) <= 2,  # noqa: PLR2004  the rule's own bound
            "a third tier is not supported yet",
        ),
        Rule(
            "!self.tiers.exists(tier, tier.type == 'Spot') || self.tiers[0].type == 'Spot'",
            lambda it: _count(it, "Spot") == 0 or it.tiers[0].type == "Spot",
            "put the tier of type Spot before the one of type OnDemand: after it, nothing would ever run on spot",
        ),
        Rule(
            "self.tiers.all(a, self.tiers.exists_one(b, b.name == a.name))",
            lambda it: len({tier.name for tier in it.tiers}) == len(it.tiers),
            "tier names must differ",
        ),
    )

    @property
    def has_spot(self) -> bool:
        """Whether a part of the pool is to be on spot."""
        return _count(self, "Spot") > 0

    def to_core(self) -> tuple[model.Guaranteed, tuple[model.Tier, ...]]:
        """Return what is guaranteed and the tiers as the rules read them."""
        held = model.Guaranteed(self.guaranteed.base, self.guaranteed.percent_above_base)
        return held, tuple(tier.to_core() for tier in self.tiers)


class Drain(Part):
    """How replicas leave: idle ones first."""

    deadline: Duration = "2m"
    """How long a shrink waits for a replica to be idle while all are busy; then a busy one goes. At most 1h."""

    RULES: ClassVar = (at_most("deadline", timedelta(hours=1)),)


def _count(capacity: Capacity, kind: str) -> int:
    return sum(tier.type == kind for tier in capacity.tiers)
