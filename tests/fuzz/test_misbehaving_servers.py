"""Every read has a limit in size and in time, whatever the other side does: docs/reference/limits.md lists them."""

import asyncio
import tracemalloc
from contextlib import aclosing, contextmanager
from datetime import timedelta

import pytest
from tests.fuzz.misbehaving import HTTP, REDIS, serving

from builders import START
from poolkeeper.core.model import RabbitSource, RedisSource, Transport
from poolkeeper.shell.access import Access
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.brokers import RabbitBroker, RedisBroker
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube import Limits as KubeLimits
from poolkeeper.shell.kube_errors import KubeError
from poolkeeper.shell.list_watch import HasMetadata
from poolkeeper.shell.prometheus import PrometheusServer, ServerConfig
from poolkeeper.shell.queues.endpoints import Endpoint
from poolkeeper.shell.queues.pages import Limits, Pages
from poolkeeper.shell.queues.rabbit import RabbitReader
from poolkeeper.shell.queues.redis import SIZE, RedisReader
from poolkeeper.shell.queues.sample import judge
from poolkeeper.shell.views import PodView

SOON = timedelta(seconds=0.15)
LIMIT = 2**20
BUFFERED = 8 * 2**20
"""What is on its way in between, and then some."""
TWICE = 2
"""The client asks once more where a connection is dropped before it is answered; a redirect would be a third time."""
FOR_EVER = 60.0
"""Seconds: nothing here may take that long on any machine; each ends by its own limit of 0.15 s."""
MAPS = "/api/v1/configmaps"


async def page(port):
    pages = Pages(None, Limits(timeout=SOON, size=LIMIT))
    try:
        view = PodView("inference", "chat-0", "uid", START, ip="127.0.0.1")
        await pages.read(view, Endpoint(port, "/metrics"), Transport())
    finally:
        await pages.close()


async def prometheus(port):
    server = PrometheusServer(ServerConfig(name="default", url=f"http://127.0.0.1:{port}"), SOON, LIMIT)
    try:
        await server.query("up")
    finally:
        await server.close()


async def rabbit(port):
    broker = RabbitBroker(name="default", kind="rabbitmq", url=f"http://127.0.0.1:{port}")
    reader = RabbitReader({"default": broker}, SOON)
    try:
        await reader.depth("inference", RabbitSource("jobs", "default", "jobs", "/"))
    finally:
        await reader.close()


def client(port):
    limits = KubeLimits(request=SOON, list_page=SOON, body=LIMIT, event=LIMIT)
    return KubeClient(Access(f"http://127.0.0.1:{port}"), limits=limits)


async def object_(port):
    async with client(port) as kube:
        await kube.get(MAPS, into=HasMetadata)


async def watch(port):
    """A watch that nobody ends lasts as long as it asked for, and a silence more."""
    async with client(port) as kube:
        lines = kube.watch(MAPS, params={"timeoutSeconds": "0"}, silence=SOON)
        async with aclosing(lines):
            async for line in lines:
                HasMetadata(line)
    raise KubeError("it ended")


READERS = {
    "page": (page, MetricError),
    "prometheus": (prometheus, MetricError),
    "rabbit": (rabbit, MetricError),
    "object": (object_, KubeError),
    "watch": (watch, KubeError),
}
HARMLESS = {("page", "no text"), ("page", "nested without end")}
"""What a page may hold is judged where it is read: tests/fuzz/test_metric_pages.py."""


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("behaviour", HTTP)
async def test_what_no_server_should_do_ends_in_a_declared_error_soon_and_small(name, behaviour):
    if (name, behaviour) in HARMLESS:
        return
    read, declared = READERS[name]
    async with serving(HTTP[behaviour]) as (server, port), asyncio.timeout(FOR_EVER):
        with pytest.raises(declared), little_memory(LIMIT):
            await read(port)
    assert server.visits <= TWICE


@pytest.mark.parametrize(
    "source", [RedisSource("jobs", "default", "jobs"), RedisSource("jobs", "default", "jobs", "w")]
)
@pytest.mark.parametrize("behaviour", REDIS)
async def test_a_redis_that_is_none_ends_in_a_reason_or_in_what_no_queue_can_be(source, behaviour):
    async with serving(REDIS[behaviour]) as (_, port), asyncio.timeout(FOR_EVER):
        broker = RedisBroker(name="default", kind="redis", url=f"redis://127.0.0.1:{port}")
        reader = RedisReader({"default": broker}, SOON)
        with pytest.raises((MetricError, TypeError)), little_memory(SIZE):
            raise_if_none(await reader.depth("inference", source))
        await reader.close()


async def test_a_length_below_zero_makes_no_room_for_a_larger_one():
    async with serving(REDIS["a length below zero that makes room for more"]) as (_, port):
        broker = RedisBroker(name="default", kind="redis", url=f"redis://127.0.0.1:{port}")
        reader = RedisReader({"default": broker})
        with pytest.raises(MetricError, match="-67108864 bytes"), little_memory(SIZE):
            await reader.depth("inference", RedisSource("jobs", "default", "jobs"))
        await reader.close()


@contextmanager
def little_memory(limit):
    """Demand that no more is held at a time than an answer of the largest size, a copy of it, and some buffers."""
    tracemalloc.start()
    try:
        yield
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 2 * limit + BUFFERED


def raise_if_none(found):
    """Raise what `Outside` makes of a length that is none; a good one is not what was sent."""
    if reason := judge(found.waiting):
        raise MetricError(reason, "no queue")
