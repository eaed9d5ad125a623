"""R0: floors, holds and caps, in this order, each a stage of the trail.

wanted = max(demand, restored, AtLeast, floor)
wanted = max(wanted, current)                     in an outage
size   = min(wanted, maxReplicas)                 never below the current size but by R2's steps
size   = min(size, current)                       while new replicas do not become ready (R4)
"""

from datetime import datetime

from poolkeeper.core.decision import Fact, Stage
from poolkeeper.core.edits import Ruling
from poolkeeper.core.look import Look
from poolkeeper.core.model import OutageBehavior, PoolSpec
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


def floor(before: int, spec: PoolSpec) -> Stage:
    """Lift the size to the minimum."""
    after = max(before, spec.min_replicas)
    reason = Reason.BELOW_MINIMUM if after > before else Reason.AS_EXPECTED
    return Stage("floor", before, after, reason, {"minReplicas": spec.min_replicas})


def maximum(before: int, spec: PoolSpec, current: int) -> Stage:
    """Cap growth at the maximum; what was found above it is never cut here, it leaves by R2's steps."""
    after = min(before, max(spec.max_replicas, current))
    reason = Reason.AS_EXPECTED
    if after < before or current > spec.max_replicas:
        reason = Reason.AT_MAXIMUM if current <= spec.max_replicas else Reason.ABOVE_MAXIMUM
    return Stage("maximum", before, after, reason, {"maxReplicas": spec.max_replicas})


def startable(before: int, seen: Look) -> Stage:
    """Stop growth while replicas that were asked for do not become ready (R4)."""
    after = min(before, seen.current) if seen.capacity.blocked else before
    reason = Reason.STARTUP_BLOCKED if after < before else Reason.AS_EXPECTED
    return Stage("startup", before, after, reason, {"overdue": seen.capacity.overdue, "words": seen.capacity.words})
