"""A spec that slipped past the schema, on a control plane of its own whose schema lets everything through."""

import copy
import json
from collections.abc import Iterator

import pytest

from controlplane import Cluster, ControlPlane, KubectlError
from fleet import FleetClient
from poolkeeper.api.crd import definition
from rig.ground import Ground
from rig.manifests import SHARED_NODES, deployment, pool
from rig.space import Space
from rig.waiting import eventually

NOBODY = "http://127.0.0.1:1"  # no engine answers and no Prometheus is asked: what moves here moves by its bounds
WRONG = {"spec": {"minReplicas": "five"}}


def loosened() -> dict[str, object]:
    made = copy.deepcopy(definition())
    schema = made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return made


@pytest.fixture
def space() -> Iterator[Space]:
    with ControlPlane() as plane:
        plane.define("-f", "-", input=json.dumps(loosened()))
        eventually(lambda: answers(plane), "the new kind is served")
        plane.add_gpu_nodes(1, 50, labels=SHARED_NODES)
        made = Space(Ground(plane, FleetClient(NOBODY), NOBODY), "loosened")
        yield made
        made.close()


def answers(plane: Cluster) -> bool:
    """Return whether pools can be listed: a kind that was just made is not ready for that at once."""
    try:
        return plane.get("ipool", "--all-namespaces")["items"] == []
    except KubectlError:
        return False


def spoil(space: Space, name: str) -> str:
    """Give a pool a spec that cannot be accepted, once it had one that could; return what is said of it."""
    eventually(lambda: space.status(name).get("acceptedSpec"), f"{name} was accepted")
    space.api.patch(space.path("InferencePool", name), WRONG)
    return str(space.wait_for_condition(name, "ScalingActive", "InvalidSpec")["message"])


def test_it_is_named_and_keeps_its_size_or_the_last_good_spec_while_the_one_beside_it_scales(space: Space) -> None:
    for name in ("bad", "good", "hopeless"):
        space.create(deployment(name, 3))
    space.create(pool("bad"), pool("good"), pool("hopeless", minReplicas="five"))
    space.operate().wait_until_leading()
    message = spoil(space, "bad")
    space.api.patch(space.path("InferencePool", "good"), {"spec": {"minReplicas": 5}})
    space.wait_for_size("good", 5)
    assert ("spec.minReplicas" in message, space.sizes("bad")) == (True, [3])

    space.operators[-1].kill()
    space.operate().wait_until_leading()
    space.api.patch(f"{space.path('Deployment', 'bad')}/scale", {"spec": {"replicas": 1}})
    eventually(lambda: space.sizes("bad") == [3, 1, 3], "the last good spec's floor holds, also after a restart")

    assert space.condition("hopeless", "Ready")["reason"] == "InvalidSpec"
    assert (space.sizes("hopeless"), space.status("hopeless").get("desiredReplicas")) == ([3], None)
