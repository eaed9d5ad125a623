"""What odd pools scale: each that would scale what a good spec names gets a small Deployment of its own to scale.

So its queue is read, its windows are in force, its grace runs and its split is kept, by the odd spec that it has. A
pool whose target's name or kind is the odd part keeps that: nothing has such a name.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from controlplane.nodes import gpu_nodes, provider_nodes
from rig.manifests import deployment
from rig.odd_specs import good
from rig.spot import PINS, pinned

Json = Any

GPUS = 40


@cache
def usual() -> frozenset[str]:
    """Return the names of the targets of good specs."""
    return frozenset(spec["targetRef"]["name"] for spec in good() if "targetRef" in spec)


def aimed(spec: Mapping[str, Json], name: str) -> dict[str, Json]:
    """Return a spec that scales the Deployment `name`, where it would scale what a good one does."""
    reference = spec.get("targetRef")
    if not isinstance(reference, dict) or reference.get("kind", "Deployment") != "Deployment":
        return dict(spec)
    known = isinstance(reference.get("name"), str) and reference["name"] in usual()
    return {**spec, "targetRef": {**reference, "name": name}} if known else dict(spec)


def is_aimed(spec: Mapping[str, Json], name: str) -> bool:
    """Return whether a spec scales the Deployment `name`."""
    return isinstance(spec.get("targetRef"), dict) and spec["targetRef"].get("name") == name


def target(spec: Mapping[str, Json], name: str, replicas: int, nodes: Mapping[str, str]) -> Json:
    """Return the Deployment for a spec that the API server took: one that may be split, where that asks for spot."""
    tiers = (spec.get("capacity") or {}).get("tiers") or ()
    spot = next((tier for tier in tiers if tier.get("type") == "Spot"), None)
    if spot is None:
        return deployment(name, replicas, nodes=nodes)
    provider = spot.get("provider")
    return pinned(name, replicas, nodes, provider if provider in PINS else "eks")


def grounds(labels: Mapping[str, str]) -> list[Json]:
    """Return nodes that only those select who ask for the labels: on demand for every provider's pin, and spot."""
    kept = {"karpenter.sh/capacity-type": "on-demand"}
    made = [*provider_nodes("eks", "on-demand", 1, GPUS), *provider_nodes("eks", "spot", 1, GPUS)]
    made += gpu_nodes([made[0]["metadata"]["name"].replace("eks", "karpenter")], GPUS, kept)
    for node in made:
        node["metadata"]["labels"] |= labels
    return made
