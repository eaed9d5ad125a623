"""Budgets over several pools, with the manifests' rights alone on a real API server."""

from pathlib import Path

import pytest
from tests.shell.test_costs import Rig, gone, pool

from poolkeeper.api.names import TEAM_BUDGETS
from poolkeeper.shell.access import Access
from poolkeeper.shell.kube import KubeClient

pytestmark = pytest.mark.cluster

ROLE = Path(__file__).parents[2] / "manifests" / "base" / "money-role.yaml"
NAMESPACE = "team-budgets"


@pytest.fixture(scope="module")
def account(cluster):
    """The kubeconfig of an account that has the manifests' role and nothing else."""
    role = ROLE.read_text().replace("namespace: poolkeeper", f"namespace: {NAMESPACE}")
    cluster.kubectl("create", "namespace", NAMESPACE)
    cluster.kubectl("create", "serviceaccount", "poolkeeper", "-n", NAMESPACE)
    cluster.kubectl("apply", "-n", NAMESPACE, "-f", "-", input=role)
    yield cluster.service_account_kubeconfig(NAMESPACE, "poolkeeper")
    cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


@pytest.fixture
async def rig(cluster, account):
    async with KubeClient(Access.from_kubeconfig(account)) as kube:
        yield Rig(kube, NAMESPACE)
    cluster.kubectl("delete", "configmaps", "--all", "-n", NAMESPACE)


async def test_a_threshold_is_told_once_also_over_restarts(rig):
    told = [await rig.look(pool(600)), await rig.again().look(pool(700)), await rig.again().look(pool(900))]
    assert (told, rig.budgets.problems()) == ([["50 Actual"], [], ["80 Actual"]], [])


async def test_what_was_told_stands_in_a_config_map(cluster, rig):
    await rig.look(pool(600))
    found = cluster.get("configmap", TEAM_BUDGETS, "-n", NAMESPACE)["data"]
    assert found == {"search": '{"month":"2026-03-01","thresholds":["50 Actual of 1000"]}'}


async def test_a_pool_that_is_gone_counts_with_what_the_ledger_has_of_it(rig):
    await gone(rig, 300)
    await rig.look(pool(600))
    assert rig.value("budget_used_ratio") == 0.9
