"""What Karpenter says when a cloud takes a spot instance back, in the shape in which its event recorder writes it.

The provider for AWS, on an interruption warning: `SpotInterrupted` on NodeClaim and Node, then the NodeClaim's
deletion, then `TerminatingOnInterruption` on both (pkg/controllers/interruption, its controller and its events).
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_WARNING = "Spot interruption warning was triggered"
_TERMINATING = "Interruption triggered termination for the "


def warning(node: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the events that tell of the notice: on the node's NodeClaim, then on the node."""
    return [_event(reference, "SpotInterrupted", _WARNING) for reference in _references(node)]


def termination(node: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the events that follow the deletion of the node's NodeClaim."""
    reason = "TerminatingOnInterruption"
    return [_event(reference, reason, _TERMINATING + reference["kind"]) for reference in _references(node)]


def claim_of(node: Mapping[str, Any]) -> dict[str, str]:
    """Return a reference to the NodeClaim that owns a node.

    Raises:
        LookupError: none does: Karpenter did not make it, or has not registered it yet.
    """
    for owner in node["metadata"].get("ownerReferences", []):
        if owner["kind"] == "NodeClaim":
            return {key: owner[key] for key in ("apiVersion", "kind", "name", "uid")}
    raise LookupError(f"no NodeClaim owns node {node['metadata']['name']}")


def _references(node: Mapping[str, Any]) -> list[dict[str, str]]:
    metadata = node["metadata"]
    return [claim_of(node), {"apiVersion": "v1", "kind": "Node", "name": metadata["name"], "uid": metadata["uid"]}]


def _event(about: dict[str, str], reason: str, message: str) -> dict[str, Any]:
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{about['name']}.{time.time_ns():x}", "namespace": "default"},
        "involvedObject": about,
        "type": "Warning",
        "reason": reason,
        "message": message,
        "source": {"component": "karpenter"},
        "reportingComponent": "karpenter",
        "reportingInstance": "",
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }
