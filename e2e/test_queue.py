"""R1 and R2: up above, down below, nothing between."""

from rig.manifests import loading, pool, published
from rig.space import Space


def test_a_queue_over_the_threshold_adds_one_replica_and_only_one_while_it_loads(space: Space) -> None:
    space.deploy("chat", annotations=loading(5))
    space.operate().wait_until_leading()
    space.create(pool("chat", published()))
    space.fleet.queue(space.workload("chat"), 1500)
    first = space.wait_for_size("chat", 3)
    second = space.wait_for_size("chat", 4)
    assert space.sizes("chat")[:3] == [2, 3, 4]
    assert second.at - first.at >= 5
