"""The chart's life on a real API server: installed, upgraded, rolled back, uninstalled, installed again.

Nodes and pods are played. What the operator does under these rights, e2e/test_access.py and test_namespaced.py tell.
"""

import re
import subprocess
from dataclasses import dataclass, field

import pytest
from tests.charts.rendering import CHART, HELM, ROOT, documents

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

NAMESPACE = "poolkeeper"
INSTALL = ROOT / "manifests" / "install.yaml"
POOL = {
    "apiVersion": "poolkeeper.io/v1alpha1",
    "kind": "InferencePool",
    "metadata": {"name": "chat", "namespace": "inference"},
    "spec": {"targetRef": {"name": "chat"}, "minReplicas": 2, "maxReplicas": 8},
}
KINDS = (
    "customresourcedefinitions,deployments,configmaps,secrets,serviceaccounts,poddisruptionbudgets,"
    "networkpolicies,roles,rolebindings,clusterroles,clusterrolebindings"
)
OURS = "app.kubernetes.io/part-of=poolkeeper"


@dataclass
class Life:
    """What was there after each step: the Deployment, the pool, and all that bears our label."""

    cluster: object
    said: dict = field(default_factory=dict)
    deployments: dict = field(default_factory=dict)
    pools: dict = field(default_factory=dict)
    left: dict = field(default_factory=dict)

    def step(self, name, *arguments):
        """Let helm do something, and remember what is there then."""
        self.said[name] = self.helm(*arguments)
        self.left[name] = set(self.cluster.kubectl("get", KINDS, "-A", "-l", OURS, "-o", "name").split())
        if "deployment.apps/poolkeeper" in self.left[name]:
            self.deployments[name] = self.cluster.get("deployment", "poolkeeper", "-n", NAMESPACE)
        if name != "installed":
            self.pools[name] = self.cluster.get("inferencepool", "chat", "-n", "inference")["metadata"]["uid"]

    def helm(self, *arguments):
        """Run helm on the cluster; what it says."""
        argv = [HELM, *arguments, "--namespace", NAMESPACE]
        environment = self.cluster.environment
        done = subprocess.run(argv, capture_output=True, text=True, check=False, env=environment)  # noqa: S603  as above
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def life(untouched):
    """All of it, with a pool that was made after the first step."""
    waiting = ("--wait", "--timeout", "300s")
    made = Life(cluster := untouched)
    made.step("installed", "install", "poolkeeper", str(CHART), "--create-namespace", *waiting)
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "inference"}}, POOL)
    made.step("upgraded", "upgrade", "poolkeeper", str(CHART), "--set", "replicas=3,logLevel=debug", *waiting)
    made.step("rolled back", "rollback", "poolkeeper", *waiting)
    made.step("left alone", "upgrade", "poolkeeper", str(CHART), "--set", "crds.install=false")
    made.step("uninstalled", "uninstall", "poolkeeper", *waiting)
    made.step("again", "install", "poolkeeper", str(CHART), *waiting)
    made.helm("uninstall", "poolkeeper", "--wait")
    return made


def size(life, step):
    return life.deployments[step]["status"]["readyReplicas"]


def arguments(life, step):
    return life.deployments[step]["spec"]["template"]["spec"]["containers"][0]["args"]


def test_one_command_installs_it(life):
    assert size(life, "installed") == 2


def test_it_says_what_to_do_next(life):
    said = life.said["installed"]
    assert "kind: InferencePool" in said
    assert "No price book" in said


def test_the_pool_that_it_proposes_is_accepted(life, cluster):
    manifest = life.said["installed"].partition("<<EOF\n")[2].partition("  EOF")[0]
    lines = "\n".join(line.removeprefix("  ") for line in manifest.splitlines())
    answer = cluster.kubectl("apply", "--dry-run=server", "-f", "-", input=lines)
    assert answer.startswith("inferencepool.poolkeeper.io/chat")


def test_an_upgrade_changes_what_was_asked_for(life):
    assert (size(life, "upgraded"), arguments(life, "upgraded")[-1]) == (3, "--log-level=debug")


def test_a_rollback_brings_back_what_was(life):
    assert life.deployments["rolled back"]["spec"] == life.deployments["installed"]["spec"]


def test_the_pool_is_the_same_through_all_of_it(life):
    assert len(set(life.pools.values())) == 1


def test_nothing_but_the_resource_stays(life):
    assert life.left["uninstalled"] == {"customresourcedefinition.apiextensions.k8s.io/inferencepools.poolkeeper.io"}


def test_it_can_be_installed_again(life):
    assert size(life, "again") == 2


def test_it_takes_over_a_resource_that_was_there_before(life, cluster):
    cluster.kubectl("annotate", "crd", "inferencepools.poolkeeper.io", "meta.helm.sh/release-name-")
    said = life.helm("install", "poolkeeper", str(CHART), "--take-ownership")
    life.helm("uninstall", "poolkeeper", "--wait")
    assert "STATUS: deployed" in said


def test_the_single_file_brings_all_of_it(life, cluster):
    applied = cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(INSTALL))
    wanted = {f"{one['kind'].lower()}/{one['metadata']['name']}" for one in documents(INSTALL.read_text())}
    done = {re.sub(r"\.[^/]*", "", line.split()[0], count=1) for line in applied.splitlines()}
    cluster.kubectl("delete", "deployment", "poolkeeper", "-n", NAMESPACE)
    assert done == wanted
