"""What each tier has, and what of it counts (R4, R7).

    counts      ready; loading or fallen back, within the start-up timeout; within its wait for a node
    does not    terminating, under notice, overdue, out of stock, too long without a node

    the wait for a node where capacity may be reclaimed     ends
    nothing is said                                         after fallback.after
    a node is being launched                                after LAUNCH, if that is later
    a stock-out                                             at once
    no node can ever match                                  never: the template is wrong, another tier would not help

A pod that a quota refuses does not exist; it waits like one of which nothing is said.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from poolkeeper.core.memory import Starts
from poolkeeper.core.model import CapacityType, PoolSpec, Tier
from poolkeeper.core.observation import FOR_GOOD, Observation, Pod, Target, Wait
from poolkeeper.core.reasons import Reason
from poolkeeper.core.startup import Capacity, assess, due_at, lacking_from, timeout

LAUNCH = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Part:
    """One tier at one look. `usable` replicas count; `solid` ones have been ready for long enough to build on.

    `wanted`: the spec has the tier; a part that is not wanted is what is left of a tier that the pool no longer uses.
    `short`: it is known that no more can be had now. By time alone, a replica ceases to count at `lasts_until`, and
    another is solid at `steady_at`.
    """

    tier: Tier
    target: Target
    capacity: Capacity
    usable: int
    solid: int
    wanted: bool = True
    short: bool = False
    lasts_until: datetime | None = None
    steady_at: datetime | None = None

    @property
    def name(self) -> str:
        """The tier's name."""
        return self.tier.name

    @property
    def found(self) -> int:
        """The replicas that its workload asks for."""
        return self.target.replicas

    @property
    def noticed(self) -> tuple[Pod, ...]:
        """The pods whose node is being reclaimed."""
        return tuple(pod for pod in self.target.pods if pod.notice)

    @property
    def has_room(self) -> bool:
        """Whether more may be asked of it: it is wanted, can be written, is not short, and what was asked for comes."""
        return self.wanted and not (self.short or self.target.refused or self.capacity.blocked)


def parts_of(
    spec: PoolSpec, seen: Observation, target: Target, starts: Mapping[str, Starts], now: datetime
) -> tuple[Part, ...]:
    """Return the pool's tiers in order of preference, then what is left of tiers that it no longer uses."""
    siblings = {sibling.tier: sibling for sibling in seen.siblings}
    made = []
    for tier in usable_tiers(spec, seen):
        if tier.type is CapacityType.ON_DEMAND:
            made.append(part_of(spec, tier, target, starts[target.tier], now))
        else:
            found = siblings.pop(tier.name, None) or Target(0, tier=tier.name, ours=True)
            made.append(part_of(spec, tier, found, starts.get(tier.name, Starts()), now))
    for name, left in siblings.items():
        tier = Tier(name, CapacityType.SPOT)
        made.append(replace(part_of(spec, tier, left, starts[name], now), wanted=False))
    return tuple(made)


def usable_tiers(spec: PoolSpec, seen: Observation) -> tuple[Tier, ...]:
    """Return the tiers that the pool can be split over: where something is in the way, the guaranteed one alone."""
    if seen.unsplit is Reason.AS_EXPECTED:
        return spec.tiers
    return tuple(tier for tier in spec.tiers if tier.type is CapacityType.ON_DEMAND)


def part_of(spec: PoolSpec, tier: Tier, target: Target, starts: Starts, now: datetime) -> Part:
    """Return what one tier has at `now`."""
    staying = [pod for pod in target.pods if not pod.notice]
    leaving = len(target.pods) - len(staying)
    capacity = assess(spec, replace(target, pods=tuple(staying)) if leaving else target, starts, now)
    if tier.type is CapacityType.ON_DEMAND:
        usable = max(capacity.ready, target.replicas - capacity.overdue - leaving)  # a rollout has pods to spare
        return Part(tier, target, capacity, min(target.replicas, usable), capacity.ready)
    homeless = [homeless_until(pod, tier) for pod in staying if not pod.ready_at and not pod.scheduled_at]
    homeless += [lacking_from(target, starts, now) + tier.fallback.after] * (target.replicas - len(target.pods))
    limit = timeout(spec, starts)
    loading = [due_at(pod, spec, limit) for pod in staying if not pod.ready_at and pod.scheduled_at]
    counting = [end for end in homeless + loading if end > now]
    steady = [pod.ready_at + tier.recovery.after for pod in staying if pod.ready_at]
    return Part(
        tier=tier,
        target=target,
        capacity=capacity,
        usable=min(target.replicas, capacity.ready + len(counting)),
        solid=sum(since <= now for since in steady),
        short=any(end <= now for end in homeless),
        lasts_until=min((end for end in counting if end < FOR_GOOD), default=None),
        steady_at=min((since for since in steady if since > now), default=None),
    )


def homeless_until(pod: Pod, tier: Tier) -> datetime:
    """Return until when a pod without a node counts."""
    if pod.wait is Wait.STOCK_OUT:
        return pod.created_at
    if pod.wait is Wait.MISCONFIGURED:
        return FOR_GOOD
    patience = max(tier.fallback.after, LAUNCH) if pod.wait is Wait.LAUNCHING else tier.fallback.after
    return pod.created_at + patience
