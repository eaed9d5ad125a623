"""What a client tells of its requests: each once, by the answer or by what came in its place."""

import asyncio
from datetime import timedelta

import pytest
from tests.contract.fake_api import FakeApi, RefusalError

from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import KubeError
from poolkeeper.shell.list_watch import HasMetadata

MAPS = "/api/v1/namespaces/lab/configmaps"
NAMED = {"metadata": {"name": "a"}}


class Ear:
    def __init__(self):
        self.told, self.waits = [], []

    def answered(self, call, code, _seconds):
        self.told.append((call.verb, code))

    def waited(self, seconds):
        self.waits.append(seconds)


@pytest.fixture
async def api():
    async with FakeApi() as api:
        yield api


@pytest.fixture
def ear():
    return Ear()


@pytest.fixture
async def kube(api, ear):
    async with KubeClient(api.access, ear=ear) as kube:
        yield kube


async def test_a_list_is_told(kube, ear):
    await kube.list(MAPS, item=HasMetadata)
    assert ear.told == [("LIST", "200")]


async def test_a_write_is_told_with_its_wait(kube, ear):
    await kube.post(MAPS, NAMED)
    assert (ear.told, len(ear.waits)) == ([("POST", "201")], 1)


async def test_a_refusal_is_told_by_its_status(api, kube, ear):
    def refuse(_):
        raise RefusalError(429, "busy")

    api.intercept = refuse
    with pytest.raises(KubeError):
        await kube.get(f"{MAPS}/a", into=dict)
    assert ear.told == [("GET", "429")]


async def test_a_server_that_is_gone_is_told(api, kube, ear):
    await api.stop()
    with pytest.raises(KubeError):
        await kube.get(f"{MAPS}/a", into=dict)
    assert ear.told == [("GET", "unreachable")]


async def test_a_watch_is_told_when_it_is_accepted(kube, ear):
    await kube.post(MAPS, NAMED)
    lines = kube.watch(MAPS, params={"resourceVersion": "0"}, silence=timedelta(seconds=30))
    await anext(lines)
    await lines.aclose()
    assert ear.told[-1] == ("WATCH", "200")


async def test_a_request_that_is_given_up_is_told(api, kube, ear):
    api.intercept = lambda _: asyncio.sleep(60)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await kube.get(f"{MAPS}/a", into=dict)
    assert ear.told == [("GET", "cancelled")]


async def test_a_watch_that_is_given_up_before_it_is_accepted_is_not_told(api, kube, ear):
    api.intercept = lambda _: asyncio.sleep(60)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await anext(kube.watch(MAPS, params={"resourceVersion": "0"}, silence=timedelta(seconds=30)))
    assert ear.told == []
