"""Redis as it answers on the wire, by a stand-in; test_real_redis.py holds it against a real one."""

import asyncio
import ssl
from datetime import timedelta

import pytest

from controlplane.certificates import Authority, Subject
from poolkeeper.core.model import RedisSource
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.brokers import RedisBroker
from poolkeeper.shell.queues.outside import Found
from poolkeeper.shell.queues.redis import CONNECTIONS, COUNTED, RedisReader

LIST = RedisSource("jobs", "default", "jobs")
STREAM = RedisSource("jobs", "default", "jobs", "workers")
GONE = b"-ERR no such key"


def packed(value):
    """Return a value as Redis writes it (RESP2); bytes go out as they are."""
    if isinstance(value, bytes):
        return value + b"\r\n"
    if value is None:
        return b"$-1\r\n"
    if isinstance(value, int):
        return b":%d\r\n" % value
    if isinstance(value, str):
        return b"$%d\r\n%s\r\n" % (len(value), value.encode())
    return b"*%d\r\n" % len(value) + b"".join(map(packed, value))


def flat(**fields):
    return [part for name, value in fields.items() for part in (name.replace("_", "-"), value)]


def stream(length, newest="9-0"):
    last = [newest, ["job", "x"]] if newest else None
    return flat(length=length, last_generated_id="9-0", groups=1, first_entry=last, last_entry=last)


def group(name="workers", pending=0, given="1-0", **lag):
    return flat(name=name, consumers=1, pending=pending, last_delivered_id=given, **lag)


class Server:
    """Answers commands by their first words, and keeps them; `held` until it is set."""

    def __init__(self):
        self.answers, self.asked = {}, []
        self.connections, self.open, self.most = 0, 0, 0
        self.held = asyncio.Event()
        self.held.set()

    async def serve(self, reader, writer):
        self.connections += 1
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            while (count := await reader.readline()).startswith(b"*"):
                words = [await self.word(reader) for _ in range(int(count[1:]))]
                self.asked.append(words)
                await self.held.wait()
                writer.write(packed(self.answer(words)))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open -= 1
            writer.close()

    async def word(self, reader):
        size = int((await reader.readline())[1:])
        return (await reader.readexactly(size + 2))[:-2].decode()

    def answer(self, words):
        known = (self.answers.get(" ".join(words[:size])) for size in (2, 1))
        return next((found for found in known if found is not None), b"-ERR unknown command")


@pytest.fixture
async def redis():
    made = Server()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    made.held.set()
    server.close()
    await server.wait_closed()


@pytest.fixture
async def reader(redis):
    """Make a reader of the stand-in; `timeout` is in seconds."""
    made = []

    def act(timeout=2.0, url="redis://127.0.0.1:{port}", **settings):
        broker = RedisBroker(name="default", kind="redis", url=url.format(port=redis.port), **settings)
        made.append(RedisReader({"default": broker}, timedelta(seconds=timeout)))
        return made[-1]

    yield act
    for one in made:
        await one.close()


async def failed(reader, source=LIST):
    with pytest.raises(MetricError) as caught:
        await reader.depth("inference", source)
    return caught.value.reason, caught.value.detail


async def test_a_list_is_as_long_as_it_says(redis, reader):
    redis.answers = {"LLEN jobs": 7}
    found = await reader().depth("inference", LIST)
    assert (found.waiting, found.running, found.vanishes) == (7, None, "list 'jobs' of redis 'default'")


async def test_a_stream_tells_what_a_group_was_not_given_and_what_it_works_on(redis, reader):
    redis.answers = {"XINFO STREAM": stream(9), "XINFO GROUPS": [group("others"), group(pending=2, lag=5)]}
    assert await reader().depth("inference", STREAM) == Found(5, running=2)


@pytest.mark.parametrize("newest", ["1-0", "0-9", None])
async def test_where_the_newest_entry_was_given_out_nothing_waits_whatever_the_lag_says(redis, reader, newest):
    redis.answers = {"XINFO STREAM": stream(1, newest), "XINFO GROUPS": [group(given="1-0", lag=3)]}
    assert (await reader().depth("inference", STREAM)).waiting == 0


async def test_entries_follow_each_other_as_numbers(redis, reader):
    redis.answers = {"XINFO STREAM": stream(5, "10-0"), "XINFO GROUPS": [group(given="9-0", lag=5)]}
    assert (await reader().depth("inference", STREAM)).waiting == 5


