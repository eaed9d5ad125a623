"""What chaos befalls: a control plane of its own with an audit log, the fleet, a Prometheus, the pools, the proxies."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from chaos.load import Load, source
from chaos.members import SPARE, Kind, Member
from chaos.proxy import Proxy
from chaos.witness import Witness
from controlplane import Cluster, ControlPlane
from controlplane.nodes import provider_nodes
from controlplane.prometheus import Prometheus
from fleet import FleetClient, FleetProcess, Settings
from rig.api import Api, collection
from rig.ground import exporter_job, wait_for_pools
from rig.install import Installation, installed
from rig.manifests import SHARED_NODES, deployment, pool, published
from rig.money import noon
from rig.space import make_namespace
from rig.spot import pinned
from rig.waiting import eventually

Json = dict[str, Any]

SEATS = ("seat-a", "seat-b")
NAMESPACE = "chaos"
GPU_NODES, GPUS = 2, 100
SCRAPE = timedelta(seconds=1)
PROVIDER = "eks"
LEASE = "15s"
PATIENCE = 420.0


@dataclass(frozen=True)
class Ground:
    """All of it."""

    cluster: Cluster
    account: Installation
    fleet: FleetClient
    prometheus: Prometheus
    proxies: tuple[Proxy, ...]
    members: tuple[Member, ...]
    witness: Witness
    load: Load

    @property
    def api(self) -> Api:
        """A client of the API server, not by any proxy."""
        return Api(self.cluster)

    @property
    def arguments(self) -> list[str]:
        """What every operator is told."""
        scope = ["--namespace", NAMESPACE, "--prometheus", f"default={self.prometheus.url}"]
        return [*scope, "--lease-namespace", self.account.namespace, "--lease-duration", LEASE]


@contextmanager
def boot(members: Sequence[Member], seed: int) -> Iterator[Ground]:
    """Boot it, with the nodes and no pool yet."""
    with ExitStack() as stack:
        cluster = stack.enter_context(ControlPlane(audit=True))
        cluster.define("-f", "crds")
        wait_for_pools(Api(cluster))
        cluster.add_gpu_nodes(GPU_NODES, GPUS, labels=SHARED_NODES)
        account = stack.enter_context(installed(cluster, "chaos"))
        fleet = stack.enter_context(FleetProcess(Settings(kubeconfig=str(cluster.kubeconfig), exporter_port=0)))
        prometheus = stack.enter_context(cluster.prometheus(SCRAPE, [exporter_job(fleet.exporter)]))
        proxies = [Proxy(cluster, seat, account.kubeconfig, seed + index) for index, seat in enumerate(SEATS)]
        for proxy in proxies:
            stack.enter_context(proxy)
        make_namespace(Api(cluster), NAMESPACE)
        witness = Witness(Api(cluster), NAMESPACE)
        load = stack.enter_context(Load(fleet, NAMESPACE, members, seed))
        yield Ground(cluster, account, fleet, prometheus, tuple(proxies), tuple(members), witness, load)
        witness.end()


def people(ground: Ground) -> None:
    """Make the pools, and once an operator looks at each their Deployments: no second of a pod is before that."""
    for member in ground.members:
        if member.kind is Kind.SPOT:
            add_nodes(ground.api, member, "on-demand", 1, gpus=20)
            add_nodes(ground.api, member, "spot", member.most + 1)
        make(ground.api, wish(member))
    eventually(lambda: are_known(ground.api), "an operator looks at every pool", PATIENCE)
    for member in ground.members:
        make(ground.api, target(member))


def make(api: Api, thing: Json) -> None:
    """Create an object in the namespace."""
    api.create({**thing, "metadata": {**thing["metadata"], "namespace": NAMESPACE}})


def are_known(api: Api) -> bool:
    """Return whether every pool has a status."""
    return all("status" in one for one in api.get(collection("InferencePool", NAMESPACE))["items"])


def add_nodes(api: Api, member: Member, capacity_type: str, count: int, gpus: int = 1) -> None:
    """Add nodes of the cloud that only a member's pods select."""
    for node in provider_nodes(PROVIDER, capacity_type, count, gpus):
        node["metadata"]["labels"] |= nodes_of(member)
        api.post("/api/v1/nodes", node)


def nodes_of(member: Member) -> dict[str, str]:
    """Return the label of the nodes that are a member's alone."""
    return {"rig": f"{NAMESPACE}.{member.name}"}


def at_first(member: Member) -> int:
    """Return the size to begin with."""
    return {Kind.SPOT: 1, Kind.PINNED: member.pin}.get(member.kind, max(1, member.least))


def target(member: Member) -> Json:
    """Return a member's Deployment."""
    if member.kind is Kind.SPOT:
        return pinned(member.name, 1, nodes_of(member), PROVIDER)
    return deployment(member.name, at_first(member))


def wish(member: Member) -> Json:
    """Return a member's pool."""
    queue = published(f"{member.grace:g}s", sources=[source(member, NAMESPACE)])
    prices = {"on-demand": "36.00"} | ({"spot": "18.00"} if member.kind is Kind.SPOT else {})
    cost = {"timezone": noon(), "pricePerGPUHour": prices}
    bounds = {"minReplicas": member.least, "maxReplicas": member.most, "drain": {"deadline": "1s"}}
    return pool(member.name, queue, cost=cost, **bounds, **special(member))


def special(member: Member) -> Json:
    """Return what a pool has because of its kind."""
    match member.kind:
        case Kind.OBSERVED:
            return {"mode": "Observe"}
        case Kind.PINNED:
            return {"replicas": member.pin}
        case Kind.CLOCK:
            lifted = {"name": "even", "start": "*/2 * * * *", "end": "1-59/2 * * * *", "minReplicas": member.lifted}
            return {"schedule": {"timezone": "UTC", "leadTime": "0s", "windows": [lifted]}}
        case Kind.SPOT:
            fallback = {"after": "10m", "maxReplicas": SPARE}
            spot = {"name": "spot", "type": "Spot", "provider": PROVIDER, "fallback": fallback}
            spot["recovery"] = {"after": "2s", "backoff": "3s"}
            guaranteed = {"base": member.base, "percentAboveBase": member.percent}
            return {"capacity": {"guaranteed": guaranteed, "tiers": [spot, {"name": "on-demand", "type": "OnDemand"}]}}
        case _:
            return {}


def ledger(api: Api, namespace: str) -> list[Json]:
    """Return the ledger's months."""
    found = api.get(f"{collection('ConfigMap', namespace)}?labelSelector=poolkeeper.io%2Fledger")
    items: list[Json] = found["items"]
    return items


def today() -> str:
    """Return the date, for reports."""
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
