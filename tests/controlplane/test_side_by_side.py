"""Two planes that boot at the same time do not meet."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from ipaddress import ip_network
from pathlib import Path

import pytest

from controlplane import Cluster, ControlPlane

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
    with pytest.raises(Exception, match="certificate signed by unknown authority"):
        first.kubectl("get", "nodes", "--kubeconfig", str(mixed))
