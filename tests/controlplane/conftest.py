from collections.abc import Callable, Iterator
from typing import Any

import pytest

from controlplane import Cluster, ControlPlane

Deploy = Callable[..., str]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One plane for all that only use it, with an audit log and two nodes of eight GPUs."""
    with ControlPlane(audit=True) as booted:
        booted.add_gpu_nodes(2)
        yield booted


@pytest.fixture
def deploy(cluster: Cluster) -> Deploy:
    """Create a Deployment of one-GPU pods with the given annotations; return its name."""

    def act(name: str, replicas: int, annotations: dict[str, str]) -> str:
        cluster.apply(deployment(name, replicas, annotations))
        return name

    return act


def deployment(name: str, replicas: int, annotations: dict[str, str]) -> dict[str, Any]:
    container = {"name": "engine", "image": "vllm:1", "resources": {"limits": {"nvidia.com/gpu": "1"}}}
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, "annotations": annotations},
                "spec": {"containers": [container]},
            },
        },
    }
