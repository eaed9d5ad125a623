"""Who is pinned, and how. `node(...)` is a required affinity whose terms are given as lists of expressions."""

import pytest

from poolkeeper.api.pinning import (
    REQUIRED,
    advice,
    is_pinned,
    on_demand,
    patch,
    require_on_demand,
    require_spot,
    spot,
    tolerates,
)
from poolkeeper.api.providers import AKS, EKS, GKE, KARPENTER, PROVIDERS, Provider, Taint

CAPACITY = "karpenter.sh/capacity-type"
SCALE_SET = "kubernetes.azure.com/scalesetpriority"
TAINT = Taint("k", "v")


def asks(key, operator, *values):
    return {"key": key, "operator": operator, "values": list(values)}


def node(*terms):
    made = [{"matchExpressions": term} for term in terms]
    return {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": made}}}}


def terms_of(pod):
    return [term["matchExpressions"] for term in pod["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]]


@pytest.mark.parametrize("provider", [KARPENTER, EKS, GKE], ids=lambda one: one.name)
def test_a_pod_that_asks_for_nothing_is_not_pinned(provider):
    assert not is_pinned({}, provider)


def test_an_untolerated_taint_pins_where_the_provider_sets_it_itself():
    assert is_pinned({}, AKS)


def test_a_taint_that_node_pools_may_lack_pins_nobody():
    assert GKE.taints
    assert not is_pinned({"nodeSelector": {"cloud.google.com/gke-spot": "true"}}, GKE)


def test_a_tolerated_taint_does_not_pin():
    assert not is_pinned({"tolerations": [{"key": SCALE_SET, "operator": "Exists"}]}, AKS)


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.name)
def test_the_providers_own_on_demand_requirement_pins(provider):
    assert is_pinned(node(on_demand(provider)), provider)


@pytest.mark.parametrize("provider", [KARPENTER, EKS, GKE], ids=lambda one: one.name)
def test_the_providers_spot_requirement_does_not_pin(provider):
    assert not is_pinned(node(spot(provider)), provider)


@pytest.mark.parametrize(
    ("expression", "pinned"),
    [
        (asks(CAPACITY, "In", "on-demand", "reserved"), True),
        (asks(CAPACITY, "In", "on-demand", "spot"), False),
        (asks(CAPACITY, "NotIn", "spot"), True),
        (asks(CAPACITY, "NotIn", "reserved"), False),
        (asks(CAPACITY, "Exists"), False),
        (asks(CAPACITY, "DoesNotExist"), True),
        (asks(CAPACITY, "Gt", "1"), True),
        (asks("zone", "In", "a"), False),
    ],
)
def test_each_operator_is_read_as_the_scheduler_reads_it(expression, pinned):
    assert is_pinned(node([expression]), KARPENTER) is pinned


@pytest.mark.parametrize(
    ("operator", "limit", "pinned"), [("Gt", "4", False), ("Gt", "5", True), ("Lt", "6", False), ("Lt", "5", True)]
)
def test_numbers_are_compared(operator, limit, pinned):
    provider = Provider("numbered", marks=(), spot=(("rank", "5"),))
    assert is_pinned(node([asks("rank", operator, limit)]), provider) is pinned


def test_a_comparison_with_no_label_does_not_hold():
    provider = Provider("numbered", marks=(), spot=(("rank", "5"),), on_demand=(("size", "1"),))
    assert is_pinned(node([asks("size", "Gt", "0")]), provider)


def test_a_node_selector_pins():
    assert is_pinned({"nodeSelector": {CAPACITY: "on-demand", "gpu": "h100"}}, KARPENTER)


def test_a_selector_by_other_keys_does_not_pin():
    assert not is_pinned({"nodeSelector": {"gpu": "h100"}}, KARPENTER)


def test_terms_are_alternatives_and_one_that_takes_spot_unpins():
    assert not is_pinned(node(on_demand(KARPENTER), [asks("zone", "In", "a")]), KARPENTER)


def test_a_term_by_fields_alone_does_not_pin():
    affinity = {REQUIRED: {"nodeSelectorTerms": [{"matchFields": [asks("metadata.name", "In", "n")]}]}}
    assert not is_pinned({"affinity": {"nodeAffinity": affinity}}, KARPENTER)


def test_a_term_that_asks_for_nothing_matches_no_node():
    affinity = {REQUIRED: {"nodeSelectorTerms": [{}]}}
    assert is_pinned({"affinity": {"nodeAffinity": affinity}}, KARPENTER)


def test_all_of_gkes_labels_must_be_refused():
    assert not is_pinned(node([asks("cloud.google.com/gke-spot", "DoesNotExist")]), GKE)


def test_two_of_gkes_spot_labels_on_one_node_are_seen():
    wanted = {"cloud.google.com/gke-spot": "true", "cloud.google.com/gke-provisioning": "spot"}
    assert not is_pinned({"nodeSelector": wanted}, GKE)


@pytest.mark.parametrize(
    ("toleration", "tolerated"),
    [
        ({"operator": "Exists"}, True),
        ({"key": "k", "operator": "Exists"}, True),
        ({"key": "k", "value": "v"}, True),
        ({"key": "k", "operator": "Equal", "value": "v", "effect": "NoSchedule"}, True),
        ({"key": "k", "operator": "Equal", "value": "w"}, False),
        ({"key": "k", "operator": "Equal", "value": "v", "effect": "NoExecute"}, False),
        ({"key": "other", "operator": "Exists"}, False),
        ({"key": "k", "operator": "Gt", "value": "v"}, False),
    ],
)
def test_tolerations_are_read_as_the_scheduler_reads_them(toleration, tolerated):
    assert tolerates({"tolerations": [toleration]}, TAINT) is tolerated


def test_what_else_a_pod_asks_for_stays_in_every_term():
    pod = node([asks("zone", "In", "a"), asks(CAPACITY, "In", "on-demand")], [asks("zone", "In", "b")])
    (first, second) = terms_of(require_spot(pod, KARPENTER))
    assert first == [asks("zone", "In", "a"), asks(CAPACITY, "In", "spot")]
    assert second == [asks("zone", "In", "b"), asks(CAPACITY, "In", "spot")]


FOREIGN = "eks.amazonaws.com/capacityType"


def test_no_other_providers_pin_stays_beside_spot():
    pod = {"nodeSelector": {FOREIGN: "ON_DEMAND"}} | node([asks(FOREIGN, "In", "ON_DEMAND")])
    made = require_spot(pod, KARPENTER)
    assert (terms_of(made), made.get("nodeSelector")) == ([spot(KARPENTER)], None)


def test_another_providers_pin_stays_beside_on_demand():
    made = require_on_demand({"nodeSelector": {FOREIGN: "ON_DEMAND", CAPACITY: "on-demand"}}, KARPENTER)
    assert (terms_of(made), made["nodeSelector"]) == ([on_demand(KARPENTER)], {FOREIGN: "ON_DEMAND"})


def test_terms_that_become_the_same_are_one():
    pod = node([asks(CAPACITY, "In", "on-demand")], [asks(CAPACITY, "In", "reserved")])
    assert terms_of(require_spot(pod, KARPENTER)) == [spot(KARPENTER)]


def test_a_term_that_matches_nothing_goes_on_matching_nothing():
    affinity = {REQUIRED: {"nodeSelectorTerms": [{}]}}
    made = require_spot({"affinity": {"nodeAffinity": affinity}}, KARPENTER)
    assert made["affinity"]["nodeAffinity"] == affinity


def test_other_affinities_stay():
    affinity = {"podAntiAffinity": {"x": 1}, "nodeAffinity": {"preferred": [1]}}
    made = require_spot({"affinity": affinity}, KARPENTER)["affinity"]
    assert (made["podAntiAffinity"], made["nodeAffinity"]["preferred"]) == ({"x": 1}, [1])


@pytest.mark.parametrize(("given", "left"), [({"gpu": "h100"}, {"gpu": "h100"}), ({}, None)])
def test_the_node_selector_loses_the_providers_keys_alone(given, left):
    pod = {"nodeSelector": {CAPACITY: "on-demand"} | given}
    assert require_spot(pod, KARPENTER).get("nodeSelector") == left


def test_nothing_of_the_pod_itself_is_changed():
    pod = {"nodeSelector": {CAPACITY: "on-demand"}, **node([asks(CAPACITY, "In", "on-demand")])}
    require_spot(pod, KARPENTER)
    assert pod == {"nodeSelector": {CAPACITY: "on-demand"}, **node([asks(CAPACITY, "In", "on-demand")])}


def test_the_patch_of_a_plain_pod_says_no_more_than_the_pin():
    expression = {"key": CAPACITY, "operator": "In", "values": ["on-demand", "reserved"]}
    assert patch({}, KARPENTER) == {"spec": {"template": {"spec": node([expression])}}}


def test_the_patch_takes_a_contrary_selector_away():
    changed = patch({"nodeSelector": {CAPACITY: "spot", "gpu": "h100"}}, KARPENTER)["spec"]["template"]["spec"]
    assert changed["nodeSelector"] == {CAPACITY: None}


def test_where_no_label_says_on_demand_the_spot_labels_are_refused():
    assert on_demand(AKS) == [{"key": SCALE_SET, "operator": "NotIn", "values": ["spot"]}]


def test_the_advice_is_a_command():
    command = 'kubectl --namespace inference patch deployment chat --patch \'{"spec":'
    assert command in advice("inference", "chat", {}, EKS)
