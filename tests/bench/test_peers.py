"""What is kept of turns, what is told of systems, and what they use: all that needs no cluster."""

import json

import pytest
from peers import merged, reactions
from peers_meter import askers, queries
from peers_outage import Loss
from peers_systems import HARDENED, Place, direct, hardened, is_driven, is_read, scaled_object, through_prometheus
from reaction import Outcome

PLACE = Place("team", "chat", "http://prometheus")
OURS, THEIRS = "system:serviceaccount:poolkeeper-bench:poolkeeper-bench", "system:serviceaccount:keda:keda-operator"
USERS = {OURS: "poolkeeper", THEIRS: "keda"}
PAGE = """# TYPE prometheus_http_requests_total counter
prometheus_http_requests_total{code="200",handler="/api/v1/query"} 40
prometheus_http_requests_total{code="400",handler="/api/v1/query"} 2
prometheus_http_requests_total{code="200",handler="/metrics"} 9
"""


def line(user, stage="ResponseComplete"):
    return json.dumps({"stage": stage, "user": {"username": user}}) + "\n"


def metadata(made):
    return made["spec"]["triggers"][0]["metadata"]


def conditioned(kind, status="True", **more):
    return {"status": {"conditions": [{"type": kind, "status": status}], **more}}


def test_turn_is_kept_beside_those_of_other_systems_and_sizes():
    before = {"outage": 1, "sizes": {"20": {"keda": 2}, "100": {"keda": 3}}}
    after = {"outage": 1, "sizes": {"20": {"keda": 2, "direct": 4}, "100": {"keda": 3}}}
    assert merged(before, 20, "direct", 4) == after


def test_turn_takes_the_place_of_an_older_one():
    assert merged({"sizes": {"20": {"keda": 2}}}, 20, "keda", 5) == {"sizes": {"20": {"keda": 5}}}


def test_pools_that_never_reacted_are_counted_apart():
    found = reactions(Outcome(latencies=[1.0], silent=["a", "b"]))
    assert (found["reaction"]["n"], found["silent"]) == (1, 2)


def test_turn_in_which_nobody_reacted_has_no_latency():
    assert reactions(Outcome(silent=["a"])) == {"reaction": {"n": 0}, "silent": 1}


def test_all_want_a_replica_for_as_many_requests():
    rules = [made(PLACE)["spec"]["queue"]["scaleUp"]["above"] for made in (direct, through_prometheus)]
    assert rules == [int(metadata(made(PLACE))["threshold"]) for made in (scaled_object, hardened)]


def test_all_have_the_same_bounds():
    ours, theirs = direct(PLACE)["spec"], scaled_object(PLACE)["spec"]
    assert (ours["minReplicas"], ours["maxReplicas"]) == (theirs["minReplicaCount"], theirs["maxReplicaCount"])


def test_query_is_of_the_pool_alone():
    assert metadata(scaled_object(PLACE))["query"] == 'sum(queue_depth{namespace="team",pool="chat"})'


def test_defaults_say_nothing_of_outages():
    made = scaled_object(PLACE)
    assert "fallback" not in made["spec"]
    assert "ignoreNullValues" not in metadata(made)


def test_hardened_takes_no_answer_for_an_error_and_has_a_fallback():
    made = hardened(PLACE)
    assert made["spec"]["fallback"] == HARDENED["fallback"]
    assert metadata(made)["ignoreNullValues"] == "false"


@pytest.mark.parametrize(
    ("found", "driven"),
    [
        ({}, False),
        (conditioned("ScalingActive"), False),
        (conditioned("ScalingActive", "False", currentMetrics=[{}]), False),
        (conditioned("ScalingActive", currentMetrics=[{}]), True),
    ],
)
def test_autoscaler_drives_once_it_has_read_its_metric(found, driven):
    assert is_driven(found) is driven


def test_pool_is_held_once_its_queue_is_read():
    assert is_read(conditioned("MetricsAvailable"))
    assert not is_read(conditioned("MetricsAvailable", "Unknown"))


def test_requests_are_counted_by_who_asked():
    assert askers([line(OURS), line(THEIRS), line(THEIRS), line("admin")], USERS) == {"poolkeeper": 1, "keda": 2}


def test_watch_that_begins_is_no_request_yet():
    assert not askers([line(OURS, "ResponseStarted")], USERS)


def test_line_that_is_still_written_is_left_out():
    assert not askers([line(OURS).rstrip("\n")], USERS)


def test_words_of_a_user_in_another_ones_request_do_not_count():
    assert not askers([json.dumps({"stage": "ResponseComplete", "user": {"username": "x"}, "of": OURS}) + "\n"], USERS)


def test_queries_are_told_from_other_requests():
    assert queries(PAGE) == 42


def test_replica_that_was_lost_and_came_back_is_lost():
    loss = Loss()
    for size in (8, 7, 8):
        loss.see({"a": size, "b": 8})
    assert loss.figures == {"pools": 2, "lost": 1, "at_minimum": 0}


def test_pool_at_its_minimum_is_counted_as_lost_too():
    loss = Loss()
    loss.see({"a": 2})
    assert loss.figures == {"pools": 1, "lost": 1, "at_minimum": 1}
