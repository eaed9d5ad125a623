"""Held to a namespace by the chart: the Roles there are enough, with a look at nodes or without."""

from collections.abc import Iterator
from secrets import token_hex

import pytest

from controlplane import KubectlError
from rig import audit
from rig.chart import released
from rig.ground import Ground
from rig.install import Installation
from rig.manifests import pool, published
from rig.space import Space
from rig.spot import SpotPool, capacity
from rig.waiting import eventually

pytestmark = [pytest.mark.xdist_group("namespaced"), pytest.mark.lasts(40)]

QUEUE = published(grace="1s")
Life = tuple[Space, Installation]


@pytest.fixture(scope="module")
def seeing(ground: Ground) -> Iterator[Life]:
    """One that may look at nodes has followed a queue and lost a replica on spot."""
    space = Space(ground, f"seeing-{token_hex(3)}")
    with released(ground.cluster, f"held-{space.name}", {"namespaces": [space.name]}) as installation:
        follow_a_queue(space, installation)
        split = SpotPool(space, "split")
        split.add_nodes("on-demand", 1, gpus=10)
        split.add_nodes("spot", 5)
        split.deploy(1).create(4, capacity("eks"))
        split.wait_until_split(1, 3)
        split.lose(1)
        split.wait_until_split(1, 3)
        yield space, installation
        space.close()


@pytest.fixture(scope="module")
def blind(ground: Ground) -> Iterator[Life]:
    """One that may not has followed a queue."""
    space = Space(ground, f"blind-{token_hex(3)}")
    values = {"namespaces": [space.name], "nodes": {"read": False}}
    with released(ground.cluster, f"held-{space.name}", values) as installation:
        follow_a_queue(space, installation)
        yield space, installation
        space.close()


def follow_a_queue(space: Space, installation: Installation) -> None:
    """Let a pool grow with its queue and shrink with it."""
    space.operate(*installation.arguments, kubeconfig=installation.kubeconfig).wait_until_leading()
    space.deploy("chat")
    space.fleet.queue(space.workload("chat"), 1500)
    space.create(pool("chat", QUEUE, maxReplicas=3))
    space.wait_for_size("chat", 3)
    space.fleet.queue(space.workload("chat"), 0)
    eventually(lambda: space.sizes("chat") == [2, 3, 2], "up and down")


def requests(life: Life) -> list[audit.Request]:
    space, installation = life
    return audit.requests(space.ground.cluster, installation.user)


def refused(life: Life) -> set[tuple[str, str]]:
    return {(one.resource, one.namespace) for one in requests(life) if one.status in {401, 403}}


def may(life: Life, *question: str) -> bool:
    """Return what the API server says to a right."""
    space, installation = life
    try:
        answer = space.ground.cluster.kubectl("auth", "can-i", *question, f"--as={installation.user}")
    except KubectlError:
        return False
    return answer.strip() == "yes"


def test_nothing_was_refused(seeing: Life) -> None:
    assert refused(seeing) == set()


def test_without_nodes_only_they_were_refused_and_what_is_said_of_them(blind: Life) -> None:
    eventually(lambda: len(refused(blind)) == 2, "both were asked for")
    assert refused(blind) == {("nodes", ""), ("events", "default")}


def test_without_nodes_it_says_what_it_does_not_see(blind: Life) -> None:
    assert "without nodes, no notice of a reclaim is seen" in blind[0].operators[0].log


def test_without_nodes_it_took_none_for_gone(blind: Life) -> None:
    assert "is gone" not in blind[0].operators[0].log


@pytest.mark.parametrize("life", ["seeing", "blind"])
def test_it_may_do_nothing_in_other_namespaces(life: str, request: pytest.FixtureRequest) -> None:
    held = request.getfixturevalue(life)
    asked = ("watch pods", "watch inferencepools.poolkeeper.io", "patch deployments.apps --subresource=scale")
    assert [may(held, *right.split(), "--namespace=kube-system") for right in asked] == [False] * 3


@pytest.mark.parametrize("life", ["seeing", "blind"])
def test_it_wrote_nowhere_but_here_and_to_its_own_namespace(life: str, request: pytest.FixtureRequest) -> None:
    space, installation = held = request.getfixturevalue(life)
    assert {one.namespace for one in requests(held) if one.writes} == {space.name, installation.namespace}
