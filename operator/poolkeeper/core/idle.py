"""To zero after an idle time, and from zero on the tier that starts sooner (decision 0046).

    samples      w = something waits, r = something runs, ? = nobody tells what runs, . = neither waits nor runs
    idleAfter    3 samples

    w r . . .          the last replica leaves three samples after the last r
    w r . ? . . .      so it does after a ?
    r . . (gap) .      the gap does not count (grace.py)

With an idle time the queue's own steps (R2) never take the last replica; without one they do. The clock runs on through
windows that keep the pool warm, so that a pool which was idle in one leaves with its end.

    from zero          the first replica is asked of the tier whose measured start is shorter; of on-demand where one of
                       them is unknown. Once it is ready R7's split comes back, made before the first one goes.
"""

from collections.abc import Mapping
from dataclasses import replace

from poolkeeper.core import grace
from poolkeeper.core.decision import Stage
from poolkeeper.core.look import Look
from poolkeeper.core.memory import Grace, Starts, Tiers
from poolkeeper.core.model import CapacityType, PoolSpec
from poolkeeper.core.reasons import Reason
from poolkeeper.core.startup import ENOUGH, percentile_95
from poolkeeper.core.tiers import Part


def is_on(spec: PoolSpec) -> bool:
    """Return whether the last replica may go, and waits for an idle time."""
    return spec.queue.down.idle_after is not None and spec.min_replicas == 0


def lasting(spec: PoolSpec) -> PoolSpec:
    """Return the spec as R2 reads it: the last replica is the idle clock's, unless none may stay at all."""
    return replace(spec, min_replicas=1) if is_on(spec) and spec.max_replicas else spec


def is_idle(seen: Look) -> bool | None:
    """Return whether nothing waits and nothing runs; None where nothing waits and nobody tells what runs."""
    depth = seen.depth
    if depth.waiting is None or depth.waiting > 0:
        return False
    if depth.running is not None and all(pod.running is not None for pod in depth.samples):
        return depth.running == 0
    return True if has_never_served(seen) else None


def has_never_served(seen: Look) -> bool:
    """Return whether no replica that is there was ever ready: then nothing can run on any."""
    memory = seen.memory
    starting = memory.starts.starting.union(*(one.starting for one in memory.tiers.starts.values()))
    return starting.issuperset(pod.uid for part in seen.parts for pod in part.target.pods)


def leave(spec: PoolSpec, seen: Look, clock: Grace, down: Stage) -> Stage:
    """Return R2's stage with what the idle clock makes of it; it takes away all that is left at once."""
    after = spec.queue.down.idle_after
    if after is None or spec.min_replicas or not seen.current:
        return down
    facts = {**down.facts, "running": seen.depth.running, "idleAfter": after.total_seconds()}
    if seen.is_new and is_idle(seen) is True and grace.passed(clock.idle_since, clock.sampled_at, after):
        return down._replace(after=0, reason=Reason.IDLE, facts=facts)
    if down.reason is not Reason.AT_MINIMUM:
        return down
    unknown = is_idle(seen) is None
    return down._replace(reason=Reason.IDLE_UNKNOWN if unknown else Reason.IDLING, facts=facts)


def first(parts: tuple[Part, ...], starts: Mapping[str, Starts]) -> str:
    """Return the tier to ask for the first replica, empty where there is nothing to choose.

    `starts` tells how long starts took, by tier.
    """
    possible = [part for part in parts if part.has_room]
    if len(possible) < len(CapacityType):
        return ""
    known = {part.name: starts.get(part.name, Starts()).durations for part in possible}
    keeper = next(part.name for part in possible if part.tier.type is CapacityType.ON_DEMAND)
    if any(len(durations) < ENOUGH for durations in known.values()):
        return keeper
    return min(known, key=lambda name: (percentile_95(known[name]), name != keeper))


def begin(spec: PoolSpec, seen: Look, size: int) -> Tiers:
    """Return the tiers' memory with the tier of the first replica, while a pool wakes up from zero for what waits.

    Work that can wait (`batch`) has a rule of its own for its tiers.
    """
    known = seen.memory.tiers
    if not size or seen.capacity.ready or spec.batch is not None:
        return replace(known, first="") if known.first else known
    if seen.current or not seen.depth.waiting or len(seen.parts) == 1:
        return known
    keeper = next(part for part in seen.parts if part.tier.type is CapacityType.ON_DEMAND)
    found = first(seen.parts, {**known.starts, keeper.name: seen.memory.starts})
    return replace(known, first=found)
