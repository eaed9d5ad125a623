"""A real Redis and a real RabbitMQ: what waits in them decides, and whatever happens to them costs no replica."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pika
import pytest
import redis as client
import yaml
from pika.adapters.blocking_connection import BlockingChannel

from controlplane import brokers
from controlplane.brokers import PASSWORD, READER, READERS, Broker
from rig.ground import Ground
from rig.manifests import pool
from rig.space import Space
from rig.waiting import let_pass

Json = dict[str, Any]

pytestmark = pytest.mark.xdist_group("brokers")

GRACE = 3
SETTLE = "20s"
"""Longer than RabbitMQ goes on telling an old figure: a queue that is worked off must not look like one that is not."""
QUEUE = {"thresholdsPer": "Pool", "scaleUp": {"above": 10, "settle": SETTLE}, "scaleDown": {"below": 1}}


@pytest.fixture(scope="module")
def redis(ground: Ground) -> Iterator[brokers.Redis]:
    with brokers.redis(ground.cluster.programs, ground.cluster.site.network.address) as running:
        yield running


@pytest.fixture(scope="module")
def rabbit(ground: Ground) -> Iterator[brokers.Rabbit]:
    with brokers.rabbit(ground.cluster.programs, ground.cluster.site.network.address) as running:
        yield running


class List:
    """A Redis list, from which workers take what they do."""

    def __init__(self, server: brokers.Redis, name: str) -> None:
        self.server, self.name = server, name
        self.source = {"redis": {"server": "redis", "list": name}}
        self._redis = client.Redis(server.address, server.port, username="admin", password=PASSWORD)

    def put(self, count: int) -> None:
        """Let so much work come."""
        self._redis.rpush(self.name, *range(count))

    def finish(self, count: int) -> None:
        """Let so much be done."""
        self._redis.lpop(self.name, count)


class Stream(List):
    """A Redis stream with a group of workers."""

    def __init__(self, server: brokers.Redis, name: str) -> None:
        super().__init__(server, name)
        self.source = {"redis": {"server": "redis", "stream": name, "group": "workers"}}
        self._redis.xgroup_create(name, "workers", "0", mkstream=True)

    def put(self, count: int) -> None:
        """Let so much work come."""
        for number in range(count):
            self._redis.xadd(self.name, {"job": number})

    def finish(self, count: int) -> None:
        """Let so much be done, and deleted, as workers do that keep their stream short."""
        ((_, entries),) = self._redis.xreadgroup("workers", "one", {self.name: ">"}, count)
        done = [entry for entry, _ in entries]
        self._redis.xack(self.name, "workers", *done)
        self._redis.xdel(self.name, *done)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Have one worker who took one job, until it is done."""
        ((_, ((entry, _),)),) = self._redis.xreadgroup("workers", "one", {self.name: ">"}, 1)
        yield
        self._redis.xack(self.name, "workers", entry)


