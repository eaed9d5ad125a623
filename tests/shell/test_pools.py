import json
from datetime import timedelta

import pytest

from builders import at
from poolkeeper.api.names import LAST_APPLIED, PAUSED_UNTIL
from poolkeeper.core.observation import FOR_GOOD
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.kube_errors import KubeError
from poolkeeper.shell.pools import Pool, Pools, paused_until
from poolkeeper.shell.status_budget import StatusBudget

SPEC = {"targetRef": {"name": "chat"}, "minReplicas": 2, "maxReplicas": 8}


def body(name="chat", **changes):
    metadata = {
        "namespace": "inference",
        "name": name,
        "uid": f"uid-{name}",
        "generation": 1,
        "creationTimestamp": "2026-03-02T12:00:00Z",
    } | changes.pop("metadata", {})
    return {"metadata": metadata, "spec": SPEC} | changes


def test_a_pool_is_read_once_for_each_generation():
    pools = Pools()
    first = pools.take(body()).core
    assert pools.take(body(spec={"broken": True})).core is first


def test_a_new_generation_is_read():
    pools = Pools()
    pools.take(body())
    assert pools.take(body(metadata={"generation": 2}, spec=SPEC | {"maxReplicas": 9})).core.max_replicas == 9


def test_a_spec_that_cannot_be_accepted_leaves_the_last_good_one_in_force():
    pools = Pools()
    pools.take(body())
    pool = pools.take(body(metadata={"generation": 2}, spec=SPEC | {"minReplicas": 99}))
    words = "spec: minReplicas must not be over maxReplicas (99 is over 8)"
    assert (pool.core.min_replicas, pool.invalid) == (2, [words])


def test_the_last_good_spec_survives_a_restart_in_the_status():
    pool = Pools().take(body(spec={"broken": True}, status={"acceptedSpec": SPEC}))
    assert pool.core.max_replicas == 8
    assert pool.invalid


def test_a_pool_that_never_had_a_good_spec_has_none():
    assert Pools().take(body(spec={"broken": True})).core is None


def test_an_accepted_spec_that_has_gone_bad_is_none():
    assert Pools().take(body(spec={"broken": True}, status={"acceptedSpec": {"broken": True}})).core is None


def test_a_pool_made_anew_under_its_old_name_starts_afresh():
    pools = Pools()
    old = pools.take(body())
    assert pools.take(body(metadata={"uid": "uid-2"})) is not old


def test_a_late_word_of_an_old_pool_does_not_drop_the_new_one():
    pools = Pools()
    pools.take(body())
    pools.drop(("inference", "chat"), "uid-before")
    assert len(pools) == 1


def test_the_older_pool_keeps_a_target():
    pools = Pools()
    elder = pools.take(body("b"))
    younger = pools.take(body("a", metadata={"creationTimestamp": "2026-03-02T12:00:01Z"}))
    assert (pools.rival(younger), pools.rival(elder)) == (elder, None)


def test_pools_in_other_namespaces_are_no_rivals():
    pools = Pools()
    pools.take(body("b"))
    other = pools.take(body("a", metadata={"namespace": "elsewhere"}))
    assert pools.rival(other) is None


@pytest.mark.parametrize("mode", ["Observe", "Paused"])
def test_an_older_pool_that_writes_nothing_is_no_rival(mode):
    pools = Pools()
    elder = pools.take(body("b", spec=SPEC | {"mode": mode}))
    younger = pools.take(body("a", metadata={"creationTimestamp": "2026-03-02T12:00:01Z"}))
    assert (pools.rival(younger), pools.rival(elder)) == (None, None)


def test_a_pool_that_is_gone_holds_no_target():
    pools = Pools()
    pools.take(body("b"))
    younger = pools.take(body("a", metadata={"creationTimestamp": "2026-03-02T12:00:01Z"}))
    pools.drop(("inference", "b"))
    assert pools.rival(younger) is None


def test_a_pool_that_turns_to_another_target_lets_go_of_its_own():
    pools = Pools()
    pools.take(body("b"))
    younger = pools.take(body("a", metadata={"creationTimestamp": "2026-03-02T12:00:01Z"}))
    pools.take(body("b", metadata={"generation": 2}, spec=SPEC | {"targetRef": {"name": "other"}}))
    assert pools.rival(younger) is None


