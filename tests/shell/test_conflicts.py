import pytest

from builders import LONG_AGO
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.conflicts import gitops
from poolkeeper.shell.views import DeploymentView, Writer


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
    return DeploymentView(**known | changes)


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


def test_a_common_label_alone_is_no_gitops():
    assert gitops(deployment(gitops=(("app.kubernetes.io/instance", "chat"),), last_applied=2)) is None
