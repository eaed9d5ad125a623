from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane import Cluster, ControlPlane

EVERYTHING = Path(__file__).parents[2] / "manifests" / "install.yaml"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A control plane for all of these tests."""
    with ControlPlane() as booted:
        booted.add_gpu_nodes(2)
        yield booted


@pytest.fixture(scope="module")
def untouched(cluster: Cluster) -> Iterator[Cluster]:
    """The cluster as one that has never heard of us, and without a trace of us afterwards."""
    yield cluster
    for namespace in ("poolkeeper", "inference"):
        cluster.kubectl("delete", "deployment", "--all", "-n", namespace, "--ignore-not-found")
        cluster.kubectl("delete", "pods", "--all", "-n", namespace, "--force", "--grace-period=0")
    cluster.kubectl("delete", "-f", str(EVERYTHING), "--ignore-not-found")
    cluster.kubectl("delete", "namespace", "inference", "--ignore-not-found")
