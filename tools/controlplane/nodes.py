"""Nodes with GPUs, as a cloud would bring them, played by KWOK."""

from collections.abc import Mapping, Sequence
from typing import Any


def gpu_nodes(names: Sequence[str], gpus: int, labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return a Node for each name, with room for `gpus` GPUs and more than enough of the rest."""
    return [_gpu_node(name, gpus, labels) for name in names]


def _gpu_node(name: str, gpus: int, labels: Mapping[str, str]) -> dict[str, Any]:
    room = {"cpu": "192", "memory": "2Ti", "ephemeral-storage": "8Ti", "pods": "500", "nvidia.com/gpu": str(gpus)}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "nvidia.com/gpu.present": "true",
                **labels,
            },
        },
        "status": {"capacity": room, "allocatable": room},
    }
