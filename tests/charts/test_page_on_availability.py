"""The page on availability works as it is written, for the chart's two pods, one of which holds the lease."""

import subprocess
from collections.abc import Iterator

import pytest
from tests.charts.rendering import CHART, HELM
from tests.docs.console import Console
from tests.docs.pages import DOCS

from controlplane import Cluster

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

NAMESPACE = "poolkeeper"


def helm(cluster: Cluster, *arguments: str) -> None:
    argv = [str(HELM), *arguments, "--namespace", NAMESPACE, "--wait"]
    subprocess.run(argv, env=cluster.environment, check=True, capture_output=True)  # noqa: S603  our environment's helm


@pytest.fixture
def installed(untouched: Cluster) -> Iterator[Cluster]:
    helm(untouched, "install", "poolkeeper", str(CHART), "--create-namespace")
    (pod, _) = untouched.get("pods", "-n", NAMESPACE)["items"]
    holder = {"holderIdentity": f"{pod['metadata']['name']}_0123456789ab"}
    metadata = {"name": "poolkeeper", "namespace": NAMESPACE}
    untouched.apply(
        {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": holder},
    )
    yield untouched
    helm(untouched, "uninstall", "poolkeeper")


def test_the_page_on_availability_works_as_written(installed, tmp_path):
    Console(installed, tmp_path, {}, print).follow(DOCS / "how-to" / "run-highly-available.md")
