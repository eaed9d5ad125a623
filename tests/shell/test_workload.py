"""The Deployment of a pool with a `template`, while it is split and while nobody knows how."""

import pytest

from builders import BODY
from poolkeeper.api.pinning import is_pinned
from poolkeeper.api.providers import KARPENTER
from poolkeeper.api.workload import digest, pod_template
from poolkeeper.shell import workload
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.pools import Pools
from poolkeeper.shell.views import WorkloadView

TEMPLATE = {"spec": {"containers": [{"name": "vllm", "image": "vllm"}]}}
SPLIT = {"tiers": [{"name": "spot", "type": "Spot"}, {"name": "on-demand", "type": "OnDemand"}]}


class Rig:
    """A pool that uses spot, and an API server that remembers what it was asked."""

    def __init__(self):
        spec = {"template": TEMPLATE, "minReplicas": 2, "maxReplicas": 8, "capacity": SPLIT}
        self.pool = Pools().take(BODY | {"spec": spec})
        self.cluster, self.written = Cluster(self), []

    def see(self, provider):
        made = digest(pod_template("chat", self.pool.spec, provider))
        sizes = dict.fromkeys(("replicas", "existing", "updated", "ready", "available"), 2)
        known = {"uid": "uid-d", "resource_version": "7", "generation": 1, "observed_generation": 1}
        view = WorkloadView(*self.pool.key, **known | sizes, template_hash=made)
        self.cluster.deployments.items[self.pool.key] = view

    async def post(self, _path, body):
        self.written.append(body["spec"]["template"])

    async def patch(self, _path, body, **_):
        self.written.append(body[0]["value"])

    async def keep(self, provider):
        await workload.keep(self, self.pool, self.pool.spec, self.cluster, provider)


@pytest.fixture
def rig():
    return Rig()


async def test_a_split_pool_is_made_pinned(rig):
    await workload.make(rig, rig.pool, rig.pool.spec, KARPENTER)
    (template,) = rig.written
    assert is_pinned(template["spec"], KARPENTER)


async def test_a_pool_that_begins_to_use_spot_is_pinned(rig):
    rig.see(None)
    await rig.keep(KARPENTER)
    (template,) = rig.written
    assert is_pinned(template["spec"], KARPENTER)


async def test_a_pool_that_is_pinned_is_not_written(rig):
    rig.see(KARPENTER)
    await rig.keep(KARPENTER)
    assert not rig.written


async def test_while_nobody_knows_the_provider_a_pin_stays(rig):
    rig.see(KARPENTER)
    await rig.keep(None)
    assert not rig.written


async def test_a_pool_that_uses_no_spot_any_more_is_let_off_its_pin(rig):
    rig.see(KARPENTER)
    rig.pool = Pools().take(BODY | {"spec": {"template": TEMPLATE, "minReplicas": 2, "maxReplicas": 8}})
    await rig.keep(None)
    assert rig.written == [pod_template("chat", rig.pool.spec)]
