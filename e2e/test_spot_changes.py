"""What people do to a pool on spot: roll out, drain, switch spot on and off, delete and make it anew, scale by hand."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from rig.api import collection
from rig.manifests import pool, published
from rig.space import Space
from rig.spot import SpotPool, capacity, pinned
from rig.waiting import PATIENCE, eventually, let_pass

Json = dict[str, Any]

NEW = "vllm/vllm-openai:v0.12.0"
HOLDING = 500


def images(split: SpotPool) -> set[str]:
    return {pod["spec"]["containers"][0]["image"] for pod in split.pods()}


def has_budget(split: SpotPool) -> bool:
    found = split.space.api.get(collection("PodDisruptionBudget", split.space.name))["items"]
    return f"{split.name}-pool" in {one["metadata"]["name"] for one in found}


def scale(space: Space, name: str, replicas: int) -> None:
    """Change a size by hand, as `kubectl scale` does."""
    space.api.patch(f"{space.path('Deployment', name)}/scale", {"spec": {"replicas": replicas}})


def with_room(space: Space, name: str) -> SpotPool:
    """Return a pool to be whose nodes have room for more than there is."""
    made = SpotPool(space, name)
    made.add_nodes("on-demand", 1, gpus=20)
    made.add_nodes("spot", 1, gpus=20)
    return made


def give_up_spot(split: SpotPool) -> None:
    split.change(capacity=None)
    eventually(lambda: not split.space.record.newest("Deployment", split.sibling), "the sibling is removed")


# Rollouts and drains in a fallback


def test_a_rollout_in_a_fallback_reaches_both_halves_and_loses_nothing(shared: Space) -> None:
    with SpotPool(shared, "rolled").begin(spot_nodes=9) as split:
        split.notice(2)
        eventually(lambda: split.ready.count == 7, "on-demand has taken over")
        before = time.monotonic()
        change = {"spec": {"template": {"spec": {"containers": [{"name": "vllm", "image": NEW}]}}}}
        shared.ground.cluster.kubectl("patch", "-n", shared.name, "deployment/rolled", "--patch", json.dumps(change))
        eventually(lambda: images(split) == {NEW} and split.ready.count >= 5, "all run the new image")
        assert (split.ready.least_since(before) >= 5, split.spot) == (True, [4])


def test_drains_in_a_fallback_are_no_reclaims_and_leave_what_the_budget_asks_for(shared: Space) -> None:
    with SpotPool(shared, "drained").begin(spot_nodes=8) as split:
        split.change(capacity=capacity("eks", recovery="10m"))  # what goes back asks no budget
        split.lose(1)
        eventually(lambda: split.ready.count == 6, "what was lost is replaced")
        before, nodes = time.monotonic(), [pod["spec"]["nodeName"] for pod in split.pods(split.sibling)][:3]
        with ThreadPoolExecutor(len(nodes)) as people:
            list(
                people.map(
                    lambda node: shared.ground.cluster.kubectl("drain", node, f"--timeout={PATIENCE:.0f}s"), nodes
                )
            )
        assert split.ready.least_since(before) >= 4  # less than that the budget does not leave
    assert split.on_demand == [1, 2]


# A node that comes and goes


def test_a_node_that_is_not_ready_for_a_moment_changes_nothing(shared: Space) -> None:
    with SpotPool(shared, "flapping").begin(spot_nodes=5) as split:
        node = split.pods(split.sibling)[0]["spec"]["nodeName"]
        shared.ground.cluster.lose_readiness(node)
        eventually(lambda: split.ready.count == 4, "its pod is not ready")
        let_pass(2)
        shared.ground.cluster.regain_readiness(node)
        eventually(lambda: split.ready.count == 5, "its pod is ready again")
        let_pass(2)
        assert (split.on_demand, split.spot) == ([1], [4])


# Spot on and off


@pytest.mark.lasts(20)
def test_spot_is_switched_on_and_off_under_load_and_nothing_is_lost(shared: Space) -> None:
    with with_room(shared, "switched").deploy(8) as split:
        shared.fleet.queue(shared.workload("switched"), HOLDING)
        split.create(8, None)
        shared.wait_for_reason("switched", "Steady")
        before = time.monotonic()
        split.change(capacity=capacity("eks"))
        split.wait_until_split(1, 7)
        give_up_spot(split)
        assert (split.ready.least_since(before), split.on_demand[-1], has_budget(split)) == (8, 8, False)


def test_a_template_has_both_halves_rendered_and_one_again(shared: Space) -> None:
    with with_room(shared, "rendered") as split:
        template = pinned("rendered", 0, split.nodes, "eks")["spec"]["template"]
        del template["spec"]["affinity"]
        made = pool("rendered", published("2s"), minReplicas=4, template=template, capacity=capacity("eks"))
        del made["spec"]["targetRef"]
        shared.create(made)
        split.wait_until_split(1, 3)
        before = time.monotonic()
        give_up_spot(split)
        assert (split.ready.least_since(before), split.on_demand[-1], len(split.pods("rendered"))) == (4, 4, 4)


# The end of a pool, and its successor


def test_a_deleted_pool_leaves_both_halves_and_a_successor_adopts_them(shared: Space) -> None:
    with SpotPool(shared, "left").begin(spot_nodes=4) as split:
        shared.api.delete(shared.path("InferencePool", "left"))
        eventually(lambda: not has_budget(split), "the budget goes with its pool")
        split.create(5, capacity("eks"))
        eventually(lambda: has_budget(split), "a new budget")
        shared.wait_for_condition("left", "SplitReady", "AsExpected")
        let_pass(2)
        assert (split.on_demand, split.spot, split.ready.count) == ([1], [4], 5)


# Sizes by hand (R10)


def test_the_half_on_spot_made_smaller_by_hand_is_restored(shared: Space) -> None:
    with SpotPool(shared, "cut").begin(spot_nodes=6) as split:
        scale(shared, "cut-spot", 2)
        eventually(lambda: split.spot == [4, 2, 4], "restored")
        split.wait_until_split(1, 4)
        assert split.on_demand == [1]


def test_the_half_on_on_demand_made_smaller_by_hand_is_restored(shared: Space) -> None:
    with SpotPool(shared, "cut-short").begin(spot_nodes=5) as split:
        scale(shared, "cut-short", 0)
        eventually(lambda: split.on_demand == [1, 0, 1], "restored")
        split.wait_until_split(1, 4)
        assert split.on_demand == [1, 0, 1]


@pytest.mark.long
@pytest.mark.parametrize(("half", "sizes"), [("on-demand", (3, 4)), ("spot", (1, 6))])
def test_growth_by_hand_stays_in_the_half_where_it_was_put(shared: Space, half: str, sizes: tuple[int, int]) -> None:
    with SpotPool(shared, f"grown-{half}").begin(spot_nodes=8) as split:
        name = split.sibling if half == "spot" else split.name
        scale(shared, name, shared.size(name) + 2)
        split.wait_until_split(*sizes)
        let_pass(4)
        assert (split.on_demand[-1], split.spot[-1]) == sizes
