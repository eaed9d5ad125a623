"""What stands in the way of a split, and what cannot be had: said with somebody's own words, and nothing made worse."""

import shlex

from rig.api import collection
from rig.manifests import deployment
from rig.space import Space
from rig.spot import SpotPool, capacity
from rig.waiting import eventually, let_pass

SOON = "1s"
UNMATCHED, NO_GPU = "didn't match Pod's node affinity/selector", "Insufficient nvidia.com/gpu"


def with_room(space: Space, name: str, on_demand: int = 10) -> SpotPool:
    """Return a pool to be, on one node of each kind."""
    made = SpotPool(space, name)
    made.add_nodes("on-demand", 1, gpus=on_demand)
    made.add_nodes("spot", 1, gpus=10)
    return made


def said(space: Space, name: str, reason: str) -> str:
    """Wait until SplitReady has this reason, and return what it says besides."""
    return str(space.wait_for_condition(name, "SplitReady", reason)["message"])


def budgets(space: Space) -> list[str]:
    found = space.api.get(collection("PodDisruptionBudget", space.name))["items"]
    return [one["metadata"]["name"] for one in found]


# The target


def test_an_unpinned_target_is_split_once_the_patch_that_is_given_was_applied(shared: Space) -> None:
    with with_room(shared, "free") as free:
        shared.create(deployment("free", 2, nodes=free.nodes))
        free.create(3, capacity("eks"))
        advice = said(shared, "free", "TargetNotPinned")
        before = free.spot
        program, *command = shlex.split(advice[advice.index("kubectl ") :])
        shared.ground.cluster.kubectl(*command)
        free.wait_until_split(1, 2)
        assert (program, before) == ("kubectl", [])


# Strangers


def test_a_strangers_deployment_of_the_siblings_name_is_left_alone(shared: Space) -> None:
    shared.deploy("taken-spot", 1)
    with with_room(shared, "taken").deploy() as taken:
        taken.create(3, capacity("eks"))
        shared.wait_for_size("taken", 3)
        words = said(shared, "taken", "SiblingTaken")
        assert ("deployment/taken-spot" in words, taken.spot) == (True, [1])


def test_a_strangers_budget_over_the_pods_stays_the_only_one(shared: Space) -> None:
    with with_room(shared, "guarded").deploy() as guarded:
        spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "guarded"}}}
        shared.create({"kind": "PodDisruptionBudget", "metadata": {"name": "theirs"}, "spec": spec})
        guarded.create(3, capacity("eks"))
        guarded.wait_until_split(1, 2)
        words = said(shared, "guarded", "ForeignDisruptionBudget")
        assert ("poddisruptionbudget/theirs" in words, "guarded-pool" in budgets(shared)) == (True, False)


# Observe


def test_observe_makes_no_sibling_and_no_budget(shared: Space) -> None:
    with with_room(shared, "watched").deploy(2) as watched:
        watched.create(4, capacity("eks"), mode="Observe")
        eventually(lambda: shared.status("watched").get("desiredReplicas") == 4, "it says what it would do")
        let_pass(2)
        assert (watched.on_demand, watched.spot, "watched-pool" in budgets(shared)) == ([2], [], False)


# What cannot be had. What counts by the clock is hurried once the rest has come about.


def test_a_template_that_no_node_can_match_is_said_and_is_no_stock_out(shared: Space) -> None:
    with with_room(shared, "wrong").deploy() as wrong:
        wrong.unlabel()
        wrong.create(4, capacity("eks"))
        words = said(shared, "wrong", "SpotMisconfigured")
        wrong.change(capacity=capacity("eks", after=SOON))
        let_pass(4)
        assert (UNMATCHED in words, wrong.on_demand, wrong.spot) == (True, [1], [3])


def test_a_quota_that_refuses_spot_pods_is_a_shortage_and_is_repeated(space: Space) -> None:
    quota = {"kind": "ResourceQuota", "metadata": {"name": "gpus"}}
    space.create(quota | {"spec": {"hard": {"requests.nvidia.com/gpu": "3"}}})
    with with_room(space, "chat").deploy() as chat:
        space.operate().wait_until_leading()
        chat.create(5, capacity("eks"))
        eventually(lambda: chat.ready.count == 3, "as many as the quota allows")
        chat.change(capacity=capacity("eks", after=SOON))
        space.wait_for_size("chat", 3)
        words = said(space, "chat", "SpotShort")
        let_pass(3)
        assert ("exceeded quota: gpus" in words, chat.on_demand[-1], chat.spot) == (True, 3, [4])


def test_on_demand_that_cannot_be_had_overflows_to_spot(shared: Space) -> None:
    with with_room(shared, "scarce", on_demand=1).deploy() as scarce:
        scarce.create(5, capacity("eks", {"base": 3}))
        eventually(lambda: scarce.ready.count == 3, "what there is room for")
        scarce.change(startup={"timeout": "5s"})
        shared.wait_for_size("scarce-spot", 4)
        words = said(shared, "scarce", "OnDemandShort")
        eventually(lambda: scarce.ready.count == 5, "as many as are wanted are ready")
        assert (NO_GPU in words, scarce.on_demand[-1]) == (True, 3)
