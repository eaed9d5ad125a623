"""The table of providers: one row of a real node each. Sources are named in the table itself."""

import pytest

from poolkeeper.api.providers import AKS, EKS, GKE, KARPENTER, is_spot, loss, makers, provider, reclaim


@pytest.mark.parametrize(
    "labels",
    [
        {"karpenter.sh/capacity-type": "spot", "karpenter.sh/nodepool": "gpu"},
        {"eks.amazonaws.com/capacityType": "SPOT", "eks.amazonaws.com/nodegroup": "gpu"},
        {"cloud.google.com/gke-spot": "true"},
        {"cloud.google.com/gke-preemptible": "true"},
        {"cloud.google.com/gke-provisioning": "spot"},
        {"kubernetes.azure.com/scalesetpriority": "spot"},
    ],
)
def test_any_provider_s_label_makes_a_node_spot(labels):
    assert is_spot({"kubernetes.io/os": "linux"} | labels)


@pytest.mark.parametrize(
    "labels",
    [
        {},
        {"karpenter.sh/capacity-type": "on-demand"},
        {"karpenter.sh/capacity-type": "reserved"},
        {"eks.amazonaws.com/capacityType": "ON_DEMAND"},
        {"cloud.google.com/gke-provisioning": "standard"},
        {"kubernetes.azure.com/scalesetpriority": "regular"},
    ],
)
def test_without_one_a_node_is_not(labels):
    assert not is_spot(labels)


@pytest.mark.parametrize(
    ("mark", "name"),
    [
        ("karpenter.sh/nodepool", "karpenter"),
        ("eks.amazonaws.com/nodegroup", "eks"),
        ("cloud.google.com/gke-nodepool", "gke"),
        ("kubernetes.azure.com/agentpool", "aks"),
    ],
)
def test_a_node_shows_who_made_it(mark, name):
    assert makers({mark: "gpu"}) == {name}


def test_a_bare_node_was_made_by_nobody_we_know():
    assert makers({"kubernetes.io/os": "linux"}) == frozenset()


@pytest.mark.parametrize("seen", [KARPENTER, EKS, GKE, AKS])
def test_the_provider_is_found_by_whose_nodes_are_there(seen):
    assert provider("auto", {seen.name}) is seen


def test_karpenter_goes_before_whose_cluster_it_runs_in():
    assert provider("auto", {"aks", "gke", "eks", "karpenter"}) is KARPENTER


def test_a_named_provider_needs_no_nodes():
    assert provider("aks") is AKS


@pytest.mark.parametrize("name", ["auto", "openstack"])
def test_without_marks_or_a_row_there_is_none(name):
    assert provider(name) is None


@pytest.mark.parametrize(
    "key",
    [
        "aws-node-termination-handler/spot-itn",
        "aws-node-termination-handler/rebalance-recommendation",
        "aws-node-termination-handler/asg-lifecycle-termination",
        "cloud.google.com/impending-node-termination",
        "remediator.kubernetes.azure.com/unschedulable",
    ],
)
def test_a_provider_s_taint_tells_of_a_reclaim(key):
    assert reclaim({"nvidia.com/gpu": "present", key: ""}, {}) == f"taint {key}"


@pytest.mark.parametrize(
    "key",
    [
        "karpenter.sh/disrupted",
        "ToBeDeletedByClusterAutoscaler",
        "node.kubernetes.io/unschedulable",
        "node.kubernetes.io/not-ready",
        "aws-node-termination-handler/scheduled-maintenance",
        "cloud.google.com/gke-spot",
    ],
)
def test_what_is_voluntary_or_a_mark_tells_of_none(key):
    assert (reclaim({key: ""}, {}), loss({key: ""})) == ("", "")


@pytest.mark.parametrize("kind", ["VMEventScheduled", "PreemptionScheduled"])
def test_aks_tells_by_a_condition_too(kind):
    """AKS' node-problem-detector, whose message carries the deadline."""
    words = "Preempt Scheduled: Mon, 03 Aug 2026 08:18:16 GMT. DurationInSeconds: -1."
    assert reclaim({}, {kind: words}) == words


@pytest.mark.parametrize("words", ["Reboot Scheduled: Mon, 03 Aug 2026 08:18:16 GMT.", "Freeze Scheduled: .", ""])
def test_a_reboot_or_a_freeze_is_no_reclaim(words):
    assert reclaim({}, {"VMEventScheduled": words}) == ""


@pytest.mark.parametrize("key", ["node.kubernetes.io/out-of-service", "node.cloudprovider.kubernetes.io/shutdown"])
def test_some_taints_tell_that_any_node_is_lost(key):
    assert loss({"nvidia.com/gpu": "present", key: "nodeshutdown"}) == f"taint {key}"
