"""R6: who goes first, and whether they may go yet. One operator for all of these; each has a target of its own.

In flight is what the pretended pods show as running; a grace of 1 s, so that the drain alone keeps a pool.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from secrets import token_hex
from typing import Any

import pytest

from controlplane import KubectlError
from fleet import Fault
from rig import audit
from rig.api import ApiError, collection
from rig.commons import common
from rig.ground import Ground
from rig.install import Installation, installed
from rig.manifests import loading, pool, published
from rig.space import Space
from rig.spot import SpotPool
from rig.waiting import eventually, let_pass

Json = dict[str, Any]

COST = "controller.kubernetes.io/pod-deletion-cost"
HOLDING, LONG = 500, 1500
GRACE, DEADLINE, SLACK = 1, 4, 0.5
BURST = "step:5:0.3:3"
"""Five requests a second for three seconds, then one every three; an answer of the usual length takes 5.4 s."""
STOP = 15
"""So long a pod that is told to end answers what came to it since it was seen idle."""


@pytest.fixture
def space(ground: Ground) -> Iterator[Space]:
    with common(ground, "drain") as made:
        yield made


@pytest.fixture
def alone(ground: Ground) -> Iterator[Space]:
    """A namespace of one test's own."""
    made = Space(ground, f"drain-{token_hex(3)}")
    yield made
    made.close()


def have(space: Space, name: str, in_flight: list[int], deadline: str = "1h", **spec: object) -> list[str]:
    """Have a target whose pods run so many requests, and a pool that wants one fewer; return the pods' names."""
    space.deploy(name, len(in_flight))
    names = [one.name for one in space.pods(name)]
    show(space, name, dict(zip(names, in_flight, strict=True)))
    drain = {"drain": {"deadline": deadline}}
    space.create(pool(name, published(f"{GRACE}s"), **({"minReplicas": len(in_flight) - 1} | drain | spec)))
    return names


def show(space: Space, name: str, in_flight: dict[str, int]) -> None:
    """Let pods run so many requests each."""
    for one, count in in_flight.items():
        space.fleet.running(space.workload(name), count, pod=one)


def left(space: Space, name: str) -> set[str]:
    return {one.name for one in space.pods(name)}


def has_ended(space: Space, name: str) -> bool:
    """Return whether no more than two of a workload's pods are there, those that are ending too."""
    return len(space.api.get(f"{collection('Pod', space.name)}?labelSelector=app%3D{name}")["items"]) == 2


def watched(space: Space, kind: str) -> list[Json]:
    """Return a list to which a real watch adds every version of the namespace's objects of a kind."""
    seen: list[Json] = []

    def follow() -> None:
        with suppress(ApiError, OSError, ValueError):
            for event in space.api.watch(collection(kind, space.name)):
                seen.append(event["object"])  # noqa: PERF401  others read it while it grows

    threading.Thread(target=follow, daemon=True).start()
    return seen


def first(seen: list[Json], name: str, holds: Callable[[Json], bool]) -> Json:
    """Return the first version of an object of which something holds."""
    return eventually(
        lambda: next((one for one in seen if one["metadata"]["name"] == name and holds(one)), None), f"{name} seen so"
    )


def is_marked(pod: Json) -> bool:
    return COST in pod["metadata"].get("annotations", {})


def version(thing: Json) -> int:
    return int(thing["metadata"]["resourceVersion"])


def writes(space: Space, name: str) -> list[str]:
    """Return the marks and sizes that were written for a workload, in order, by the API server's own log."""
    told = [one for one in audit.requests(space.ground.cluster, "admin") if one.namespace == space.name]
    found = (one for one in told if one.verb == "patch" and one.name.startswith(name))
    return [f"{one.resource}/{one.name}" for one in found if one.resource in {"pods", "deployments/scale"}]


def events(space: Space, name: str) -> list[str]:
    """Return the reasons of a pool's events."""
    found = space.api.get(collection("Event", space.name))["items"]
    told = [one for one in found if one["involvedObject"]["kind"] == "InferencePool"]
    return [one["reason"] for one in told if one["involvedObject"]["name"] == name]


