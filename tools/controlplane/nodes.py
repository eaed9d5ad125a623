"""Nodes with GPUs, as a cloud would bring them, played by KWOK."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

NOT_READY = "poolkeeper.dev/not-ready"


@dataclass(frozen=True)
class Brand:
    """By what one can tell a provider's nodes: labels of all, and labels and taints of the spot and the other ones."""

    labels: Mapping[str, str]
    spot: Mapping[str, str]
    on_demand: Mapping[str, str] = field(default_factory=dict)
    spot_taints: Sequence[Mapping[str, str]] = ()


def _no_schedule(key: str, value: str) -> dict[str, str]:
    return {"key": key, "value": value, "effect": "NoSchedule"}


def _there(region: str, zone: str) -> dict[str, str]:
    return {"topology.kubernetes.io/region": region, "topology.kubernetes.io/zone": zone}


# GKE's taint is that of auto-provisioned spot nodes; GPU taints are left out, their tolerations come with the GPUs.
PROVIDERS = {
    "eks": Brand(
        {
            "node.kubernetes.io/instance-type": "g6e.2xlarge",
            "k8s.io/cloud-provider-aws": "0553d8646fc4fcdfec13e28d2ad1c5ec",
            **_there("us-east-1", "us-east-1a"),
        },
        spot={"eks.amazonaws.com/capacityType": "SPOT", "eks.amazonaws.com/nodegroup": "gpu-spot"},
        on_demand={"eks.amazonaws.com/capacityType": "ON_DEMAND", "eks.amazonaws.com/nodegroup": "gpu"},
    ),
    "gke": Brand(
        {
            "node.kubernetes.io/instance-type": "g2-standard-8",
            "cloud.google.com/gke-accelerator": "nvidia-l4",
            **_there("us-central1", "us-central1-a"),
        },
        spot={
            "cloud.google.com/gke-nodepool": "gpu-spot",
            "cloud.google.com/gke-provisioning": "spot",
            "cloud.google.com/gke-spot": "true",
        },
        on_demand={"cloud.google.com/gke-nodepool": "gpu", "cloud.google.com/gke-provisioning": "standard"},
        spot_taints=[_no_schedule("cloud.google.com/gke-spot", "true")],
    ),
    "aks": Brand(
        {
            "node.kubernetes.io/instance-type": "Standard_NC40ads_H100_v5",
            "kubernetes.azure.com/cluster": "MC_gpu",
            **_there("eastus", "eastus-1"),
        },
        spot={"kubernetes.azure.com/agentpool": "gpuspot", "kubernetes.azure.com/scalesetpriority": "spot"},
        on_demand={"kubernetes.azure.com/agentpool": "gpu"},
        spot_taints=[_no_schedule("kubernetes.azure.com/scalesetpriority", "spot")],
    ),
}


def gpu_nodes(names: Sequence[str], gpus: int, labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return a Node for each name, with room for `gpus` GPUs and more than enough of the rest."""
    return [_gpu_node(name, gpus, labels) for name in names]


def provider_nodes(provider: str, capacity_type: str, count: int, gpus: int) -> list[dict[str, Any]]:
    """Return `count` new Nodes, labelled and tainted as a provider's are.

    Args:
        provider: a key of PROVIDERS.
        capacity_type: `spot` or `on-demand`.
        count: how many.
        gpus: the GPUs of each.

    Raises:
        KeyError: no such provider, or no such capacity type.
    """
    brand = PROVIDERS[provider]
    labels = {**brand.labels, **{"spot": brand.spot, "on-demand": brand.on_demand}[capacity_type]}
    names = [f"{provider}-{capacity_type}-{secrets.token_hex(3)}" for _ in range(count)]
    nodes = gpu_nodes(names, gpus, labels)
    for node in nodes if capacity_type == "spot" else ():
        node["spec"] = {"taints": [dict(taint) for taint in brand.spot_taints]}
    return nodes


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
