import pytest

from builders import BODY, LONG_AGO
from poolkeeper.api.target import STATEFUL_SET
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.conflicts import find, gitops, half_on_spot
from poolkeeper.shell.pools import Pools
from poolkeeper.shell.views import AutoscalerView, WorkloadView, Writer

SIBLING = {"targetRef": {"name": "chat-spot"}}
NAMESAKE = {"name": "talk", "uid": "uid-2", "creationTimestamp": "2026-03-02T11:00:00Z"}


def deployment(**changes):
    known = {
        "namespace": "inference",
        "name": "chat",
        "uid": "uid-d",
        "resource_version": "7",
        "generation": 1,
        "observed_generation": 1,
        "replicas": 2,
        "existing": 2,
        "updated": 2,
        "ready": 2,
        "available": 2,
    }
    return WorkloadView(**known | changes)


@pytest.mark.parametrize(
    ("manager", "tool"),
    [("argocd-controller", "Argo CD"), ("kustomize-controller", "Flux"), ("helm-controller", "Flux")],
)
def test_a_gitops_tool_that_owns_the_field_is_a_conflict(manager, tool):
    conflict = gitops(deployment(writers=(Writer(manager, "Apply", "", LONG_AGO),)))
    assert conflict.reason is Reason.CONFLICT_GITOPS
    assert conflict.detail.startswith(f"{tool} owns spec.replicas of deployment/chat: drop it")


@pytest.mark.parametrize("manager", ["kubectl", "kubectl-client-side-apply", "poolkeeper", "helm"])
def test_people_are_no_conflict(manager):
    assert gitops(deployment(writers=(Writer(manager, "Update", "", LONG_AGO),), last_applied=2)) is None


def test_what_argo_last_applied_is_a_conflict():
    tracked = deployment(gitops=(("argocd.argoproj.io/tracking-id", "app:chat"),), last_applied=2)
    assert gitops(tracked).reason is Reason.CONFLICT_GITOPS


def test_argo_without_replicas_is_none():
    assert gitops(deployment(gitops=(("argocd.argoproj.io/tracking-id", "app:chat"),))) is None


def pools(**changes):
    """Return the pools of a namespace: one that has chat on spot, if not changed."""
    known = Pools()
    known.take(BODY | {"spec": BODY["spec"] | {"capacity": {}} | changes})
    return known


@pytest.mark.parametrize(
    ("owners", "others", "whose"),
    [
        (("uid-d",), pools(), "ipool/chat's half of deployment/chat"),
        (("uid-d",), Pools(), "the half of deployment/chat"),
        ((), pools(), "ipool/chat's half of deployment/chat"),
    ],
    ids=["split", "its pool is gone", "it lost its owner"],
)
def test_a_sibling_is_no_target(owners, others, whose):
    conflict = half_on_spot(deployment(name="chat-spot", tier="spot", owners=owners), others)
    assert (conflict.reason, whose in conflict.detail) == (Reason.CONFLICT_POOL, True)


@pytest.mark.parametrize("others", [Pools(), pools(mode="Observe"), pools(capacity=None)])
def test_a_sibling_that_lost_its_owner_and_its_pool_is_free(others):
    assert half_on_spot(deployment(name="chat-spot", tier="spot"), others) is None


@pytest.mark.parametrize("sort", [{"name": "chat-spot"}, {"name": "chat", "tier": "spot"}])
def test_a_name_or_a_label_alone_makes_no_sibling(sort):
    assert half_on_spot(deployment(owners=("uid-d",), **sort), pools()) is None


def test_only_the_pool_that_names_the_sibling_conflicts():
    known = pools()
    other = known.take(BODY | {"metadata": BODY["metadata"] | NAMESAKE, "spec": BODY["spec"] | SIBLING})
    cluster = Cluster(None)
    spot = deployment(name="chat-spot", tier="spot", owners=("uid-d",))
    found = find(known.get(("inference", "chat")), deployment(), cluster, known), find(other, spot, cluster, known)
    assert [one and one.reason for one in found] == [None, Reason.CONFLICT_POOL]


OF_KIND = {"targetRef": {"kind": "StatefulSet", "name": "chat"}}


def scaled(group="apps", kind="StatefulSet"):
    """Return what is found of a StatefulSet `chat` that an HPA of something of that name is there for."""
    known, cluster = Pools(), Cluster(None)
    scaler = AutoscalerView("inference", "hpa", kind, "chat", target_group=group)
    cluster.autoscalers.changed(("inference", "hpa"), None, scaler)
    pool = known.take(BODY | {"spec": BODY["spec"] | OF_KIND})
    return find(pool, deployment(kind=STATEFUL_SET), cluster, known)


@pytest.mark.parametrize("group", ["apps", ""])
def test_an_autoscaler_of_the_very_kind_conflicts(group):
    assert scaled(group).reason is Reason.CONFLICT_AUTOSCALER


@pytest.mark.parametrize("other", [{"kind": "Deployment"}, {"group": "apps.kruise.io"}])
def test_one_of_a_namesake_does_not(other):
    assert scaled(**other) is None


def test_a_pool_of_a_namesake_is_no_rival():
    known = pools(capacity=None)
    other = known.take(BODY | {"metadata": BODY["metadata"] | NAMESAKE, "spec": BODY["spec"] | OF_KIND})
    assert find(other, deployment(kind=STATEFUL_SET), Cluster(None), known) is None


def test_the_kind_is_told():
    conflict = gitops(deployment(kind=STATEFUL_SET, writers=(Writer("argocd-controller", "Apply", "", LONG_AGO),)))
    assert "spec.replicas of statefulset/chat:" in conflict.detail


def test_nothing_but_a_deployment_is_a_half():
    assert (
        half_on_spot(deployment(name="chat-spot", tier="spot", owners=("uid-d",), kind=STATEFUL_SET), pools()) is None
    )


ARGO, OURS = Writer("argocd-controller", "Apply", "", LONG_AGO), Writer("poolkeeper", "Update", "scale", LONG_AGO)
IN_GIT = {"gitops": (("argocd.argoproj.io/tracking-id", "app:chat"),), "last_applied": 2}


def test_a_tool_that_wrote_the_size_that_we_had_written_is_no_conflict():
    assert gitops(deployment(writers=(ARGO, OURS))) is None


@pytest.mark.parametrize("replicas", [2, 8])
@pytest.mark.parametrize("writers", [(OURS,), (ARGO, OURS)], ids=["ours", "both"])
def test_a_size_that_a_tool_last_applied_is_a_conflict_whoever_owns_the_field(writers, replicas):
    assert gitops(deployment(replicas=replicas, writers=writers, **IN_GIT)).reason is Reason.CONFLICT_GITOPS


def test_whoever_has_what_was_last_applied_ignored_is_told_to_remove_it():
    conflict = gitops(deployment(writers=(OURS,), **IN_GIT))
    assert conflict.detail.endswith("or have it ignored and remove kubectl.kubernetes.io/last-applied-configuration")


def test_a_common_label_alone_is_no_gitops():
    assert gitops(deployment(gitops=(("app.kubernetes.io/instance", "chat"),), last_applied=2)) is None
