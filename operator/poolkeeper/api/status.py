"""The status: what the operator says of a pool. Decision -> status; equal decisions give equal statuses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from poolkeeper.api import money
from poolkeeper.api.batch import BatchStatus, batch_status
from poolkeeper.api.money import CostStatus
from poolkeeper.api.observe import ObserveStatus, observed
from poolkeeper.api.override import Override, OverrideStatus, in_force, override_condition, override_status
from poolkeeper.api.peers import PeerStatus, peer_condition, peer_status
from poolkeeper.api.pin import PinStatus, pin_condition, pin_status
from poolkeeper.api.shape import Shape, State
from poolkeeper.api.split import TierChange, TierStatus, is_split, moves, split
from poolkeeper.api.units import format_instant
from poolkeeper.api.windows import ForecastStatus, ScheduleStatus, forecast_status, schedule_status
from poolkeeper.core.decision import Decision
from poolkeeper.core.forecast import NO_OUTLOOK
from poolkeeper.core.model import Tier
from poolkeeper.core.reasons import Reason
from poolkeeper.core.statement import Statement
from poolkeeper.core.words import message

Json = dict[str, Any]
HISTORY = 10
INPUTS = ("queue", "above", "below", "ready", "coming", "busy", "window")


class LastDecision(Shape):
    """One change: of the size, or of how it is split."""

    at: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    """When it was decided."""
    from_: Annotated[int, Field(alias="from")]
    """The size that was found."""
    wanted: int
    """The size that was wanted before the caps."""
    to: int
    """The size that was asked for."""
    reason: str
    """Why, for machines."""
    message: str = ""
    """Why, for people."""
    clamps: list[str] = Field(default_factory=list)
    """What the caps did."""
    inputs: dict[str, Any] = Field(default_factory=dict)
    """The numbers it was decided on."""
    tiers: Annotated[list[TierChange], Field(json_schema_extra={"list-map-key": "name"})] = Field(default_factory=list)
    """What it did to each tier."""


class Condition(Shape):
    """One condition, as Kubernetes writes them."""

    type: str
    status: Literal["True", "False", "Unknown"]
    reason: str
    message: str = ""
    last_transition_time: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    observed_generation: int | None = None


class Status(Shape):
    """What the operator says of a pool. It is not written for the live queue's sake: see `poolkeeper status`."""

    observed_generation: int | None = None
    """The generation of the spec that this status speaks of."""
    desired_replicas: int | None = None
    """The size that was decided."""
    current_replicas: int | None = None
    """The size that was found: what the target, and the siblings derived from it, ask for."""
    ready_replicas: int | None = None
    """Replicas that are ready."""
    replicas: int | None = None
    """The same, for the pool's own `/scale`."""
    selector: str | None = None
    """The target's selector, for the pool's own `/scale`."""
    split: str | None = None
    """The tiers at a glance: ready of asked, what is lost, and what covers for another tier. Only with a Spot tier."""
    tiers: Annotated[list[TierStatus], Field(json_schema_extra={"list-map-key": "name"})] = Field(default_factory=list)
    """The tiers in order of preference. Only with a Spot tier."""
    pin: PinStatus | None = None
    """The size that the pool itself was asked for. Only with `spec.replicas`."""
    override: OverrideStatus | None = None
    """What is laid over the spec for a while. Only with an override that has not ended."""
    peer: PeerStatus | None = None
    """The pool that this one is held beside. Only with `spec.peerRef`."""
    schedule: ScheduleStatus | None = None
    """The bounds in force by the schedule, and its next transition. Only with a schedule."""
    forecast: ForecastStatus | None = None
    """The floor that was learned. Only with a forecast."""
    batch: BatchStatus | None = None
    """The work that can wait. Only with batch."""
    reason: str | None = None
    """Why the pool has the size it has, for machines."""
    message: str | None = None
    """Why, for people."""
    slo: str | None = None
    """Share of requests of the last hour inside the SLO, in percent."""
    cost: CostStatus | None = None
    """What the pool costs. Renewed at most once a minute."""
    observe: ObserveStatus | None = None
    """What the pool would have done and cost in mode Observe. Renewed once an hour."""
    conditions: Annotated[list[Condition], Field(json_schema_extra={"list-map-key": "type"})] = Field(
        default_factory=list
    )
    """The pool's conditions."""
    last_decision: LastDecision | None = None
    """The last change of the size or its split."""
    history: list[LastDecision] = Field(default_factory=list, max_length=HISTORY)
    """The last changes, newest first."""
    memory: dict[str, Any] | None = None
    """Clocks that must survive a restart. For the operator alone."""
    accepted_spec: dict[str, Any] | None = None
    """The last good spec: it stays in force while a newer one cannot be accepted."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What there is to say of a pool: the decision, or what keeps one from being made.

    `untold` are the changes, newest first, that no status has told of yet; `tiers` are the spec's,
    `provider` is whose spot the pool uses, as far as that is known. `statement` is the pool's money, None where nobody
    counts; `cost` is what the status shows of it, where that is known already. `override` is what is laid over the
    spec, `selector` the target's; `scaled_by` names an autoscaler of the pool itself.
    """

    decision: Decision
    generation: int
    at: datetime
    untold: Sequence[Json] = ()
    tiers: Sequence[Tier] = ()
    provider: str = ""
    slo: bool = False
    scheduled: bool = False
    observing: bool = False
    invalid: Sequence[str] = ()
    unknown: Sequence[str] = ()
    statement: Statement | None = None
    cost: Json | None = None
    override: Override | None = None
    selector: str = ""
    scaled_by: str = ""


def render(verdict: Verdict, before: Mapping[str, Any], memory: Json, accepted: Json | None) -> Json:
    """Return the status after a decision; history and transition times carry on from the one before."""
    decision = verdict.decision
    share = decision.health.slo_share
    status: Json = {
        "observedGeneration": verdict.generation,
        "reason": Reason.INVALID_SPEC.value if verdict.invalid else decision.reason.value,
        "message": message(decision),
        "conditions": conditions(verdict, before.get("conditions") or []),
        "history": [*verdict.untold, *(before.get("history") or [])][:HISTORY],
        "memory": memory,
    }
    if decision.trail:  # else there was nothing to look at, and no size to speak of
        status |= {
            "desiredReplicas": decision.size,
            "currentReplicas": decision.current,
            "replicas": decision.current,
            **({"selector": verdict.selector} if verdict.selector else {}),
            "readyReplicas": decision.ready,
            **split(decision, verdict.tiers, verdict.provider),
        }
    status |= asked(verdict)
    if verdict.scheduled and decision.bounds:
        status["schedule"] = schedule_status(decision.bounds)
    if decision.outlook != NO_OUTLOOK:
        status["forecast"] = forecast_status(decision.outlook)
    if decision.plan is not None:
        status["batch"] = batch_status(decision.plan)
    if share is not None:
        status["slo"] = f"{100 * share:.1f}%"
    if verdict.statement is not None:
        status["cost"] = verdict.cost or money.cost_status(verdict.statement)
    if decision.counterfactual.told is not None:
        status["observe"] = observed(decision.counterfactual.told)
    if accepted is not None:
        status["acceptedSpec"] = accepted
    if status["history"]:
        status["lastDecision"] = status["history"][0]
    return status


def asked(verdict: Verdict) -> Json:
    """Return what people have asked of the pool beside its spec, and what another pool asks of it."""
    decision, made = verdict.decision, Json()
    if decision.pin is not None:
        made["pin"] = pin_status(decision.pin, verdict.at)
    if verdict.override is not None and in_force(verdict.override, verdict.at):
        made["override"] = override_status(verdict.override)
    if decision.tied is not None:
        made["peer"] = peer_status(decision.tied)
    return made


def entry(decision: Decision, at: datetime) -> Json:
    """Return one change as status.lastDecision shows it."""
    facts = {key: value for stage in decision.trail for key, value in stage.facts.items()}
    shown = {key: facts[key] for key in INPUTS if key in facts}
    made: Json = {
        "at": format_instant(at),
        "from": decision.current,
        "wanted": decision.wanted,
        "to": decision.size,
        "reason": decision.reason.value,
        "message": message(decision),
        "clamps": [clamp.value for clamp in decision.clamps],
        "inputs": {key: value for key, value in shown.items() if value is not None},
    }
    tiers = moves(decision)
    return made | ({"tiers": tiers} if tiers else {})


def conditions(verdict: Verdict, before: Sequence[Mapping[str, Any]]) -> list[Json]:
    """Return the conditions; a transition time moves only when the status does."""
    old = {condition["type"]: condition for condition in before}
    made = []
    for kind, state, reason, words in _states(verdict):
        known = old.get(kind, {})
        since = known.get("lastTransitionTime") if known.get("status") == state else None
        made.append(
            {
                "type": kind,
                "status": state,
                "reason": reason.value,
                "message": words,
                "lastTransitionTime": since or format_instant(verdict.at.replace(microsecond=0)),
                "observedGeneration": verdict.generation,
            }
        )
    return made


