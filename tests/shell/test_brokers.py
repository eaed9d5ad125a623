from pathlib import Path

import pytest

from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.brokers import RabbitBroker, RedisBroker, check_kind, chosen, load_brokers, missing_files, of_kind

FILE = """
default: {kind: redis, url: 'redis://redis.batch:6380/3', username: reader, passwordFile: /p}
work: {kind: rabbitmq, url: 'http://rabbit.batch:15672/', username: reader, passwordFile: /p}
"""


@pytest.fixture
def load(tmp_path):
    def act(text):
        path = tmp_path / "brokers.yaml"
        path.write_text(text)
        return load_brokers(path)

    return act


def test_a_file_names_brokers(load):
    redis, rabbit = load(FILE)
    assert (redis.place, redis.password_file) == (("redis.batch", 6380, 3), Path("/p"))
    assert (rabbit.name, rabbit.url) == ("work", "http://rabbit.batch:15672")


def test_without_a_file_there_are_none():
    assert load_brokers(None) == ()


def test_each_kind_has_its_own(load):
    found = load(FILE)
    assert ([*of_kind(found, RedisBroker)], [*of_kind(found, RabbitBroker)]) == (["default"], ["work"])


@pytest.mark.parametrize(
    ("url", "place"),
    [("redis://h", ("h", 6379, 0)), ("rediss://h:1/", ("h", 1, 0)), ("redis://[::1]:2/4", ("::1", 2, 4))],
)
def test_a_redis_has_the_usual_port_and_database(load, url, place):
    (broker,) = load(f"a: {{kind: redis, url: '{url}'}}")
    assert broker.place == place


@pytest.mark.parametrize(("url", "encrypted"), [("redis://h", False), ("rediss://h", True)])
def test_the_address_says_whether_it_is_encrypted(load, url, encrypted):
    (broker,) = load(f"a: {{kind: redis, url: '{url}'}}")
    assert broker.is_encrypted is encrypted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: {kind: kafka, url: 'redis://h'}", r"yaml: a\.kind: must be 'redis' or 'rabbitmq' \(got 'kafka'\)"),
        ("a: {url: 'redis://h'}", r"yaml: a\.kind: must be 'redis' or 'rabbitmq'$"),
        ("hunter2", "yaml: it: must be a mapping"),
        ("a: hunter2", "yaml: a: must be a mapping"),
        ("a: {kind: redis, url: 'redis://h', tls: {caPath: hunter2}}", r"a\.tls\.caPath: no such field"),
        ("a: {kind: redis}", r"yaml: a\.url: missing"),
        ("a: {kind: redis, url: 'http://h'}", r"--brokers-file .*: a\.url: it must be a redis:// or rediss://"),
        ("a: {kind: redis, url: 'redis://u:hunter2@h'}", "passwordFile"),
        ("a: {kind: redis, url: 'redis://h/jobs'}", "database's number"),
        ("a: {kind: redis, url: 'redis://h?password=hunter2'}", "database's number"),
        (
            "a: {kind: redis, url: 'redis://h', password: hunter2}",
            r"a\.password: no such field; did you mean passwordFile\?",
        ),
        ("a: {kind: redis, url: 'redis://h', username: u}", "belong together"),
        ("a: {kind: rabbitmq, url: 'amqp://h'}", "http:// or https://"),
        ("a: {kind: rabbitmq, url: 'http://u:hunter2@h'}", "passwordFile"),
        ("a: {kind: rabbitmq, url: 'http://h', username: u}", "belong together"),
        ("a: {kind: rabbitmq, url: 'http://h', passwordFile: /p}", "belong together"),
        ("A_b: {kind: redis, url: 'redis://h'}", "no server name"),
    ],
)
def test_a_wrong_file_says_what_is_wrong_and_repeats_no_secret(load, text, words):
    with pytest.raises(ValueError, match=words) as caught:
        load(text)
    assert "hunter2" not in str(caught.value)


def test_a_broker_that_is_not_configured_is_a_fault_that_names_those_that_are():
    with pytest.raises(MetricError, match=r"no redis 'jobs' is configured; there are: a, b") as caught:
        chosen({"b": 1, "a": 2}, "jobs", "redis")
    assert caught.value.reason is Reason.METRIC_UNKNOWN_SERVER


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("work", RedisBroker, "the broker 'work' is a rabbitmq; of redis there are: default"),
        ("default", RabbitBroker, "the broker 'default' is a redis; of rabbitmq there are: work"),
    ],
)
def test_a_broker_of_another_kind_is_a_fault_that_says_so(load, name, kind, words):
    with pytest.raises(MetricError, match=words):
        check_kind(load(FILE), name, kind)


def test_where_there_is_no_broker_of_a_kind_that_is_said(load):
    with pytest.raises(MetricError, match="is a redis; no rabbitmq is configured"):
        check_kind(load("default: {kind: redis, url: 'redis://h'}"), "default", RabbitBroker)


def test_a_file_that_is_not_here_is_named_with_its_field(load):
    redis, _ = load(FILE)
    assert missing_files(redis) == ["default.passwordFile: /p is not here"]