def forbid(ground: Ground, installation: Installation) -> None:
    """Take from an operator the right to patch pods."""
    path = f"/apis/rbac.authorization.k8s.io/v1/clusterroles/{installation.account}"
    rules = ground.api.get(path)["rules"]
    for rule in rules:
        if rule["resources"] == ["pods"]:
            rule["verbs"].remove("patch")
    ground.api.patch(path, {"rules": rules})
    asked = ("auth", "can-i", "patch", "pods", f"--as={installation.user}")
    eventually(lambda: is_refused(ground, asked), "the right is gone")


def waits(space: Space, name: str) -> str:
    """Return the tiers that the newest decision lets wait for an idle replica."""
    stages = space.explain(name).get("trail", ())
    return next((stage["inputs"]["busy"] or "" for stage in stages if stage["stage"] == "drain"), "")


def is_refused(ground: Ground, question: tuple[str, ...]) -> bool:
    """Return whether the API server says no; kubectl then ends with an error."""
    try:
        ground.cluster.kubectl(*question)
    except KubectlError:
        return True
    return False


def test_the_idle_replica_goes_and_is_marked_before(space: Space, subtests: pytest.Subtests) -> None:
    pods, deployments = watched(space, "Pod"), watched(space, "Deployment")
    busy, idle, other = have(space, "idle", [5, 0, 2])
    shrunk = first(deployments, "idle", lambda one: one["spec"]["replicas"] == 2)
    with subtests.test("it is the very pod"):
        eventually(lambda: left(space, "idle") == {busy, other}, "the idle one is gone")
    with subtests.test("a watch saw the mark first"):
        assert version(first(pods, idle, is_marked)) < version(shrunk)
    with subtests.test("one mark and one size were written"):
        assert writes(space, "idle") == [f"pods/{idle}", "deployments/scale/idle"]


def test_where_all_are_busy_the_least_busy_goes_at_the_deadline(space: Space, subtests: pytest.Subtests) -> None:
    began = time.monotonic()
    most, _, more = have(space, "forced", [9, 2, 5], f"{DEADLINE}s")
    shrunk = space.wait_for_size("forced", 2)
    with subtests.test("it waits for the deadline"):
        assert shrunk.at - began >= GRACE + DEADLINE - SLACK
    with subtests.test("the least busy goes"):
        eventually(lambda: left(space, "forced") == {most, more}, "the least busy is gone")
    with subtests.test("an event and the status say so"):
        eventually(lambda: events(space, "forced") == ["ForcedDrain"], "the event")
        eventually(lambda: space.status("forced").get("lastDecision", {}).get("reason") == "ForcedDrain", "the status")


def test_one_that_becomes_idle_meanwhile_goes_before_the_deadline(space: Space) -> None:
    names = have(space, "patient", [9, 2, 5])
    space.wait_for_reason("patient", "Draining")
    show(space, "patient", {names[0]: 0})
    space.wait_for_size("patient", 2)
    eventually(lambda: left(space, "patient") == set(names[1:]), "the one that became idle is gone")


def test_a_queue_that_comes_back_cancels_the_shrink(space: Space) -> None:
    have(space, "cancelled", [9, 2, 5])
    space.wait_for_reason("cancelled", "Draining")
    space.fleet.queue(space.workload("cancelled"), HOLDING)
    space.wait_for_reason("cancelled", "Steady")
    space.api.patch(space.path("InferencePool", "cancelled"), {"spec": {"drain": {"deadline": "1s"}}})
    let_pass(DEADLINE)
    assert (space.sizes("cancelled"), writes(space, "cancelled")) == ([3], [])


def test_where_no_source_tells_what_is_in_flight_nobody_is_waited_for(space: Space) -> None:
    source = space.series_of("untold")
    space.deploy("untold", 3)
    for one in space.pods("untold"):
        space.show_pod("untold", one.name, 0)
    space.fleet.running(space.workload("untold"), 9)
    queue = published(f"{GRACE}s", sources=[source])
    space.create(pool("untold", queue, minReplicas=2, drain={"deadline": "1h"}))
    space.wait_for_size("untold", 2)