class Messages:
    """A RabbitMQ queue whose messages survive a crash."""

    def __init__(self, server: brokers.Rabbit, name: str) -> None:
        self.server, self.name = server, name
        self.source = {"rabbitMq": {"server": "rabbit", "queue": name}}
        self._act(lambda channel: channel.queue_declare(name, durable=True))

    def put(self, count: int) -> None:
        """Let so much work come."""
        lasting = pika.BasicProperties(delivery_mode=2)

        def act(channel: BlockingChannel) -> None:
            channel.confirm_delivery()
            for number in range(count):
                channel.basic_publish("", self.name, str(number).encode(), lasting)

        self._act(act)

    def finish(self, count: int) -> None:
        """Let so much be done."""

        def act(channel: BlockingChannel) -> None:
            for _ in range(count):
                channel.basic_get(self.name, auto_ack=True)

        self._act(act)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Have one worker who took one job, until it is done."""
        with pika.BlockingConnection(self._where()) as connection:
            channel = connection.channel()
            method, _, _ = channel.basic_get(self.name)
            yield
            channel.basic_ack(method.delivery_tag)

    def _act(self, act: Callable[[BlockingChannel], object]) -> None:
        with pika.BlockingConnection(self._where()) as connection:
            act(connection.channel())

    def _where(self) -> pika.ConnectionParameters:
        user = pika.PlainCredentials("admin", PASSWORD)
        return pika.ConnectionParameters(self.server.address, self.server.port, credentials=user, heartbeat=0)


Work = List | Stream | Messages


@pytest.fixture(params=[List, Stream, Messages], ids=["list", "stream", "rabbitmq"])
def any_work(request: pytest.FixtureRequest, space: Space) -> Work:
    return _work(request, space, request.param)


@pytest.fixture(params=[List, Messages], ids=["redis", "rabbitmq"])
def work(request: pytest.FixtureRequest, space: Space) -> Work:
    """Work in each broker, for what happens to a broker and not to its queues."""
    return _work(request, space, request.param)


def _work(request: pytest.FixtureRequest, space: Space, kind: type[Any]) -> Any:  # noqa: ANN401  of that type
    server = request.getfixturevalue("rabbit" if kind is Messages else "redis")
    if kind is Messages:
        _admit(server)
    return kind(server, space.name)


def _admit(server: brokers.Rabbit) -> None:
    """Let the operator see queues, and nothing else."""
    import requests  # noqa: PLC0415  for this alone

    with requests.Session() as session:
        session.trust_env, session.auth = False, ("admin", PASSWORD)
        user = {"password": READERS, "tags": "management"}
        nothing = {"configure": "^$", "write": "^$", "read": "^$"}
        session.put(f"{server.url}/api/users/{READER}", json=user, timeout=10).raise_for_status()
        session.put(f"{server.url}/api/permissions/%2F/{READER}", json=nothing, timeout=10).raise_for_status()


@pytest.fixture
def known(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Path]:
    """Write the administrator's file for a broker."""

    def act(server: Broker, password: str = READERS) -> Path:
        kind = "rabbitmq" if isinstance(server, brokers.Rabbit) else "redis"
        (tmp_path / "password").write_text(password)
        who = {"username": READER, "passwordFile": str(tmp_path / "password")}
        name = "rabbit" if kind == "rabbitmq" else kind
        (tmp_path / "brokers.yaml").write_text(yaml.safe_dump({name: {"kind": kind, "url": server.url, **who}}))
        return tmp_path / "brokers.yaml"

    return act


def waiting_pool(work: Work, minimum: int = 1) -> Json:
    """Return a pool that looks at this work."""
    shrink = {"below": 1, "gracePeriod": f"{GRACE}s"}
    queue = QUEUE | {"scaleDown": shrink, "sources": [{"name": "jobs", **work.source}]}
    return pool("chat", queue, minReplicas=minimum)


def begin(space: Space, work: Work, file: Path, replicas: int, minimum: int = 1) -> None:
    """Let a pool of so many replicas look at this work."""
    space.deploy("chat", replicas)
    space.operate("--brokers-file", str(file)).wait_until_leading()
    space.create(waiting_pool(work, minimum))


def known_depth(space: Space, waiting: int) -> None:
    """Wait until the operator has seen so much wait."""
    space.wait_until(lambda: space.explain("chat").get("queue") == waiting, f"{waiting} wait")


@pytest.mark.lasts(45)
def test_what_waits_decides(space: Space, any_work: Work, known: Callable[..., Path]) -> None:
    any_work.put(25)
    begin(space, any_work, known(any_work.server), 1)
    space.wait_for_size("chat", 3)
    any_work.finish(20)
    known_depth(space, 5)
    let_pass(2 * GRACE)
    assert space.sizes("chat")[-1] == 3
    any_work.finish(5)
    space.wait_until(lambda: space.size("chat") == 1, "chat is back at its minimum")
    assert [after.replicas for after in space.falls("chat")] == [2, 1]


