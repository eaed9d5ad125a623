"""What one look means before anything is decided: depth, capacity, SLO, and the memory of them."""

from dataclasses import dataclass, replace
from datetime import datetime

from poolkeeper.core import slo, startup
from poolkeeper.core.decision import Health
from poolkeeper.core.depth import Depth, combine
from poolkeeper.core.memory import Memory
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.observation import Observation, Target
from poolkeeper.core.reasons import Reason
from poolkeeper.core.startup import Capacity


@dataclass(frozen=True, slots=True)
class Look:
    """A look at an existing target. `memory` has taken in what was seen, and nothing of what will be decided."""

    target: Target
    depth: Depth
    capacity: Capacity
    memory: Memory

    @property
    def current(self) -> int:
        """The replicas that the target asks for now."""
        return self.target.replicas

    @property
    def is_outage(self) -> bool:
        """Whether something is missing from the queue's depth, so that it may not lower the size (R3)."""
        return not self.depth.whole

    @property
    def is_new(self) -> bool:
        """Whether the sample has not been decided upon before."""
        before = self.memory.grace.sampled_at
        return self.depth.at is not None and (before is None or self.depth.at > before)


def look(spec: PoolSpec, seen: Observation, target: Target, memory: Memory, now: datetime) -> Look:
    """Return the meaning of what was seen. What is remembered of another target means nothing for this one."""
    if memory.target != target.uid:
        memory = replace(Memory() if memory.target else memory, target=target.uid)
    depth, silence = combine(seen.readings, spec.queue, memory.silent_since, now)
    starts = startup.observe_starts(memory.starts, target, depth, now)
    memory = Memory(
        target=target.uid,
        grace=memory.grace,
        starts=starts,
        edits=memory.edits,
        served=slo.count(memory.served, depth.samples, starts.known or frozenset(), now) if spec.slo else memory.served,
        silent_since=silence,
        outage_since=None if depth.whole else (memory.outage_since or now),
    )
    return Look(target, depth, startup.assess(spec, target, starts, now), memory)


def health(spec: PoolSpec, seen: Look, now: datetime) -> Health:
    """Return what the conditions report besides the size."""
    share = slo.share(seen.memory.served, slo.HOUR, now) if spec.slo else None
    state = Reason.NO_REQUESTS
    if spec.slo and share is not None:
        state = Reason.WITHIN_SLO if share >= spec.slo.objective_percent / 100 else Reason.OUTSIDE_SLO
    stuck = seen.capacity.overdue > 0
    return Health(
        metrics=seen.depth.fault or Reason.AS_EXPECTED,
        metrics_detail=seen.depth.detail,
        startup=Reason.STARTUP_BLOCKED if seen.capacity.blocked else Reason.AS_EXPECTED,
        startup_detail=f"{seen.capacity.overdue} overdue: {seen.capacity.words}" if stuck else "",
        slo=state,
        slo_share=share,
        slo_burn_rate=slo.burn_rate(spec.slo, share) if spec.slo and share is not None else None,
    )
