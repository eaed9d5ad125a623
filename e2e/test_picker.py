"""The queue as an endpoint picker knows it: what it holds back and what waits at its model servers, in either version.

The picker's pod is a pretended one; its page is served at that pod's own address.
"""

import pytest

from rig.manifests import pool, published
from rig.picker import V1, V1ALPHA2, Picker
from rig.space import Space

pytestmark = pytest.mark.lasts(25)


def start(space: Space, picker: Picker, replicas: int = 2, **source: object) -> None:
    """Make a pool that is sized by the picker alone."""
    space.deploy(picker.name, replicas)
    known = picker.source
    known["endpointPicker"] |= source
    space.create(pool(picker.name, published(sources=[known]), minReplicas=replicas))


def wait_for(space: Space, name: str, reason: str) -> str:
    """Return what MetricsAvailable says once it has this reason."""
    return str(space.wait_for_condition(name, "MetricsAvailable", reason)["message"])


@pytest.mark.parametrize(("version", "name"), [(V1, "picked"), (V1ALPHA2, "picked-old")])
def test_flow_control_and_the_servers_queues_are_added(shared: Space, version: str, name: str) -> None:
    with Picker(shared, name, version) as picker:
        picker.show(held=700, waiting=800)
        start(shared, picker)
        shared.wait_for_size(name, 3)
        picker.show(held=200, waiting=300)
        shared.wait_until(lambda: shared.explain(name).get("queue") == 500, "the shorter queue is seen")
        assert shared.sizes(name) == [2, 3]
        picker.show()
        shared.wait_for_fall(name)


def test_an_outage_holds_the_size_until_the_picker_is_back(shared: Space) -> None:
    with Picker(shared, "picked-outage") as picker:
        start(shared, picker)
        wait_for(shared, picker.name, "AsExpected")
        picker.leave()
        wait_for(shared, picker.name, "MetricRefused")
        picker.show(held=1500)
        picker.serve()
        shared.wait_for_size(picker.name, 3)


def test_a_slow_picker_is_not_waited_for(shared: Space) -> None:
    with Picker(shared, "picked-slow") as picker:
        start(shared, picker)
        wait_for(shared, picker.name, "AsExpected")
        picker.hang()
        wait_for(shared, picker.name, "MetricTimeout")
        picker.free()
        wait_for(shared, picker.name, "AsExpected")
        assert shared.sizes(picker.name) == [2]


def test_a_wrong_token_is_said_and_the_right_one_is_taken(shared: Space) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "picked-token"}}
    keys = {"wrong": "n0", "right": "s3cr3t"}
    shared.api.post(f"/api/v1/namespaces/{shared.name}/secrets", {**secret, "stringData": keys})
    with Picker(shared, "picked-token") as picker:
        picker.token = keys["right"]
        start(shared, picker, tokenSecretRef={"name": "picked-token", "key": "wrong"})
        said = wait_for(shared, picker.name, "MetricRefused")
        assert "answered 401: it wants another token (tokenSecretRef)" in said
        source = picker.source
        source["endpointPicker"]["tokenSecretRef"] = {"name": "picked-token", "key": "right"}
        spec = {"spec": {"queue": published(sources=[source])}}
        shared.api.patch(shared.path("InferencePool", picker.name), spec)
        wait_for(shared, picker.name, "AsExpected")


def test_a_blind_picker_is_not_an_empty_queue(shared: Space) -> None:
    with Picker(shared, "picked-blind") as picker:
        picker.show(held=50, ready=0)
        start(shared, picker)
        said = wait_for(shared, picker.name, "PodsSilent")
        assert "the picker has figures of 0 of 2 ready pods" in said
        picker.show(held=1500, ready=0)
        shared.wait_for_size(picker.name, 3)


def test_pods_that_the_selector_leaves_out_are_told_by_label(shared: Space) -> None:
    selector = {"app": "picked-apart", "tier": "gold"}
    with Picker(shared, "picked-apart", selector=selector) as picker:
        start(shared, picker)
        said = wait_for(shared, picker.name, "PodsNotPicked")
        assert "pods of picked-apart lack tier=gold" in said


def test_a_pool_without_pods_comes_back_for_what_the_picker_holds(shared: Space) -> None:
    with Picker(shared, "picked-none") as picker:
        picker.show(ready=0)
        start(shared, picker, replicas=0)
        wait_for(shared, picker.name, "AsExpected")
        picker.show(held=3, ready=0)
        shared.wait_for_size(picker.name, 1)
