"""Writes on pods who of a ReplicaSet goes first (R6): `controller.kubernetes.io/pod-deletion-cost`.

The ReplicaSet controller looks at it among pods that are alike in having a node and in being ready. Ours are the
lowest costs there are, one apart, so that they rank before whatever cost somebody else gave a pod.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from poolkeeper.api.fields import MAX_REPLICAS
from poolkeeper.api.names import DELETION_COST
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import ConflictError, NotFound
from poolkeeper.shell.views import PodView
from poolkeeper.shell.write_budget import Priority

LOWEST = -(2**31)  # the API server takes 32 bits


async def mark(kube: KubeClient, namespace: str, pods: Sequence[PodView], victims: Sequence[str]) -> None:
    """Let the `victims`, by name, go before the other `pods` of their workload, in this order; take older marks back.

    Call it before the size is written. Nothing is written where nothing differs.

    Raises:
        ConflictError: a victim is gone; the next look finds another.
        KubeError: one could not be marked: whoever goes would be chance.
    """
    wanted = {name: LOWEST + place for place, name in enumerate(victims)}
    known = {pod.name: pod for pod in pods}
    for name in wanted:
        if name not in known:
            raise _gone(name)
    marks = [_put(kube, namespace, known[name], cost) for name, cost in wanted.items()]
    undone = [_take_back(kube, namespace, pod) for pod in pods if pod.name not in wanted and is_ours(pod)]
    for outcome in await asyncio.gather(*marks, *undone, return_exceptions=True):
        if outcome is not None:
            raise outcome


def is_ours(pod: PodView) -> bool:
    """Return whether a pod bears a cost that only we would write."""
    return pod.deletion_cost is not None and pod.deletion_cost < LOWEST + MAX_REPLICAS


async def _put(kube: KubeClient, namespace: str, pod: PodView, cost: int) -> None:
    try:
        await _write(kube, namespace, pod, cost)
    except NotFound:
        raise _gone(pod.name) from None


def _gone(name: str) -> ConflictError:
    return ConflictError(f"pod/{name} is gone", status=409)


async def _take_back(kube: KubeClient, namespace: str, pod: PodView) -> None:
    with suppress(NotFound):
        await _write(kube, namespace, pod, None)


async def _write(kube: KubeClient, namespace: str, pod: PodView, cost: int | None) -> None:
    """Write the cost, or take it away; another pod that took the name since is left alone, with an Invalid."""
    if pod.deletion_cost == cost:
        return
    metadata = {"uid": pod.uid, "annotations": {DELETION_COST: None if cost is None else str(cost)}}
    path = f"/api/v1/namespaces/{namespace}/pods/{pod.name}"
    await kube.patch(path, {"metadata": metadata}, priority=Priority.SCALE_DOWN)
