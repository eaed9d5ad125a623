"""A decision as JSON, whole: what `poolkeeper explain` prints and the operator serves."""

from datetime import datetime
from typing import Any

from poolkeeper.api.units import format_instant
from poolkeeper.core.decision import Decision, Prospect, Stage
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


def prospect(one: Prospect, at: datetime) -> Json:
    """Return what comes next, with the seconds until then."""
    return {"at": format_instant(one.at), "in": (one.at - at).total_seconds(), "words": one.words}
