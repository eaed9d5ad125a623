"""Which way queue and load point and whether their time has come: R1 and the lead upwards, R2 downwards.

All of it on new samples only.
"""

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from poolkeeper.core import batched, bounds, demand, edits, grace, idle, shrink, slo
from poolkeeper.core.decision import Stage
from poolkeeper.core.edits import Ruling
from poolkeeper.core.look import Look
from poolkeeper.core.memory import Grace
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.reasons import Reason


class Pace(NamedTuple):
    """The stages for growth, by the queue and ahead of the load, and for shrinking; the clock, and whether it fired.

    Where the load tells how far the pool shrinks, the queue's calm alone has a clock: each replica has a grace period
    of its own then, since it was last needed (lead.py). `least` is the size that the queue would allow now, had the
    clock run already.
    """

    up: Stage
    ahead: Stage
    down: Stage
    clock: Grace
    fired: bool = False
    least: int = 0


def judge(spec: PoolSpec, seen: Look, ruling: Ruling, now: datetime) -> Pace:
    """Return what the queue asks for at this look; a shrink whose time has come may be forbidden."""
    pace = by_work(spec, seen, ruling) if spec.batch is not None else by_queue(spec, seen, ruling)
    veto = vetoed(spec, seen, ruling, now) if pace.fired else None
    return (
        pace
        if veto is None
        else pace._replace(down=pace.down._replace(after=pace.down.before, reason=veto), fired=False)
    )


def by_work(spec: PoolSpec, seen: Look, ruling: Ruling) -> Pace:
    """Return what work that can wait asks for."""
    clock = batched.tick(spec, seen, waiting=ruling.waiting)
    up = batched.grow(seen)
    ahead = Stage("lead", up.after, up.after, Reason.AS_EXPECTED)
    down = idle.leave(spec, seen, clock, batched.shrink(spec, seen, clock, up.after))
    return Pace(up, ahead, down, clock, down.after < seen.current, batched.least(spec, seen))


def by_queue(spec: PoolSpec, seen: Look, ruling: Ruling) -> Pace:
    """Return what queue and load ask for."""
    lasting = idle.lasting(spec)
    refusal = shrink.refusal(lasting, seen.depth, seen.capacity, seen.current, seen.known)
    clock = tick(spec, seen, refusal, waiting=ruling.waiting)
    up = grow(spec, seen, clock)
    ahead = follow(spec, seen, up.after)
    down = idle.leave(spec, seen, clock, give_away(lasting, seen, clock, refusal, ahead.after))
    return Pace(up, ahead, down, clock, down.after < seen.current, allowed(lasting, seen, refusal))


def tick(spec: PoolSpec, seen: Look, refusal: Reason | None, *, waiting: bool) -> Grace:
    """Return the clock after this look; a sample that is not whole stops the clock downwards (R3).

    So does a write of ours that the memory knows nothing of: a crash or a lost answer came between the two, and the
    clock that led to it would fire again.
    """
    before = seen.memory.grace
    if seen.is_outage or edits.is_unremembered(seen.memory.edits, seen.target):
        before = replace(before, short_since=None, calm_since=None, idle_since=None)
    if not seen.is_new or seen.depth.at is None:
        return before
    wide = seen.known.wide
    too_large = seen.current > spec.max_replicas
    trusted = not (waiting or seen.is_outage) and (seen.depth.applies or too_large)
    return grace.advance(
        before,
        grace.Signs(
            at=seen.depth.at,
            long=seen.depth.waiting is not None
            and demand.is_long(spec.queue, seen.depth.waiting, seen.capacity.ready, seen.current, wide),
            short=trusted and (refusal is None or too_large),
            calm=trusted and (refusal in (None, Reason.SURVIVORS_BUSY) or too_large),
            idle=trusted and idle.is_idle(seen) is True if spec.queue.down.idle_after is not None else None,
        ),
        spec.queue.interval,
    )


def grow(spec: PoolSpec, seen: Look, clock: Grace) -> Stage:
    """Return R1's stage."""
    depth, current = seen.depth.waiting, seen.current
    ready, coming = seen.capacity.ready, seen.capacity.coming
    if depth is None:
        return Stage("demand", current, current, Reason.STARTING if coming else Reason.AS_EXPECTED, {"coming": coming})
    wide = seen.known.wide
    justified = demand.steps_up(spec.queue, depth, ready, wide)
    if not justified and demand.is_long(spec.queue, depth, ready, current, wide):
        justified = min(spec.queue.up.step, spec.queue.up.max_step)
    more = max(0, justified - coming) if seen.is_new else 0
    facts = {
        "queue": depth,
        "above": demand.above(spec.queue, ready, wide),
        "ready": ready,
        "coming": coming,
        "justified": justified,
    }
    if not justified:
        return Stage("demand", current, current, Reason.STEADY, facts)
    if not more:
        return Stage("demand", current, current, Reason.STARTING, facts)
    if current and not grace.passed(clock.long_since, clock.sampled_at, spec.queue.up.delay):
        return Stage("demand", current, current, Reason.SCALE_UP_DELAYED, facts)
    return Stage("demand", current, current + more, Reason.QUEUE_ABOVE, facts)