async def test_no_more_waits_than_is_in_the_stream(redis, reader):
    redis.answers = {"XINFO STREAM": stream(4), "XINFO GROUPS": [group(lag=9)]}
    assert (await reader().depth("inference", STREAM)).waiting == 4


@pytest.mark.parametrize("lag", [{"lag": None}, {}], ids=["nil", "before 7.0"])
async def test_without_a_lag_what_waits_is_counted(redis, reader, lag):
    rest = [[f"{number}-0", ["job", "x"]] for number in range(2, 5)]
    redis.answers = {"XINFO STREAM": stream(50), "XINFO GROUPS": [group(**lag)], "XRANGE jobs": rest}
    assert (await reader().depth("inference", STREAM)).waiting == 3
    assert redis.asked[-1] == ["XRANGE", "jobs", "(1-0", "+", "COUNT", str(COUNTED + 1)]


@pytest.mark.parametrize(("length", "waiting"), [(5000, 4990), (COUNTED + 3, COUNTED + 1)])
async def test_what_is_too_much_to_count_is_what_stands_there_less_what_is_worked_on(redis, reader, length, waiting):
    rest = [[f"{number}-0", []] for number in range(COUNTED + 1)]
    known = group(pending=10, lag=None)
    redis.answers = {"XINFO STREAM": stream(length), "XINFO GROUPS": [known], "XRANGE jobs": rest}
    assert (await reader().depth("inference", STREAM)).waiting == waiting


@pytest.mark.parametrize(
    ("answers", "reason", "words"),
    [
        ({"XINFO STREAM": GONE}, Reason.METRIC_EMPTY, "no such key"),
        (
            {"XINFO STREAM": stream(1), "XINFO GROUPS": [group("others")]},
            Reason.METRIC_EMPTY,
            "stream 'jobs' has no group 'workers'; it has: others",
        ),
        (
            {"XINFO STREAM": stream(1), "XINFO GROUPS": [group(f"g{number}") for number in range(9)]},
            Reason.METRIC_EMPTY,
            "it has: g0, g1, g2, g3, g4, g5, g6, g7 and 1 more",
        ),
        ({"XINFO STREAM": stream(1), "XINFO GROUPS": []}, Reason.METRIC_EMPTY, "it has: none"),
        (
            {"XINFO STREAM": b"-WRONGTYPE Operation against a key holding the wrong kind of value"},
            Reason.METRIC_GARBAGE,
            "wrong kind of value",
        ),
        ({"XINFO STREAM": stream(1), "XINFO GROUPS": [[1, 2]]}, Reason.METRIC_GARBAGE, "no answer of a Redis"),
        ({"XINFO STREAM": b"-NOPERM no permissions"}, Reason.METRIC_SERVER_ERROR, "no permissions"),
        ({"XINFO STREAM": b"-LOADING Redis is loading the dataset"}, Reason.METRIC_REFUSED, "loading the dataset"),
        ({"XINFO STREAM": b"-MOVED 3999 10.0.0.7:6381"}, Reason.METRIC_SERVER_ERROR, "a cluster"),
        ({"XINFO STREAM": b"HTTP/1.1 400 Bad Request"}, Reason.METRIC_GARBAGE, "no answer of a Redis"),
    ],
)
async def test_what_is_no_number_is_a_fault_with_words(redis, reader, answers, reason, words):
    redis.answers = answers
    found, detail = await failed(reader(), STREAM)
    assert (found, words in detail) == (reason, True), detail


async def test_a_server_that_is_not_there_is_refused(redis, reader, unused_tcp_port):
    assert (await failed(reader(url=f"redis://127.0.0.1:{unused_tcp_port}")))[0] is Reason.METRIC_REFUSED


async def test_silence_is_a_timeout(redis, reader):
    redis.held.clear()
    assert await failed(reader(timeout=0.05)) == (Reason.METRIC_TIMEOUT, "no answer in time")


async def test_after_silence_the_next_look_gets_its_own_answer(redis, reader):
    redis.answers = {"LLEN jobs": 7, "LLEN other": 9}
    asking = reader(timeout=0.2)
    redis.held.clear()
    await failed(asking)
    redis.held.set()
    assert (await asking.depth("inference", RedisSource("other", "default", "other"))).waiting == 9


async def test_connections_are_kept_and_bounded(redis, reader):
    redis.answers = {"LLEN jobs": 7}
    asking = reader()
    for _ in range(2):
        await asyncio.gather(*(asking.depth("inference", LIST) for _ in range(3 * CONNECTIONS)))
    assert redis.connections == redis.most <= CONNECTIONS


