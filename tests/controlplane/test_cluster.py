"""What a booted plane promises to those who test on it."""

import json
import subprocess
import sys
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from controlplane import Cluster, KubectlError
from controlplane.readiness import wait_for

pytestmark = pytest.mark.cluster


def pods(cluster: Cluster, app: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cluster.get("pods", "-l", f"app={app}")["items"]
    return found


def became(pod: dict[str, Any], condition: str) -> datetime:
    moments = {each["type"]: each["lastTransitionTime"] for each in pod["status"]["conditions"]}
    return datetime.fromisoformat(moments[condition])


def ready(cluster: Cluster, name: str) -> None:
    cluster.kubectl("rollout", "status", f"deployment/{name}", "--timeout=30s")


def waiting(cluster: Cluster, app: str) -> dict[str, str]:
    states = [status["state"] for pod in pods(cluster, app) for status in pod["status"].get("containerStatuses", [])]
    return states[0].get("waiting", {}) if states else {}


def test_it_is_the_pinned_kubernetes(cluster):
    assert json.loads(cluster.kubectl("get", "--raw", "/version"))["gitVersion"] == "v1.36.3"


def test_gpu_nodes_are_ready_with_their_gpus(cluster):
    cluster.kubectl("wait", "--for=condition=Ready", "node/gpu-0", "--timeout=10s")
    assert cluster.get("node", "gpu-0")["status"]["allocatable"]["nvidia.com/gpu"] == "8"


@pytest.fixture(scope="module")
def loads(cluster, deploy) -> list[timedelta]:
    """How long each of ten pods loaded that should take 2 to 6 seconds; Kubernetes tells it in whole seconds."""
    annotations = {"poolkeeper.dev/load-ms": "2000", "poolkeeper.dev/load-jitter-ms": "4000"}
    ready(cluster, deploy("load", 10, annotations, gpus=0))
    return [became(pod, "Ready") - became(pod, "Initialized") for pod in pods(cluster, "load")]


def test_pods_are_ready_when_their_model_is_loaded_and_no_sooner(loads):
    assert all(timedelta(seconds=1) < load <= timedelta(seconds=7) for load in loads), loads


def test_each_pod_draws_its_own_load_time(loads):
    assert len(set(loads)) > 1


def test_a_touched_pod_does_not_load_anew(cluster, deploy):
    deploy("touch", 1, {"poolkeeper.dev/load-ms": "3000", "poolkeeper.dev/load-jitter-ms": "0"})
    wait_for(lambda: waiting(cluster, "touch").get("reason") == "ContainerCreating", "it loads", timedelta(seconds=10))
    cluster.kubectl("annotate", "pods", "-l", "app=touch", "controller.kubernetes.io/pod-deletion-cost=7")
    ready(cluster, "touch")
    (pod,) = pods(cluster, "touch")
    assert became(pod, "Ready") - became(pod, "Initialized") <= timedelta(seconds=4)


def test_pods_have_addresses_of_their_own_in_the_planes_network(cluster, deploy):
    ready(cluster, deploy("address", 3, {}))
    addresses = {ip_address(pod["status"]["podIP"]) for pod in pods(cluster, "address")}
    assert len(addresses) == 3
    assert all(address in ip_network(cluster.pod_network) for address in addresses)


def test_ready_pods_look_like_a_kubelets(cluster, deploy):
    ready(cluster, deploy("shape", 1, {}))
    (pod,) = pods(cluster, "shape")
    assert pod["status"]["phase"] == "Running"
    assert pod["status"]["hostIP"]
    assert {each["type"]: each["status"] for each in pod["status"]["conditions"]} == dict.fromkeys(
        ("PodScheduled", "Initialized", "ContainersReady", "Ready"), "True"
    )


def test_a_bad_image_backs_off_and_never_gets_ready(cluster, deploy):
    deploy("image", 1, {"poolkeeper.dev/image-error": "not found", "poolkeeper.dev/load-ms": "0"})
    wait_for(
        lambda: waiting(cluster, "image").get("reason") == "ImagePullBackOff", "it backs off", timedelta(seconds=10)
    )
    assert waiting(cluster, "image")["message"].startswith('Back-off pulling image "vllm:1": ErrImagePull')
    assert cluster.get("deployment", "image")["status"].get("readyReplicas", 0) == 0


def test_a_deleted_pod_stops_for_as_long_as_it_says(cluster, deploy):
    ready(cluster, deploy("stop", 1, {"poolkeeper.dev/stop-ms": "2000"}))
    cluster.kubectl("delete", "deployment", "stop", "--wait=false")
    wait_for(lambda: "deletionTimestamp" in pods(cluster, "stop")[0]["metadata"], "it stops", timedelta(seconds=10))
    cluster.kubectl("wait", "--for=delete", "pods", "-l", "app=stop", "--timeout=10s")
    assert pods(cluster, "stop") == []


def test_a_service_account_may_do_nothing_without_a_role(cluster):
    cluster.kubectl("create", "serviceaccount", "stranger")
    kubeconfig = cluster.service_account_kubeconfig("default", "stranger")
    with pytest.raises(KubectlError, match=r"system:serviceaccount:default:stranger.*cannot list"):
        cluster.kubectl("get", "pods", "--kubeconfig", str(kubeconfig))


def test_a_service_account_may_do_what_its_role_allows(cluster):
    cluster.kubectl("create", "serviceaccount", "reader")
    cluster.kubectl("create", "role", "reader", "--verb=list", "--resource=pods")
    cluster.kubectl("create", "rolebinding", "reader", "--role=reader", "--serviceaccount=default:reader")
    kubeconfig = cluster.service_account_kubeconfig("default", "reader")
    assert cluster.kubectl("get", "pods", "-l", "app=none", "-o", "name", "--kubeconfig", str(kubeconfig)) == ""


def test_a_write_is_in_the_audit_log_with_its_body_as_soon_as_it_is_answered(cluster):
    cluster.kubectl("create", "configmap", "noted", "--from-literal=key=value")
    lines = [json.loads(line) for line in cluster.audit_log.read_text(encoding="utf-8").splitlines()]
    (line,) = [line for line in lines if line["verb"] == "create" and line["objectRef"].get("name") == "noted"]
    assert line["requestObject"]["data"] == {"key": "value"}


ATTACH = """
import sys
from pathlib import Path
from controlplane import ControlPlane
print(ControlPlane.attach(Path(sys.argv[1])).kubectl("get", "nodes", "-o", "name"))
"""


def test_another_process_can_attach(cluster):
    argv = [sys.executable, "-c", ATTACH, str(cluster.directory)]
    names = subprocess.check_output(argv, text=True).split()  # noqa: S603  this Python
    assert names == ["node/gpu-0", "node/gpu-1"]
