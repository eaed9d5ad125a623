"""Components can be killed and brought back, for tests of faults."""

import pytest

from controlplane import Cluster, ControlPlane, KubectlError

pytestmark = pytest.mark.cluster


def test_a_stopped_api_server_refuses(cluster: Cluster) -> None:
    cluster.stop("kube-apiserver")
    with pytest.raises(KubectlError, match="refused"):
        cluster.kubectl("get", "nodes")
    cluster.start("kube-apiserver")


def test_the_api_server_comes_back_at_its_address_with_what_it_knew(cluster: Cluster) -> None:
    cluster.kubectl("create", "configmap", "kept")
    cluster.stop("kube-apiserver")
    cluster.start("kube-apiserver")
    assert cluster.kubectl("get", "configmap", "kept", "-o", "name") == "configmap/kept\n"


def test_an_attached_process_can_stop_and_start_too(cluster: Cluster) -> None:
    attached = ControlPlane.attach(cluster.directory)
    before = attached.programs.pids()["kube-scheduler"]
    attached.stop("kube-scheduler")
    attached.start("kube-scheduler")
    assert attached.programs.pids()["kube-scheduler"] != before
