"""The PodDisruptionBudget across both halves of a split pool (R7): what nodes may be drained of at a time.

It belongs to the pool, unlike the workload: a budget that nobody adjusts any more would block drains for ever.
"""

from collections.abc import Mapping
from typing import Any

from poolkeeper.api.names import POOL_LABEL
from poolkeeper.api.workload import owner

Json = dict[str, Any]


def min_available(size: int) -> int | None:
    """Return how many replicas of `size` a drain must leave, None where it may take them all.

    >>> [min_available(size) for size in (0, 1, 2, 10, 11)]
    [None, None, 1, 9, 9]
    """
    return None if size <= 1 else size - max(1, -(-size // 10))


def budget_name(target: str) -> str:
    """Return the budget's name; the target's own is often taken by the user's."""
    return f"{target}-pool"


def budget(target: str, pool: tuple[str, str, str], selector: Mapping[str, Any], least: int) -> Json:
    """Return the budget over whatever the target's `selector` selects; `pool` is its namespace, name and UID."""
    namespace, name, uid = pool
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {
            "name": budget_name(target),
            "namespace": namespace,
            "labels": {POOL_LABEL: name},
            "ownerReferences": [owner(name, uid)],
        },
        "spec": {"minAvailable": least, "selector": dict(selector), "unhealthyPodEvictionPolicy": "AlwaysAllow"},
    }