_CONFLICTS = {
    Reason.CONFLICT_AUTOSCALER,
    Reason.CONFLICT_SCALED_OBJECT,
    Reason.CONFLICT_POOL,
    Reason.CONFLICT_GITOPS,
    Reason.CONFLICT_REVERTS,
    Reason.CONFLICT_NAME,
}
_LIMITS = {
    Reason.AT_MAXIMUM,
    Reason.ABOVE_MAXIMUM,
    Reason.AT_WINDOW_MAXIMUM,
    Reason.ABOVE_WINDOW,
    Reason.WINDOW_FORCED,
    Reason.AT_MINIMUM,
    Reason.PEER_MINIMUM,
    Reason.PEER_MAXIMUM,
    Reason.BELOW_MINIMUM,
    Reason.WINDOW_MINIMUM,
    Reason.WINDOW_AHEAD,
    Reason.STARTUP_BLOCKED,
    Reason.BUDGET_HELD,
}


def _states(verdict: Verdict) -> list[State]:
    decision = verdict.decision
    states = [
        _able(decision),
        _active(verdict),
        _limited(decision),
        _state("MetricsAvailable", decision.health.metrics, decision.health.metrics_detail),
        _conflict(decision),
    ]
    if is_split(decision, verdict.tiers):
        states.append(_split(decision))
    if verdict.slo:
        states.append(_within_slo(decision))
    if verdict.statement is not None:
        states += money.conditions(verdict.statement)
    states += _asked(verdict)
    if verdict.unknown:
        words = f"no such field: {', '.join(verdict.unknown)}; the API server dropped it"
        states.append(("SpecWarning", "True", Reason.SPEC_WARNING, words))
    return [_ready(states), *states]


def _asked(verdict: Verdict) -> list[State]:
    decision, states = verdict.decision, []
    if decision.pin is not None:
        states.append(pin_condition(decision.pin, verdict.at))
    if verdict.override is not None and in_force(verdict.override, verdict.at):
        states.append(override_condition(verdict.override))
    if decision.tied is not None:
        states.append(peer_condition(decision.tied))
    if verdict.scaled_by:
        words = f"{Reason.AUTOSCALED_POOL.sentence}: {verdict.scaled_by}; delete it, or let it scale something else"
        states.append(("Autoscaled", "True", Reason.AUTOSCALED_POOL, words))
    return states


def _state(kind: str, reason: Reason, detail: str = "") -> State:
    fine = reason is Reason.AS_EXPECTED
    return (kind, "True" if fine else "False", reason, "" if fine else _words(reason, detail))


def _words(reason: Reason, detail: str) -> str:
    return f"{reason.sentence}: {detail}" if detail and detail != reason.sentence else reason.sentence


def _able(decision: Decision) -> State:
    if decision.reason in {Reason.TARGET_NOT_FOUND, Reason.WRITE_REFUSED, Reason.COST_REFUSED}:
        return ("AbleToScale", "False", decision.reason, _words(decision.reason, decision.detail))
    return _state("AbleToScale", decision.health.startup, decision.health.startup_detail)


def _active(verdict: Verdict) -> State:
    decision = verdict.decision
    if verdict.invalid:
        return ("ScalingActive", "False", Reason.INVALID_SPEC, "; ".join(verdict.invalid))
    if decision.frozen:
        return ("ScalingActive", "False", decision.reason, _words(decision.reason, decision.detail))
    if verdict.observing:
        return ("ScalingActive", "False", Reason.OBSERVING, Reason.OBSERVING.sentence)
    return _state("ScalingActive", Reason.AS_EXPECTED)


def _limited(decision: Decision) -> State:
    limits = [reason for reason in (*decision.clamps, decision.reason) if reason in _LIMITS]
    if not limits:
        return ("ScalingLimited", "False", Reason.AS_EXPECTED, "")
    return ("ScalingLimited", "True", limits[0], limits[0].sentence)


def _conflict(decision: Decision) -> State:
    if decision.reason in _CONFLICTS:
        return ("Conflict", "True", decision.reason, _words(decision.reason, decision.detail))
    return ("Conflict", "False", Reason.AS_EXPECTED, "")


def _split(decision: Decision) -> State:
    reason, detail = decision.health.split, decision.health.split_detail
    if reason is None:  # what freezes the pool keeps the split from being looked at
        return ("SplitReady", "Unknown", decision.reason, _words(decision.reason, decision.detail))
    if reason is Reason.FOREIGN_BUDGET:  # the split is right: only what guards it is somebody else's
        return ("SplitReady", "True", reason, _words(reason, detail))
    return _state("SplitReady", reason, detail)


def _within_slo(decision: Decision) -> State:
    health = decision.health
    status = {Reason.WITHIN_SLO: "True", Reason.OUTSIDE_SLO: "False"}.get(health.slo, "Unknown")
    return ("WithinSLO", status, health.slo, health.slo.sentence)


def _ready(states: Sequence[State]) -> State:
    for kind, state, reason, words in states:
        wanted = kind in {"AbleToScale", "ScalingActive", "MetricsAvailable"} and reason is not Reason.OBSERVING
        if wanted and state != "True":
            return ("Ready", "False", reason, words)
    return ("Ready", "True", Reason.AS_EXPECTED, "")
