"""R0: floors, holds and caps, in this order, each a stage of the trail.

wanted = the pin                                  where one counts (pin.py), and nothing of the next three lines
wanted = max(demand, restored, AtLeast, floor)    the window's or minReplicas, the lead time's, the forecast's
wanted = clamp(wanted, the peer's bounds)         where the pool is tied to another (peer.py)
wanted = max(wanted, current)                     in an outage
wanted = min(wanted, max(current, floor))         while the budget is used up, and HoldScaleUp is set (R8)
size   = min(wanted, cap)                         never below the current size but by R2's steps, or by force
size   = min(size, current)                       while new replicas do not become ready (R4)

The cap is the window's or maxReplicas: in an outage the latter.
"""

from dataclasses import replace
from datetime import datetime

from poolkeeper.core.decision import Fact, Stage
from poolkeeper.core.edits import Ruling
from poolkeeper.core.look import Look
from poolkeeper.core.memory import Pin
from poolkeeper.core.model import OutageBehavior, PoolSpec
from poolkeeper.core.peer import Tied
from poolkeeper.core.reasons import Reason


def edited(before: int, ruling: Ruling) -> Stage:
    """Lift the size to what a foreign write took away, once its time has come (R10)."""
    after = max(before, ruling.restore or 0)
    if after > before:
        return Stage("edits", before, after, Reason.EDIT_RESTORED, {"restore": ruling.restore})
    held = Reason.EDIT_KEPT if ruling.keep else Reason.EDIT_GRACE if ruling.waiting else Reason.AS_EXPECTED
    return Stage("edits", before, after, held)


def outage(before: int, spec: PoolSpec, seen: Look, now: datetime) -> Stage:
    """Hold in an outage; after `onOutage.after`, keep at least what was asked for (R3)."""
    since = seen.memory.outage_since
    if since is None:
        return Stage("outage", before, before, Reason.AS_EXPECTED)
    rule, lasted = spec.queue.on_outage, now - since
    lift = rule.behavior is OutageBehavior.AT_LEAST and lasted >= rule.after
    after = max(before, seen.current, rule.replicas if lift else 0)
    facts: dict[str, Fact] = {
        "lasted": lasted.total_seconds(),
        "after": rule.after.total_seconds(),
        "fault": seen.depth.fault,
    }
    return Stage("outage", before, after, Reason.OUTAGE_AT_LEAST if after > before else Reason.OUTAGE, facts)


def floor(before: int, spec: PoolSpec, seen: Look) -> Stage:
    """Lift the size to the floor: the schedule's, its lead time's, or what the load is expected to need."""
    after = max(before, spec.min_replicas)
    facts: dict[str, Fact] = {"minReplicas": seen.bounds.floor, **floor_facts(seen)}
    return Stage("floor", before, after, lifting(spec, seen) if after > before else Reason.AS_EXPECTED, facts)


def pinned(spec: PoolSpec, seen: Look, pin: Pin, down: Stage, held: Reason | None) -> Stage:
    """Want what the pool itself was asked for; `held` says what forbids every shrink now, None where nothing does.

    What is above a maximum that the pin does not go below leaves as it would without a pin, by the stage `down`.
    """
    current = seen.current
    facts: dict[str, Fact] = {"pin": pin.replicas, "by": pin.by or None}
    if spec.max_replicas <= pin.replicas and spec.max_replicas < current:
        shrinks = down.after < current
        return Stage("pin", current, min(current, down.after), down.reason if shrinks else Reason.PINNED, facts)
    if held is not None and pin.replicas < current:
        return Stage("pin", current, current, held, facts)
    return Stage("pin", current, pin.replicas, Reason.PINNED, facts)


