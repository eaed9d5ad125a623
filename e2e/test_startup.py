"""R4: replicas that do not become ready stop the growth, and the words of what stops them are repeated. Timeout 5 s.

The queue asks for three at once. The first of them to be overdue is replaced, since one alone stops nothing; with the
second the growth ends. Without the rule the pool would grow by three or so with every timeout.
"""

import pytest

from rig.manifests import pool, published
from rig.space import Space
from rig.waiting import let_pass

TIMEOUT, SETTLE = 5, 1
LONG_QUEUE = 3500


def overload(space: Space, words: str) -> None:
    """Let a queue ask for three replicas again and again, and check that it ends with what the pool says of them."""
    space.fleet.queue(space.workload("chat"), LONG_QUEUE)
    space.operate().wait_until_leading()
    space.create(pool("chat", published(settle=f"{SETTLE}s"), startup={"timeout": f"{TIMEOUT}s"}, maxReplicas=20))
    space.wait_for_size("chat", 5)
    space.wait_until(lambda: is_stuck(space, words), f"all that came is overdue: {words}")
    size = space.size("chat")
    let_pass(2 * (TIMEOUT + SETTLE))
    assert (space.size("chat"), size <= 6) == (size, True)
    space.wait_until(lambda: words in space.condition("chat", "AbleToScale")["message"], f"the status says: {words}")


def is_stuck(space: Space, words: str) -> bool:
    """Return whether nothing is on its way any more that could become ready, and these words tell why."""
    decision = space.explain("chat")
    if not decision:
        return False
    coming = decision["trail"][0]["inputs"]["coming"]
    return (decision["reason"], coming, words in decision["message"]) == ("StartupBlocked", 0, True)


@pytest.mark.lasts(30)
def test_a_bad_image_under_load_stops_the_growth_and_repeats_the_kubelet(space: Space) -> None:
    space.create_deployment("chat", 2, annotations={"poolkeeper.dev/image-error": "not found"})
    space.give_image("chat", 2)
    overload(space, "Back-off pulling image")


@pytest.mark.lasts(30)
def test_a_quota_that_refuses_pods_stops_the_growth_and_is_repeated(space: Space) -> None:
    hard = {"hard": {"requests.nvidia.com/gpu": "2"}}
    space.create({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "gpus"}, "spec": hard})
    space.deploy("chat")
    overload(space, "exceeded quota: gpus")


@pytest.mark.lasts(30)
def test_pods_that_find_no_gpu_stop_the_growth_and_the_scheduler_is_repeated(space: Space) -> None:
    mine = {"rig": space.name}
    space.ground.cluster.add_gpu_nodes(1, 2, labels=mine, prefix=space.name)
    space.deploy("chat", nodes=mine)
    overload(space, "Insufficient nvidia.com/gpu")
