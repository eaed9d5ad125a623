"""What would change the size next, if things stay as they are: the `until` of a decision, and explain's last lines."""

from collections.abc import Iterator
from datetime import datetime
from operator import attrgetter

from poolkeeper.core import batched, shrink
from poolkeeper.core.decision import Prospect
from poolkeeper.core.edits import Ruling
from poolkeeper.core.look import Look
from poolkeeper.core.model import OutageBehavior, PoolSpec
from poolkeeper.core.pace import Pace
from poolkeeper.core.pin import until
from poolkeeper.core.reasons import Reason
from poolkeeper.core.schedule import Edge
from poolkeeper.core.words import number, span


def ahead(spec: PoolSpec, view: Look, pace: Pace, ruling: Ruling, now: datetime) -> tuple[Prospect, ...]:
    """Return what comes next, soonest first; what has passed already waits for something that has no time."""
    own = () if view.pin else clocks(spec, view, pace)
    found = (*own, *waits(spec, view, ruling), *moves(spec, view), *turns(view), *work(spec, view, pace), *ends(view))
    coming = [prospect for prospect in found if prospect.at > now]
    return tuple(sorted(coming, key=attrgetter("at"))) if len(coming) > 1 else tuple(coming)


def clocks(spec: PoolSpec, view: Look, pace: Pace) -> Iterator[Prospect]:
    """Yield what the running clocks lead to."""
    led = shrink.is_led(spec, view.need)
    down, up = pace.clock.calm_since if led else pace.clock.short_since, pace.clock.long_since
    facts = pace.down.facts
    if down is not None and spec.batch is None:
        after = shrink.stepped(spec, view.current)
        to = "what the load has needed" if led else after
        words = f"scale-down to {to} if the queue stays under {number(facts['below'])}"
        if view.current > spec.max_replicas:
            words = f"scale-down by {spec.queue.down.step or 1}, towards maxReplicas {spec.max_replicas}"
        yield Prospect(down + spec.queue.down.grace_period, words)
    idle_since, idle_after = pace.clock.idle_since, spec.queue.down.idle_after
    if (
        idle_since is not None
        and idle_after is not None
        and pace.down.reason is Reason.IDLING
        and not view.depth.waiting
    ):
        yield Prospect(idle_since + idle_after, "scale-down to 0 if nothing waits or runs until then")
    if up is not None and pace.up.reason is Reason.SCALE_UP_DELAYED:
        words = f"scale-up if the queue stays above {number(pace.up.facts['above'])}"
        yield Prospect(up + spec.queue.up.delay, words)


def waits(spec: PoolSpec, view: Look, ruling: Ruling) -> Iterator[Prospect]:
    """Yield what time alone brings: the end of an outage's patience, of a foreign write, of a start."""
    outage, since = spec.queue.on_outage, view.memory.outage_since
    if since is not None and outage.behavior is OutageBehavior.AT_LEAST:
        yield Prospect(since + outage.after, f"at least {outage.replicas} replicas if the metrics stay away")
    if ruling.until is not None:
        end = "the other writer's size may shrink again" if ruling.keep else "the size from before the edit is restored"
        yield Prospect(ruling.until, end)
    if view.capacity.next_at is not None:
        yield Prospect(view.capacity.next_at, "a starting replica counts as settled, or as overdue if it is not ready")


def moves(spec: PoolSpec, view: Look) -> Iterator[Prospect]:
    """Yield what time alone brings to the tiers: a loss, the way back, the end of a drain."""
    for since in view.memory.tiers.draining_since.values():
        yield Prospect(since + spec.drain_deadline, "a busy replica is taken away if none becomes idle")
    for part in view.parts:
        if part.lasts_until is not None:
            words = f"a {part.name} replica counts as lost if it has no node, or is not ready"
            yield Prospect(part.lasts_until, words)
        if part.wanted and part.steady_at is not None and sum(one.found for one in view.parts) > view.current:
            yield Prospect(not_before(spec, view, part.steady_at), f"another {part.name} replica counts as steady")


def turns(view: Look) -> Iterator[Prospect]:
    """Yield the schedule's next transition, and the beginning of the lead time before it."""
    bounds = view.bounds
    if bounds.next is None:
        return
    verb = "begins" if bounds.next.edge is Edge.START else "ends"
    yield Prospect(bounds.next.at, f"window {bounds.next.window} {verb}")
    if bounds.leads_at is not None:
        yield Prospect(bounds.leads_at, f"pre-warming for what is next begins, {span(bounds.lead_time)} before it")


def ends(view: Look) -> Iterator[Prospect]:
    """Yield when what somebody asked for, for a while, is over."""
    if view.pin is not None:
        yield Prospect(until(view.pin), f"the pin of {view.pin.replicas} counts no more, and the queue decides again")
    if view.overridden_until is not None:
        yield Prospect(view.overridden_until, "the override ends, and the spec counts as it was applied")


def work(spec: PoolSpec, view: Look, pace: Pace) -> Iterator[Prospect]:
    """Yield what time alone brings to work that can wait."""
    if view.plan is None or spec.batch is None:
        return
    since, size = pace.clock.short_since, batched.least(spec, view)
    if since is not None:
        words = f"scale-down to {size} if no more work comes"
        yield Prospect(since + batched.patience(spec, spec.batch, view.depth.running, view.plan, since), words)
    if view.plan.needed.must_from is not None:
        yield Prospect(view.plan.needed.must_from, "what is left of the work must run, where nothing is reclaimed")
    if view.plan.turns_at is not None:
        yield Prospect(view.plan.turns_at, "the window of the work that can wait begins or ends")


def not_before(spec: PoolSpec, view: Look, at: datetime) -> datetime:
    """Return the instant, or the end of the backoff after a reclaim where that is later."""
    reclaimed = view.memory.tiers.reclaimed_at
    return at if reclaimed is None or spec.spot is None else max(at, reclaimed + spec.spot.recovery.backoff)
