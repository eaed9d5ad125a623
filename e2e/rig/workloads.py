"""Workloads of the kinds besides Deployments: what tests make of them, and what the API server is told of two kinds.

Pods that lead a replica, or are one, bear the label `app` and are engines; the workers of groups bear another's name.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from controlplane import Cluster
from rig.manifests import FAST, SHARED_NODES, container

Json = dict[str, Any]

CRDS = Path(__file__).parent / "crds"


def define_kinds(cluster: Cluster) -> None:
    """Tell the API server what LeaderWorkerSets and Rollouts are."""
    cluster.define("-f", str(CRDS))


def workers(name: str) -> str:
    """Return how the fleet calls the workers of a LeaderWorkerSet."""
    return f"{name}-workers"


def template(name: str, gpus: int = 1, annotations: Mapping[str, str] | None = None) -> Json:
    """Return the template of pods with so many GPUs each."""
    engine = container() | {"resources": {"limits": {"nvidia.com/gpu": str(gpus)}}}
    return {
        "metadata": {"labels": {"app": name}, "annotations": {**FAST, **(annotations or {})}},
        "spec": {"nodeSelector": dict(SHARED_NODES), "containers": [engine]},
    }


def stateful_set(name: str, replicas: int) -> Json:
    """Return a StatefulSet of engines that come and go in parallel."""
    spec = {"replicas": replicas, "serviceName": name, "podManagementPolicy": "Parallel", "template": template(name)}
    selector = {"matchLabels": {"app": name}}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name},
        "spec": spec | {"selector": selector},
    }


def leader_worker_set(name: str, groups: int, leader: int = 1, worker: int = 3, size: int = 2) -> Json:
    """Return groups of `size` pods, with so many GPUs for the leader and for each worker."""
    made = {
        "size": size,
        "leaderTemplate": template(name, leader),
        "workerTemplate": template(workers(name), worker),
    }
    return {
        "apiVersion": "leaderworkerset.x-k8s.io/v1",
        "kind": "LeaderWorkerSet",
        "metadata": {"name": name},
        "spec": {"replicas": groups, "leaderWorkerTemplate": made},
    }


def rollout(name: str, replicas: int) -> Json:
    """Return an Argo Rollout whose updates stop at a canary until somebody promotes them."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": template(name),
            "strategy": {"canary": {"steps": [{"setWeight": 20}, {"pause": {}}]}},
        },
    }
