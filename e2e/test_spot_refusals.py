"""What stands in the way of a split, and what cannot be had: said with somebody's own words, and nothing made worse.

One operator for most of these; each has a target of its own.
"""

import shlex
from collections.abc import Iterator
from secrets import token_hex
from typing import Any

import pytest

from rig.api import collection
from rig.ground import Ground
from rig.manifests import deployment
from rig.space import Space
from rig.spot import SpotPool, capacity
from rig.waiting import eventually, let_pass

pytestmark = pytest.mark.timeout(240)  # with what its tests share, on a machine that does much else

Json = dict[str, Any]

SOON = "2s"


@pytest.fixture(scope="session")
def shared(ground: Ground) -> Iterator[Space]:
    made = Space(ground, f"refusals-{token_hex(3)}")
    made.operate().wait_until_leading()
    yield made
    made.close()


def with_room(space: Space, name: str, on_demand: int = 10, spot: int = 10) -> SpotPool:
    """Return a pool to be, on one node of each kind with so many GPUs."""
    made = SpotPool(space, name)
    made.add_nodes("on-demand", 1, gpus=on_demand)
    made.add_nodes("spot", 1, gpus=spot)
    return made


def budgets(space: Space) -> list[str]:
    found = space.api.get(collection("PodDisruptionBudget", space.name))["items"]
    return [one["metadata"]["name"] for one in found]


# The target


def test_an_unpinned_target_is_split_once_the_patch_that_is_given_was_applied(shared: Space) -> None:
    free = with_room(shared, "free")
    shared.create(deployment("free", 2, nodes=free.nodes) | {"metadata": {"name": "free"}})
    shared.wait_until_ready("free", 2)
    free.create(3, capacity("eks"))
    said = shared.wait_for_condition("free", "SplitReady", "TargetNotPinned")["message"]
    before = shared.record.deployments
    program, *command = shlex.split(said[said.index("kubectl ") :])
    shared.ground.cluster.kubectl(*command)
    free.wait_until_split(1, 2)
    assert (program, "free-spot" in before) == ("kubectl", False)


# Strangers


def test_a_strangers_deployment_of_the_siblings_name_is_left_alone(shared: Space) -> None:
    shared.deploy("taken-spot", 1)
    taken = with_room(shared, "taken").deploy(1)
    taken.create(3, capacity("eks"))
    shared.wait_for_size("taken", 3)
    said = shared.wait_for_condition("taken", "SplitReady", "SiblingTaken")["message"]
    assert ("deployment/taken-spot" in said, shared.sizes("taken-spot")) == (True, [1])


def test_a_strangers_budget_over_the_pods_stays_the_only_one(shared: Space) -> None:
    guarded = with_room(shared, "guarded").deploy(1)
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "guarded"}}}
    shared.create(
        {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "theirs"}, "spec": spec}
    )
    guarded.create(3, capacity("eks"))
    guarded.wait_until_split(1, 2)
    said = shared.wait_for_condition("guarded", "SplitReady", "ForeignDisruptionBudget")["message"]
    assert ("poddisruptionbudget/theirs" in said, "guarded-pool" in budgets(shared)) == (True, False)


# Observe


def test_observe_makes_no_sibling_and_no_budget(shared: Space) -> None:
    watched = with_room(shared, "watched").deploy(2)
    watched.create(4, capacity("eks"), mode="Observe")
    eventually(lambda: shared.status("watched").get("desiredReplicas") == 4, "it says what it would do")
    let_pass(2)
    made = [name for name in (*shared.record.deployments, *budgets(shared)) if name.startswith("watched")]
    assert (shared.sizes("watched"), made) == ([2], ["watched"])


# What cannot be had


def test_a_template_that_no_node_can_match_is_said_and_is_no_stock_out(shared: Space) -> None:
    wrong = with_room(shared, "wrong").deploy(1)
    wrong.unlabel()
    wrong.create(4, capacity("eks", after=SOON))
    said = shared.wait_for_condition("wrong", "SplitReady", "SpotMisconfigured")["message"]
    let_pass(4)
    assert ("didn't match Pod's node affinity/selector" in said, shared.sizes("wrong")) == (True, [1])


@pytest.mark.lasts(12)
def test_a_quota_that_refuses_spot_pods_is_a_shortage_and_is_repeated(space: Space) -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "gpus"}}
    space.create(quota | {"spec": {"hard": {"requests.nvidia.com/gpu": "3"}}})
    chat = with_room(space, "chat").deploy(1)
    space.operate().wait_until_leading()
    chat.create(5, capacity("eks", after=SOON))
    space.wait_for_size("chat", 3)
    said = space.wait_for_condition("chat", "SplitReady", "SpotShort")["message"]
    let_pass(3)
    assert ("exceeded quota: gpus" in said, space.sizes("chat"), space.sizes("chat-spot")) == (True, [1, 3], [4])


@pytest.mark.lasts(15)
def test_on_demand_that_cannot_be_had_overflows_to_spot(shared: Space) -> None:
    scarce = with_room(shared, "scarce", on_demand=1).deploy(1)
    scarce.create(5, capacity("eks", {"base": 3}), startup={"timeout": "3s"})
    shared.wait_for_size("scarce", 3)
    shared.wait_for_size("scarce-spot", 4)
    said = shared.wait_for_condition("scarce", "SplitReady", "OnDemandShort")["message"]
    eventually(lambda: scarce.ready.count == 5, "as many as are wanted are ready")
    assert ("Insufficient nvidia.com/gpu" in said, shared.size("scarce")) == (True, 3)
