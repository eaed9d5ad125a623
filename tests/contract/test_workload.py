"""What we keep of a real Deployment, its ReplicaSets and pods."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from tests.contract.objects import until

from poolkeeper.api.names import FIELD_MANAGER
from poolkeeper.api.target import DEPLOYMENT
from poolkeeper.shell.access import Access
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import ConflictError
from poolkeeper.shell.ownership import Ownership
from poolkeeper.shell.projections import PODS, REPLICA_SETS, SCALED_OBJECTS
from poolkeeper.shell.reflector import Reflector
from poolkeeper.shell.workload_projections import WORKLOADS

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="session")
def nodes(cluster):
    return cluster.add_gpu_nodes(2)


@pytest.fixture
def access(cluster, nodes):
    return Access.from_kubeconfig(cluster.kubeconfig)


class Seen:
    """Reflectors of one namespace, and the index they keep up."""

    def __init__(self, kube, namespace):
        self.namespace, self.index = namespace, Ownership()
        where = {"namespaces": (namespace,)}
        self.deployments = Reflector(kube, WORKLOADS[DEPLOYMENT], **where)
        self.reflectors = [
            self.deployments,
            Reflector(kube, PODS, on_change=self.index.pod_changed, **where),
            Reflector(kube, REPLICA_SETS, on_change=self.index.set_changed, **where),
        ]

    @property
    def deployment(self):
        return self.deployments.items.get((self.namespace, "chat"))

    @property
    def pods(self):
        found = self.index.pods_of(self.deployment.uid) if self.deployment else ()
        return [pod for pod in found if pod.live]

    @property
    def ready(self):
        return [pod for pod in self.pods if pod.ready_at]


@asynccontextmanager
async def following(access, namespace):
    async with KubeClient(access) as kube:
        seen = Seen(kube, namespace)
        running = [asyncio.create_task(one.run()) for one in seen.reflectors]
        try:
            await asyncio.gather(*(one.synced() for one in seen.reflectors))
            yield seen
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)


@pytest.fixture
async def chat(kube, leases):
    """A Deployment `chat` of two pods; its path."""
    path = leases.replace("coordination.k8s.io", "apps").replace("leases", "deployments")
    await kube.post(path, deployment())
    return f"{path}/chat"


@pytest.fixture
async def seen(access, chat):
    async with following(access, chat.split("/")[-3]) as seen:
        await until(lambda: len(seen.ready) == 2)
        yield seen


def deployment(image="vllm:1"):
    labels = {"app": "chat"}
    container = {"name": "engine", "image": image, "ports": [{"name": "http", "containerPort": 8000}]}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "chat"}, "spec": spec}


async def test_its_pods_are_found_by_owner_chain_ready_and_with_their_addresses(seen):
    assert all(pod.ip and pod.scheduled_at and pod.ports == {"http": 8000} for pod in seen.ready)


async def test_a_pod_that_only_wears_the_labels_is_not_counted(seen, kube):
    pod = {
        "metadata": {"name": "stranger", "labels": {"app": "other"}},
        "spec": deployment()["spec"]["template"]["spec"],
    }
    await kube.post(f"/api/v1/namespaces/{seen.namespace}/pods", pod)
    await until(lambda: (seen.namespace, "stranger") in seen.reflectors[1].items)
    assert "stranger" not in {pod.name for pod in seen.pods}


async def scaled(seen, kube, chat, replicas):
    version = seen.deployment.resource_version
    return await kube.patch(f"{chat}/scale", {"spec": {"replicas": replicas}}, resource_version=version)


async def test_scaling_through_the_subresource_makes_the_size_ours(seen, kube, chat):
    await until(lambda: seen.deployment.ready == 2)
    await scaled(seen, kube, chat, 3)
    await until(lambda: len(seen.ready) == 3)
    assert (seen.deployment.writer.manager, seen.deployment.writer.subresource) == (FIELD_MANAGER, "scale")


async def test_scaling_is_no_rollout(seen, kube, chat):
    await until(lambda: seen.deployment.ready == 2)
    await scaled(seen, kube, chat, 4)
    await until(lambda: seen.deployment.existing == 4)
    assert not seen.deployment.rolling


async def test_scaling_from_an_older_version_is_a_conflict(seen, kube, chat):
    await until(lambda: seen.deployment.ready == 2)
    version = seen.deployment.resource_version
    await kube.patch(chat, {"metadata": {"labels": {"x": "y"}}})
    with pytest.raises(ConflictError):
        await kube.patch(f"{chat}/scale", {"spec": {"replicas": 3}}, resource_version=version)


async def test_a_new_template_is_a_rollout_until_the_old_pods_are_gone(seen, kube, chat):
    first = {pod.template for pod in seen.pods}
    await kube.patch(chat, deployment(image="vllm:2"))
    await until(lambda: seen.deployment.rolling)
    await until(lambda: not seen.deployment.rolling and len(seen.ready) == 2)
    assert {pod.template for pod in seen.pods}.isdisjoint(first)


async def test_a_deleted_deployment_takes_its_pods_along(seen, kube, chat):
    uid = seen.deployment.uid
    await kube.delete(chat)
    await until(lambda: not list(seen.index.pods_of(uid)))
    assert seen.deployment is None


async def test_no_keda_is_no_scaled_object(access):
    async with KubeClient(access) as kube:
        reflector = Reflector(kube, SCALED_OBJECTS)
        running = asyncio.create_task(reflector.run())
        await reflector.synced()
        assert (reflector.items, "not found" in reflector.problem) == ({}, True)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
