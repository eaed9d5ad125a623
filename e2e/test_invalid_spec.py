"""A spec that slipped past the schema, on a control plane of its own whose schema lets everything through."""

import copy
from collections.abc import Iterator

import pytest

from controlplane import ControlPlane
from fleet import FleetClient
from poolkeeper.api.crd import definition
from rig.ground import Ground
from rig.manifests import SHARED_NODES, deployment, pool
from rig.space import Space
from rig.waiting import eventually, let_pass

NOBODY = "http://127.0.0.1:1"  # no engine answers and no Prometheus is asked: what moves here moves by its bounds
WRONG = {"spec": {"minReplicas": "five"}}


def loosened() -> dict[str, object]:
    made = copy.deepcopy(definition())
    schema = made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return made


@pytest.fixture(scope="module")
def space() -> Iterator[Space]:
    with ControlPlane() as plane:
        plane.apply(loosened())
        plane.kubectl("wait", "--for=condition=Established", "crd/inferencepools.poolkeeper.io")
        plane.add_gpu_nodes(1, 50, labels=SHARED_NODES)
        made = Space(Ground(plane, FleetClient(NOBODY), NOBODY), "loosened")
        made.operate().wait_until_leading()
        yield made
        made.close()


def accepted(space: Space, *names: str) -> None:
    """Have pools of three replicas whose specs were accepted."""
    for name in names:
        space.create(deployment(name, 3), pool(name))
    for name in names:
        eventually(lambda name=name: space.status(name).get("acceptedSpec"), f"{name} was accepted")


def spoil(space: Space, name: str) -> dict[str, str]:
    space.api.patch(space.path("InferencePool", name), WRONG)
    return dict(space.wait_for_condition(name, "ScalingActive", "InvalidSpec"))


def test_it_keeps_its_size_and_is_named_while_the_one_beside_it_scales(space: Space) -> None:
    accepted(space, "bad", "good")
    found = spoil(space, "bad")
    space.api.patch(space.path("InferencePool", "good"), {"spec": {"minReplicas": 5}})
    space.wait_for_size("good", 5)
    assert ("spec.minReplicas" in found["message"], space.sizes("bad")) == (True, [3])


def test_the_last_good_spec_is_in_force_also_after_a_restart(space: Space) -> None:
    accepted(space, "kept")
    spoil(space, "kept")
    space.operators[-1].kill()
    space.operate().wait_until_leading()
    space.api.patch(f"{space.path('Deployment', 'kept')}/scale", {"spec": {"replicas": 1}})
    eventually(lambda: space.sizes("kept") == [3, 1, 3], "the last good spec's floor holds")


def test_a_pool_that_never_had_a_good_spec_changes_nothing_and_says_so(space: Space) -> None:
    space.create(deployment("hopeless", 3), pool("hopeless", minReplicas="five"))
    space.wait_for_condition("hopeless", "Ready", "InvalidSpec")
    let_pass(2)
    assert (space.sizes("hopeless"), space.status("hopeless").get("desiredReplicas")) == ([3], None)
