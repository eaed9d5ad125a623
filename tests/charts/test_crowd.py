"""Two releases would share one lease, so that the chart refuses a namespace with another operator."""

import subprocess

import pytest
from tests.charts.rendering import CHART, HELM

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

NAMESPACE = "crowded"
LABELS = {"app.kubernetes.io/name": "poolkeeper"}
POD = {"containers": [{"name": "poolkeeper", "image": "poolkeeper"}]}


def operator(labels):
    """Return a Deployment with these labels, of no pods."""
    spec = {
        "replicas": 0,
        "selector": {"matchLabels": LABELS},
        "template": {"metadata": {"labels": LABELS}, "spec": POD},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "keeper", "namespace": NAMESPACE, "labels": labels},
        "spec": spec,
    }


def render(cluster, labels):
    """Render release `first` beside a Deployment with these labels; helm's exit code and words."""
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}, operator(labels))
    argv = [HELM, "template", "first", str(CHART), "--namespace", NAMESPACE, "--dry-run=server"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=cluster.environment)  # noqa: S603  our environment's
    return done.returncode, done.stderr


@pytest.mark.parametrize("instance", [{"app.kubernetes.io/instance": "second"}, {}], ids=["a release", "the manifests"])
def test_another_operator_in_the_namespace_is_refused(cluster, instance):
    code, words = render(cluster, LABELS | instance)
    assert (code, "deployment/keeper in namespace crowded is an operator already" in words) == (1, True), words


@pytest.mark.parametrize("labels", [LABELS | {"app.kubernetes.io/instance": "first"}, {"app": "keeper"}, {}])
def test_its_own_and_what_is_no_operator_are_let_be(cluster, labels):
    assert render(cluster, labels)[0] == 0
