"""What the pictures are taken of: a local cluster, pretended engines with real traffic, and the real operator."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from controlplane import Cluster, ControlPlane
from controlplane.readiness import wait_for
from fleet import FleetProcess, Settings

ROOT = Path(__file__).parents[2]
OBJECTS = Path(__file__).with_name("ground.yaml")
COSTS = Path(__file__).with_name("costs.yaml")
NAMESPACES = ("inference", "search")
OPERATOR = "operator"
WITHIN = timedelta(seconds=120)
TRAFFIC = {
    "inference/chat": ("azure2023_conv", 6.5),
    "inference/code": ("azure2023_code", 3.0),
    "search/embed": ("constant:3", 1.0),
    "search/rerank": ("constant:1", 1.0),
}
"""Each workload's trace, and how many times as many requests as in it."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A cluster at work: `operator` is the address of the operator's pages."""

    cluster: Cluster
    fleet: FleetProcess
    operator: str

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs to find the cluster, the operator and ourselves."""
        path = f"{Path(sys.executable).parent}:{self.cluster.environment['PATH']}"
        return {**self.cluster.environment, "PATH": path, "POOLKEEPER_OPERATOR": self.operator}


@contextmanager
def ground() -> Iterator[Ground]:
    """Set everything up, with traffic under way, and take it away at the end."""
    with ControlPlane() as cluster:
        furnish(cluster)
        settings = Settings(kubeconfig=str(cluster.kubeconfig), namespaces=NAMESPACES)
        with FleetProcess(settings) as fleet:
            address = operate(cluster)
            for workload, (trace, rate) in TRAFFIC.items():
                fleet.load(workload, trace, rate=rate)
            yield Ground(cluster, fleet, address)


def furnish(cluster: Cluster) -> None:
    """Make nodes of both kinds, the workloads and their pools."""
    cluster.define("-f", str(ROOT / "crds"))
    cluster.add_gpu_nodes(2, labels={"karpenter.sh/capacity-type": "on-demand"}, prefix="kept")
    cluster.add_gpu_nodes(20, gpus=1, labels={"karpenter.sh/capacity-type": "spot"}, prefix="spot")
    cluster.kubectl("apply", "-f", str(OBJECTS))


def operate(cluster: Cluster) -> str:
    """Start `poolkeeper run`, as anybody would; return the address of its pages once it leads."""
    program = Path(sys.executable).with_name("poolkeeper")
    cluster.run(OPERATOR, [str(program), "run", "--listen", "127.0.0.1:0", "--costs", str(COSTS)])
    wait_for(lambda: said(cluster, "leading") is not None, "an operator that leads", WITHIN)
    return str((said(cluster, "serving") or {})["address"])


def said(cluster: Cluster, event: str) -> dict[str, str] | None:
    """Return the line of the operator's log that tells of this event, None where there is none yet."""
    path = cluster.programs.log(OPERATOR)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    told = (json.loads(line) for line in lines if line.startswith("{"))
    return next((line for line in told if line.get("event") == event), None)
