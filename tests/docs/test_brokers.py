"""The how-to that takes brokers as given: a real Redis and a real RabbitMQ are there while the page is played."""

import pika
import pytest
import yaml
from tests.docs.conftest import operating
from tests.docs.pages import DOCS

from controlplane import brokers
from controlplane.brokers import PASSWORD, READER, READERS

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def redis(cluster):
    with brokers.redis(cluster.programs, cluster.site.network.address) as running:
        yield running


@pytest.fixture(scope="module")
def rabbit(cluster):
    """A RabbitMQ with the queue of the page."""
    with brokers.rabbit(cluster.programs, cluster.site.network.address) as running:
        user = pika.PlainCredentials("admin", PASSWORD)
        with pika.BlockingConnection(pika.ConnectionParameters(running.address, running.port, credentials=user)) as to:
            to.channel().queue_declare("jobs", durable=True)
        yield running


@pytest.fixture(scope="module")
def file(redis, rabbit, tmp_path_factory):
    """The administrator's file of both."""
    home = tmp_path_factory.mktemp("brokers")
    known = {}
    for name, kind, server, user, password in (
        ("default", "redis", redis, READER, READERS),
        ("work", "rabbitmq", rabbit, "admin", PASSWORD),
    ):
        (home / name).write_text(password)
        known[name] = {"kind": kind, "url": server.url, "username": user, "passwordFile": str(home / name)}
    (home / "brokers.yaml").write_text(yaml.safe_dump(known))
    return home / "brokers.yaml"


def test_the_how_to_works_as_written(furnished, file, redis, open_console, monkeypatch):
    programs = brokers.redis_programs()
    monkeypatch.setenv("LD_LIBRARY_PATH", str(brokers.libraries(programs.parents[1])))
    with operating(furnished, "--brokers-file", str(file)) as operator:
        console = open_console(
            furnished,
            POOLKEEPER_OPERATOR=operator,
            BROKER=redis.url.replace("//", f"//admin:{PASSWORD}@"),
        )
        console.variables["PATH"] += f":{programs}"
        (console.directory / "ca.crt").write_text("who signs the brokers' certificates")
        console.follow(DOCS / "how-to" / "scale-by-a-broker.md")
