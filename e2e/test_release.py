"""`poolkeeper release`: a workload is given back whole, and nothing of ours is left on it."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from rig.api import collection
from rig.commons import common
from rig.ground import Ground
from rig.manifests import deployment, pool, published
from rig.operators import POOLKEEPER
from rig.space import Space
from rig.spot import SpotPool
from rig.waiting import PATIENCE, eventually

pytestmark = [pytest.mark.xdist_group("release"), pytest.mark.lasts(20)]

Json = dict[str, Any]
OURS = re.compile(r"poolkeeper\.io/|\"manager\": \"poolkeeper\"|pod-deletion-cost")
MARKS = {"poolkeeper.io/cost-per-hour": "3.00", "controller.kubernetes.io/pod-deletion-cost": "-2147483648"}
KINDS = ("Deployment", "ReplicaSet", "Pod", "PodDisruptionBudget", "InferencePool")


def release(space: Space, name: str, *options: str, code: int = 0) -> str:
    """Release a pool as a person would, and return what that printed."""
    command = [str(POOLKEEPER), "release", name, "-n", space.name, "--yes", *options]
    kubeconfig = ["--kubeconfig", str(space.ground.cluster.kubeconfig)]
    done = subprocess.run([*command, *kubeconfig], capture_output=True, text=True, check=False, timeout=3 * PATIENCE)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def traces(space: Space, name: str) -> list[str]:
    """Return the objects of a workload that bear anything of ours, with what it is."""
    found = [one for kind in KINDS for one in space.api.get(collection(kind, space.name))["items"] if about(one, name)]
    said = [(one["metadata"]["name"], OURS.findall(json.dumps(one))) for one in found]
    return [f"{named}: {marks}" for named, marks in said if marks]


def about(thing: Json, name: str) -> bool:
    return bool(re.match(rf"{name}(-|$)", thing["metadata"]["name"]))


def mark(split: SpotPool) -> None:
    """Write on the target and a pod of it what the operator writes hourly, and before a shrink."""
    pod = split.space.path("Pod", split.pods(split.name)[0]["metadata"]["name"])
    for path in (pod, split.space.path("Deployment", split.name)):
        split.space.api.patch(f"{path}?fieldManager=poolkeeper", {"metadata": {"annotations": MARKS}})


class Released(NamedTuple):
    """A split pool that was released: since when, and what that printed."""

    split: SpotPool
    before: float
    said: str


@pytest.fixture(scope="module")
def whole(ground: Ground) -> Iterator[Released]:
    """A split pool that bears all that we ever write, released while its operator runs."""
    with common(ground, "shared") as space, SpotPool(space, "given-back").begin() as made:
        mark(made)
        before = time.monotonic()
        looked = release(space, "given-back", "--dry-run")
        assert "releasing" not in json.dumps(space.api.get(space.path("InferencePool", "given-back")))
        yield Released(made, before, looked + release(space, "given-back"))


def test_ready_replicas_never_fall_below_the_size_that_there_was(whole: Released) -> None:
    assert (whole.split.ready.least_since(whole.before), whole.split.on_demand[-1]) == (5, 5)


def test_nothing_of_ours_is_left(whole: Released) -> None:
    space, sibling = whole.split.space, whole.split.sibling
    eventually(lambda: not space.record.newest("Deployment", sibling), "the sibling is gone")
    eventually(lambda: len(whole.split.pods()) == 5, "its pods are gone")
    assert traces(space, "given-back") == []


def test_what_was_done_and_is_to_be_done_is_told(whole: Released) -> None:
    told = ("paused at 5 replicas", "given-back-spot: removed", "serves with 5 replicas", "replicas: 5; and take")
    assert [one for one in told if one not in whole.said] == []


@pytest.fixture(scope="module")
def halted(ground: Ground) -> Iterator[Released]:
    """One whose on-demand node takes nobody: the first run waits and ends, the second goes on."""
    with common(ground, "shared") as space, SpotPool(space, "halted").begin() as made:
        node = f"/api/v1/nodes/{made.pods('halted')[0]['spec']['nodeName']}"
        space.api.patch(node, {"spec": {"unschedulable": True}})
        before = time.monotonic()
        said = release(space, "halted", "--timeout", "2s", code=2)
        space.api.patch(node, {"spec": {"unschedulable": None}})
        release(space, "halted")
        yield Released(made, before, said)


def test_on_demand_that_is_short_is_waited_for_and_told(halted: Released) -> None:
    assert "not within --timeout: 1 of 5 of halted ready" in " ".join(halted.said.split())


def test_until_when_it_stays_paused_is_told(halted: Released) -> None:
    assert re.search(r"ipool/halted stays paused until \d{4}-\d\d-\d\dT", halted.said)


def test_a_release_goes_on_where_it_ended(halted: Released) -> None:
    assert (halted.split.ready.least_since(halted.before), halted.split.on_demand) == (5, [1, 5])


def templated(name: str) -> Json:
    """Return a pool whose Deployment ends with it."""
    template = deployment(name, 0)["spec"]["template"]
    made = pool(name, published(grace="10m"), template=template, deletionPolicy="Delete")
    del made["spec"]["targetRef"]
    return made


def test_a_deployment_that_would_end_with_its_pool_stays(shared: Space) -> None:
    shared.create(templated("kept-on"))
    eventually(lambda: owned(shared, "kept-on"), "the Deployment is the pool's")
    shared.wait_until_ready("kept-on", 2)
    release(shared, "kept-on")
    assert (owned(shared, "kept-on"), shared.size("kept-on")) == ([], 2)


def owned(space: Space, name: str) -> list[Json]:
    """Return the owners of a Deployment."""
    found = space.record.newest("Deployment", name)
    owners: list[Json] = found["metadata"].get("ownerReferences", []) if found else []
    return owners


def test_a_pool_that_is_kept_only_watches(shared: Space) -> None:
    shared.deploy("watched-on")
    shared.create(pool("watched-on", published(grace="10m")))
    eventually(lambda: shared.status("watched-on"), "it was looked at")
    release(shared, "watched-on", "--keep-pool")
    left = shared.api.get(shared.path("InferencePool", "watched-on"))
    assert (left["spec"]["mode"], "releasing" in json.dumps(left["metadata"].get("annotations"))) == ("Observe", False)
