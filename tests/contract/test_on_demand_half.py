"""A pool with a `template` begins to use spot, on real controllers."""

import asyncio

import pytest
from tests.contract.objects import until

from builders import BODY
from poolkeeper.api.pinning import is_pinned
from poolkeeper.api.providers import KARPENTER
from poolkeeper.shell import workload
from poolkeeper.shell.access import Access
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.pools import Pools

pytestmark = pytest.mark.cluster

TEMPLATE = {"spec": {"containers": [{"name": "engine", "image": "vllm"}]}}
TIERS = {"tiers": [{"name": "spot", "type": "Spot"}, {"name": "on-demand", "type": "OnDemand"}]}
SPEC = {"template": TEMPLATE, "minReplicas": 4, "maxReplicas": 8, "capacity": TIERS}


@pytest.fixture(scope="session")
def nodes(cluster):
    return cluster.add_gpu_nodes(2, labels={"karpenter.sh/capacity-type": "on-demand"}, prefix="on-demand")


@pytest.fixture
def access(cluster, nodes):
    return Access.from_kubeconfig(cluster.kubeconfig)


class Rig:
    """A pool of four, and the lowest number of ready replicas that was seen."""

    def __init__(self, kube, namespace):
        self.kube, self.picture = kube, Cluster(kube, (namespace,))
        metadata = BODY["metadata"] | {"namespace": namespace}
        self.pool = Pools().take(BODY | {"metadata": metadata, "spec": SPEC})
        self.low = 99

    @property
    def found(self):
        return self.picture.deployment(self.pool.key)

    async def make(self):
        await workload.make(self.kube, self.pool, self.pool.spec)

    async def keep(self):
        await workload.keep(self.kube, self.pool, self.pool.spec, self.picture, KARPENTER)

    def is_rolled(self, template):
        self.low = min(self.low, self.found.ready)
        settled = self.found.observed_generation == self.found.generation and not self.found.rolling
        return settled and self.found.template_digest != template and self.found.ready == 4


@pytest.fixture
async def rig(kube, leases):
    rig = Rig(kube, leases.split("/")[-2])
    task = asyncio.create_task(rig.picture.deployments.run())
    await rig.picture.deployments.synced()
    await rig.make()
    await until(lambda: rig.found and rig.found.ready == 4)
    yield rig
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_it_is_pinned_without_losing_a_ready_replica(rig, cluster):
    before = rig.found.template_digest
    await rig.keep()
    await until(lambda: rig.is_rolled(before))
    found = cluster.get("--namespace", rig.pool.key[0], "deployment", "chat")
    assert is_pinned(found["spec"]["template"]["spec"], KARPENTER)
    assert rig.low == 4
