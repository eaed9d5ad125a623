"""What the words of Karpenter and the Cluster Autoscaler mean. The messages are theirs; sources are in the table."""

import pytest

from poolkeeper.api.signals import claim, decline, matters, refusal, scheduler_found_no_match, wait
from poolkeeper.core.observation import Wait

OTHER_TYPE = (
    "incompatible requirements, key karpenter.sh/capacity-type, karpenter.sh/capacity-type In [spot]"
    " not in karpenter.sh/capacity-type In [on-demand]"
)
WRONG_KEY = "incompatible requirements, key gpu.vendor, gpu.vendor In [acme] not in gpu.vendor In [nvidia]"
UNKNOWN_LABEL = 'incompatible requirements, label "gpu.vendr" does not have known values (typo of "gpu.vendor"?)'
ASKED = ", requirements=karpenter.sh/capacity-type In [spot], karpenter.sh/nodepool In [gpu], resources={}"
TAINTED = "did not tolerate taint (taint=nvidia.com/gpu:NoSchedule)"


def said(*reasons):
    return refusal(f"Failed to schedule pod, {'; '.join(reasons)}")


@pytest.mark.parametrize(
    "reason",
    [
        "no instance type has the required offering" + ASKED,
        "no instance type which met the scheduling requirements and had enough resources, had a required offering"
        + ASKED,
        "no instance type met the scheduling requirements or had a required offering" + ASKED,
        "no instance type had enough resources or had a required offering" + ASKED,
        "no instance type met the scheduling requirements or had enough resources or had a required offering" + ASKED,
        "nodepool requirements filtered out all available instance types",
        "all available instance types exceed limits for nodepool (NodePool=gpu)",
        "node limits have been exhausted for nodepool (NodePool=gpu)",
    ],
)
def test_karpenter_has_nothing_left_to_offer(reason):
    assert said(OTHER_TYPE, reason, TAINTED) is Wait.STOCK_OUT


@pytest.mark.parametrize(
    "reason",
    [
        WRONG_KEY,
        UNKNOWN_LABEL,
        TAINTED,
        "no instance type has enough resources" + ASKED,
        "no instance type met all requirements" + ASKED,
        "no instance type which had enough resources and the required offering met the scheduling requirements" + ASKED,
        "no instance type which met the scheduling requirements and the required offering had the required resources"
        + ASKED,
    ],
)
def test_karpenter_could_never_offer_it(reason):
    assert said(reason, UNKNOWN_LABEL) is Wait.MISCONFIGURED


def test_a_pool_that_differs_in_more_than_the_capacity_type_would_not_do_either():
    assert (
        said(f"{OTHER_TYPE}; key gpu.vendor, gpu.vendor In [acme] not in gpu.vendor In [nvidia]") is Wait.MISCONFIGURED
    )


def test_where_a_pool_differs_in_the_capacity_type_alone_another_tier_may_help():
    assert said(OTHER_TYPE, "no instance type has enough resources" + ASKED) is None


def test_a_reason_that_we_do_not_know_is_unclear():
    assert said("checking volume usage, persistentvolumeclaim is being deleted") is None


def test_karpenter_s_words_before_1_0():
    """They named the NodePool and the overhead of DaemonSets first."""
    lead = 'incompatible with nodepool "gpu", daemonset overhead={"cpu":"180m","pods":"5"}, '
    assert said(lead + OTHER_TYPE, lead + "no instance type has the required offering") is Wait.STOCK_OUT


@pytest.mark.parametrize(
    "reasons",
    [
        "1 in backoff after failed scale-up",
        "2 node(s) didn't match Pod's node affinity/selector, 1 in backoff after failed scale-up",
        "1 max node group size reached, 2 node(s) had untolerated taint {dedicated: gpu}",
        "1 max cluster cpu, memory limit reached",
    ],
)
@pytest.mark.parametrize("lead", ["", " (it wouldn't fit if a new node is added)"])
def test_the_cluster_autoscaler_skipped_a_group(lead, reasons):
    assert decline(f"pod didn't trigger scale-up{lead}: {reasons}") is Wait.STOCK_OUT


