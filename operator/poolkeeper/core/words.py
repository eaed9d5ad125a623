"""Decisions in words: one sentence for the event, the log line, the status and `explain`, all the same."""

from datetime import timedelta

from poolkeeper.core.decision import Decision, Stage
from poolkeeper.core.reasons import Reason


def message(decision: Decision) -> str:
    """Return why the pool has the size it has, in one line."""
    moved = f"{movement(decision)}: " if decision.changes else ""
    capped = "".join(f"; {clamp.sentence}" for clamp in decision.clamps if clamp is not decision.reason)
    return f"{moved}{because(decision)}{capped}"


def movement(decision: Decision) -> str:
    """Return what is written, for the size and for each tier: `10 -> 11 (on-demand 1 -> 2)`."""
    tiers = ", ".join(f"{one.tier} {one.found} -> {one.size}" for one in decision.shares if one.size != one.found)
    if decision.size == decision.current:
        return tiers
    size = f"{decision.current} -> {decision.size}"
    return f"{size} ({tiers})" if tiers and len(decision.shares) > 1 else size


def because(decision: Decision) -> str:
    """Return the leading reason with the numbers that it stands on."""
    leading = [stage for stage in decision.trail if stage.reason is decision.reason]
    numbers = figures(leading[-1]) if leading else decision.detail
    if any(share.reason is decision.reason and share.size != share.found for share in decision.shares):
        numbers = decision.health.split_detail
    return f"{decision.reason.sentence} ({numbers})" if numbers else decision.reason.sentence


def figures(stage: Stage) -> str:
    """Return the numbers of one stage, as people say them; empty where its reason says it all."""
    facts = stage.facts
    if stage.reason in {Reason.QUEUE_ABOVE, Reason.STARTING, Reason.SCALE_UP_DELAYED} and "queue" in facts:
        return f"queue {number(facts['queue'])} over {number(facts['above'])}, {number(facts['coming'])} on the way"
    if stage.name == "grace" and facts.get("queue") is not None:
        return shrink_figures(stage)
    if stage.name == "outage":
        return str(facts.get("fault") or "")
    if stage.name == "startup":
        return f"{facts['overdue']} overdue" + (f": {facts['words']}" if facts["words"] else "")
    if stage.name == "freeze":
        return str(facts["detail"])
    return ", ".join(f"{name} {number(value)}" for name, value in facts.items() if value is not None)


def shrink_figures(stage: Stage) -> str:
    """Return the numbers of R2: queue, threshold, and how busy the survivors would be, or that nobody tells."""
    facts = stage.facts
    if "idleAfter" in facts:
        running = "?" if facts["running"] is None else number(facts["running"])
        return f"{number(facts['queue'])} waiting, {running} running, idleAfter {number(facts['idleAfter'])} s"
    if stage.reason is Reason.AT_MINIMUM:
        told = {name: facts[name] for name in ("queue", "minReplicas", "window", "ahead", "forecast") if name in facts}
        return ", ".join(f"{name} {number(value)}" for name, value in told.items())
    said = f"queue {number(facts['queue'])}, below {number(facts['below'])}"
    if facts["guard"] != "on":
        shrinks = stage.reason in {Reason.GRACE, Reason.QUEUE_BELOW}
        return f"{said}, how busy the replicas are is unknown" if shrinks else said
    return f"{said}, {facts['survivors']} survivors would be {float(facts['busy'] or 0):.0%} busy"


def number(value: float | str | None) -> str:
    """Return a number as people write it; anything else as it is."""
    return f"{round(value, 3):.15g}" if isinstance(value, int | float) else str(value)


def span(duration: timedelta) -> str:
    """Return a duration as a spec writes it."""
    minutes, rest = divmod(duration, timedelta(minutes=1))
    return f"{minutes}m" if minutes and not rest else f"{duration.total_seconds():g}s"
