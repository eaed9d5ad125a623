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
from rig.waiting import eventually, let_pass

Json = dict[str, Any]

NEW = "vllm/vllm-openai:v0.12.0"
HOLDING = 500


def images(chat: SpotPool) -> set[str]:
    return {pod["spec"]["containers"][0]["image"] for pod in chat.pods()}


def budgets(space: Space) -> list[Json]:
    found: list[Json] = space.api.get(collection("PodDisruptionBudget", space.name))["items"]
    return found


def scale(space: Space, name: str, replicas: int) -> None:
    """Change a size by hand, as `kubectl scale` does."""
    space.api.patch(f"{space.path('Deployment', name)}/scale", {"spec": {"replicas": replicas}})


def with_room(space: Space, name: str = "chat") -> SpotPool:
    """Return a pool to be whose nodes have room for more than there is."""
    chat = SpotPool(space, name)
    chat.add_nodes("on-demand", 1, gpus=20)
    chat.add_nodes("spot", 1, gpus=20)
    return chat


# Rollouts and drains in a fallback


@pytest.mark.lasts(15)
def test_a_rollout_in_a_fallback_reaches_both_halves_and_loses_nothing(space: Space) -> None:
    chat = SpotPool(space).begin(spot_nodes=9)
    chat.notice(2)
    space.wait_for_size("chat", 3)
    eventually(lambda: chat.ready.count == 7, "on-demand has taken over")
    before = time.monotonic()
    container = {"name": "vllm", "image": NEW}
    change = {"spec": {"template": {"spec": {"containers": [container]}}}}
    space.ground.cluster.kubectl("patch", "-n", space.name, "deployment/chat", "--patch", json.dumps(change))
    eventually(lambda: images(chat) == {NEW} and chat.ready.count >= 5, "all run the new image", 40)
    assert (chat.ready.least_since(before) >= 5, space.sizes("chat-spot")) == (True, [4])


@pytest.mark.lasts(15)
def test_drains_in_a_fallback_are_no_reclaims_and_leave_what_the_budget_asks_for(space: Space) -> None:
    chat = SpotPool(space).begin(spot_nodes=8)
    chat.lose(1)
    eventually(lambda: chat.ready.count == 6, "what was lost is replaced")
    before, nodes = time.monotonic(), [pod["spec"]["nodeName"] for pod in chat.pods("chat-spot")][:3]
    with ThreadPoolExecutor(len(nodes)) as people:
        list(people.map(lambda node: space.ground.cluster.kubectl("drain", node, "--timeout=60s"), nodes))
    assert (chat.ready.least_since(before), max(space.sizes("chat"))) == (4, 2)


# A node that comes and goes


@pytest.mark.lasts(12)
def test_a_node_that_is_not_ready_for_a_moment_changes_nothing(space: Space) -> None:
    chat = SpotPool(space).begin(spot_nodes=5)
    node = chat.pods("chat-spot")[0]["spec"]["nodeName"]
    space.ground.cluster.lose_readiness(node)
    eventually(lambda: chat.ready.count == 4, "its pod is not ready")
    let_pass(3)
    space.ground.cluster.regain_readiness(node)
    eventually(lambda: chat.ready.count == 5, "its pod is ready again")
    let_pass(2)
    assert (space.sizes("chat"), space.sizes("chat-spot")) == ([1], [4])


# Spot on and off


@pytest.mark.lasts(20)
def test_spot_is_switched_on_and_off_under_load_and_nothing_is_lost(space: Space) -> None:
    chat = with_room(space).deploy(8)
    space.fleet.queue(space.workload("chat"), HOLDING)
    space.operate().wait_until_leading()
    chat.create(8, None)
    space.wait_for_reason("chat", "Steady")
    before = time.monotonic()
    space.api.patch(space.path("InferencePool", "chat"), {"spec": {"capacity": capacity("eks")}})
    chat.wait_until_split(1, 7, 60)
    space.api.patch(space.path("InferencePool", "chat"), {"spec": {"capacity": None}})
    eventually(lambda: not space.record.newest("Deployment", "chat-spot"), "the sibling is removed", 60)
    assert (chat.ready.least_since(before), space.size("chat"), budgets(space)) == (8, 8, [])


@pytest.mark.lasts(20)
def test_a_template_has_both_halves_rendered_and_one_again(space: Space) -> None:
    chat = with_room(space)
    space.operate().wait_until_leading()
    template = pinned("chat", 0, chat.nodes, "eks")["spec"]["template"]
    del template["spec"]["affinity"]
    made = pool("chat", published("2s"), minReplicas=4, template=template, capacity=capacity("eks"))
    del made["spec"]["targetRef"]
    space.create(made)
    chat.wait_until_split(1, 3, 40)
    settled = time.monotonic()
    space.api.patch(space.path("InferencePool", "chat"), {"spec": {"capacity": None}})
    eventually(lambda: not space.record.newest("Deployment", "chat-spot"), "the sibling is removed", 60)
    assert (chat.ready.least_since(settled), space.size("chat"), len(chat.pods("chat"))) == (4, 4, 4)


# The end of a pool, and its successor


def test_a_deleted_pool_leaves_both_halves_and_a_successor_adopts_them(space: Space) -> None:
    chat = SpotPool(space).begin(spot_nodes=4)
    space.api.delete(space.path("InferencePool", "chat"))
    eventually(lambda: not budgets(space), "the budget goes with its pool")
    let_pass(2)
    chat.create(5, capacity("eks"))
    space.wait_for_condition("chat", "SplitReady", "AsExpected")
    eventually(lambda: budgets(space), "a new budget")
    let_pass(2)
    assert (space.sizes("chat"), space.sizes("chat-spot"), chat.ready.count) == ([1], [4], 5)


# Sizes by hand (R10)


def test_a_half_on_spot_made_smaller_by_hand_is_restored(space: Space) -> None:
    chat = SpotPool(space).begin(spot_nodes=6)
    scale(space, "chat-spot", 2)
    eventually(lambda: space.sizes("chat-spot")[-2:] == [2, 4], "restored")
    chat.wait_until_split(1, 4)
    assert max(space.sizes("chat")) == 1


def test_a_half_on_demand_made_smaller_by_hand_is_restored(space: Space) -> None:
    chat = SpotPool(space).begin(spot_nodes=4)
    scale(space, "chat", 0)
    eventually(lambda: space.sizes("chat") == [1, 0, 1], "restored")
    chat.wait_until_split(1, 4)
    assert space.sizes("chat") == [1, 0, 1]


@pytest.mark.parametrize("half", ["chat", "chat-spot"])
def test_growth_by_hand_of_either_half_is_growth_of_the_pool(space: Space, half: str) -> None:
    chat = SpotPool(space).begin(spot_nodes=8)
    scale(space, half, space.size(half) + 2)
    chat.wait_until_split(1, 6)
    let_pass(5)
    assert (space.size("chat"), space.size("chat-spot")) == (1, 6)