def test_the_cluster_autoscaler_s_groups_all_differ():
    reasons = "3 node(s) didn't match Pod's node affinity/selector, 1 Insufficient nvidia.com/gpu"
    assert decline(f"pod didn't trigger scale-up: {reasons}") is Wait.MISCONFIGURED


@pytest.mark.parametrize(
    "reasons",
    [
        "1 not ready for scale-up, 2 node(s) didn't match Pod's node affinity/selector",
        "3 Insufficient nvidia.com/gpu",
        "",
    ],
)
def test_what_the_cluster_autoscaler_leaves_unclear(reasons):
    assert decline(f"pod didn't trigger scale-up: {reasons}") is None


@pytest.mark.parametrize(
    ("reason", "message", "meaning"),
    [
        ("Nominated", "Pod should schedule on: nodeclaim/gpu-x7k2q", Wait.LAUNCHING),
        ("TriggeredScaleUp", "pod triggered scale-up: [{gpu-spot 1->2 (max: 8)}]", Wait.LAUNCHING),
        (
            "InsufficientCapacityError",
            "NodeClaim gpu-x7k2q event: creating instance, insufficient capacity",
            Wait.STOCK_OUT,
        ),
        (
            "FailedScaleUp",
            "Node scale up in zones us-central1-c associated with this pod failed: GCE out of resources.",
            Wait.STOCK_OUT,
        ),
        (
            "FailedScaleUp",
            "Node scale up in zones us-central1-c associated with this pod failed: GCE quota exceeded.",
            Wait.STOCK_OUT,
        ),
        ("FailedScheduling", f"Failed to schedule pod, {WRONG_KEY}", Wait.MISCONFIGURED),
        ("NotTriggerScaleUp", "pod didn't trigger scale-up: 1 in backoff after failed scale-up", Wait.STOCK_OUT),
    ],
)
def test_what_each_event_means(reason, message, meaning):
    assert wait(reason, message) is meaning


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("Pod should schedule on: nodeclaim/gpu-x7k2q", "gpu-x7k2q"),
        ("Pod should schedule on: nodeclaim/gpu-x7k2q, node/ip-10-0-0-9", "gpu-x7k2q"),
        ("Pod should schedule on: node/ip-10-0-0-9", ""),
    ],
)
def test_the_node_claim_that_a_nomination_names(message, name):
    assert claim(message) == name


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("Node", "SpotInterrupted"),
        ("NodeClaim", "SpotInterrupted"),
        ("Node", "PreemptScheduled"),
        ("NodeClaim", "InsufficientCapacityError"),
        ("NodePool", "NoCompatibleInstanceTypes"),
        ("Pod", "Nominated"),
        ("Pod", "NotTriggerScaleUp"),
    ],
)
def test_the_events_of_the_table_matter(kind, reason):
    assert matters(kind, reason, "")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("Node", "DisruptionTerminating"),
        ("Node", "SpotRebalanceRecommendation"),
        ("Node", "NodeNotReady"),
        ("Pod", "Evicted"),
        ("Pod", "TaintManagerEviction"),
        ("Pod", "SpotInterrupted"),
        ("ConfigMap", "ScaleUpTimedOut"),
    ],
)
def test_what_is_voluntary_or_says_nothing_of_nodes_does_not(kind, reason):
    assert not matters(kind, reason, "")


def test_karpenter_s_refusal_matters():
    assert matters("Pod", "FailedScheduling", f"Failed to schedule pod, {WRONG_KEY}")


def test_the_scheduler_s_refusal_does_not_for_the_pod_s_condition_says_the_same():
    assert not matters("Pod", "FailedScheduling", "0/3 nodes are available: 3 Insufficient cpu.")


def test_the_scheduler_found_no_node_with_the_labels():
    reasons = "1 node(s) had untolerated taint(s), 4 node(s) didn't match Pod's node affinity/selector."
    assert scheduler_found_no_match(f"0/5 nodes are available: {reasons}")


def test_the_scheduler_found_one_that_is_full():
    words = (
        "0/5 nodes are available: 1 Insufficient nvidia.com/gpu, 4 node(s) didn't match Pod's node affinity/selector."
    )
    assert not scheduler_found_no_match(words)
