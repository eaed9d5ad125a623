"""What the stand-in says a RabbitMQ does, done by a real one, which takes its statistics every 5 seconds."""

import asyncio

import pika
import pytest
import requests

from controlplane import brokers
from controlplane.brokers import PASSWORD, READER, READERS
from poolkeeper.core.model import RabbitSource
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.brokers import RabbitBroker
from poolkeeper.shell.queues.outside import Found
from poolkeeper.shell.queues.rabbit import RabbitReader

pytestmark = pytest.mark.cluster

PATIENCE = 60
PAUSE = 0.1
ODD = "jobs/a b?#é"


@pytest.fixture(scope="module")
def server(ground):
    with brokers.rabbit(*ground) as running, requests.Session() as session:
        session.trust_env, session.auth = False, ("admin", PASSWORD)
        user, nothing = {"password": READERS, "tags": "management"}, {"configure": "^$", "write": "^$", "read": "^$"}
        session.put(f"{running.url}/api/users/{READER}", json=user, timeout=10).raise_for_status()
        session.put(f"{running.url}/api/permissions/%2F/{READER}", json=nothing, timeout=10).raise_for_status()
        yield running


@pytest.fixture
def channel(server):
    user = pika.PlainCredentials("admin", PASSWORD)
    where = pika.ConnectionParameters(server.address, server.port, credentials=user)
    with pika.BlockingConnection(where) as connection:
        yield connection.channel()


@pytest.fixture
async def depth(server, tmp_path):
    (tmp_path / "password").write_text(READERS)
    who = {"username": READER, "passwordFile": tmp_path / "password"}
    reader = RabbitReader({"work": RabbitBroker(name="work", kind="rabbitmq", url=server.url, **who)})

    async def act(queue, vhost="/"):
        return await reader.depth("inference", RabbitSource("jobs", "work", queue, vhost))

    yield act
    await reader.close()


async def until(depth, queue, wanted):
    """Wait until a queue has these figures: the broker takes its time."""
    async with asyncio.timeout(PATIENCE):
        while await known(depth, queue) != wanted:  # noqa: ASYNC110  a server's figures set no event
            await asyncio.sleep(PAUSE)


async def known(depth, queue):
    """Return a queue's figures, None while it has none."""
    try:
        return await depth(queue)
    except MetricError as error:
        if error.reason is not Reason.METRIC_EMPTY:
            raise
        return None


@pytest.mark.parametrize("kind", ["classic", "quorum"])
async def test_what_waits_and_what_is_worked_on_are_told_apart(channel, depth, kind):
    name = f"{ODD}{kind}"
    channel.queue_declare(name, durable=True, arguments={"x-queue-type": kind})
    for _ in range(3):
        channel.basic_publish("", name, b"job")
    await until(depth, name, Found(3, running=0))
    channel.basic_get(name)
    await until(depth, name, Found(2, running=1))


async def test_a_new_queue_has_no_figures_rather_than_none_waiting(channel, depth):
    channel.queue_declare("new")
    with pytest.raises(MetricError, match="there are no statistics of queue 'new'"):
        await depth("new")


async def test_a_stream_keeps_what_was_read(channel, depth):
    channel.queue_declare("log", durable=True, arguments={"x-queue-type": "stream"})
    with pytest.raises(MetricError, match="'log' is a stream"):
        await depth("log")


@pytest.mark.parametrize("vhost", ["/", "none"])
async def test_a_queue_that_is_not_there_is_a_fault(depth, vhost):
    with pytest.raises(MetricError) as caught:
        await depth("none", vhost)
    assert caught.value.reason is Reason.METRIC_EMPTY
