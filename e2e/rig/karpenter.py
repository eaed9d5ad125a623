"""Pools on nodes that a real Karpenter makes, and what a cloud does to them: takes back, runs out, has again.

A notice comes as the events that Karpenter's provider for AWS posts; the end comes as Karpenter itself brings it, by
the taint, the eviction of the pods and the deletion of the node. What it costs in readiness is seen by a real watch.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from controlplane import ControlPlane, interruption
from controlplane.karpenter import Karpenter
from controlplane.offerings import InstanceType
from fleet import FleetProcess, Settings
from rig.ground import Ground, define_pools, wait_for_pools
from rig.space import Space
from rig.spot import SpotPool
from rig.waiting import PATIENCE, eventually

Json = dict[str, Any]

SINGLE, TWIN = InstanceType(), InstanceType("g6e.twin", gpus=2)
NO_PROMETHEUS = "http://127.0.0.1:9"
CONSOLIDATE_AFTER, FORGETS = timedelta(seconds=1), timedelta(seconds=1)
# Six may be covered for, so that three counted twice would show; what nothing is said of counts longer than any test.
COVER, NEVER = 6, "1h"


@dataclass(frozen=True)
class Market:
    """A ground of its own: Karpenter acts on every pod of a cluster that waits for a node."""

    ground: Ground
    karpenter: Karpenter


@contextmanager
def market(consolidate_after: timedelta | None = CONSOLIDATE_AFTER) -> Iterator[Market]:
    """Boot a control plane without a node, a Karpenter that makes them, and a fleet; end them.

    `consolidate_after`: when nodes that are empty or could be fewer go; None: never.
    """
    with (
        ControlPlane() as cluster,
        cluster.karpenter((SINGLE, TWIN), consolidate_after=consolidate_after, forgets=FORGETS) as karpenter,
        FleetProcess(Settings(kubeconfig=str(cluster.kubeconfig))) as fleet,
    ):
        ground = Ground(cluster, fleet, NO_PROMETHEUS)
        define_pools(cluster)
        wait_for_pools(ground.api)
        yield Market(ground, karpenter)


@dataclass(frozen=True)
class Notice:
    """Nodes that the cloud will take back, and when it began to say so (seconds of the monotonic clock)."""

    at: float
    nodes: Sequence[str]


class KarpenterPool(SpotPool):
    """A pool whose pods Karpenter gives a node of one type; the provider is found by looking at the nodes."""

    def __init__(self, space: Space, karpenter: Karpenter, name: str = "chat", kind: InstanceType = SINGLE) -> None:
        super().__init__(space, name, "karpenter")
        self.karpenter = karpenter
        self.nodes = {"node.kubernetes.io/instance-type": kind.name}

    def open(self, size: int) -> Self:
        """Create the target, whose pod Karpenter makes the first node for, and the pool; `wait_until_split` follows."""
        self.deploy()
        self.create(size, capacity(COVER))
        return self

    def spot_nodes(self, count: int) -> list[str]:
        """Return so many nodes under its spot pods."""
        return [pod["spec"]["nodeName"] for pod in self.pods(self.sibling) if "nodeName" in pod["spec"]][:count]

    def announce(self, count: int) -> Notice:
        """Say of so many spot nodes that the cloud will take them back, and nothing more."""
        nodes = self.spot_nodes(count)
        found = [self.space.api.get(f"/api/v1/nodes/{node}") for node in nodes]
        events = [event for node in found for event in interruption.warning(node)]
        at = time.monotonic()
        for event in events:
            self.space.api.post("/api/v1/namespaces/default/events", event)
        return Notice(at, nodes)

    def terminate(self, notice: Notice) -> None:
        """Let the notice's time be over: Karpenter taints the nodes, drains and deletes them."""
        self.karpenter.terminate(notice.nodes)
        eventually(lambda: not self._left(notice), "the nodes are gone")

    def interrupt(self, count: int) -> Notice:
        """Take so many spot nodes back, with a notice that lasts until as many replicas on on-demand are ready."""
        whole = self.ready.count
        notice = self.announce(count)
        self.wait_until_ready(whole + count)
        self.terminate(notice)
        return notice

    def drain(self, nodes: Sequence[str]) -> None:
        """Drain nodes as a person does, at the same time, by one `kubectl drain` each."""
        with ThreadPoolExecutor(len(nodes)) as people:
            list(people.map(self._drain, nodes))

    def resize(self, size: int, cover: int = COVER) -> None:
        """Ask for another size at least, and let on-demand cover for so many."""
        spec = {"minReplicas": size, "capacity": capacity(cover)}
        self.space.api.patch(self.space.path("InferencePool", self.name), {"spec": spec})

    def wait_until_ready(self, count: int, within: float = PATIENCE) -> float:
        """Wait until so many replicas of both halves are ready; return when (seconds of the monotonic clock)."""
        eventually(lambda: self.ready.count >= count, f"{count} of {self.name} are ready", within)
        return time.monotonic()

    def reclaimed(self) -> bool:
        """Whether the pool remembers a reclaim, or spot that it lost."""
        return bool({"reclaimedAt", "lostSince"} & set(self.space.status(self.name)["memory"].get("tiers", {})))

    def told(self, *reasons: str) -> list[str]:
        """Return what Karpenter has said for these reasons, in its own words."""
        events = self.space.ground.cluster.get("events", "--all-namespaces")["items"]
        said = [event for event in events if event.get("reportingComponent") == "karpenter"]
        return [event["message"] for event in said if event["reason"] in reasons]

    def _drain(self, node: str) -> None:
        self.space.ground.cluster.kubectl("drain", node, f"--timeout={PATIENCE:.0f}s")

    def _left(self, notice: Notice) -> set[str]:
        nodes = self.space.api.get("/api/v1/nodes")["items"]
        return {node["metadata"]["name"] for node in nodes} & set(notice.nodes)


def capacity(cover: int) -> Json:
    """Return a pool's `capacity`: a tenth on on-demand, the provider found, so many replicas covered for."""
    spot = {
        "name": "spot",
        "type": "Spot",
        "provider": "auto",
        "fallback": {"after": NEVER, "maxReplicas": cover},
        "recovery": {"after": "4s", "backoff": "5s"},
    }
    return {"guaranteed": {"percentAboveBase": 10}, "tiers": [spot, {"name": "on-demand", "type": "OnDemand"}]}