@pytest.mark.lasts(30)
def test_one_job_wakes_a_pool_at_zero(space: Space, any_work: Work, known: Callable[..., Path]) -> None:
    begin(space, any_work, known(any_work.server), 0, minimum=0)
    any_work.put(1)
    space.wait_for_size("chat", 1)


@pytest.mark.lasts(45)
@pytest.mark.parametrize("kind", [Stream, Messages])
def test_the_last_replica_stays_for_the_last_job(
    space: Space, request: pytest.FixtureRequest, known: Callable[..., Path], kind: type[Stream | Messages]
) -> None:
    work = _work(request, space, kind)
    work.put(1)
    begin(space, work, known(work.server), 0, minimum=0)
    space.wait_for_size("chat", 1)
    with work.working():
        known_depth(space, 0)
        let_pass(2 * GRACE)
        assert space.size("chat") == 1
    space.wait_until(lambda: space.size("chat") == 0, "chat is at zero")


@pytest.mark.lasts(60)
def test_a_broker_that_is_killed_costs_no_replica(space: Space, work: Work, known: Callable[..., Path]) -> None:
    work.put(25)
    begin(space, work, known(work.server), 1)
    space.wait_for_size("chat", 3)
    work.server.stop()
    space.wait_for_condition("chat", "MetricsAvailable", "MetricRefused")
    let_pass(2 * GRACE)
    assert space.falls("chat") == []
    work.server.start()
    known_depth(space, 25)
    work.finish(25)
    space.wait_for_fall("chat")


@pytest.mark.lasts(60)
def test_a_broker_that_does_not_answer_costs_no_replica(space: Space, work: Work, known: Callable[..., Path]) -> None:
    work.put(25)
    begin(space, work, known(work.server), 1)
    space.wait_for_size("chat", 3)
    work.server.freeze()
    try:
        space.wait_for_condition("chat", "MetricsAvailable", "MetricTimeout")
        let_pass(2 * GRACE)
        assert space.falls("chat") == []
    finally:
        work.server.thaw()
    work.finish(25)
    space.wait_for_fall("chat")


@pytest.mark.lasts(30)
def test_a_wrong_password_is_said_without_it(space: Space, work: Work, known: Callable[..., Path]) -> None:
    begin(space, work, known(work.server, password="hunter2"), 3)  # noqa: S106  a wrong one
    said = space.wait_for_condition("chat", "MetricsAvailable", "MetricServerError")
    let_pass(2 * GRACE)
    words = "401" if isinstance(work, Messages) else "invalid username-password"
    assert (words in said["message"], space.sizes("chat")) == (True, [3])
    assert "hunter2" not in said["message"] + space.operators[-1].log


@pytest.mark.lasts(30)
def test_a_queue_that_was_never_there_costs_no_replica(space: Space, work: Work, known: Callable[..., Path]) -> None:
    mistyped = "jbos"
    place = {"queue": mistyped} if isinstance(work, Messages) else {"list": mistyped}
    work.source = {kind: {**given, **place} for kind, given in work.source.items()}
    begin(space, work, known(work.server), 3)
    said = space.wait_for_condition("chat", "MetricsAvailable", "MetricEmpty")
    let_pass(2 * GRACE)
    assert (mistyped in said["message"], space.sizes("chat")) == (True, [3])


@pytest.mark.lasts(45)
def test_a_list_that_is_empty_now_is_known_over_a_restart(
    space: Space, redis: brokers.Redis, known: Callable[..., Path]
) -> None:
    work = List(redis, space.name)
    work.put(5)
    begin(space, work, known(redis), 3)
    known_depth(space, 5)
    stored = space.wait_until(lambda: space.status("chat").get("memory", {}).get("queues"), "the list is known")
    space.operators[-1].stop()
    work.finish(5)
    space.operate("--brokers-file", str(known(redis)), identity="second").wait_until_leading()
    space.wait_until(lambda: space.size("chat") == 1, "chat is at its minimum")
    assert stored == [f"list '{space.name}' of redis 'redis'"]
