"""The stage: a control plane, GPU nodes, the workload and its pool, the fleet, and the real operator."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

from controlplane import Cluster, ControlPlane
from controlplane.readiness import wait_for
from demo.objects import NAMESPACE, objects
from demo.scenario import MINIMUM, SPEED
from demo.watch import OPERATOR, OperatorGoneError, Watch, entry_of
from fleet import FleetProcess, Settings

REPOSITORY = Path(__file__).resolve().parents[2]
NODES = 2
WITHIN = timedelta(seconds=60)

Step = Callable[[str], AbstractContextManager[object]]
"""Says what is being done, for as long as it takes."""


@contextmanager
def stage(step: Step) -> Iterator[Watch]:
    """Set everything up, and take it away at the end; ready when the operator has looked at a pool that is ready."""
    with ExitStack() as open_:
        with step("etcd, API server, controller manager, scheduler, KWOK"):
            cluster = open_.enter_context(ControlPlane())
        with step(f"{NODES} nodes of 8 GPUs, CRD, Deployment, InferencePool"):
            furnish(cluster)
        with step("vLLM fleet"):
            fleet = open_.enter_context(FleetProcess(fleet_settings(cluster)))
        with step("poolkeeper run, and the first model loads"):
            watch = Watch(cluster, fleet, start_operator(cluster))
            wait_for(lambda: ready(watch), f"{MINIMUM} replicas", WITHIN)
        yield watch


def fleet_settings(cluster: Cluster) -> Settings:
    """A fleet that plays the pods of our namespace, on the trace's clock."""
    return Settings(kubeconfig=str(cluster.kubeconfig), namespaces=(NAMESPACE,), speed=SPEED)


def furnish(cluster: Cluster) -> None:
    """Nodes and objects."""
    cluster.define("-f", str(REPOSITORY / "crds"))
    cluster.add_gpu_nodes(NODES)
    cluster.apply(*objects())


def start_operator(cluster: Cluster) -> str:
    """Start `poolkeeper run`, as anybody would; returns the address of its page."""
    program = Path(sys.executable).with_name("poolkeeper")
    argv = [str(program), "run", "--kubeconfig", str(cluster.kubeconfig), "--listen", "127.0.0.1:0"]
    cluster.run(OPERATOR, argv)
    wait_for(lambda: address(cluster) is not None, "the operator's page", WITHIN)
    return address(cluster) or ""


def address(cluster: Cluster) -> str | None:
    """Where the operator's log says that it serves.

    Raises:
        OperatorGoneError: it ended instead.
    """
    if OPERATOR in cluster.programs.exits():
        raise OperatorGoneError(cluster.programs.tail(OPERATOR))
    lines = cluster.programs.log(OPERATOR).read_bytes().splitlines()
    return next((entry["address"] for entry in map(entry_of, lines) if entry.get("event") == "serving"), None)


def ready(watch: Watch) -> bool:
    """Whether the operator leads, and sees the pool's minimum ready."""
    decision = watch.decision()
    return decision is not None and decision["ready"] >= MINIMUM
