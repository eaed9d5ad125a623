"""A price book follows its one ConfigMap, on the fake API server and on the real one, with the manifests' rights."""

import asyncio
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import uuid4

import pytest
from tests.contract.objects import until

from controlplane import KubectlError
from poolkeeper.api.price_book import COLUMNS
from poolkeeper.shell.access import Access
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.price_book import PriceBook

ROLE = Path(__file__).parents[2] / "manifests" / "base" / "money-role.yaml"
NAME = "poolkeeper-prices"
L4 = "*,*,*,,L4,on-demand,0.80,USD,,list"


def sheet(line, name=NAME):
    text = f"{','.join(COLUMNS)}\n{line}"
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"prices.csv": text}}


@asynccontextmanager
async def following(kube, namespace):
    book = PriceBook(kube, namespace, NAME)
    running = asyncio.create_task(book.run())
    try:
        await until(lambda: book.is_synced)
        yield book
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def maps(kube):
    """The path of the ConfigMaps of a namespace of the test's own."""
    name = f"prices-{uuid4().hex[:8]}"
    await kube.post("/api/v1/namespaces", {"metadata": {"name": name}})
    return f"/api/v1/namespaces/{name}/configmaps"


def namespace(maps):
    return maps.split("/")[-2]


async def test_prices_are_followed_and_kept_over_a_restart(kube, maps):
    await kube.post(maps, sheet(L4))
    async with following(kube, namespace(maps)) as book:
        assert [str(row.price) for row in book.book.rows] == ["0.80"]
        await kube.patch(f"{maps}/{NAME}", {"data": sheet(L4.replace("0.80", "free"))["data"]})
        await until(lambda: book.problems)
    async with following(kube, namespace(maps)) as again:
        assert (str(again.book.rows[0].price), again.problems[0].endswith("(got 'free')")) == ("0.80", True)


async def test_another_configmap_is_no_price_book(kube, maps):
    async with following(kube, namespace(maps)) as book:
        await kube.post(maps, sheet(L4.replace("0.80", "9"), "other"))
        await kube.post(maps, sheet(L4))
        await until(lambda: book.book.rows)
        assert str(book.book.rows[0].price) == "0.80"


@pytest.fixture
def account(cluster):
    """The kubeconfig of an account that has the manifests' role and nothing else."""
    with suppress(KubectlError):  # tests of other files have it, too
        cluster.kubectl("create", "namespace", "poolkeeper")
    cluster.kubectl("create", "serviceaccount", "poolkeeper", "-n", "poolkeeper")
    cluster.kubectl("apply", "-n", "poolkeeper", "-f", str(ROLE))
    yield cluster.service_account_kubeconfig("poolkeeper", "poolkeeper")
    cluster.kubectl("delete", "-n", "poolkeeper", "configmap", NAME, f"{NAME}-accepted", "--ignore-not-found")
    cluster.kubectl("delete", "-n", "poolkeeper", "-f", str(ROLE))
    cluster.kubectl("delete", "-n", "poolkeeper", "serviceaccount", "poolkeeper")


@pytest.fixture
async def restricted(account):
    async with KubeClient(Access.from_kubeconfig(account)) as kube:
        yield kube


@pytest.mark.cluster
async def test_the_manifests_rights_are_enough(cluster, restricted, tmp_path):
    file = tmp_path / "prices.csv"
    file.write_text(sheet(L4)["data"]["prices.csv"])
    async with following(restricted, "poolkeeper") as book:
        cluster.kubectl("create", "configmap", NAME, "-n", "poolkeeper", f"--from-file={file}")
        await until(lambda: book.book.rows)
        copy = f"configmap/{NAME}-accepted"
        await until(lambda: copy in cluster.kubectl("get", "configmaps", "-n", "poolkeeper", "-o", "name"))
        assert book.problems == []