async def test_a_password_is_sent_with_its_user_and_read_anew(redis, reader, tmp_path):
    redis.answers = {"LLEN jobs": 7, "AUTH": b"+OK"}
    password = tmp_path / "password"
    for text in ("old", "new"):
        password.write_text(text + "\n")
        await reader(username="reader", passwordFile=password).depth("inference", LIST)
    assert [words for words in redis.asked if words[0] == "AUTH"] == [
        ["AUTH", "reader", "old"],
        ["AUTH", "reader", "new"],
    ]


async def test_the_library_has_nothing_to_say_in_our_log(redis, reader, tmp_path, caplog):
    redis.answers = {"LLEN jobs": 7, "AUTH": b"+OK"}
    (tmp_path / "password").write_text("hunter2")
    await reader(passwordFile=tmp_path / "password").depth("inference", LIST)
    assert caplog.records == []


async def test_a_password_may_be_the_default_user_s(redis, reader, tmp_path):
    redis.answers = {"LLEN jobs": 7, "AUTH": b"+OK"}
    (tmp_path / "password").write_text("hunter2")
    await reader(passwordFile=tmp_path / "password").depth("inference", LIST)
    assert redis.asked[0] == ["AUTH", "hunter2"]


async def test_a_wrong_password_is_told_without_it(redis, reader, tmp_path):
    redis.answers = {"AUTH": b"-WRONGPASS invalid username-password pair or user is disabled."}
    (tmp_path / "password").write_text("hunter2")
    reason, words = await failed(reader(passwordFile=tmp_path / "password"))
    assert (reason, "invalid username-password" in words, "hunter2" in words) == (
        Reason.METRIC_SERVER_ERROR,
        True,
        False,
    )


@pytest.mark.parametrize("quote", ["'", "`"])
async def test_a_server_that_repeats_what_it_does_not_know_is_cut_short(redis, reader, tmp_path, quote):
    words = f"-ERR unknown command {quote}AUTH{quote}, with args beginning with: 'reader' 'hunter2' "
    redis.answers = {"AUTH": words.encode()}
    (tmp_path / "password").write_text("hunter2")
    asking = reader(username="reader", passwordFile=tmp_path / "password")
    assert await failed(asking) == (Reason.METRIC_SERVER_ERROR, f"unknown command {quote}AUTH{quote}")


async def test_a_password_that_cannot_be_read_is_named_by_its_file(redis, reader, tmp_path):
    assert (await failed(reader(passwordFile=tmp_path / "gone")))[1].endswith("gone cannot be read")


async def test_nothing_is_asked_for_but_the_answer(redis, reader):
    redis.answers = {"LLEN jobs": 7}
    await reader().depth("inference", LIST)
    assert redis.asked == [["LLEN", "jobs"]]


async def test_another_database_is_chosen(redis, reader):
    redis.answers = {"LLEN jobs": 7, "SELECT": b"+OK"}
    await reader(url="redis://127.0.0.1:{port}/3").depth("inference", LIST)
    assert redis.asked[0] == ["SELECT", "3"]


@pytest.fixture
async def encrypted(redis, tmp_path):
    """The same behind TLS, for clients with a certificate; what a broker must be told."""
    authority = Authority("ca", tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.certificate)
    context.load_cert_chain(*authority.issue("server", Subject("redis", names=("127.0.0.1",))))
    context.verify_mode = ssl.CERT_REQUIRED
    server = await asyncio.start_server(redis.serve, "127.0.0.1", 0, ssl=context)
    redis.port, plain = server.sockets[0].getsockname()[1], redis.port
    certificate, key = authority.issue("client", Subject("reader"))
    yield {"caFile": authority.certificate, "certFile": certificate, "keyFile": key}
    redis.port = plain
    server.close()
    await server.wait_closed()


async def test_a_certificate_opens_the_door(redis, reader, encrypted):
    redis.answers = {"LLEN jobs": 7}
    asking = reader(url="rediss://127.0.0.1:{port}", tls=encrypted)
    assert (await asking.depth("inference", LIST)).waiting == 7
    await asking.close()


async def test_an_unknown_authority_is_not_trusted(redis, reader, encrypted):
    reason, words = await failed(reader(url="rediss://127.0.0.1:{port}"))
    assert (reason, "certificate verify failed" in words.lower()) == (Reason.METRIC_REFUSED, True)