def test_nothing_shrinks_in_the_middle_of_a_rollout(space: Space) -> None:
    seen = watched(space, "Deployment")
    have(space, "rolled", [0, 0, 0], minReplicas=3)
    space.wait_for_reason("rolled", "AtMinimum")
    template = {"metadata": {"annotations": loading(2)}}
    space.api.patch(space.path("Deployment", "rolled"), {"spec": {"template": template}})
    space.api.patch(space.path("InferencePool", "rolled"), {"spec": {"minReplicas": 2}})
    space.wait_for_reason("rolled", "RollingOut")
    shrunk = first(seen, "rolled", lambda one: one["spec"]["replicas"] == 2)
    assert (shrunk["status"]["replicas"], shrunk["status"]["updatedReplicas"]) == (3, 3)


def test_where_pods_may_not_be_marked_nothing_shrinks_and_growth_goes_on(
    ground: Ground, alone: Space, subtests: pytest.Subtests
) -> None:
    with installed(ground.cluster, alone.name) as installation:
        forbid(ground, installation)
        alone.operate(*installation.arguments, kubeconfig=installation.kubeconfig).wait_until_leading()
        have(alone, "chat", [9, 0, 5])
        told = alone.wait_for_condition("chat", "AbleToScale", "DeletionCostRefused")
        with subtests.test("in the words of the API server"):
            assert "cannot patch resource" in told["message"]
        alone.fleet.queue(alone.workload("chat"), LONG)
        alone.wait_for_size("chat", 4)
        with subtests.test("it grows, and never shrank"):
            assert alone.sizes("chat")[:2] == [3, 4]


@pytest.mark.lasts(20)
def test_what_goes_back_to_spot_waits_for_an_idle_replica_and_a_silent_one_counts_as_busy(alone: Space) -> None:
    chat, workload = SpotPool(alone).begin(), alone.workload("chat")
    alone.api.patch(alone.path("InferencePool", "chat"), {"spec": {"drain": {"deadline": "1h"}}})
    alone.fleet.running(workload, 9)
    chat.lose(1)
    chat.wait_until_split(2, 4)
    idle, silent = sorted(pod["metadata"]["name"] for pod in chat.pods("chat"))
    for one in (idle, silent):
        alone.fleet.fault(workload, Fault.REFUSED, pod=one)
    eventually(lambda: waits(alone, "chat") == "on-demand", "the way back waits")
    let_pass(3)
    assert alone.size("chat") == 2
    show(alone, "chat", {idle: 0})
    alone.fleet.fault(workload, Fault.SLOW, pod=idle, delay=0)  # it answers again, and the other does not
    eventually(lambda: [pod["metadata"]["name"] for pod in chat.pods("chat")] == [silent], "the idle one is gone")


@pytest.mark.lasts(25)
def test_requests_are_cut_off_only_where_nobody_waits_for_them(space: Space) -> None:
    """A burst that ebbs away, over two pools that shrink by three steps: one drains, one kills at once."""
    stops = {"drained": STOP, "killed": 0}
    for name, stop in stops.items():
        space.deploy(name, 5, annotations={"poolkeeper.dev/stop-ms": str(1000 * stop)})
    for name, deadline in {"drained": "5m", "killed": "0s"}.items():
        space.fleet.load(space.workload(name), BURST)
        space.create(pool(name, published(f"{GRACE}s"), drain={"deadline": deadline}))
    for name in stops:
        space.wait_for_size(name, 2)
        eventually(partial(has_ended, space, name), f"{name} has ended three pods")
    cut_off = {name: space.fleet.report(space.workload(name)).cut_off for name in stops}
    print(f"requests cut off: {cut_off}")
    assert (cut_off["drained"], cut_off["killed"] > 0) == (0, True)
