"""Nodes as clouds bring them, and what can befall them."""

from datetime import timedelta
from typing import Any

import pytest

from controlplane import Cluster
from controlplane.nodes import PROVIDERS, provider_nodes
from controlplane.readiness import wait_for

TAINTS = {
    "eks": [],
    "gke": [{"key": "cloud.google.com/gke-spot", "value": "true", "effect": "NoSchedule"}],
    "aks": [{"key": "kubernetes.azure.com/scalesetpriority", "value": "spot", "effect": "NoSchedule"}],
}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_spot_nodes_bear_what_their_provider_puts_on_them(provider):
    (node,) = provider_nodes(provider, "spot", 1, 1)
    assert node["spec"]["taints"] == TAINTS[provider]
    assert node["metadata"]["labels"].items() >= PROVIDERS[provider].spot.items()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_on_demand_nodes_bear_no_taint(provider):
    (node,) = provider_nodes(provider, "on-demand", 1, 1)
    assert "spec" not in node


def test_nodes_that_come_later_have_names_of_their_own():
    nodes = provider_nodes("eks", "spot", 2, 1) + provider_nodes("eks", "spot", 2, 1)
    assert len({node["metadata"]["name"] for node in nodes}) == 4


def condition(found: dict[str, Any], kind: str) -> dict[str, str]:
    return next(each for each in found["status"].get("conditions", []) if each["type"] == kind)


def taints(cluster: Cluster, node: str) -> set[str]:
    return {taint["key"] for taint in cluster.get("node", node)["spec"].get("taints", [])}


@pytest.fixture
def node(cluster):
    """A spot node of EKS, gone after the test."""
    (name,) = cluster.add_provider_nodes("eks", "spot", 1)
    cluster.kubectl("wait", "--for=condition=Ready", f"node/{name}", "--timeout=10s")
    yield name
    cluster.kubectl("delete", "node", name, "--ignore-not-found")


@pytest.mark.cluster
def test_a_node_can_be_tainted(cluster, node):
    cluster.taint(node, "aws-node-termination-handler/spot-itn", "event-1", "NoSchedule")
    assert "aws-node-termination-handler/spot-itn" in taints(cluster, node)


@pytest.mark.cluster
def test_a_node_can_go(cluster, node):
    cluster.delete_node(node)
    cluster.kubectl("wait", "--for=delete", f"node/{node}", "--timeout=10s")
    assert node not in cluster.kubectl("get", "nodes")


@pytest.fixture
def pod(cluster, node):
    """A ready pod on the node."""
    container = {"name": "engine", "image": "vllm:1", "resources": {"limits": {"nvidia.com/gpu": "1"}}}
    spec = {"containers": [container], "nodeSelector": {"kubernetes.io/hostname": node}}
    metadata = {"name": "flaps", "namespace": "default", "annotations": {"poolkeeper.dev/load-ms": "0"}}
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    cluster.kubectl("wait", "--for=condition=Ready", "pod/flaps", "--timeout=10s")
    yield "flaps"
    cluster.kubectl("delete", "pod", "flaps", "--force", "--grace-period=0")


@pytest.mark.cluster
def test_a_node_that_flaps_takes_its_pods_readiness_and_gives_it_back(cluster, node, pod):
    cluster.lose_readiness(node)
    cluster.kubectl("wait", "--for=condition=Ready=False", f"pod/{pod}", "--timeout=20s")
    lost = condition(cluster.get("node", node), "Ready")
    wait_for(lambda: "node.kubernetes.io/not-ready" in taints(cluster, node), "the taint", timedelta(seconds=10))
    cluster.regain_readiness(node)
    cluster.kubectl("wait", "--for=condition=Ready", f"node/{node}", f"pod/{pod}", "--timeout=20s")
    wait_for(lambda: not taints(cluster, node), "no taint", timedelta(seconds=10))
    assert (lost["status"], lost["reason"]) == ("False", "KubeletNotReady")
