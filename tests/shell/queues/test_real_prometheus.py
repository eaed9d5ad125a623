"""The queries that are really sent, judged by a real Prometheus that scrapes a page of ours."""

import asyncio
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from controlplane.assets import PROMETHEUS, ensure
from poolkeeper.core.model import PrometheusSource
from poolkeeper.core.observation import PodFault, PodSample
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.prometheus import PrometheusServer
from poolkeeper.shell.queues.batch import BatchReader
from poolkeeper.shell.queues.demultiplex import Ask, Roster
from poolkeeper.shell.servers import ServerConfig

# Prometheus takes 5 seconds to its first scrape: one serves all tests of this file.
pytestmark = [pytest.mark.cluster, pytest.mark.asyncio(loop_scope="module")]
once = pytest_asyncio.fixture(loop_scope="module", scope="module")

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
ODD = 'a.b|c"} or up{x="\\\n$é'
PAGE = r"""
vllm:num_requests_waiting{namespace="ns",pod="chat-1",engine="0"} 3
vllm:num_requests_waiting{namespace="ns",pod="chat-1",engine="1"} 4
vllm:num_requests_waiting{namespace="ns",pod="chat-0",engine="0"} 500
vllm:num_requests_waiting{namespace="other",pod="chat-1",engine="0"} 1000
nginx_queue{namespace="ns",pod="nginx-1",app="chat"} 10
nginx_queue{namespace="ns",pod="nginx-2",app="chat"} 20
nginx_queue{namespace="ns",pod="nginx-1",app="code"} 40
nginx_queue{namespace="ns",app="a.b|c\"} or up{x=\"\\\n$é"} 80
broken{namespace="ns"} NaN
sum{namespace="ns",by="on"} 5
ending{namespace="ns"} 6
"""
CHAT = Roster(
    {"chat-1": "u1", "chat-2": "u2", "nginx-1": "n1", "nginx-2": "n2"},
    target=frozenset({"u1", "u2"}),
    ready=frozenset({"u1", "u2"}),
)


class Exporter:
    """A page that Prometheus scrapes, and that a test may change."""

    def __init__(self):
        self.page = PAGE

    async def handle(self, _):
        return web.Response(body=self.page.encode(), content_type="text/plain")


@once
async def exporter():
    exporter = Exporter()
    app = web.Application()
    app.router.add_get("/metrics", exporter.handle)
    async with TestServer(app) as server:
        exporter.port = server.port
        yield exporter


@once
async def server(exporter, tmp_path_factory, unused_tcp_port_factory):
    """A Prometheus that has scraped the page."""
    home, port = tmp_path_factory.mktemp("prometheus"), unused_tcp_port_factory()
    (home / "prometheus.yml").write_text(
        "scrape_configs: [{job_name: x, honor_labels: true, scrape_interval: 500ms, scrape_timeout: 500ms,"
        f" static_configs: [{{targets: ['127.0.0.1:{exporter.port}']}}]}}]"
    )
    arguments = (
        f"--config.file={home}/prometheus.yml",
        f"--storage.tsdb.path={home}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    binary = await asyncio.to_thread(ensure, [PROMETHEUS])
    process = await asyncio.create_subprocess_exec(
        binary[PROMETHEUS], *arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    server = PrometheusServer(ServerConfig(name="default", url=f"http://127.0.0.1:{port}"))
    try:
        await until(lambda: answers(server))
        yield server
    finally:
        await server.close()
        process.terminate()
        await process.wait()


async def answers(server):
    try:
        return await server.query("count(nginx_queue)")
    except MetricError:
        return []


async def until(condition):
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110  the condition is in another process
            await asyncio.sleep(0.05)


def source(name, metric=None, selector=(), age=30.0, **raw):
    return PrometheusSource(name, metric=metric, selector=selector, max_age=timedelta(seconds=age), **raw)


async def read(server, *sources, reader=None):
    reader = reader or BatchReader({"default": server})
    found = await reader.read([Ask("ns/chat", "ns", one, CHAT) for one in sources], NOW)
    return [found["ns/chat", one.name] for one in sources]


async def test_one_query_answers_for_every_pool(server):
    chat, code, odd, word, pods, bad, none = await read(
        server,
        source("chat", "nginx_queue", (("app", "chat"),)),
        source("code", "nginx_queue", (("app", "code"),)),
        source("odd", "nginx_queue", (("app", ODD),)),
        source("word", "sum", (("by", "on"),)),
        source("pods", "vllm:num_requests_waiting"),
        source("bad", "broken"),
        source("none", "nginx_queue", (("app", "chat.*"),)),
    )
    assert [one.waiting for one in (chat, code, odd, word)] == [30, 40, 80, 5]
    assert (pods.pods, pods.faults) == (
        (PodSample("u1", 7),),
        (PodFault("u2", Reason.PODS_SILENT, "no series of this pod"),),
    )
    assert [bad.fault, none.fault] == [Reason.METRIC_NOT_A_NUMBER, Reason.METRIC_EMPTY]


async def test_a_series_that_ends_is_gone_after_max_age(server, exporter):
    exporter.page = PAGE.replace("ending", "ended")
    brief, long = source("brief", "ending", age=1), source("long", "ending", age=60)

    async def gone():
        return (await read(server, brief))[0].fault is Reason.METRIC_EMPTY

    await until(gone)
    assert (await read(server, long))[0].waiting == 6


async def test_raw_queries_and_their_freshness(server):
    found = await read(
        server,
        source("scalar", query="scalar(sum(nginx_queue))"),
        source("fresh", query="sum(nginx_queue)", freshness="max(timestamp(nginx_queue))"),
        source("stale", query="sum(nginx_queue)", freshness="max(timestamp(nginx_queue)) - 60"),
        source("several", query="nginx_queue"),
        source("empty", query="nothing"),
        source("infinite", query="vector(1) / 0"),
        source("wrong", query="sum(("),
        source("text", query='"words"'),
    )
    assert [one.fault for one in found] == [
        None,
        None,
        Reason.METRIC_STALE,
        Reason.METRIC_SEVERAL,
        Reason.METRIC_EMPTY,
        Reason.METRIC_INFINITE,
        Reason.METRIC_SERVER_ERROR,
        Reason.METRIC_GARBAGE,
    ]
