"""Nodes, events and disruption budgets as the API server sends them, to what we keep."""

import pytest
from tests.shell.raw_objects import AT, AT_LATER, LATER, WHEN, condition, metadata, read

from poolkeeper.shell.kubernetes_objects import BudgetObject, EventObject, NodeObject
from poolkeeper.shell.node_projections import EVENTS, disruption_budget, event, node


def a_budget(spec, **changes):
    return disruption_budget(read({"metadata": metadata(**changes), "spec": spec}, BudgetObject))


def expression(operator, *values):
    return {"key": "app", "operator": operator} | ({"values": list(values)} if values else {})


class TestDisruptionBudget:
    def test_its_names_and_whose_it_is(self):
        found = a_budget({"minAvailable": 3}, labels={"poolkeeper.io/pool": "chat"})
        assert (found.namespace, found.name, found.resource_version, found.pool) == ("lab", "chat", "7", "chat")

    def test_what_it_belongs_to(self):
        owner = {"apiVersion": "poolkeeper.io/v1alpha1", "kind": "InferencePool", "name": "chat", "uid": "uid-1"}
        assert a_budget({}, ownerReferences=[owner]).owners == ("uid-1",)

    @pytest.mark.parametrize("least", [3, "50%"])
    def test_the_least_that_must_be_available(self, least):
        assert a_budget({"minAvailable": least}).min_available == least

    def test_it_may_say_the_most_that_may_not_instead(self):
        assert a_budget({"maxUnavailable": 1}).min_available is None

    @pytest.mark.parametrize(
        ("selector", "selects"),
        [
            ({"matchLabels": {"app": "chat"}}, True),
            ({"matchLabels": {"app": "chat", "tier": "spot"}}, False),
            ({"matchExpressions": [expression("In", "chat", "code")]}, True),
            ({"matchExpressions": [expression("In", "code")]}, False),
            ({"matchExpressions": [expression("NotIn", "code")]}, True),
            ({"matchExpressions": [expression("NotIn", "chat")]}, False),
            ({"matchExpressions": [expression("Exists")]}, True),
            ({"matchExpressions": [expression("DoesNotExist")]}, False),
            ({"matchLabels": {"app": "chat"}, "matchExpressions": [expression("DoesNotExist")]}, False),
            ({}, True),
            (None, False),
        ],
    )
    def test_which_pods_it_selects(self, selector, selects):
        assert a_budget({"selector": selector}).selects({"app": "chat"}) is selects

    @pytest.mark.parametrize(("operator", "selects"), [("NotIn", True), ("In", False), ("Exists", False)])
    def test_a_pod_without_the_key(self, operator, selects):
        selector = {"matchExpressions": [expression(operator, *(["chat"] if "In" in operator else []))]}
        assert a_budget({"selector": selector}).selects({}) is selects


def a_node(*, spec=None, status=None, **changes):
    return node(read({"metadata": metadata(**changes), "spec": spec or {}, "status": status or {}}, NodeObject))


class TestNode:
    def test_it_is_ready(self):
        found = a_node(status={"conditions": [condition("Ready", "True")]})
        assert found.unready_since is None

    @pytest.mark.parametrize("status", ["False", "Unknown"])
    def test_it_is_not_since(self, status):
        found = a_node(status={"conditions": [condition("Ready", status)]})
        assert found.unready_since == AT_LATER

    def test_one_that_never_said_how_it_is_has_been_unready_since_it_was_made(self):
        assert a_node().unready_since == AT

    def test_its_taints(self):
        taints = [{"key": "a", "value": "1", "effect": "NoSchedule"}, {"key": "b", "effect": "NoExecute"}]
        assert a_node(spec={"taints": taints}).taints == {"a": "1", "b": ""}

    def test_the_node_claim_it_was_launched_for(self):
        owners = [{"kind": "Other", "name": "x", "uid": "x"}, {"kind": "NodeClaim", "name": "gpu-x7k2q", "uid": "c1"}]
        found = a_node(ownerReferences=owners)
        assert (found.node_claim, found.node_claim_uid) == ("gpu-x7k2q", "c1")

    def test_the_gpus_that_it_came_with_broken_ones_too(self):
        room = {"capacity": {"cpu": "8", "nvidia.com/gpu": "8"}, "allocatable": {"nvidia.com/gpu": "7"}}
        assert a_node(status=room).gpus == 8

    def test_one_without_gpus(self):
        assert a_node(status={"capacity": {"cpu": "8"}}).gpus is None

    def test_what_its_cloud_calls_it(self):
        assert a_node(spec={"providerID": "aws:///us-east-1a/i-0abc"}).provider_id == "aws:///us-east-1a/i-0abc"

    def test_a_heartbeat_is_no_news(self):
        beats = [condition("Ready", "True", lastHeartbeatTime=at) for at in (WHEN, LATER)]
        first, second = (a_node(status={"conditions": [beat]}) for beat in beats)
        assert first == second


def an_event(**changes):
    about = {"kind": "Pod", "namespace": "lab", "name": "chat-1", "uid": "u1"}
    body = {"metadata": metadata(), "involvedObject": about, "reason": "Nominated", "message": "on: nodeclaim/a"}
    return event(read(body | changes, EventObject))


class TestEvent:
    def test_what_is_said_of_whom(self):
        found = an_event()
        assert (found.reason, found.message, found.kind, found.name, found.uid) == (
            "Nominated",
            "on: nodeclaim/a",
            "Pod",
            "chat-1",
            "u1",
        )

    @pytest.mark.parametrize(
        ("times", "at"),
        [
            ({"firstTimestamp": WHEN, "lastTimestamp": LATER, "eventTime": None}, AT_LATER),
            ({"eventTime": "2026-03-02T12:00:00.000000Z", "lastTimestamp": None}, AT),
            ({"eventTime": WHEN, "series": {"count": 2, "lastObservedTime": LATER}}, AT_LATER),
            ({}, AT),
        ],
    )
    def test_when_it_was_said_last_by_either_api(self, times, at):
        assert an_event(**times).at == at

    @pytest.mark.parametrize(
        ("times", "since"),
        [({"firstTimestamp": WHEN, "lastTimestamp": LATER}, AT), ({"eventTime": LATER}, AT_LATER), ({}, AT)],
    )
    def test_since_when_it_is_said(self, times, since):
        assert an_event(**times).since == since

    def test_one_that_tells_nothing_of_nodes_is_not_kept(self):
        assert an_event(reason="BackOff") is None

    def test_the_server_leaves_out_the_noisiest(self):
        params = EVENTS.collection("lab").params
        assert {"source!=kubelet", "source!=default-scheduler"} <= set(params["fieldSelector"].split(","))
