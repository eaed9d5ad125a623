"""Who wrote what of a pool, by its managed fields."""

import pytest

from poolkeeper.api.names import OVERRIDE
from poolkeeper.api.writers import Writer, who_wrote, writers

KUBECTL = {
    "manager": "kubectl-edit",
    "operation": "Update",
    "time": "2026-03-02T12:00:00Z",
    "fieldsV1": {
        "f:metadata": {"f:annotations": {".": {}, f"f:{OVERRIDE}": {}, "f:note": {}}},
        "f:spec": {".": {}, "f:minReplicas": {}, "f:queue": {".": {}, "f:scaleUp": {"f:above": {}}}},
    },
}
ARGO = {
    "manager": "argocd",
    "operation": "Apply",
    "time": "2026-03-02T13:00:00Z",
    "fieldsV1": {"f:spec": {"f:queue": {"f:sources": {'k:{"name":"edge"}': {"f:name": {}}}}, "f:minReplicas": {}}},
}
STATUS = {"manager": "poolkeeper", "subresource": "status", "fieldsV1": {"f:status": {"f:reason": {}}}}


def test_fields_and_annotations_that_ask_something_are_told_with_their_writer():
    (found,) = writers([KUBECTL])
    fields = ("minReplicas", "queue.scaleUp.above", OVERRIDE)
    assert found == Writer("kubectl-edit", "Update", "", "2026-03-02T12:00:00Z", fields)


def test_a_list_ends_the_path():
    assert writers([ARGO])[0].fields == ("queue.sources", "minReplicas")


@pytest.mark.parametrize("managed", [STATUS, {}, {"manager": "old"}])
def test_who_holds_nothing_of_the_kind_is_no_writer(managed):
    assert writers([managed]) == ()


@pytest.mark.parametrize(
    ("path", "manager"),
    [
        ("minReplicas", "argocd"),
        ("queue.scaleUp.above", "kubectl-edit"),
        ("queue.sources.prometheus", "argocd"),
        ("queue", "argocd"),
        (OVERRIDE, "kubectl-edit"),
        ("maxReplicas", ""),
        ("replicas", "/scale"),
    ],
)
def test_the_last_who_holds_a_field_or_what_is_round_it_wrote_it(path, manager):
    assert who_wrote(path, writers([KUBECTL, ARGO])).manager == manager
