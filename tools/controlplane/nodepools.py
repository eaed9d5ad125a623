"""What Karpenter is told to make: one NodePool for spot, one for on-demand, on KWOK's nodes."""

from datetime import timedelta
from typing import Any

from controlplane.offerings import CAPACITY_TYPES

_CLASS = {"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass", "name": "default"}


def node_pools(consolidate_after: timedelta | None) -> list[dict[str, Any]]:
    """Return the node class and a NodePool named after each capacity type; nothing is consolidated at None."""
    node_class = {
        "apiVersion": f"{_CLASS['group']}/v1alpha1",
        "kind": _CLASS["kind"],
        "metadata": {"name": _CLASS["name"]},
    }
    after = "Never" if consolidate_after is None else f"{round(consolidate_after.total_seconds())}s"
    return [node_class, *(_node_pool(capacity_type, after) for capacity_type in CAPACITY_TYPES)]


def _node_pool(capacity_type: str, consolidate_after: str) -> dict[str, Any]:
    requirement = {"key": "karpenter.sh/capacity-type", "operator": "In", "values": [capacity_type]}
    return {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": capacity_type},
        "spec": {
            "template": {
                "metadata": {"labels": {"nvidia.com/gpu.present": "true"}},
                "spec": {"nodeClassRef": _CLASS, "requirements": [requirement], "expireAfter": "Never"},
            },
            "disruption": {
                "consolidationPolicy": "WhenEmptyOrUnderutilized",
                "consolidateAfter": consolidate_after,
                "budgets": [{"nodes": "100%"}],
            },
        },
    }
