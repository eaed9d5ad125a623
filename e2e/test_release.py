"""`poolkeeper release`: a workload is given back whole, and nothing of ours is left on it."""

import json
import re
import subprocess
import time
from typing import Any

import pytest

from rig.api import collection
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


@pytest.fixture(scope="module")
def split(ground):  # noqa: ANN001, ANN201  a generator of the module's pool
    """A split pool that bears all that we ever write, released while its operator runs."""
    from rig.commons import common  # noqa: PLC0415

    with common(ground, "shared") as space, SpotPool(space, "given-back").begin() as made:
        mark(made)
        before = time.monotonic()
        said = release(space, "given-back")
        yield made, before, said


def test_ready_replicas_never_fall_below_the_size_that_there_was(split) -> None:  # noqa: ANN001
    made, before, _ = split
    assert (made.ready.least_since(before), made.on_demand[-1]) == (5, 5)


def test_nothing_of_ours_is_left(split) -> None:  # noqa: ANN001
    made, _, _ = split
    eventually(lambda: not made.space.record.newest("Deployment", made.sibling), "the sibling is gone")
    assert traces(made.space, "given-back") == []


def test_what_was_done_and_is_to_be_done_is_told(split) -> None:  # noqa: ANN001
    _, _, said = split
    told = ("paused at 5 replicas", "given-back-spot: removed", "serves with 5 replicas", "replicas: 5; and take")
    assert [one for one in told if one not in said] == []
