"""What all tests of a run share, whichever worker they run in: control plane, fleet, Prometheus.

Whoever boots it holds it until the end and hands a card to the others; they attach. Its end, also by Ctrl-C or a
crash, is the end of every process and file: the plane's guardian sees to that, and the fleet ends with its parent.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from controlplane import Cluster, ControlPlane
from fleet import FleetClient, FleetProcess, Settings
from rig.api import Api, ApiError
from rig.manifests import SHARED_NODES
from rig.waiting import eventually

CRDS = Path(__file__).parents[2] / "crds"
SCRAPE = timedelta(seconds=1)
GPU_NODES, GPUS = 4, 200


@dataclass(frozen=True)
class Ground:
    """The shared control plane, the fleet that plays the pods' engines, and the Prometheus that reads its exporter."""

    cluster: Cluster
    fleet: FleetClient
    prometheus: str

    @cached_property
    def api(self) -> Api:
        """A client of the API server."""
        return Api(self.cluster)

    @property
    def card(self) -> dict[str, str]:
        """What another process needs to attach."""
        return {
            "cluster": str(self.cluster.directory),
            "fleet": self.fleet.url,
            "prometheus": self.prometheus,
        }


def attach(card: dict[str, str]) -> Ground:
    """Return the ground that another process booted."""
    return Ground(ControlPlane.attach(Path(card["cluster"])), FleetClient(card["fleet"]), card["prometheus"])


@contextmanager
def boot() -> Iterator[Ground]:
    """Boot everything, and end it."""
    with ControlPlane(audit=True) as cluster:
        define_pools(cluster)
        cluster.add_gpu_nodes(GPU_NODES, GPUS, labels=SHARED_NODES)
        settings = Settings(kubeconfig=str(cluster.kubeconfig), exporter_port=0)
        with FleetProcess(settings) as fleet, cluster.prometheus(SCRAPE, [exporter_job(fleet.exporter)]) as prometheus:
            ground = Ground(cluster, fleet, prometheus.url)
            wait_for_pools(ground.api)
            yield ground


def define_pools(cluster: Cluster) -> None:
    """Tell the API server what a pool is."""
    cluster.define("-f", str(CRDS))


def wait_for_pools(api: Api) -> None:
    """Wait until the API server serves pools, which is a moment after it says so."""
    eventually(lambda: _serves_pools(api), "the API server serves pools")


def _serves_pools(api: Api) -> bool:
    """Tell whether pools can be watched; for a moment after their CRD came, the API server says 429."""
    try:
        next(api.watch("/apis/poolkeeper.io/v1alpha1/inferencepools", seconds=1), None)
    except ApiError:
        return False
    return True


def exporter_job(address: str) -> dict[str, object]:
    """Scrape the stand-in exporter; the labels are those that it serves."""
    targets = [{"targets": [urlsplit(address).netloc]}]
    return {"job_name": "exporter", "honor_labels": True, "static_configs": targets}
