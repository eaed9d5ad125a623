"""Quotas, limits and priorities that keep a pool from its maximum; nodes that could hold it."""

import pytest
from tests.cli.checks.cluster_parts import known, said, seen, target

from poolkeeper.cli import room
from poolkeeper.cli.checks import nodes, quotas

GPU = "requests.nvidia.com/gpu"


def quota(name=GPU, hard="4", used="2", **spec):
    return {
        "metadata": {"name": "gpus"},
        "spec": {"hard": {name: hard}} | spec,
        "status": {"used": {name: used}},
    }


def node(gpus="8", taints=(), labels=None, **spec):
    return {
        "metadata": {"name": "n", "labels": labels or {}},
        "spec": {"taints": list(taints)} | spec,
        "status": {"allocatable": {"nvidia.com/gpu": gpus}},
    }


def test_a_quota_that_is_too_small_is_named_with_the_command_that_raises_it():
    (found,) = quotas.check(seen(known(resourcequotas=(quota(),))))
    assert "from 2 to maxReplicas 8: 6 of requests.nvidia.com/gpu more are asked for, 2 are left" in found.what
    assert found.fix.endswith("""-p '{"spec": {"hard": {"requests.nvidia.com/gpu": "8"}}}'""")


@pytest.mark.parametrize(
    "one",
    [quota(hard="8"), quota(name="requests.cpu"), quota(scopes=["BestEffort"]), quota(scopeSelector={"a": 1})],
    ids=["wide enough", "of what is not asked for", "of some pods", "of selected pods"],
)
def test_a_quota_that_the_pool_fits_into_is_fine(one):
    assert said(quotas.check(seen(known(resourcequotas=(one,))))) == []


@pytest.mark.parametrize(("name", "hard"), [("pods", "5"), ("count/pods", "5"), ("limits.nvidia.com/gpu", "5")])
def test_every_name_of_a_quota_counts(name, hard):
    (short,) = room.shortages([quota(name, hard)], room.requests(target()["spec"]["template"]), 4)
    assert (short.resource, short.needed) == (name, 6)


def test_plain_cpu_is_what_is_requested():
    template = target(limits={"cpu": "500m"})["spec"]["template"]
    assert room.requests(template)["cpu"] == room.requests(template)["requests.cpu"]


def limit(most, kind="Container"):
    return {"metadata": {"name": "small"}, "spec": {"limits": [{"type": kind, "max": most}]}}


@pytest.mark.parametrize(
    ("one", "found"),
    [
        (
            limit({"nvidia.com/gpu": "0"}),
            ["wrong: limitrange/small: container vllm asks for 1 of nvidia.com/gpu, max is 0"],
        ),
        (limit({"nvidia.com/gpu": "1", "memory": "1Gi"}), []),
        (limit({"nvidia.com/gpu": "0"}, "Pod"), []),
    ],
    ids=["over", "within", "of pods"],
)
def test_what_a_container_may_have(one, found):
    assert said(quotas.check(seen(known(limitranges=(one,))))) == found


@pytest.mark.parametrize(
    ("facts", "count"),
    [
        (known(), 1),
        (known(priorityclasses=({"metadata": {"name": "high"}},)), 0),
        (known(unread={"priorityclasses": "forbidden"}), 0),
    ],
    ids=["not there", "there", "not to be read"],
)
def test_a_priority_class_that_is_named(facts, count):
    assert len(list(quotas.check(seen(facts, target(priorityClassName="high"))))) == count


def test_a_priority_that_is_missing_is_left_to_be_chosen():
    facts = known(priorityclasses=({"metadata": {"name": "high"}},))
    (found,) = quotas.check(seen(facts, target(priorityClassName="low")))
    assert "kubectl" not in found.fix
    assert "name one that is there (high)" in found.fix


TAINT = {"key": "gpu", "value": "yes", "effect": "NoSchedule"}


def at(*found, **pod):
    return said(nodes.check(seen(known(nodes=found), target(**pod))))


def test_nodes_for_all_replicas_are_fine():
    assert at(node()) == []


def test_too_few_nodes_are_counted():
    words = "note: nodes: those that suit deployment/chat hold 3 replicas of 1 nvidia.com/gpu, maxReplicas is 8"
    assert at(node("3"), node("8", unschedulable=True)) == [words]


def test_labels_that_no_node_has_are_told():
    (found,) = at(node(), nodeSelector={"pool": "l4"})
    assert found.startswith("note: nodes: no node has nvidia.com/gpu and the labels")


def test_a_taint_on_all_nodes_is_wrong_and_the_toleration_is_given():
    (found,) = nodes.check(seen(known(nodes=(node(taints=[TAINT]),))))
    assert "bear the taint gpu:NoSchedule, which it does not tolerate" in found.what
    assert '"tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}]' in found.fix


