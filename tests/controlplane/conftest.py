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


@pytest.fixture(scope="session")
def deploy(cluster: Cluster) -> Deploy:
    """Create a Deployment whose pods have the given annotations; return its name."""

    def act(name: str, replicas: int, annotations: dict[str, str], gpus: int = 1) -> str:
        cluster.apply(deployment(name, replicas, annotations, gpus))
        return name

    return act


def deployment(name: str, replicas: int, annotations: dict[str, str], gpus: int = 1) -> dict[str, Any]:
    container = {"name": "engine", "image": "vllm:1", "resources": {"limits": {"nvidia.com/gpu": str(gpus)}}}
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