def follow(spec: PoolSpec, seen: Look, before: int) -> Stage:
    """Return the lead's stage: what the load needs by the time a replica has started, by maxStep or twice the size."""
    need = seen.need
    if need is None:
        return Stage("lead", before, before, Reason.AS_EXPECTED)
    most = seen.capacity.ready + max(seen.capacity.ready, spec.queue.up.max_step)
    after = max(before, min(need.replicas, most)) if seen.is_new else before
    facts = {"load": need.load, "predicted": need.predicted, "margin": need.margin, "need": need.now}
    return Stage("lead", before, after, Reason.LEAD if after > before else Reason.AS_EXPECTED, facts)


def give_away(spec: PoolSpec, seen: Look, clock: Grace, refusal: Reason | None, before: int) -> Stage:
    """Return R2's stage: one step down from the current size when the clock has run for the whole grace period."""
    current = seen.current
    survivors, told = shrink.remaining(spec, seen.capacity.ready, current), seen.known
    led = shrink.is_led(spec, told.need)
    facts = {
        "queue": seen.depth.waiting,
        "below": demand.below(spec.queue, survivors, told.wide),
        "survivors": survivors,
        "busy": shrink.busy_share(spec, seen.depth, survivors, told),
        "guard": "on" if shrink.guard_is_known(spec, seen.depth, told) else "unknown",
        "graceSeconds": spec.queue.down.grace_period.total_seconds(),
    }
    if is_forced(spec, seen):
        facts = {**facts, "maxReplicas": spec.max_replicas}
        return Stage("grace", before, spec.max_replicas, Reason.WINDOW_FORCED, facts)
    if refusal is Reason.AT_MINIMUM:
        facts = {**facts, "minReplicas": spec.min_replicas, **bounds.floor_facts(seen)}
    since = clock.calm_since if led else clock.short_since
    if since is None or (refusal is Reason.SURVIVORS_BUSY and current <= spec.max_replicas):
        return Stage("grace", before, before, refusal or Reason.STEADY, facts)
    if not (seen.is_new and grace.passed(since, clock.sampled_at, spec.queue.down.grace_period)):
        return Stage("grace", before, before, Reason.GRACE, facts)
    if refusal is None:
        reason = Reason.ABOVE_WINDOW if bounds.is_above_window(seen) else Reason.QUEUE_BELOW
        after = shrink.led(spec, seen.depth, told, current) if led else shrink.stepped(spec, current)
        if after >= current:
            return Stage("grace", before, before, Reason.GRACE, facts)
        return Stage("grace", before, after, reason, facts)
    stepped = max(spec.max_replicas, current - (spec.queue.down.step or 1))
    return Stage("grace", before, stepped, bounds.above_cap(seen), facts)


def allowed(spec: PoolSpec, seen: Look, refusal: Reason | None) -> int:
    """Return the size that queue and load would allow now if nobody had to wait for the grace period."""
    if refusal is not None or seen.is_outage:
        return seen.current
    told = seen.known
    if shrink.is_led(spec, told.need):
        return shrink.led(spec, seen.depth, told, seen.current)
    return shrink.stepped(spec, seen.current)


def is_forced(spec: PoolSpec, seen: Look) -> bool:
    """Return whether what is over the schedule's cap goes at once (R5); in an outage nothing does (R3)."""
    return seen.bounds.force and not seen.is_outage and seen.current > spec.max_replicas


def vetoed(spec: PoolSpec, seen: Look, ruling: Ruling, now: datetime) -> Reason | None:
    """Return what forbids a shrink whose time has come; the clock runs on, so that it follows once that is over."""
    if seen.memory.edits.asked is None:
        return Reason.ADOPTED
    if ruling.keep:
        return Reason.EDIT_KEPT
    if seen.target.rolling:
        return Reason.ROLLING_OUT
    return Reason.SLO_AT_RISK if slo.vetoes(spec.slo, seen.memory.served, now) else None