@pytest.mark.parametrize(
    "given",
    [
        {"key": "gpu", "operator": "Exists"},
        {"key": "gpu", "operator": "Equal", "value": "yes", "effect": "NoSchedule"},
        {"operator": "Exists"},
    ],
)
def test_a_taint_that_is_tolerated_is_fine(given):
    assert at(node(taints=[TAINT]), tolerations=[given]) == []


@pytest.mark.parametrize(
    "given",
    [{"key": "gpu", "operator": "Exists", "effect": "NoExecute"}, {"key": "a", "operator": "Exists"}, {"key": "gpu"}],
)
def test_a_toleration_of_something_else_helps_nothing(given):
    assert len(at(node(taints=[TAINT]), tolerations=[given])) == 1


@pytest.mark.parametrize(
    "taint",
    [
        {"key": "gpu", "effect": "PreferNoSchedule"},
        *(
            {"key": key, "effect": "NoSchedule"}
            for key in (
                "node.kubernetes.io/not-ready",
                "node.cloudprovider.kubernetes.io/shutdown",
                "karpenter.sh/disrupted",
                "ToBeDeletedByClusterAutoscaler",
                "aws-node-termination-handler/spot-itn",
                "cloud.google.com/impending-node-termination",
                "remediator.kubernetes.azure.com/unschedulable",
            )
        ),
    ],
    ids=lambda one: one["key"],
)
def test_a_taint_that_passes_or_keeps_nobody_away_is_fine(taint):
    assert at(node(taints=[taint])) == []


def blocking(key):
    return {"key": key, "effect": "NoSchedule"}


def barred(*borne, **spec):
    """Return what is said of nodes with these taints."""
    (found,) = nodes.check(seen(known(nodes=tuple(node(taints=map(blocking, keys)) for keys in borne)), **spec))
    return found


def test_a_taint_that_only_some_nodes_bear_is_not_called_that_of_all():
    assert "each of the 2 that would suit deployment/chat bears a taint" in barred("a", "b").what
    assert "a:NoSchedule or b:NoSchedule" in barred("a", "b").what


def test_a_taint_that_all_nodes_bear_is_called_that_of_all_whatever_others_bear():
    assert "all 2 that would suit deployment/chat bear the taint a:NoSchedule," in barred("ba", "a").what


def test_all_taints_of_a_node_are_tolerated_at_once():
    assert [f'"key": "{key}"' in barred("ab").fix for key in "ab"] == [True, True]


def test_a_toleration_rolls_the_pods_and_says_so():
    assert barred("a").fix.endswith("  # rolls the pods")


AZURE = "kubernetes.azure.com/scalesetpriority"


def test_a_spot_taint_is_left_to_the_half_on_spot():
    taints = [{"key": AZURE, "value": "spot", "effect": "NoSchedule"}, blocking("dedicated")]
    facts = known(nodes=(node(taints=taints, labels={AZURE: "spot"}),))
    (found,) = nodes.check(seen(facts, capacity=SPOT))
    assert "bear the taint dedicated:NoSchedule," in found.what
    assert AZURE not in found.fix


SPOT = {"tiers": [{"name": "spot", "type": "Spot"}, {"name": "on-demand", "type": "OnDemand"}]}


@pytest.mark.parametrize(("labels", "count"), [({}, 1), ({"karpenter.sh/capacity-type": "spot"}, 0)])
def test_spot_without_a_spot_node_is_told(labels, count):
    found = said(nodes.check(seen(known(nodes=(node(labels=labels),)), capacity=SPOT)))
    assert len([one for one in found if "no node bears a provider's spot label" in one]) == count


def pinned(values):
    """Return the affinity of a target that runs on such nodes alone."""
    term = {"matchExpressions": [{"key": "karpenter.sh/capacity-type", "operator": "In", "values": values}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}}


KEPT = node(labels={"karpenter.sh/capacity-type": "on-demand"})


@pytest.mark.parametrize(("values", "count"), [(["on-demand"], 0), (["reserved"], 1)])
def test_what_a_target_requires_of_nodes_counts(values, count):
    assert len(at(KEPT, affinity=pinned(values))) == count


def test_both_halves_of_a_split_pool_have_their_nodes():
    spot = node(
        "4", [{"key": "cloud.google.com/gke-spot", "effect": "NoSchedule"}], {"cloud.google.com/gke-spot": "true"}
    )
    kept = node("4", labels={"karpenter.sh/capacity-type": "on-demand"})
    found = seen(known(nodes=(spot, kept)), target(affinity=pinned(["on-demand"])), capacity=SPOT)
    assert said(nodes.check(found)) == []


def test_nodes_that_may_not_be_read_are_not_judged():
    assert said(nodes.check(seen(known(unread={"nodes": "forbidden"})))) == []
