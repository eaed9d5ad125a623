"""Deployments and pools. Every argument has a default; say only what the test is about."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

SHARED_NODES = {"rig": "shared"}
FAST = {"poolkeeper.dev/load-ms": "300", "poolkeeper.dev/load-jitter-ms": "100", "poolkeeper.dev/stop-ms": "200"}


def loading(seconds: float) -> dict[str, str]:
    """Return the annotations of pods that load their model for so long."""
    return {"poolkeeper.dev/load-ms": str(round(seconds * 1000)), "poolkeeper.dev/load-jitter-ms": "100"}


def deployment(
    name: str, replicas: int, annotations: Mapping[str, str] | None = None, nodes: Mapping[str, str] | None = None
) -> Json:
    """Return a Deployment of engines with one GPU each: pods are ready at once, unless annotated otherwise."""
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, "annotations": {**FAST, **(annotations or {})}},
                "spec": {"nodeSelector": dict(nodes or SHARED_NODES), "containers": [container()]},
            },
        },
    }


def container() -> Json:
    """Return the engine."""
    return {
        "name": "vllm",
        "image": "vllm/vllm-openai:v0.11.0",
        "ports": [{"name": "http", "containerPort": 8000}],
        "resources": {"limits": {"nvidia.com/gpu": "1"}},
    }


def pool(name: str, queue: Mapping[str, Any] | None = None, **spec: object) -> Json:
    """Return a pool over the Deployment of its own name: 2 to 8, and the queue as given."""
    made = {"targetRef": {"name": name}, "minReplicas": 2, "maxReplicas": 8}
    return {
        "apiVersion": "poolkeeper.io/v1alpha1",
        "kind": "InferencePool",
        "metadata": {"name": name},
        "spec": made | ({"queue": dict(queue)} if queue is not None else {}) | spec,
    }


def published(grace: str = "6s", settle: str = "1s", **queue: object) -> Json:
    """Return the queue of the published case, scaled down: above 1000 grow, below 100 shrink after the grace period."""
    return {
        "thresholdsPer": "Pool",
        "scaleUp": {"above": 1000, "settle": settle},
        "scaleDown": {"below": 100, "gracePeriod": grace},
    } | queue
