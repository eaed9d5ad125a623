"""Where a node is and what it is, by its labels and its provider's id: one table.

A new provider is a row here and nothing else. Sources: Kubernetes' "Well-Known Labels, Annotations and Taints";
karpenter.sh "Scheduling"; EKS Auto Mode "Create a node pool"; GKE "About GPUs" and "About TPUs"; AKS "Node
auto-provisioning"; NVIDIA's gpu-feature-discovery; ROCm's node labeller; the cloud providers' own provider ids.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from poolkeeper.api.gpus import kind
from poolkeeper.api.providers import is_spot
from poolkeeper.core.prices import Place

REGION = ("topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region")
ZONE = ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone")
INSTANCE = ("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type")
GPU = (
    "nvidia.com/gpu.product",
    "karpenter.k8s.aws/instance-gpu-name",
    "eks.amazonaws.com/instance-gpu-name",
    "cloud.google.com/gke-accelerator",
    "karpenter.azure.com/sku-gpu-name",
    "amd.com/gpu.product-name",
    "beta.amd.com/gpu.product-name",
    "cloud.google.com/gke-tpu-accelerator",
    "karpenter.k8s.aws/instance-accelerator-name",
    "eks.amazonaws.com/instance-accelerator-name",
    "k8s.amazonaws.com/accelerator",
)
"""What the device itself says goes before what its cloud calls it, and that before what somebody wrote by hand."""
CLOUDS = {"aws": "aws", "gce": "gcp", "azure": "azure"}
"""The names of providers in price books, by the scheme of their ids; any other scheme is a name itself."""
MARKS = {
    "karpenter.k8s.aws/": "aws",
    "eks.amazonaws.com/": "aws",
    "cloud.google.com/": "gcp",
    "karpenter.azure.com/": "azure",
    "kubernetes.azure.com/": "azure",
}
"""Whose node it is by the domain of a label, where its id says nothing."""

_AWS_REGION = re.compile(r"[a-z]+(?:-[a-z]+)+-\d+")
_PARTS = 3


def place(labels: Mapping[str, str], provider_id: str, gpus: Decimal | None) -> Place:
    """Return where a node is; `gpus` are all that it has, None: not known how many."""
    cloud, zone = provider(labels, provider_id), first(labels, ZONE) or zone_of(provider_id)
    return Place(
        provider=cloud,
        region=first(labels, REGION) or region_of(cloud, zone),
        zone=zone,
        instance=first(labels, INSTANCE),
        gpu=kind(first(labels, GPU)),
        spot=is_spot(labels),
        node_gpus=gpus or Decimal(0),
    )


def first(labels: Mapping[str, str], keys: Sequence[str]) -> str:
    """Return the first of several labels that says something, empty where none does."""
    return next((labels[key] for key in keys if labels.get(key)), "")


def provider(labels: Mapping[str, str], provider_id: str) -> str:
    """Return whose node it is, as price books name them; empty where nothing tells."""
    scheme, found, _ = provider_id.partition("://")
    if found and scheme:
        return CLOUDS.get(scheme, scheme)
    return next((name for domain, name in MARKS.items() if any(key.startswith(domain) for key in labels)), "")


def zone_of(provider_id: str) -> str:
    """Return the zone in a provider's id, as in aws:///us-east-1a/i-0abc or gce://project/us-central1-a/name."""
    scheme, _, path = provider_id.partition("://")
    parts = path.split("/")
    return parts[1] if scheme in {"aws", "gce"} and len(parts) >= _PARTS else ""


def region_of(cloud: str, zone: str) -> str:
    """Return the region of a zone, where its name begins with the region's."""
    if cloud == "gcp":
        return zone.rpartition("-")[0]
    found = _AWS_REGION.match(zone) if cloud == "aws" else None
    return found[0] if found else ""


def machine(provider_id: str) -> str:
    """Return what the cloud's bill calls a machine: its resource id on Azure, elsewhere the end of its id."""
    path = provider_id.partition("://")[2]
    return path if provider_id.startswith("azure://") else path.rpartition("/")[2]
