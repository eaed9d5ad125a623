"""What the stand-in says a Redis does, done by a real one: above all when a lag is nil, and when it is wrong."""

import asyncio
from datetime import timedelta

import pytest
import redis

from controlplane import brokers
from controlplane.brokers import PASSWORD, READER, READERS
from poolkeeper.core.model import RedisSource
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.brokers import RedisBroker
from poolkeeper.shell.queues.outside import Found
from poolkeeper.shell.queues.redis import COUNTED, RedisReader

pytestmark = pytest.mark.cluster

LIST = RedisSource("jobs", "default", "jobs")
STREAM = RedisSource("jobs", "default", "jobs", "workers")


@pytest.fixture(scope="module")
def server(ground):
    with brokers.redis(*ground) as running:
        yield running


@pytest.fixture
def admin(server):
    """Who may do everything; what the test before left is gone."""
    with redis.Redis(server.address, server.port, username="admin", password=PASSWORD) as client:
        client.flushall()
        yield client


@pytest.fixture
async def depth(server, admin, tmp_path):
    (tmp_path / "password").write_text(READERS)
    who = {"username": READER, "passwordFile": tmp_path / "password"}
    reader = RedisReader(
        {"default": RedisBroker(name="default", kind="redis", url=server.url, **who)}, timedelta(seconds=2)
    )

    async def act(source=STREAM):
        return await reader.depth("inference", source)

    yield act
    await reader.close()


@pytest.fixture
def stream(admin):
    """Five entries of which a group was given two, and has acknowledged one."""
    admin.xgroup_create("jobs", "workers", "0", mkstream=True)
    for number in range(1, 6):
        admin.xadd("jobs", {"job": number}, f"{number}-0")
    admin.xreadgroup("workers", "one", {"jobs": ">"}, 2)
    admin.xack("jobs", "workers", "1-0")
    return admin


def lag(admin):
    return admin.xinfo_groups("jobs")[0]["lag"]


async def test_a_list_is_as_long_as_it_is(depth, admin):
    admin.rpush("jobs", 1, 2, 3)
    assert (await depth(LIST)).waiting == 3


async def test_an_empty_list_is_not_there(depth, admin):
    admin.rpush("jobs", 1)
    admin.lpop("jobs")
    assert (admin.exists("jobs"), (await depth(LIST)).waiting) == (0, 0)


async def test_a_group_was_not_given_some_and_works_on_others(depth, stream):
    assert await depth() == Found(3, running=1)


async def test_deleting_what_waits_makes_the_lag_nil_and_the_rest_is_counted(depth, stream):
    stream.xdel("jobs", "4-0")
    assert (lag(stream), await depth()) == (None, Found(2, running=1))


async def test_deleting_what_was_given_out_changes_nothing(depth, stream):
    stream.xdel("jobs", "1-0", "2-0")
    assert await depth() == Found(3, running=1)


async def test_a_group_made_in_the_middle_has_no_lag_and_is_counted(depth, stream):
    stream.xgroup_create("jobs", "others", "2-0")
    others = RedisSource("jobs", "default", "jobs", "others")
    assert await depth(others) == Found(3, running=0)


async def test_too_much_to_count_is_what_stands_there_less_what_is_worked_on(depth, stream):
    for number in range(6, 6 + 2 * COUNTED):
        stream.xadd("jobs", {"job": number}, f"{number}-0")
    stream.xdel("jobs", "1-0", "4-0")
    assert (lag(stream), await depth()) == (None, Found(2 * COUNTED + 2, running=1))


async def test_trimming_what_waits_leaves_a_lag_that_nobody_can_work_off(depth, stream):
    stream.xtrim("jobs", maxlen=1, approximate=False)
    stream.xreadgroup("workers", "one", {"jobs": ">"}, 1)
    assert (lag(stream) > 0, (await depth()).waiting) == (True, 0)


async def test_a_trimmed_stream_has_no_more_than_what_stands_there(depth, stream):
    stream.xtrim("jobs", maxlen=1, approximate=False)
    assert (await depth()).waiting == 1


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (RedisSource("jobs", "default", "none", "workers"), Reason.METRIC_EMPTY),
        (RedisSource("jobs", "default", "jobs", "nobody"), Reason.METRIC_EMPTY),
        (LIST, Reason.METRIC_GARBAGE),
        (RedisSource("jobs", "default", "text", "workers"), Reason.METRIC_GARBAGE),
    ],
    ids=["no stream", "no group", "a stream for a list", "a text for a stream"],
)
async def test_what_is_not_meant_is_a_fault(depth, stream, source, reason):
    stream.set("text", "x")
    with pytest.raises(MetricError) as caught:
        await depth(source)
    assert caught.value.reason is reason


async def test_a_server_that_comes_back_is_asked_again_by_the_same_reader(depth, admin, server):
    admin.rpush("jobs", 1, 2, 3)
    await depth(LIST)
    await asyncio.to_thread(server.stop)
    with pytest.raises(MetricError) as caught:
        await depth(LIST)
    await asyncio.to_thread(server.start)
    assert (caught.value.reason, (await depth(LIST)).waiting) == (Reason.METRIC_REFUSED, 3)


async def test_a_server_that_does_not_answer_is_asked_again_by_the_same_reader(depth, admin, server):
    admin.rpush("jobs", 1, 2, 3)
    await depth(LIST)
    server.freeze()
    with pytest.raises(MetricError) as caught:
        await depth(LIST)
    server.thaw()
    assert (caught.value.reason, (await depth(LIST)).waiting) == (Reason.METRIC_TIMEOUT, 3)


async def test_a_wrong_password_is_told_in_the_server_s_words(server, tmp_path):
    (tmp_path / "password").write_text("hunter2")
    who = {"username": READER, "passwordFile": tmp_path / "password"}
    reader = RedisReader({"default": RedisBroker(name="default", kind="redis", url=server.url, **who)})
    with pytest.raises(MetricError, match="invalid username-password pair") as caught:
        await reader.depth("inference", LIST)
    await reader.close()
    assert (caught.value.reason, "hunter2" in caught.value.detail) == (Reason.METRIC_SERVER_ERROR, False)


async def test_the_reader_may_do_nothing_else(server):
    with (
        redis.Redis(server.address, server.port, username=READER, password=READERS) as client,
        pytest.raises(redis.exceptions.NoPermissionError),
    ):
        client.get("jobs")