def test_a_pool_that_cannot_be_taken_in_keeps_its_target(monkeypatch):
    pools = Pools()
    pools.take(body("b"))
    younger = pools.take(body("a", metadata={"creationTimestamp": "2026-03-02T12:00:01Z"}))
    monkeypatch.setattr(Pool, "take", lambda *_: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        pools.take(body("b", metadata={"generation": 2}))
    assert pools.rival(younger).key == ("inference", "b")


def test_a_standby_keeps_the_leaders_status_and_a_leader_its_own():
    pools = Pools()
    pool = pools.take(body(status={"desiredReplicas": 1}))
    pools.take(body(status={"desiredReplicas": 2}))
    pool.lead(None, at(0))
    pools.take(body(status={"desiredReplicas": 3}))
    assert pool.status == {"desiredReplicas": 2}


def test_fields_that_the_api_server_dropped_are_found():
    applied = json.dumps({"spec": SPEC | {"minReplica": 3}})
    assert Pools().take(body(metadata={"annotations": {LAST_APPLIED: applied}})).unknown == ["spec.minReplica"]


def test_a_typo_that_makes_no_new_generation_is_found_and_its_mending_too():
    pools, found = Pools(), []
    for spec in (SPEC, SPEC | {"minReplica": 3}, SPEC):
        applied = {LAST_APPLIED: json.dumps({"spec": spec})}
        found.append(pools.take(body(metadata={"annotations": applied})).unknown)
    assert found == [[], ["spec.minReplica"], []]


@pytest.mark.parametrize("applied", ["{", "[]", "{}", '{"spec": 1}', "[" * 9000])
def test_an_annotation_that_makes_no_sense_says_nothing(applied):
    assert Pools().take(body(metadata={"annotations": {LAST_APPLIED: applied}})).unknown == []


def test_a_pause_has_an_end():
    assert paused_until({PAUSED_UNTIL: "2026-03-02T12:00:05Z"}) == at(5)


@pytest.mark.parametrize("words", ["tomorrow", "2026-03-02T12:00:05", "9999-12-31T23:59:59-05:00"])
def test_a_pause_whose_end_cannot_be_read_has_none(words):
    assert paused_until({PAUSED_UNTIL: words}) == FOR_GOOD


def test_two_ordinary_writes_in_any_minute_at_most():
    budget, written = StatusBudget(), []
    for second in range(600):
        if budget.may_write(at(second)):
            budget.spend(at(second), ordinary=True)
            written.append(second)
    assert max(sum(start <= second < start + 60 for second in written) for start in range(540)) == 2


def test_what_could_not_wait_runs_up_a_debt_with_an_end():
    budget = StatusBudget()
    for _ in range(9):
        budget.spend(at(0), ordinary=True)
    assert [budget.may_write(at(second)) for second in (0, 60, 121)] == [False, False, True]


def test_changes_of_size_cost_nothing():
    budget = StatusBudget()
    for _ in range(10):
        budget.spend(at(0), ordinary=False)
    assert budget.may_write(at(0))


def test_news_of_replicas_waits_a_little():
    budget = StatusBudget()
    budget.spend(at(0), ordinary=False)
    assert [budget.may_tell_replicas(at(0) + timedelta(seconds=wait)) for wait in (4, 5)] == [False, True]


def test_news_of_replicas_that_may_be_noise_waits_longer():
    budget = StatusBudget()
    budget.spend(at(0), ordinary=True)
    assert [budget.may_tell_replicas(at(0) + timedelta(seconds=wait)) for wait in (29, 30)] == [False, True]


def test_what_is_refused_is_told_with_the_words_of_the_refusal():
    pool = Pools().take(body())
    pool.mark_rests["on-demand"].failed(KubeError("no marks"), at(0))
    assert pool.refused == (Reason.COST_REFUSED, "no marks")


def test_a_size_that_cannot_be_written_is_told_before_a_mark_that_cannot():
    pool = Pools().take(body())
    pool.mark_rests["spot"].failed(KubeError("no marks"), at(0))
    pool.scale_rests["on-demand"].failed(KubeError("no sizes"), at(0))
    assert pool.refused == (Reason.WRITE_REFUSED, "no sizes")


def test_nothing_is_refused_to_a_new_pool():
    assert Pools().take(body()).refused is None
