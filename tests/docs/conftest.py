import json
import sys
import time  # noqa: TID251  it waits for programs
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from tests.docs.console import Console, leave

from controlplane import Cluster, ControlPlane
from fleet import FleetProcess, Settings

GROUND = Path(__file__).with_name("ground.yaml")
CRDS = Path(__file__).parents[2] / "crds"
NAMESPACE = "inference"
WORKLOAD = f"{NAMESPACE}/chat"
PATIENCE = 120.0

numbers = count()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """What `make cluster` gives, the CRD and two nodes of eight GPUs, and nodes of both kinds that Karpenter made."""
    with ControlPlane() as booted:
        booted.define("-f", str(CRDS))
        booted.add_gpu_nodes(2)
        booted.add_gpu_nodes(1, labels={"karpenter.sh/capacity-type": "on-demand"}, prefix="kept")
        booted.add_gpu_nodes(4, gpus=1, labels={"karpenter.sh/capacity-type": "spot"}, prefix="spot")
        yield booted


@pytest.fixture(scope="module")
def fleet(cluster) -> Iterator[FleetProcess]:
    """The pretended engines of the pods that a how-to takes as given."""
    with FleetProcess(Settings(kubeconfig=str(cluster.kubeconfig))) as playing:
        yield playing


@pytest.fixture(scope="session")
def prometheus(cluster) -> Iterator[str]:
    """A Prometheus that scrapes the pods every second."""
    with cluster.prometheus(timedelta(seconds=1)) as running:
        yield running.url


@pytest.fixture
def empty(cluster) -> Cluster:
    """The cluster without a trace of the page before."""
    cluster.kubectl("delete", "deployments", "--all", "-n", NAMESPACE, "--cascade=foreground", "--ignore-not-found")
    cluster.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")
    return cluster


@pytest.fixture
def furnished(cluster, fleet) -> Cluster:
    """The cluster as a how-to takes it: deployment/chat in namespace inference, two ready pods, no queue.

    Its pods stay from page to page: new ones would count as on their way for as long as `settle` says.
    """
    fleet.clear(WORKLOAD)
    fleet.load(WORKLOAD, "constant:0")  # a page's trace would go on for hours, and no pool would ever be idle
    cluster.kubectl("delete", "ipool,hpa,events", "--all", "-n", NAMESPACE, "--ignore-not-found")
    cluster.kubectl("delete", "deployments", "-n", NAMESPACE, "--field-selector", "metadata.name!=chat")
    cluster.kubectl("apply", "-f", str(GROUND))
    cluster.kubectl("scale", "deployment/chat", "-n", NAMESPACE, "--replicas=2")
    cluster.kubectl("rollout", "status", "deployment/chat", "-n", NAMESPACE, "--timeout=60s")
    return cluster


@pytest.fixture(scope="module")
def operator(cluster, prometheus) -> Iterator[str]:
    """An operator that leads; the address of its pages."""
    with operating(cluster, "--prometheus", f"default={prometheus}") as address:
        yield address


@contextmanager
def operating(cluster: Cluster, *arguments: str) -> Iterator[str]:
    """Run an operator until it leads; the address of its pages."""
    name = f"operator-{next(numbers)}"
    program = str(Path(sys.executable).with_name("poolkeeper"))
    process = cluster.run(name, [program, "run", "--listen", "127.0.0.1:0", *arguments])
    yield wait_until(cluster, name, "leading")["serving"]["address"]
    leave(cluster, name, process)


def wait_until(cluster: Cluster, name: str, event: str) -> dict[str, dict[str, str]]:
    """Return the lines of a program's log by their event, once this one is there."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        text = cluster.programs.log(name).read_text() if cluster.programs.log(name).exists() else ""
        said = {line["event"]: line for line in map(json.loads, text.splitlines()) if "event" in line}
        if event in said:
            return said
        time.sleep(0.1)
    raise AssertionError(f"{name} does not say {event!r}: {cluster.programs.tail(name)}")


@pytest.fixture
def open_console(request, tmp_path):
    """Open a terminal on a cluster; what it has started ends with the test."""
    opened: list[Console] = []

    def tell(command: str) -> None:
        url = request.getfixturevalue("fleet").url
        urllib.request.urlopen(url, command.encode(), timeout=10).close()  # noqa: S310  our own fleet

    def act(cluster, **variables):
        opened.append(Console(cluster, tmp_path, variables, tell))
        return opened[-1]

    yield act
    for console in opened:
        console.close()
