"""What the benchmarks stand on: control plane, GPU nodes, fleet, Prometheus, and the operator under its own account."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from math import ceil
from pathlib import Path

from controlplane import Cluster, ControlPlane
from fleet import FleetClient, FleetProcess, Settings
from rig.api import Api, ApiError
from rig.ground import exporter_job
from rig.install import Installation, installed
from rig.manifests import SHARED_NODES
from rig.operators import Operator

CRDS = Path(__file__).parents[1] / "crds"
SCRAPE = timedelta(seconds=5)
GPUS = 200
BEGAN = time.monotonic()


def say(words: str) -> None:
    """Print a line of progress."""
    print(f"{time.monotonic() - BEGAN:6.1f} s  {words}", flush=True)


def wait_until(met: Callable[[], bool], words: str, within: float, *, pause: float = 0.2) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: it was not within so many seconds; says what.
    """
    deadline = time.monotonic() + within
    while not met():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {within:.0f} s: {words}")
        time.sleep(pause)


def leave_with(main: Callable[[], int]) -> None:
    """Run a benchmark and end the process by its answer; SIGTERM cleans up as Ctrl-C does, and both end it by 130."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)


@dataclass(frozen=True)
class Stage:
    """A cluster with the operator's rights in it, the fleet, and a Prometheus that scrapes the fleet's exporter."""

    cluster: Cluster
    fleet: FleetClient
    prometheus: str
    account: Installation
    operators: list[Operator] = field(default_factory=list)

    @cached_property
    def api(self) -> Api:
        """A client of the API server."""
        return Api(self.cluster)

    @contextmanager
    def operator(self, *more: str) -> Iterator[Operator]:
        """Run `poolkeeper run` as it would run in a cluster, under its own account and rights; with more arguments."""
        given = ["--prometheus", f"default={self.prometheus}", *more, *self.account.arguments]
        operator = Operator(self.cluster, f"operator-{len(self.operators)}", given, self.account.kubeconfig)
        self.operators.append(operator)
        try:
            yield operator.wait_until_leading()
        finally:
            operator.stop()


@contextmanager
def boot(gpus: int, *, audit: bool = False) -> Iterator[Stage]:
    """Boot it all, with nodes for so many GPUs; at the end nothing is left."""
    say("booting etcd, API server, controllers, KWOK")
    with ControlPlane(audit=audit) as cluster:
        cluster.define("-f", str(CRDS))
        wait_until(lambda: _serves_pools(cluster), "the API server serves pools", 60)
        cluster.add_gpu_nodes(ceil(gpus / GPUS), GPUS, labels=SHARED_NODES)
        settings = Settings(kubeconfig=str(cluster.kubeconfig), exporter_port=0)
        say(f"fleet and Prometheus (scrapes every {SCRAPE.seconds} s)")
        with (
            installed(cluster, "bench") as account,
            FleetProcess(settings) as fleet,
            cluster.prometheus(SCRAPE, [exporter_job(fleet.exporter)]) as prometheus,
        ):
            yield Stage(cluster, fleet, prometheus.url, account)


def _serves_pools(cluster: Cluster) -> bool:
    """Tell whether pools can be watched: a while after the CRD is established, the watch cache is ready too."""
    try:
        Api(cluster).get("/apis/poolkeeper.io/v1alpha1/inferencepools?resourceVersion=0")
    except ApiError:
        return False
    return True
