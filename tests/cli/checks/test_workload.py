"""Pods that do not start or have no time to end, budgets that block, and what stands on a pool."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.cli.checks.cluster_parts import NOW, known, said, seen, target

from poolkeeper.api.names import POOL_LABEL
from poolkeeper.api.override import Override
from poolkeeper.api.units import parse_instant
from poolkeeper.cli.checks import budgets, pods, standing
from poolkeeper.shell.views import PodView

LONG, SHORT = timedelta(minutes=10), timedelta(minutes=9)


def pod(age=LONG, **given):
    return PodView("inference", "chat-1", "u1", NOW - age, **given)


def test_a_pod_that_does_not_start_is_told_in_its_own_words():
    found = said(pods.stuck(seen(pods=[pod(trouble="0/2 nodes are available"), pod(ready_at=NOW, trouble="old")])))
    assert found == ["wrong: deployment/chat: 1 of 2 pods are not ready: 0/2 nodes are available"]


@pytest.mark.parametrize(
    ("waiting", "startup", "level"),
    [
        (pod(SHORT), "auto", "note"),
        (pod(SHORT), "5m", "wrong"),
        (pod(), "20m", "note"),
        (pod(scheduled_at=NOW - SHORT), "auto", "note"),
        (pod(scheduled_at=NOW - LONG), "auto", "wrong"),
    ],
    ids=["young", "past what is given", "within what is given", "loads", "loads too long"],
)
def test_a_pod_has_the_time_for_its_start(waiting, startup, level):
    late = replace(waiting, trouble="0/2 nodes are available")
    (found,) = pods.stuck(seen(pods=[late], startup={"timeout": startup}))
    assert found.level == level


def test_a_pod_that_is_overdue_is_told_before_one_that_is_not():
    found = said(pods.stuck(seen(pods=[pod(SHORT, trouble="new"), pod(trouble="old")])))
    assert found == ["wrong: deployment/chat: 1 of 2 pods are not ready: old"]


def test_pods_that_cannot_be_made_are_told():
    failed = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}
    found = pods.stuck(seen(found=target() | {"status": {"conditions": [failed]}}))
    assert said(found) == ["wrong: deployment/chat: no pod can be made: exceeded quota"]


@pytest.mark.parametrize(("seconds", "count"), [(None, 1), (60, 1), (120, 0)])
def test_pods_that_end_sooner_than_they_drain_get_the_patch(seconds, count):
    found = list(pods.hurried(seen(found=target(terminationGracePeriodSeconds=seconds))))
    assert len(found) == count
    assert all('{"terminationGracePeriodSeconds":120}' in one.fix for one in found)


@pytest.mark.parametrize(("timeout", "count"), [("auto", 0), ("5m", 0), ("20m", 1)])
def test_a_rollout_that_gives_up_before_a_start_may_last(timeout, count):
    assert len(list(pods.impatient(seen(startup={"timeout": timeout})))) == count


def test_a_target_that_is_not_there_is_not_judged():
    assert said(pods.check(seen(found={}))) + said(budgets.check(seen(found={}))) == []


def budget(name="mine", labels=None, app="chat", **spec):
    metadata = {"name": name, "namespace": "inference", "uid": name, "resourceVersion": "1", "labels": labels or {}}
    return {"metadata": metadata, "spec": {"selector": {"matchLabels": {"app": app}}} | spec}


def guarded(*found, replicas=4):
    return said(budgets.check(seen(known(poddisruptionbudgets=found), target(replicas))))


@pytest.mark.parametrize(
    "spec",
    [
        {"maxUnavailable": 0},
        {"maxUnavailable": "0%"},
        {"minAvailable": 4},
        {"minAvailable": "100%"},
        {"minAvailable": "76%"},
    ],
)
def test_a_budget_that_lets_nobody_go_is_wrong(spec):
    (found,) = guarded(budget(**spec))
    assert found.startswith("wrong: poddisruptionbudget/mine: ")


@pytest.mark.parametrize(
    "spec", [{"maxUnavailable": 1}, {"maxUnavailable": "1%"}, {"minAvailable": 3}, {"minAvailable": "75%"}]
)
def test_a_budget_that_lets_one_go_is_fine(spec):
    assert guarded(budget(**spec)) == []


def test_a_budget_of_ours_is_not_judged():
    assert guarded(budget(labels={POOL_LABEL: "chat"}, minAvailable=4)) == []


def test_two_budgets_over_the_same_pods_are_wrong_and_theirs_is_to_go():
    ours = budget("chat-pool", {POOL_LABEL: "chat"}, minAvailable=3)
    (found,) = budgets.check(seen(known(poddisruptionbudgets=(ours, budget(maxUnavailable=1)))))
    assert found.fix == "kubectl delete pdb mine -n inference"


def test_a_budget_that_others_may_rely_on_is_narrowed():
    wide = budget("everything", maxUnavailable=1)
    wide["spec"]["selector"] = {}
    ours = budget("chat-pool", {POOL_LABEL: "chat"}, minAvailable=1)
    (found,) = budgets.check(seen(known(poddisruptionbudgets=(wide, ours))))
    assert found.fix == "kubectl edit pdb everything -n inference  # narrow its selector: leave out deployment/chat"


def test_a_budget_over_the_target_alone_goes_before_one_that_is_wide():
    wide = budget("everything", maxUnavailable=1)
    wide["spec"]["selector"] = {}
    (found,) = budgets.check(seen(known(poddisruptionbudgets=(wide, budget(maxUnavailable=1)))))
    assert found.fix == "kubectl delete pdb mine -n inference"


@pytest.mark.parametrize(("replicas", "count"), [(1, 0), (2, 1)])
def test_several_replicas_without_a_budget_are_noted(replicas, count):
    assert len(guarded(budget(app="other"), replicas=replicas)) == count


def test_the_budget_that_is_missing_can_be_pasted():
    (found,) = budgets.check(seen())
    assert found.fix == "kubectl create pdb chat -n inference --selector=app=chat --max-unavailable=1"


TOLD = {"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True", "reason": "AsExpected"}]}


def stands(status=None, annotations=None, **spec):
    return said(standing.check(seen(status=status or TOLD, annotations=annotations, **spec)))


def test_a_pool_that_nothing_stands_on_is_fine():
    assert stands() == []


@pytest.mark.parametrize(
    ("annotations", "spec", "words"),
    [
        ({}, {"replicas": 4}, "note: spec.replicas: ipool/chat is pinned at 4"),
        ({}, {"mode": "Paused"}, "note: spec.mode: Paused"),
        (
            {"poolkeeper.io/paused-until": "x"},
            {},
            "note: annotation poolkeeper.io/paused-until: ipool/chat is paused until x",
        ),
        ({"poolkeeper.io/override": "{}"}, {}, "note: override: something is laid over the spec"),
    ],
)
def test_what_people_asked_for_is_noted(annotations, spec, words):
    (found,) = stands(annotations=annotations, **spec)
    assert found.startswith(words)


@pytest.mark.parametrize(("until", "count"), [("2026-11-22T11:59:59Z", 0), ("2026-11-22T12:00:01Z", 1)])
def test_a_pause_that_is_over_is_none(until, count):
    assert len(stands(annotations={"poolkeeper.io/paused-until": until})) == count


@pytest.mark.parametrize(("until", "count"), [("2026-11-22T11:59:59Z", 0), ("2026-11-22T12:00:01Z", 1)])
@pytest.mark.parametrize("key", ["override", "budget-lifted-until"])
def test_what_was_laid_over_the_spec_and_is_over_is_none(key, until, count):
    written = Override(parse_instant(until), "me", {"minReplicas": 3}).text if key == "override" else until
    assert len(stands(annotations={f"poolkeeper.io/{key}": written})) == count


def test_a_pool_that_nobody_has_looked_at_is_wrong():
    (found,) = said(standing.check(seen()))
    assert found.startswith("wrong: ipool/chat: no operator has looked at it yet")


def test_a_spec_that_is_not_taken_in_yet_is_noted():
    assert stands(TOLD | {"observedGeneration": 0}) == [
        "note: ipool/chat: its operator has not taken in the newest spec yet"
    ]


def condition(kind, status, reason):
    return {"observedGeneration": 1, "conditions": [{"type": kind, "status": status, "reason": reason, "message": "m"}]}


@pytest.mark.parametrize(
    ("status", "found"),
    [
        (condition("AbleToScale", "False", "StartupBlocked"), ["wrong: ipool/chat AbleToScale: StartupBlocked: m"]),
        (condition("AbleToScale", "False", "TargetNotFound"), []),
        (condition("ScalingActive", "False", "Paused"), []),
        (condition("ScalingActive", "False", "ConflictPool"), []),
        (condition("WithinSLO", "False", "OutsideSLO"), ["note: ipool/chat WithinSLO: OutsideSLO: m"]),
        (condition("WithinSLO", "Unknown", "NoRequests"), ["note: ipool/chat WithinSLO: NoRequests: m"]),
    ],
)
def test_what_the_operator_says_counts_once(status, found):
    assert stands(status) == found
