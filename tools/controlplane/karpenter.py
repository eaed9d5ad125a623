"""A real Karpenter beside a control plane, over KWOK's nodes and a cloud whose stock can run out."""

import json
import os
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from controlplane import assets, interruption
from controlplane.network import free_ports
from controlplane.nodepools import node_pools
from controlplane.offerings import InstanceType, Stock
from controlplane.readiness import wait_until_ready

if TYPE_CHECKING:
    from controlplane.cluster import Cluster

_ROLES = Path(__file__).parent / "karpenter-roles.yaml"


@dataclass(frozen=True)
class Karpenter:
    """A Karpenter that runs: NodePools `spot` and `on-demand`, one node for each instance that pods want."""

    name: str
    port: int
    stock: Stock
    cluster: "Cluster"

    def stock_out(self, capacity_type: str, *zones: str) -> None:
        """Let the cloud have no more of a capacity type, in these zones or in all; what runs goes on.

        Karpenter learns of it at its next launch, by an InsufficientCapacityError.
        """
        self.stock.change(capacity_type, zones, available=False)

    def restock(self, capacity_type: str, *zones: str) -> None:
        """Let the cloud have it again.

        Karpenter tries anew once it has forgotten that it failed (`forgets`), every 10 s or when another pod comes.
        """
        self.stock.change(capacity_type, zones, available=True)

    def nodes(self, capacity_type: str) -> list[str]:
        """Return the names of the nodes that it made and that are not on their way out, the oldest first."""
        found = self.cluster.get("nodes", "-l", f"karpenter.sh/capacity-type={capacity_type}")["items"]
        found.sort(key=lambda node: node["metadata"]["creationTimestamp"])
        return [node["metadata"]["name"] for node in found if "deletionTimestamp" not in node["metadata"]]

    def interrupt(self, nodes: Iterable[str], notice: timedelta = timedelta()) -> None:
        """Take spot instances back: `announce`, and `terminate` after `notice`; Karpenter itself leaves none."""
        names = list(nodes)
        self.announce(names)
        time.sleep(notice.total_seconds())
        self.terminate(names)

    def announce(self, nodes: Iterable[str]) -> None:
        """Say that the cloud will take these nodes' instances back: events only.

        Raises:
            LookupError: a node is gone, or Karpenter did not make it.
        """
        self._say(event for node in self._found(nodes) for event in interruption.warning(node))

    def terminate(self, nodes: Iterable[str]) -> None:
        """Delete these nodes' NodeClaims, as follows a notice at once: Karpenter taints, drains and deletes the nodes.

        Raises:
            LookupError: a node is gone, or Karpenter did not make it.
        """
        found = self._found(nodes)
        claims = [interruption.claim_of(node)["name"] for node in found]
        self.cluster.kubectl("delete", "nodeclaims", "--wait=false", *claims)
        self._say(event for node in found for event in interruption.termination(node))

    def stop(self) -> None:
        """Kill it, as a crash would."""
        self.cluster.programs.stop(self.name)

    def start(self) -> None:
        """Start it again and wait until its probe answers."""
        self.cluster.programs.start(self.name, tied=True)
        self.wait()

    def wait(self) -> None:
        """Wait until its probe says that it is ready; that is a moment before its controllers work."""
        wait_until_ready(self.cluster.programs, self.name, f"http://127.0.0.1:{self.port}/readyz")

    def _found(self, nodes: Iterable[str]) -> list[dict[str, Any]]:
        known = {node["metadata"]["name"]: node for node in self.cluster.get("nodes")["items"]}
        return [known[name] for name in nodes]

    def _say(self, events: Iterable[dict[str, Any]]) -> None:
        items = {"apiVersion": "v1", "kind": "List", "items": list(events)}
        self.cluster.kubectl("create", "-f", "-", input=json.dumps(items))


@contextmanager
def running(
    cluster: "Cluster", types: Sequence[InstanceType], consolidate_after: timedelta | None, forgets: timedelta
) -> Iterator[Karpenter]:
    """Run one, with its files in the control plane's directory; its custom resources and its nodes stay when it ends.

    Raises:
        BuildError: it must be built, and cannot be.
        BootError: it died or was not ready in time.
    """
    binary = assets.ensure([assets.KARPENTER])[assets.KARPENTER]
    _furnish(cluster, binary, consolidate_after)
    # All addresses, since it listens on all.
    port = free_ports("0.0.0.0", (assets.KARPENTER,))[assets.KARPENTER]  # noqa: S104  asked for, not opened
    stock = Stock(cluster.directory / f"instance-types-{port}.json")
    stock.fill(types)
    karpenter = Karpenter(f"karpenter-{port}", port, stock, cluster)
    environment = _environment(cluster, karpenter, forgets)
    try:
        cluster.programs.start(karpenter.name, [str(binary)], env=environment, tied=True)
        karpenter.wait()
        cluster.kubectl(
            "wait", "--for=condition=Ready", "nodepools", "--all", "--timeout=60s"
        )  # so its controllers work
        yield karpenter
    finally:
        karpenter.stop()


def _furnish(cluster: "Cluster", binary: Path, consolidate_after: timedelta | None) -> None:
    crds = subprocess.run([str(binary), "crds"], capture_output=True, text=True, check=True).stdout
    cluster.define("-f", "-", input=crds)
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(_ROLES))
    cluster.apply(*node_pools(consolidate_after))


def _environment(cluster: "Cluster", karpenter: Karpenter, forgets: timedelta) -> dict[str, str]:
    return {
        **os.environ,
        "KUBECONFIG": str(cluster.site.kubeconfig(assets.KARPENTER)),
        "SYSTEM_NAMESPACE": "kube-system",
        "KUBERNETES_MIN_VERSION": "1.19.0-0",
        "DISABLE_LEADER_ELECTION": "true",
        "HEALTH_PROBE_PORT": str(karpenter.port),
        "METRICS_PORT": "0",
        # A pending pod shall have its node soon; upstream waits 1 s and 10 s for more pods to come.
        "BATCH_IDLE_DURATION": "200ms",
        "BATCH_MAX_DURATION": "1s",
        "INSTANCE_TYPES_FILE_PATH": str(karpenter.stock.path),
        "UNAVAILABLE_OFFERINGS_TTL": f"{max(1, round(forgets.total_seconds() * 1000))}ms",
    }
