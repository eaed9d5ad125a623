"""What the Karpenter beside a plane promises: real nodes for pending pods, a cloud that takes back and runs out."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from controlplane import Cluster, ControlPlane
from controlplane.karpenter import Karpenter
from controlplane.offerings import CAPACITY_TYPES, InstanceType, Stock
from controlplane.readiness import wait_for

SOON = timedelta(seconds=20)


@pytest.fixture(scope="module")
def karpenter() -> Iterator[Karpenter]:
    """A plane of its own: its pods wait for Karpenter's nodes alone, and other tests' pods get none of them."""
    with ControlPlane() as booted, booted.karpenter(forgets=timedelta(milliseconds=100)) as running:
        yield running


@pytest.fixture(scope="module")
def cluster(karpenter: Karpenter) -> Cluster:
    return karpenter.cluster


@pytest.fixture(scope="module")
def split(cluster: Cluster) -> Cluster:
    """Two replicas on spot and one on demand, all ready."""
    cluster.apply(deployment("spot", 2), deployment("on-demand", 1))
    for name in CAPACITY_TYPES:
        cluster.kubectl("rollout", "status", f"deployment/{name}", "--timeout=30s")
    return cluster


def deployment(capacity_type: str, replicas: int) -> dict[str, Any]:
    container = {"name": "engine", "image": "vllm:1", "resources": {"limits": {"nvidia.com/gpu": "1"}}}
    annotations = {"poolkeeper.dev/load-ms": "0", "poolkeeper.dev/stop-ms": "0"}
    spec = {"containers": [container], "nodeSelector": {"karpenter.sh/capacity-type": capacity_type}}
    labels = {"app": capacity_type}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": capacity_type, "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels, "annotations": annotations}, "spec": spec},
        },
    }


def told(cluster: Cluster, reason: str) -> list[dict[str, Any]]:
    """The events of a reason that Karpenter has sent, whatever they are about."""
    events = cluster.get("events", "-A", f"--field-selector=reason={reason}")["items"]
    return [event for event in events if event.get("reportingComponent") == "karpenter"]


def kinds(events: list[dict[str, Any]]) -> set[str]:
    return {event["involvedObject"]["kind"] for event in events}


@pytest.mark.cluster
@pytest.mark.parametrize("capacity_type", CAPACITY_TYPES)
def test_each_replica_gets_a_node_of_its_capacity_type(karpenter, split, capacity_type):
    pods = split.get("pods", "-l", f"app={capacity_type}")["items"]
    assert sorted(pod["spec"]["nodeName"] for pod in pods) == sorted(karpenter.nodes(capacity_type))


@pytest.mark.cluster
def test_its_nodes_are_registered_and_initialized(karpenter, split):
    labels = split.get("node", karpenter.nodes("on-demand")[0])["metadata"]["labels"]
    assert labels["karpenter.sh/registered"] == labels["karpenter.sh/initialized"] == "true"


@pytest.mark.cluster
def test_its_nodes_tell_their_whole_capacity(karpenter, split):
    status = split.get("node", karpenter.nodes("on-demand")[0])["status"]
    assert status["capacity"] == status["allocatable"]


@pytest.mark.cluster
def test_an_announced_interruption_is_told_on_node_and_claim_and_changes_nothing_yet(karpenter, split):
    node = karpenter.nodes("on-demand")[0]
    karpenter.announce([node])
    assert kinds(told(split, "SpotInterrupted")) == {"NodeClaim", "Node"}
    assert "taints" not in split.get("node", node)["spec"]


@pytest.mark.cluster
def test_an_interrupted_node_is_tainted_drained_and_replaced(karpenter, split):
    before = set(karpenter.nodes("spot"))
    lost = min(before)
    karpenter.interrupt([lost])
    taints = [taint["key"] for taint in split.get("node", lost)["spec"].get("taints", [])]
    split.kubectl("wait", "--for=delete", f"node/{lost}", "--timeout=30s")
    wait_for(lambda: len(karpenter.nodes("spot")) == 2, "a new node", SOON)
    assert taints == ["karpenter.sh/disrupted"]
    assert before - set(karpenter.nodes("spot")) == {lost}
    assert kinds(told(split, "TerminatingOnInterruption")) == {"NodeClaim", "Node"}


@pytest.mark.cluster
def test_a_cloud_out_of_stock_refuses_the_launch_and_keeps_what_runs(karpenter, split):
    running = karpenter.nodes("on-demand")
    karpenter.stock_out("on-demand")
    split.kubectl("scale", "deployment/on-demand", "--replicas=2")
    wait_for(lambda: bool(told(split, "InsufficientCapacityError")), "the refusal", SOON)
    assert karpenter.nodes("on-demand") == running
    karpenter.restock("on-demand")
    refused = told(split, "InsufficientCapacityError")[0]["involvedObject"]["name"]
    split.kubectl("wait", "--for=delete", f"nodeclaim/{refused}", "--timeout=10s")
    # A pod that is new is looked at now, one that waits in ten seconds.
    split.kubectl("delete", "pods", "-l", "app=on-demand", "--field-selector=status.phase=Pending", "--wait=false")
    split.kubectl("rollout", "status", "deployment/on-demand", "--timeout=40s")


def test_an_offering_is_out_of_stock_in_the_zones_named_alone(tmp_path):
    stock = Stock(tmp_path / "types.json")
    stock.fill([InstanceType(zones=("a", "b"))])
    stock.change("spot", ["b"], available=False)
    assert (tmp_path / "types.json").read_text().count('"Available": false') == 1


def test_what_nobody_sells_cannot_run_out(tmp_path):
    stock = Stock(tmp_path / "types.json")
    stock.fill([InstanceType()])
    with pytest.raises(LookupError, match="no offering is reserved in any zone"):
        stock.change("reserved", [], available=False)
