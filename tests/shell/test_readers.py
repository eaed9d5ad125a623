from contextlib import AsyncExitStack

import pytest

from poolkeeper.core.model import RabbitSource, RedisSource
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.brokers import RabbitBroker, RedisBroker
from poolkeeper.shell.readers import broker_readers

REDIS = RedisBroker(name="default", kind="redis", url="redis://h")
RABBIT = RabbitBroker(name="work", kind="rabbitmq", url="http://h")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (RedisSource("jobs", "work", "jobs"), "'work' is a rabbitmq"),
        (RabbitSource("jobs", "default", "jobs", "/"), "'default' is a redis"),
        (RedisSource("jobs", "nowhere", "jobs"), "no redis 'nowhere' is configured; there are: default"),
    ],
)
async def test_a_broker_that_is_not_of_the_kind_is_not_asked(source, words):
    async with AsyncExitStack() as opened:
        readers = broker_readers((REDIS, RABBIT), opened)
        with pytest.raises(MetricError, match=words):
            await readers[type(source)].depth("inference", source)
