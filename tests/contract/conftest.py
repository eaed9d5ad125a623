"""The same promises, once against the fake API server and once against the real one (`-m cluster`)."""

import json
from uuid import uuid4

import pytest
from tests.contract.fake_api import FakeApi

from controlplane import ControlPlane
from poolkeeper.api.crd import definition
from poolkeeper.shell.access import Access
from poolkeeper.shell.kube import KubeClient, Limits


@pytest.fixture(scope="session")
def cluster():
    with ControlPlane() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def crd(cluster):
    """Let the API server know what a pool is, so that it also tells which owners there are."""
    cluster.define("-f", "-", input=json.dumps(definition()))


@pytest.fixture(params=["fake", pytest.param("cluster", marks=pytest.mark.cluster)])
async def access(request):
    if request.param == "cluster":
        yield Access.from_kubeconfig(request.getfixturevalue("cluster").kubeconfig)
        return
    async with FakeApi() as api:
        yield api.access


@pytest.fixture
async def kube(access):
    async with KubeClient(access, limits=Limits(page=3)) as kube:
        yield kube


@pytest.fixture
async def leases(kube):
    """The path of the leases of a namespace of the test's own: nobody else writes there."""
    name = f"contract-{uuid4().hex[:8]}"
    await kube.post("/api/v1/namespaces", {"metadata": {"name": name}})
    return f"/apis/coordination.k8s.io/v1/namespaces/{name}/leases"
