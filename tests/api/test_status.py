from dataclasses import replace
from datetime import timedelta

import pytest

from builders import at, published, reading, seen, statement, target
from poolkeeper.api.override import Override
from poolkeeper.api.status import HISTORY, Status, Verdict, entry, render
from poolkeeper.core.decide import decide
from poolkeeper.core.decision import Decision, Health
from poolkeeper.core.forecast import Outlook
from poolkeeper.core.memory import Memory
from poolkeeper.core.model import Limits, Schedule, Tie, Window
from poolkeeper.core.observation import Conflict, Peer, Pinned
from poolkeeper.core.reasons import Reason


def decided(waiting=500, spec=None, **changes):
    decision, _ = decide(spec or published(), seen(waiting, **changes), Memory(), at(0))
    return decision


def status(decision, before=None, **changes):
    verdict = Verdict(**{"decision": decision, "generation": 3, "at": at(0)} | changes)
    return render(verdict, before or {}, {}, None)


GREW = [entry(decided(1500), at(0))]


def condition(kind, decision, **changes):
    return next(one for one in status(decision, **changes)["conditions"] if one["type"] == kind)


def test_a_healthy_pool_is_ready():
    ready = condition("Ready", decided())
    assert (ready["status"], ready["reason"], ready["observedGeneration"]) == ("True", "AsExpected", 3)


def test_every_status_fits_its_own_schema():
    Status.model_validate(status(decided(1500), untold=GREW))


def test_a_change_of_size_is_told_with_its_inputs():
    last = status(decided(1500), untold=GREW)["lastDecision"]
    assert (last["from"], last["to"], last["reason"]) == (2, 3, "QueueAbove")
    assert (last["inputs"]["queue"], last["inputs"]["above"]) == (1500, 1000)


def test_what_was_not_carried_out_is_no_history():
    assert status(decided(1500))["history"] == []


def test_history_is_kept_to_the_last_ten():
    known = {"history": [{"at": str(number)} for number in range(HISTORY)]}
    history = status(decided(1500), known, untold=GREW)["history"]
    assert (len(history), history[-1]) == (HISTORY, {"at": str(HISTORY - 2)})


def test_a_transition_time_moves_only_with_the_status():
    before = status(decided())
    later = status(decided(), before, at=at(60))
    assert [one["lastTransitionTime"] for one in later["conditions"]] == [
        one["lastTransitionTime"] for one in before["conditions"]
    ]
    frozen = status(decided(paused_until=at(99)), before, at=at(60))
    moved = {one["type"] for one in frozen["conditions"] if one["lastTransitionTime"] == "2026-03-02T12:01:00Z"}
    assert moved == {"Ready", "ScalingActive"}


def test_equal_decisions_give_equal_statuses():
    assert status(decided()) == status(decided())


def test_a_fault_of_the_metrics_is_named():
    broken = decided(readings=(reading(None, fault=Reason.METRIC_TIMEOUT, detail="no answer within 1 s"),))
    told = condition("MetricsAvailable", broken)
    assert (told["status"], told["reason"]) == ("False", "MetricTimeout")
    assert told["message"] == "no answer came in time: edge: no answer within 1 s"
    assert condition("Ready", broken)["reason"] == "MetricTimeout"


def test_a_conflict_is_told():
    conflict = Conflict(Reason.CONFLICT_AUTOSCALER, "hpa/chat: delete it")
    told = condition("Conflict", decided(conflict=conflict))
    assert (told["status"], told["reason"]) == ("True", "ConflictAutoscaler")


def test_a_pool_at_its_maximum_is_limited():
    limited = condition("ScalingLimited", decided(9000, target=target(8)))
    assert (limited["status"], limited["reason"]) == ("True", "AtMaximum")


@pytest.mark.parametrize("reason", [Reason.TARGET_NOT_FOUND, Reason.WRITE_REFUSED, Reason.COST_REFUSED])
def test_a_pool_that_cannot_write_is_not_able_to_scale(reason):
    told = condition("AbleToScale", Decision(0, 0, 0, reason, frozen=True, detail="words"))
    assert (told["status"], told["reason"]) == ("False", reason)


def test_an_invalid_spec_is_told_with_every_problem():
    told = condition("ScalingActive", decided(), invalid=("spec.a: wrong", "spec.b: wrong"))
    assert (told["reason"], told["message"]) == ("InvalidSpec", "spec.a: wrong; spec.b: wrong")
    assert status(decided(), invalid=("x",))["reason"] == "InvalidSpec"


def test_fields_that_were_dropped_are_named():
    assert "spec.intervall" in condition("SpecWarning", decided(), unknown=("spec.intervall",))["message"]


@pytest.mark.parametrize(
    ("state", "shown"), [(Reason.WITHIN_SLO, "True"), (Reason.OUTSIDE_SLO, "False"), (Reason.NO_REQUESTS, "Unknown")]
)
def test_the_slo_has_three_states(state, shown):
    decision = replace(decided(), health=Health(slo=state))
    assert condition("WithinSLO", decision, slo=True)["status"] == shown


def test_the_slo_is_shown_in_percent():
    decision = replace(decided(), health=Health(slo_share=0.9876))
    assert status(decision)["slo"] == "98.8%"


def test_the_accepted_spec_is_kept():
    verdict = Verdict(decided(), 1, at(0))
    assert render(verdict, {}, {}, {"minReplicas": 2})["acceptedSpec"] == {"minReplicas": 2}


