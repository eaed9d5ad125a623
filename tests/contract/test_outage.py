"""The real API server dies and comes back, and forgets the history of its watches by that."""

import asyncio
from contextlib import aclosing
from datetime import timedelta

import msgspec
import pytest
from tests.contract.objects import LEASES, lease, until

from poolkeeper.shell.access import Access
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import Gone, Status, refusal
from poolkeeper.shell.reflector import Reflector

pytestmark = pytest.mark.cluster


class Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


@pytest.fixture
def access(cluster):
    return Access.from_kubeconfig(cluster.kubeconfig)


async def restart(cluster):
    await asyncio.to_thread(cluster.stop, "kube-apiserver")
    await asyncio.to_thread(cluster.start, "kube-apiserver")


async def test_a_store_follows_through_a_crash_of_the_api_server(cluster, access, kube, leases):
    await kube.post(leases, lease("a"))
    async with KubeClient(access) as own:
        reflector = Reflector(own, LEASES, namespaces=(leases.split("/")[-2],))
        running = asyncio.create_task(reflector.run())
        await reflector.synced()
        await restart(cluster)
        await kube.delete(f"{leases}/a")
        await kube.post(leases, lease("b"))
        await until(lambda: {name for _, name in reflector.items} == {"b"} and not reflector.problem)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_history_from_before_is_gone_in_one_form_or_the_other(cluster, kube, leases):
    await kube.post(leases, lease("a"))
    await restart(cluster)
    with pytest.raises(Gone):
        await first_event(kube, leases, version="1")


async def first_event(kube, path, version):
    async with aclosing(kube.watch(path, params={"resourceVersion": version}, silence=timedelta(seconds=20))) as lines:
        event = msgspec.json.decode(await anext(lines), type=Event)
    status = msgspec.json.decode(event.object, type=Status)
    raise refusal(status.code, bytes(event.object))
