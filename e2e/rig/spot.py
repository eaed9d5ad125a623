"""A pool on spot: nodes of one provider that its pods alone use, a target on the on-demand ones, notices and reclaims.

Nodes are the whole cluster's, so each pool's bear a label of its own, by which its pods select. A notice stands until
the node is reclaimed: its pods are deleted, as node termination handlers have it, and the node goes.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from secrets import token_hex
from typing import Any, Self

from controlplane.nodes import gpu_nodes, provider_nodes
from rig.api import ApiError, collection
from rig.manifests import deployment, pool, published
from rig.record import ReadyPods
from rig.space import Space
from rig.waiting import PATIENCE, eventually

Json = dict[str, Any]

PINS: dict[str, list[Json]] = {
    "eks": [{"key": "eks.amazonaws.com/capacityType", "operator": "In", "values": ["ON_DEMAND"]}],
    "gke": [
        {"key": "cloud.google.com/gke-spot", "operator": "DoesNotExist"},
        {"key": "cloud.google.com/gke-preemptible", "operator": "DoesNotExist"},
        {"key": "cloud.google.com/gke-provisioning", "operator": "NotIn", "values": ["spot"]},
    ],
    "aks": [{"key": "kubernetes.azure.com/scalesetpriority", "operator": "NotIn", "values": ["spot"]}],
    "karpenter": [{"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["on-demand", "reserved"]}],
}
NOTICES = {
    "eks": "aws-node-termination-handler/spot-itn",
    "gke": "cloud.google.com/impending-node-termination",
    "aks": "remediator.kubernetes.azure.com/unschedulable",
    "karpenter": "karpenter.sh/disrupted",
}
SURGE = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def pinned(name: str, replicas: int, nodes: Mapping[str, str], provider: str) -> Json:
    """Return a Deployment that requires a provider's on-demand nodes and loses nothing in a rollout."""
    made = deployment(name, replicas, nodes=nodes)
    terms = {"nodeSelectorTerms": [{"matchExpressions": PINS[provider]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
    made["spec"]["template"]["spec"]["affinity"] = affinity
    made["spec"]["strategy"] = SURGE
    return made


def capacity(
    provider: str, guaranteed: Mapping[str, int] | None = None, after: str = "10m", recovery: str = "2s"
) -> Json:
    """Return a pool's `capacity`: a tenth on on-demand unless told otherwise, and nothing lost by the clock soon."""
    spot = {
        "name": "spot",
        "type": "Spot",
        "provider": provider,
        "fallback": {"after": after},
        "recovery": {"after": recovery, "backoff": "3s"},
    }
    on_demand = {"name": "on-demand", "type": "OnDemand"}
    return {"guaranteed": dict(guaranteed or {"percentAboveBase": 10}), "tiers": [spot, on_demand]}


class SpotPool:
    """A target, its pool, and the nodes for both halves. As a context: the pool and the halves go at its end.

    `provider` is whose nodes there are: eks, gke, aks, karpenter.
    """

    def __init__(self, space: Space, name: str = "chat", provider: str = "eks") -> None:
        self.space, self.name, self.provider = space, name, provider
        self.nodes = {"rig": f"{space.name}.{name}"}
        self.ready = ReadyPods(space.api, space.name, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        if failed:  # what is left tells why
            return
        for kind, name in (("InferencePool", self.name), ("Deployment", self.name), ("Deployment", self.sibling)):
            with suppress(ApiError):  # it may be gone, or never have been
                self.space.api.delete(self.space.path(kind, name))

    @property
    def sibling(self) -> str:
        """The name of the half on spot."""
        return f"{self.name}-spot"

    @property
    def on_demand(self) -> list[int]:
        """Every size that the half on on-demand had."""
        return self.space.sizes(self.name)

    @property
    def spot(self) -> list[int]:
        """Every size that the half on spot had."""
        return self.space.sizes(self.sibling)

    def add_nodes(self, capacity_type: str, count: int, gpus: int = 1) -> list[str]:
        """Add nodes of the provider, `spot` or `on-demand`, that only this pool's pods select."""
        if self.provider == "karpenter":
            labels = {"karpenter.sh/capacity-type": capacity_type}
            nodes = gpu_nodes([f"{self.name}-{token_hex(4)}" for _ in range(count)], gpus, labels)
        else:
            nodes = provider_nodes(self.provider, capacity_type, count, gpus)
        for node in nodes:
            node["metadata"]["labels"] |= self.nodes
            self.space.api.post("/api/v1/nodes", node)
        names = [node["metadata"]["name"] for node in nodes]
        self.space.nodes.extend(names)
        return names

    def unlabel(self) -> None:
        """Take the label that the pods select by from all nodes; pods that run stay."""
        found = self.space.api.get(f"/api/v1/nodes?labelSelector=rig%3D{self.nodes['rig']}")
        for node in found["items"]:
            self.space.api.patch(f"/api/v1/nodes/{node['metadata']['name']}", {"metadata": {"labels": {"rig": None}}})

    def deploy(self, replicas: int = 1) -> Self:
        """Create the target and wait until it answers."""
        self.space.create(pinned(self.name, replicas, self.nodes, self.provider))
        self.space.wait_until_ready(self.name, replicas)
        return self

    def create(self, size: int, capacity: Mapping[str, Any] | None, **spec: object) -> None:
        """Create the pool; its queue is short, and `size` its minimum."""
        split = {"capacity": dict(capacity)} if capacity else {}
        made = pool(self.name, published("2s"), minReplicas=size, maxReplicas=20, drain={"deadline": "100ms"})
        self.space.create(made | {"spec": {**made["spec"], **split, **spec}})

    def change(self, **spec: object) -> None:
        """Change the pool's spec."""
        self.space.api.patch(self.space.path("InferencePool", self.name), {"spec": spec})

    def begin(self, spot_nodes: int = 6, named: str = "") -> Self:
        """Have a pool of five, one on on-demand and four on spot nodes of one GPU each, all ready, and an operator.

        Args:
            spot_nodes: how many of them; those beyond four take what is replaced.
            named: how the pool names the provider.
        """
        self.add_nodes("on-demand", 1, gpus=10)
        self.add_nodes("spot", spot_nodes)
        self.deploy()
        if not self.space.operators:
            self.space.operate().wait_until_leading()
        self.create(5, capacity(named or self.provider))
        self.wait_until_split(1, 4)
        return self

    def wait_until_split(self, on_demand: int, spot: int, within: float = PATIENCE) -> None:
        """Wait until the halves have these sizes, and as many are ready."""

        def look() -> bool:
            sizes = [one[-1:] for one in (self.on_demand, self.spot)]
            return sizes == [[on_demand], [spot]] and self.ready.count == on_demand + spot

        eventually(look, f"{self.name} is {on_demand} + {spot}, all ready", within)

    def pods(self, half: str = "") -> list[Json]:
        """Return the live pods of both halves, or of one."""
        found = self.space.api.get(f"{collection('Pod', self.space.name)}?labelSelector=app%3D{self.name}")["items"]
        live = [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]
        return [pod for pod in live if half in {"", owner(pod)}]

    def notice(self, count: int) -> list[str]:
        """Announce that so many nodes under spot pods are going, in the provider's way; return the nodes."""
        going = [pod["spec"]["nodeName"] for pod in self.pods(self.sibling) if "nodeName" in pod["spec"]][:count]
        if self.provider == "karpenter":  # it says so, and then it taints
            for node in going:
                self.space.api.post("/api/v1/namespaces/default/events", interruption(node))
        self.space.ground.cluster.kubectl("taint", "node", *going, f"{NOTICES[self.provider]}=e2e:NoSchedule")
        return going

    def lose(self, count: int) -> None:
        """Let so many nodes under spot pods be reclaimed, once on-demand has taken over from them."""
        covered = self.space.size(self.name) + count
        going = self.notice(count)
        self.space.wait_for_size(self.name, covered)
        self.reclaim(going)

    def reclaim(self, nodes: Sequence[str]) -> None:
        """Let nodes go: nothing more comes to them, their pods are deleted, and then their objects.

        A pod bound to a node between its pods' end and its own would count as ready until the pod collector comes.
        """
        for node in nodes:
            self.space.api.patch(f"/api/v1/nodes/{node}", {"spec": {"unschedulable": True}})
        eventually(lambda: not self.evict(nodes), f"nothing runs on {', '.join(nodes)}")
        for node in nodes:
            self.space.api.delete(f"/api/v1/nodes/{node}")

    def evict(self, nodes: Sequence[str]) -> list[str]:
        """Delete the pods of nodes; return their names."""
        going = [pod["metadata"]["name"] for pod in self.pods() if pod["spec"].get("nodeName") in nodes]
        for name in going:
            self.space.api.delete(self.space.path("Pod", name))
        return going


def owner(pod: Mapping[str, Any]) -> str:
    """Return the name of the Deployment that a pod belongs to."""
    return str(pod["metadata"]["ownerReferences"][0]["name"].rpartition("-")[0])


def interruption(node: str) -> Json:
    """Return Karpenter's event that a spot node is interrupted."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{node}.interrupted", "namespace": "default"},
        "type": "Warning",
        "reason": "SpotInterrupted",
        "message": "Spot interruption warning was triggered",
        "involvedObject": {"apiVersion": "v1", "kind": "Node", "name": node, "uid": node},
        "source": {"component": "karpenter"},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }
