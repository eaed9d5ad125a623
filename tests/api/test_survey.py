"""What is kept of a pod and a node with GPUs."""

from decimal import Decimal

from builders import at
from poolkeeper.api.survey import GpuNode, GpuPod, Scaler, Survey

ONE = (("nvidia.com/gpu", Decimal(1)),)


def pod(**given):
    return GpuPod(**{"namespace": "models", "name": "chat-0", "uid": "u", "created_at": at(0)} | given)


def test_a_pod_without_a_node_is_pending():
    assert (pod().pending, pod(node="gpu-0").pending) == (True, False)


def test_devices_are_counted_as_the_node_has_them():
    shared = GpuNode("gpu-0", {"nvidia.com/gpu.replicas": "4"}, devices=(("nvidia.com/gpu", Decimal(4)),))
    assert pod(devices=ONE).gpus(shared) == Decimal("0.25")


def test_a_claim_s_devices_are_added():
    assert pod(devices=ONE, claims={"two": Decimal(2)}).gpus(None) == 3


def test_a_claim_alone_is_enough():
    assert pod(claims={"two": Decimal(2)}).gpus(None) == 2


def test_a_claim_that_nobody_tells_of_is_unknown():
    assert pod(devices=ONE, claims=None).gpus(None) is None


def test_devices_that_the_node_does_not_explain_are_unknown():
    assert pod(devices=(("nvidia.com/gpu.shared", Decimal(1)),)).gpus(None) is None


def test_a_node_tells_what_it_came_with_and_what_is_left():
    node = GpuNode("gpu-0", devices=(("nvidia.com/gpu", Decimal(8)),), allocatable=(("nvidia.com/gpu", Decimal(7)),))
    assert (node.gpus, node.usable, node.place.node_gpus) == (8, 7, 8)


def test_a_node_without_gpus_has_none():
    assert (GpuNode("cpu-0").gpus, GpuNode("cpu-0").usable) == (0, 0)


def test_a_scaler_is_shown_with_its_bounds():
    assert Scaler("HPA", "models", "chat", "Deployment", "chat", 2, 8).shown == "HPA chat, 2 to 8"


def test_nobody_knows_a_node_that_was_not_read():
    assert Survey(at(0)).node_of(pod(node="gpu-0")) is None
