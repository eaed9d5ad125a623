"""Whose spot a pool is split for, while nodes come and go."""

from tests.shell.provider_objects import eks, karpenter
from tests.shell.test_sibling import KEY, TARGET, Kube, deployment

from builders import BODY
from poolkeeper.api.providers import EKS, KARPENTER
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.halves import Halves
from poolkeeper.shell.pools import Pools


async def provider(*nodes, **sibling):
    """Return the provider of a pool on spot that names none; `sibling`: labels of the one that is there."""
    cluster = Cluster(Kube())
    for one in nodes:
        cluster.signals.node_changed(("", one.name), None, one)
    cluster.deployments.items["inference", "chat"] = TARGET
    if sibling:
        cluster.deployments.items[KEY] = deployment("chat-spot", owners=("uid-d",), **sibling)
    pool = Pools().take(BODY | {"spec": BODY["spec"] | {"capacity": {}}})
    await Halves(Kube(), cluster).look(pool)
    return pool.division.provider


async def test_a_sibling_stays_with_the_provider_that_it_was_made_for():
    assert await provider(eks(), tier="spot", provider="karpenter") is KARPENTER


async def test_a_pool_that_is_not_split_yet_goes_by_the_nodes():
    assert await provider(eks("n1"), karpenter("n2")) is KARPENTER


async def test_a_foreign_deployment_of_its_name_says_nothing():
    assert await provider(eks(), provider="karpenter") is EKS
