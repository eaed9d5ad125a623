"""What one look means before anything is decided: depth, tiers, capacity, SLO, and the memory of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from poolkeeper.core import account, demand, forecast, lead, load, peer, pin, slo, startup, tiers, use
from poolkeeper.core.account import Account
from poolkeeper.core.batch import Plan
from poolkeeper.core.decision import HEALTHY, Health
from poolkeeper.core.depth import Depth, combine
from poolkeeper.core.forecast import NO_OUTLOOK, Outlook
from poolkeeper.core.lead import Need
from poolkeeper.core.memory import Jobs, Lead, Load, Memory, Pin, Starts, Tiers
from poolkeeper.core.model import CapacityType, PoolSpec
from poolkeeper.core.observation import Observation, Target
from poolkeeper.core.peer import Tied
from poolkeeper.core.reasons import Reason
from poolkeeper.core.schedule import Bounds, bounds
from poolkeeper.core.shrink import UNKNOWN, Known
from poolkeeper.core.split import is_full, size_found
from poolkeeper.core.startup import Capacity
from poolkeeper.core.tiers import Part
from poolkeeper.core.vanishing import believed


@dataclass(frozen=True, slots=True)
class Look:
    """A look at an existing target. `memory` has taken in what was seen, and nothing of what will be decided.

    `target` is the pool as if it were one workload: its replicas are the size that the tiers' replicas stand for.
    `bounds` are those of the schedule now, `outlook` is what the load is expected to need by its week, `known` how
    busy the replicas are and what the load needs by what it was lately. `spent`: the budget is used up and holds the
    pool back. `plan` is what becomes of work that can wait, None: there is none. `pin` is one that counts now, `tied`
    what the peer means for this pool.
    """

    target: Target
    depth: Depth
    capacity: Capacity
    memory: Memory
    bounds: Bounds
    parts: tuple[Part, ...] = ()
    outlook: Outlook = NO_OUTLOOK
    known: Known = UNKNOWN
    spent: bool = False
    plan: Plan | None = None
    pin: Pin | None = None
    tied: Tied | None = None
    overridden_until: datetime | None = None

    @property
    def need(self) -> Need | None:
        """What the load needs, None where that is unknown."""
        return self.known.need

    @property
    def current(self) -> int:
        """The size that was found."""
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
        memory = replace(untargeted(memory) if memory.target else memory, target=target.uid)
    readings, known_queues = believed(seen.readings, memory.known_queues)
    depth, silence = combine(readings, spec.queue, memory.silent_since, now)
    starts = startup.observe_starts(memory.starts, target, depth, now)
    if starts.template != memory.starts.template and memory.starts.template:
        memory = replace(memory, load=Load(), lead=Lead())  # another image, model or GPU does other work
    siblings = {
        sibling.tier: startup.observe_starts(memory.tiers.starts.get(sibling.tier, Starts()), sibling, depth, now)
        for sibling in seen.siblings
    }
    parts = tiers.parts_of(spec, seen, target, {target.tier: starts, **siblings}, now)
    present = forecast.load_of(depth, sum(part.capacity.ready for part in parts)) if spec.forecast else None
    known = frozenset(pod.uid for part in parts for pod in part.target.pods) if spec.slo or seen.bill else frozenset()
    whole = pool_of(spec, parts, target, memory)
    capacity = capacity_of(parts, whole.replicas, spec)
    came = measured(spec, memory.load, depth, (parts, capacity))
    ended = came is not memory.load and came.number != memory.lead.number
    remembered = Memory(
        target=target.uid,
        grace=memory.grace,
        starts=starts,
        edits=memory.edits,
        served=slo.count(memory.served, depth.samples, known, now) if spec.slo else memory.served,
        tiers=notice(memory.tiers, parts, siblings, now),
        habit=forecast.study(spec, memory.habit, present, now),
        leads_to=memory.leads_to,
        silent_since=silence,
        known_queues=known_queues,
        outage_since=None if depth.whole else (memory.outage_since or now),
        account=memory.account,
        load=came,
        lead=studied(spec, memory.lead, (starts, *siblings.values()), came) if ended else memory.lead,
        jobs=memory.jobs,
        counterfactual=memory.counterfactual,
        pin=pin.notice(memory.pin, seen.pinned, now),
    )
    ahead = spec.schedule is not None or spec.forecast is not None  # a pool that has neither need not know
    lead_time = startup.usual(spec, (starts, *siblings.values())) if ahead else timedelta(0)
    outlook = forecast.foresee(spec, remembered, present, lead_time, now)
    limits = bounds(spec, now, lead_time, remembered.leads_to)
    if limits.leads_to != remembered.leads_to:
        remembered = replace(remembered, leads_to=limits.leads_to)
    ready = sum(part.capacity.ready for part in parts)
    if seen.bill is not None:
        counted = use.count(memory.account.counting, depth.samples, ready, known, now)
        remembered = replace(remembered, account=replace(memory.account, counting=counted))
    paid = accounted(spec, seen, remembered.account, limits.cap if limits.narrow else None, now)
    remembered = remembered if paid is memory.account else replace(remembered, account=paid)
    return Look(
        target=whole,
        depth=depth,
        capacity=capacity,
        memory=remembered,
        bounds=limits,
        parts=parts,
        outlook=outlook,
        known=known_of(spec, remembered, depth, capacity, whole.replicas),
        spent=is_spent(paid, seen, now),
        pin=pin.in_force(remembered.pin, now),
        tied=peer.bound(spec.tie, seen.peer),
        overridden_until=seen.overridden_until,
    )


def untargeted(memory: Memory) -> Memory:
    """Return what is remembered of the pool itself and of its queue, whatever its target."""
    due = Jobs(due_at=memory.jobs.due_at, late=memory.jobs.late)
    return Memory(account=memory.account, pin=memory.pin, known_queues=memory.known_queues, jobs=due)


def known_of(spec: PoolSpec, memory: Memory, depth: Depth, capacity: Capacity, size: int) -> Known:
    """Return what is known of how busy the replicas are, and of what the load needs."""
    slots, wide = memory.starts.slots, demand.width(spec, memory.load)
    if not spec.lead:
        return Known(None, slots, 0.0, wide)
    if load.is_whole(depth, capacity):
        need = lead.needed(memory.lead, memory.load, depth.waiting, max(0, size - capacity.ready))
        if need is not None:
            return Known(need, slots, 0.0, wide)
    return Known(None, slots, load.untried(memory.load, spec.queue.down.grace_period), wide)


def measured(spec: PoolSpec, known: Load, depth: Depth, pool: tuple[tuple[Part, ...], Capacity]) -> Load:
    """Return what is known of the load after this look, where the spec asks for that."""
    if not spec.lead:
        return known
    parts, capacity = pool
    return load.measure(known, depth, [pod for part in parts for pod in part.target.pods], capacity, sla=spec.sla)


def studied(spec: PoolSpec, known: Lead, starts: Iterable[Starts], found: Load) -> Lead:
    """Return what is known of where the load is going, after a bucket of it has ended."""
    if found.per_replica is None:
        return known
    lead_time = startup.usual(spec, starts)
    late = lead.AIM * (1 - (spec.slo.objective_percent if spec.slo else lead.OBJECTIVE) / 100)
    return lead.study(known, found, lead.Rule(lead_time, late, spec.sla, spec.queue.down.grace_period))


def accounted(spec: PoolSpec, seen: Observation, before: Account, cap: int | None, now: datetime) -> Account:
    """Return the account after what was seen to be paid for (R8); nothing is counted where nobody looks for that."""
    if seen.bill is None:
        return before
    kept = account.keep(before, spec, seen.bill, cap, now)
    return kept if seen.target else account.untargeted(kept)


def is_spent(known: Account, seen: Observation, now: datetime) -> bool:
    """Return whether the budget is used up and holds the pool back, nobody having lifted that."""
    lifted = seen.lifted_until is not None and now < seen.lifted_until
    return known.spent_at is not None and known.spent_at <= now and not lifted


def pool_of(spec: PoolSpec, parts: tuple[Part, ...], target: Target, memory: Memory) -> Target:
    """Return the tiers as one workload of the size that they stand for, written by who changed it."""
    asked = memory.tiers.asked or {target.tier: memory.edits.asked or 0}
    if len(parts) == len(asked) == 1:
        return target
    changed = [part.target for part in parts if part.found != asked.get(part.name, part.found)]
    writers = [one for one in changed if not one.ours] or [one for one in changed if one.ours] or [target]
    return replace(
        target,
        replicas=size_found(parts, asked, memory.edits.asked, spec.guaranteed),
        writer=writers[0].writer,
        ours=writers[0].ours,
        rolling=any(part.target.rolling for part in parts),
    )


def capacity_of(parts: tuple[Part, ...], size: int, spec: PoolSpec) -> Capacity:
    """Return what the pool's replicas can do, all tiers together."""
    if len(parts) == 1:
        return parts[0].capacity
    counting = sum(min(part.capacity.coming, part.usable - part.capacity.settled) for part in parts)
    full = is_full(size, parts, spec.guaranteed)
    return startup.pooled([part.capacity for part in parts], size, counting, blocked=full)


def notice(before: Tiers, parts: tuple[Part, ...], starts: Mapping[str, Starts], now: datetime) -> Tiers:
    """Return the tiers' memory after this look at their starts and notices; a pod that had none yet is a reclaim."""
    if len(parts) == 1 and not before.noticed and not before.starts:
        return before
    spot = [part for part in parts if part.tier.type is CapacityType.SPOT]
    noticed = frozenset(pod.uid for part in spot for pod in part.noticed)
    noticed = noticed.union(*(part.target.reclaimed for part in spot))
    reclaimed_at = now if noticed - before.noticed else before.reclaimed_at
    return replace(before, starts=starts, noticed=noticed, reclaimed_at=reclaimed_at)


def health(spec: PoolSpec, seen: Look, now: datetime) -> Health:
    """Return what the conditions report besides the size."""
    if spec.slo is None and seen.depth.fault is None and not (seen.capacity.overdue or seen.capacity.blocked):
        return HEALTHY
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
