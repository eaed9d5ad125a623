"""A decision as JSON, whole: what `poolkeeper explain` prints and the operator serves."""

from datetime import datetime
from typing import Any

from poolkeeper.api.batch import batch_status
from poolkeeper.api.observe import measured
from poolkeeper.api.units import format_instant
from poolkeeper.api.windows import explained_bounds, explained_outlook
from poolkeeper.core.decision import Decision, Health, Prospect, Share, Stage
from poolkeeper.core.reasons import Reason
from poolkeeper.core.words import because, figures, message

Json = dict[str, Any]


def explanation(decision: Decision, at: datetime) -> Json:
    """Return the decision made at `at` with its trail, its reasons in words, and what would change it next."""
    return {
        "at": format_instant(at),
        "current": decision.current,
        "ready": decision.ready,
        "queue": decision.depth,
        "wanted": decision.wanted,
        "size": decision.size,
        "reason": decision.reason.value,
        "because": because(decision),
        "message": message(decision),
        "frozen": decision.frozen,
        "clamps": [clamp.value for clamp in decision.clamps],
        "trail": [stage(one) for one in decision.trail],
        "tiers": [tier(one) for one in decision.shares],
        "split": split(decision.health),
        "schedule": explained_bounds(decision.bounds) if decision.bounds else None,
        "forecast": explained_outlook(decision.outlook),
        "batch": batch_status(decision.plan) if decision.plan else None,
        "observe": measured(decision.counterfactual),
        "next": [prospect(one, at) for one in decision.prospects],
        "until": format_instant(decision.until) if decision.until else None,
        "metrics": {"reason": decision.health.metrics.value, "detail": decision.health.metrics_detail},
        "startup": {"reason": decision.health.startup.value, "detail": decision.health.startup_detail},
        "slo": {
            "reason": decision.health.slo.value,
            "inside": decision.health.slo_share,
            "burnRate": decision.health.slo_burn_rate,
        },
    }


def stage(one: Stage) -> Json:
    """Return one stage of the trail."""
    return {
        "stage": one.name,
        "before": one.before,
        "after": one.after,
        "reason": one.reason.value,
        "sentence": one.reason.sentence,
        "figures": figures(one),
        "inputs": dict(one.facts),
    }


def tier(one: Share) -> Json:
    """Return one tier's part: what was found and is to be had, and who goes first."""
    return {
        "tier": one.tier,
        "found": one.found,
        "size": one.size,
        "due": one.due,
        "ready": one.ready,
        "reason": one.reason.value,
        "sentence": "" if one.reason is Reason.AS_EXPECTED else one.reason.sentence,
        "victims": list(one.victims),
    }


def split(health: Health) -> Json | None:
    """Return how the split stands, None for a pool of one tier."""
    if health.split is None:
        return None
    return {
        "reason": health.split.value,
        "sentence": health.split.sentence,
        "detail": health.split_detail,
        "lost": health.lost,
        "lostSince": format_instant(health.lost_since) if health.lost_since else None,
    }


def prospect(one: Prospect, at: datetime) -> Json:
    """Return what comes next, with the seconds until then."""
    return {"at": format_instant(one.at), "in": (one.at - at).total_seconds(), "words": one.words}
