"""Who asked a pool for a size, as a real API server stamps it."""

import pytest

from poolkeeper.api.names import API_VERSION, KIND
from poolkeeper.api.pin import writer

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("crd")]


@pytest.fixture
def pool(cluster):
    """A pool that nobody looks at."""
    spec = {"targetRef": {"name": "none"}, "minReplicas": 2, "maxReplicas": 8}
    made = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": "pinned", "namespace": "default"},
        "spec": spec,
    }
    cluster.apply(made)
    yield lambda: cluster.get("ipool/pinned", "--show-managed-fields")
    cluster.kubectl("delete", "ipool/pinned")


def test_of_kubectl_scale_nothing_is_kept(cluster, pool):
    cluster.kubectl("scale", "ipool/pinned", "--replicas=6")
    assert writer(pool()["metadata"]["managedFields"]) == ("/scale", None)


def test_kubectl_scale_is_named_where_somebody_owned_the_field_before(cluster, pool):
    cluster.kubectl("patch", "ipool/pinned", "--type=merge", "-p", '{"spec": {"replicas": 5}}')
    cluster.kubectl("scale", "ipool/pinned", "--replicas=6")
    assert writer(pool()["metadata"]["managedFields"]) == ("kubectl", None)


def test_a_manifest_with_replicas_is_told_by_who_applied_it_and_when(cluster, pool):
    cluster.kubectl("patch", "ipool/pinned", "--type=merge", "-p", '{"spec": {"replicas": 5}}')
    manager, at = writer(pool()["metadata"]["managedFields"])
    assert (manager, at is not None) == ("kubectl-patch", True)