def test_the_time_of_a_decision_is_exact():
    assert entry(decided(1500), at(0) + timedelta(milliseconds=5))["at"] == "2026-03-02T12:00:00.005000Z"


def test_where_there_is_no_target_there_is_no_size_to_speak_of():
    missing = status(Decision(0, 0, 0, Reason.TARGET_NOT_FOUND, frozen=True))
    assert not {"desiredReplicas", "currentReplicas", "readyReplicas"} & missing.keys()


def test_a_pool_that_observes_is_ready_and_not_active():
    assert condition("ScalingActive", decided(), observing=True)["reason"] == "Observing"
    assert condition("Ready", decided(), observing=True)["status"] == "True"


OFFICE = Window("office", "0 8 * * *", "0 18 * * *", Limits(floor=4))
CLOCK = published(schedule=Schedule((OFFICE,), lead_time=timedelta(minutes=5)))


def clock(hours, **changes):
    """Return what is told of the schedule so many hours after noon."""
    decision, _ = decide(CLOCK, seen(500, 3600 * hours), Memory(), at(3600 * hours))
    return status(decision, **{"scheduled": True} | changes).get("schedule")


def test_the_window_in_force_is_told_with_its_end():
    ends = {"at": "2026-03-02T18:00:00Z", "window": "office", "edge": "end"}
    assert clock(0) == {"floor": 4, "cap": 8, "window": "office", "next": ends}


def test_no_window_in_force_is_told_with_the_next_lead_time():
    begins = {"at": "2026-03-03T08:00:00Z", "window": "office", "edge": "start"}
    assert clock(8) == {"floor": 2, "cap": 8, "next": begins, "leadsAt": "2026-03-03T07:55:00Z"}


def test_a_lead_time_is_told_with_the_window_that_comes():
    assert (clock(19.95)["lead"], clock(19.95)["floor"]) == ("office", 4)


def test_a_schedule_without_windows_has_no_next_transition():
    decision, _ = decide(published(schedule=Schedule(outside=Limits(1, 1))), seen(), Memory(), at(0))
    assert status(decision, scheduled=True)["schedule"] == {"floor": 1, "cap": 1}


def test_without_a_schedule_there_is_nothing_to_tell_of_it():
    assert clock(0, scheduled=False) is None


def test_without_a_target_nobody_looked_at_the_clock():
    assert "schedule" not in status(Decision(0, 0, 0, Reason.TARGET_NOT_FOUND, frozen=True), scheduled=True)


def test_a_status_with_a_schedule_fits_its_own_schema():
    Status.model_validate({"schedule": clock(8)})


def test_a_change_for_a_window_names_it_and_what_is_on_its_way_stays_a_number():
    grew = entry(decide(CLOCK, seen(0, 71_850), Memory(), at(71_850))[0], at(71_850))
    assert (grew["reason"], grew["inputs"]["coming"]) == ("WindowAhead", 0)


def test_the_window_is_an_input_of_a_change():
    assert entry(decide(CLOCK, seen(), Memory(), at(0))[0], at(0))["inputs"]["window"] == "office"


def test_a_floor_that_was_learned_is_told():
    known = replace(decided(), outlook=Outlook(5))
    assert status(known)["forecast"] == {"replicas": 5, "reason": "AsExpected", "message": ""}


def test_without_a_forecast_there_is_nothing_to_tell_of_it():
    assert "forecast" not in status(decided())


def test_money_is_told_once_there_is_any():
    told = status(decided(), statement=statement())
    assert (told["cost"]["perHour"], "Priced" in {one["type"] for one in told["conditions"]}) == ("15.60", True)


def test_where_nobody_counts_nothing_is_said_of_money():
    told = status(decided())
    assert ("cost" in told, "Priced" in {one["type"] for one in told["conditions"]}) == (False, False)


def test_a_status_with_money_fits_its_own_schema():
    Status.model_validate(status(decided(), statement=statement()))


ASKED = {"pinned": Pinned(6, "kubectl"), "peer": Peer("decode", 8, 8)}


def test_what_people_and_peers_ask_of_a_pool_is_told():
    found = status(
        decided(spec=published(tie=Tie("decode", 25, 200)), **ASKED), override=Override(at(60), "", {"a": 1})
    )
    Status.model_validate(found)
    assert (found["pin"]["counts"], found["override"]["summary"], found["peer"]["atMost"]) == (True, "a 1", 16)


@pytest.mark.parametrize("override", [None, Override(at(0), "", {"a": 1})])
def test_what_nobody_asks_is_not_told(override):
    found = status(decided(), override=override)
    kinds = {one["type"] for one in found["conditions"]}
    assert not {"pin", "override", "peer", "selector"} & set(found)
    assert not {"Pinned", "Overridden", "Tied", "Autoscaled"} & kinds


def test_each_of_it_is_a_condition():
    decision = decided(spec=published(tie=Tie("decode", 25, 200)), **ASKED)
    found = status(decision, override=Override(at(60), "", {"a": 1}), scaled_by="hpa/own")
    assert {"Pinned", "Overridden", "Tied", "Autoscaled"} <= {one["type"] for one in found["conditions"]}


def test_the_pools_own_scale_is_told():
    found = status(decided(), selector="app=chat")
    assert (found["replicas"], found["selector"]) == (2, "app=chat")
