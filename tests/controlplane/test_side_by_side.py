"""Two planes that boot at the same time do not meet; and the parts of one can be killed and brought back."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from ipaddress import ip_network
from pathlib import Path

import pytest

from controlplane import Cluster, ControlPlane, KubectlError

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Cluster, Cluster]]:
    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: stack.enter_context(ControlPlane()), range(2))
        yield first, second


def test_each_has_its_own_pod_network(pair):
    first, second = pair
    assert not ip_network(first.pod_network).overlaps(ip_network(second.pod_network))


def test_neither_knows_the_others_objects(pair):
    first, second = pair
    first.kubectl("create", "namespace", "only-here")
    assert "only-here" not in second.kubectl("get", "namespaces")


def test_neither_trusts_the_other(pair, tmp_path: Path):
    first, second = pair
    mixed = tmp_path / "mixed.kubeconfig"
    mixed.write_text(first.kubeconfig.read_text().replace(first.server, second.server))
    with pytest.raises(KubectlError, match="certificate signed by unknown authority"):
        first.kubectl("get", "nodes", "--kubeconfig", str(mixed))


def test_one_may_lose_its_api_server_and_get_it_back_with_what_it_knew(pair):
    first, second = pair
    first.kubectl("create", "configmap", "kept")
    first.stop("kube-apiserver")
    with pytest.raises(KubectlError, match="refused"):
        first.kubectl("get", "configmap", "kept")
    assert second.kubectl("get", "--raw", "/readyz") == "ok"
    first.start("kube-apiserver")
    assert first.kubectl("get", "configmap", "kept", "-o", "name") == "configmap/kept\n"


def test_an_attached_process_can_stop_and_start_parts_too(pair):
    attached = ControlPlane.attach(pair[0].directory)
    before = attached.programs.pids()["kube-scheduler"]
    attached.stop("kube-scheduler")
    attached.start("kube-scheduler")
    assert attached.programs.pids()["kube-scheduler"] != before