def beside(before: int, spec: PoolSpec, seen: Look, tied: Tied) -> Stage:
    """Keep the size beside the peer's: a tie lifts and holds, and takes nothing away; in an outage it holds nothing."""
    floor = min(tied.floor, spec.max_replicas)
    most = before if tied.cap is None or seen.is_outage else max(tied.cap, spec.min_replicas, seen.current)
    after = max(floor, min(before, most))
    reason = Reason.PEER_MINIMUM if after > before else Reason.PEER_MAXIMUM if after < before else Reason.AS_EXPECTED
    return Stage("peer", before, after, reason, {"peer": tied.size, "atLeast": tied.floor, "atMost": tied.cap})


def hold(before: int, seen: Look) -> Stage:
    """Hold growth beyond the floor while the month's budget is used up, where the spec asks for that (R8).

    The floor is the window's, its lead time's or minReplicas: what a forecast asks for beyond it is held, too.
    """
    after = min(before, max(seen.current, seen.bounds.floor)) if seen.spent else before
    return Stage("budget", before, after, Reason.BUDGET_HELD if after < before else Reason.AS_EXPECTED)


def lifting(spec: PoolSpec, seen: Look) -> Reason:
    """Return what makes the floor as high as it is."""
    if spec.min_replicas > seen.bounds.floor:
        return Reason.FORECAST
    if seen.bounds.leads_to is not None:
        return Reason.WINDOW_AHEAD
    scheduled = seen.bounds.window or (spec.schedule and spec.schedule.outside.floor is not None)
    return Reason.WINDOW_MINIMUM if scheduled else Reason.BELOW_MINIMUM


def maximum(before: int, spec: PoolSpec, seen: Look) -> Stage:
    """Cap growth at the maximum; what was found above it is never cut here, it leaves by R2's steps or by force."""
    cap, current = spec.max_replicas, seen.current
    after = min(before, max(cap, current))
    reason = Reason.AS_EXPECTED
    if after < before or current > cap:
        reason = at_cap(seen) if current <= cap else above_cap(seen)
    return Stage("maximum", before, after, reason, {"maxReplicas": cap, **window_facts(seen)})


def in_force(spec: PoolSpec, seen: Look) -> PoolSpec:
    """Return the spec with the bounds that hold now for its own; in an outage no window caps anything (R0, R3)."""
    if spec.schedule is None and not seen.outlook.replicas:
        return spec
    cap = spec.max_replicas if seen.is_outage else seen.bounds.cap
    return replace(spec, min_replicas=max(seen.bounds.floor, min(cap, seen.outlook.replicas)), max_replicas=cap)


def at_cap(seen: Look) -> Reason:
    """Return whose cap holds growth: the schedule's or the pool's own."""
    return Reason.AT_WINDOW_MAXIMUM if seen.bounds.narrow and not seen.is_outage else Reason.AT_MAXIMUM


def above_cap(seen: Look) -> Reason:
    """Return whose cap the pool is above."""
    return Reason.ABOVE_WINDOW if is_above_window(seen) else Reason.ABOVE_MAXIMUM


def is_above_window(seen: Look) -> bool:
    """Return whether the pool is larger than its schedule allows, where that is less than it may have itself."""
    return seen.bounds.narrow and not seen.is_outage and seen.current > seen.bounds.cap


def window_facts(seen: Look) -> dict[str, Fact]:
    """Return the window that the bounds come from, and the one that is coming."""
    found: dict[str, Fact] = {}
    if seen.bounds.window is not None:
        found["window"] = seen.bounds.window
    if seen.bounds.lead is not None:
        found["ahead"] = seen.bounds.lead
    return found


def floor_facts(seen: Look) -> dict[str, Fact]:
    """Return what the floor comes from: windows, and what the load is expected to need."""
    found = window_facts(seen)
    if seen.outlook.replicas:
        found["forecast"] = seen.outlook.replicas
    return found


def startable(before: int, seen: Look) -> Stage:
    """Stop growth while replicas that were asked for do not become ready (R4)."""
    after = min(before, seen.current) if seen.capacity.blocked else before
    reason = Reason.STARTUP_BLOCKED if after < before else Reason.AS_EXPECTED
    return Stage("startup", before, after, reason, {"overdue": seen.capacity.overdue, "words": seen.capacity.words})
