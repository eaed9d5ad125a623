"""RabbitMQ's management API as 3.10 answers it, by a stand-in; test_real_rabbit.py holds it against a real one."""

import asyncio
import json
from datetime import timedelta

import pytest
from aiohttp import BasicAuth, web

from poolkeeper.core.model import RabbitSource
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.brokers import RabbitBroker
from poolkeeper.shell.queues.outside import Found
from poolkeeper.shell.queues.rabbit import RabbitReader, address

JOBS = RabbitSource("jobs", "work", "jobs")
QUEUE = {"messages_ready": 7, "messages_unacknowledged": 2, "state": "running", "type": "classic"}


@pytest.fixture
def broker(pod, tmp_path):
    password = tmp_path / "password"
    password.write_text("hunter2\n")
    url = f"http://127.0.0.1:{pod.port}"
    return RabbitBroker(name="work", kind="rabbitmq", url=url, username="reader", passwordFile=password)


@pytest.fixture
async def read(pod, broker):
    """Look once; what the stand-in answers is given as changes of a queue, or as an answer of its own."""
    reader = RabbitReader({"work": broker}, timedelta(seconds=2))

    async def act(answer=None, source=JOBS, **changes):
        async def handle(request):
            pod.path = request.rel_url.raw_path
            return answer or web.json_response(
                {name: value for name, value in (QUEUE | changes).items() if value != ""}
            )

        pod.answers = dict.fromkeys(("/api/queues///jobs", "/api/queues/night/jobs/a b?"), handle)
        return await reader.depth("inference", source)

    yield act
    await reader.close()


async def failed(read, *args, **changes):
    with pytest.raises(MetricError) as caught:
        await read(*args, **changes)
    return caught.value.reason, caught.value.detail


async def test_what_waits_and_what_is_worked_on_are_read(read):
    assert await read() == Found(7, running=2)


async def test_user_and_password_are_sent(read, pod):
    await read()
    sent = BasicAuth.decode(pod.headers["Authorization"])
    assert (sent.login, sent.password) == ("reader", "hunter2")


async def test_names_may_hold_anything(read, pod):
    await read(source=RabbitSource("jobs", "work", "jobs/a b?", "night"))
    assert pod.path == "/api/queues/night/jobs%2Fa%20b%3F"


def test_dots_lead_to_no_other_place(broker):
    asked = address(broker, RabbitSource("jobs", "work", "users", ".."))
    assert asked.raw_path == "/api/queues/%2E%2E/users"


async def test_connections_are_kept(read, pod):
    await read()
    await read()
    assert len(pod.connections) == 1


async def test_a_queue_that_is_not_there_is_no_empty_one(read):
    answer = web.json_response({"error": "Object Not Found", "reason": "Not Found"}, status=404)
    assert await failed(read, answer) == (Reason.METRIC_EMPTY, "there is no queue 'jobs' in vhost '/'")


async def test_a_wrong_password_is_told_without_it(read):
    answer = web.json_response({"error": "not_authorised", "reason": "Login failed with hunter2"}, status=401)
    assert await failed(read, answer) == (
        Reason.METRIC_SERVER_ERROR,
        "rabbitmq 'work' answered 401: Login failed with ***",
    )


async def test_an_error_that_is_no_json_is_repeated(read):
    answer = web.Response(status=503, text="try\nlater")
    assert (await failed(read, answer))[1] == "rabbitmq 'work' answered 503: try later"


@pytest.mark.parametrize("name", ["messages_ready", "messages_unacknowledged"])
async def test_a_queue_without_statistics_is_not_empty(read, name):
    reason, words = await failed(read, **{name: ""})
    assert (reason, words.startswith("there are no statistics")) == (Reason.METRIC_EMPTY, True)


@pytest.mark.parametrize("state", ["down", "crashed", "stopped", "minority"])
async def test_the_figures_of_a_queue_that_is_gone_are_old(read, state):
    assert await failed(read, state=state) == (Reason.METRIC_SERVER_ERROR, f"queue 'jobs' is {state}")


async def test_a_stream_has_no_queue(read):
    reason, words = await failed(read, type="stream")
    assert (reason, words.startswith("'jobs' is a stream")) == (Reason.METRIC_GARBAGE, True)


@pytest.mark.parametrize("body", [b"<html>", b"[]", json.dumps(QUEUE | {"messages_ready": "7"}).encode()])
async def test_what_is_no_queue_is_garbage(read, body):
    assert (await failed(read, web.Response(body=body)))[0] is Reason.METRIC_GARBAGE


async def test_a_broker_that_is_not_there_is_refused(unused_tcp_port, broker):
    reader = RabbitReader({"work": broker.model_copy(update={"url": f"http://127.0.0.1:{unused_tcp_port}"})})
    reason, _ = await failed(lambda: reader.depth("inference", JOBS))
    await reader.close()
    assert reason is Reason.METRIC_REFUSED


async def test_silence_is_a_timeout(pod, broker):
    never = asyncio.Event()
    pod.answers = {"/api/queues///jobs": lambda _: never.wait()}
    reader = RabbitReader({"work": broker}, timedelta(milliseconds=50))
    reason, _ = await failed(lambda: reader.depth("inference", JOBS))
    never.set()
    await reader.close()
    assert reason is Reason.METRIC_TIMEOUT


async def test_a_password_that_cannot_be_read_is_named_by_its_file(broker, tmp_path):
    reader = RabbitReader({"work": broker.model_copy(update={"password_file": tmp_path / "gone"})})
    _, words = await failed(lambda: reader.depth("inference", JOBS))
    assert words == f"the secret in {tmp_path / 'gone'} cannot be read"


async def test_a_broker_may_want_no_password(pod, broker):
    pod.answers = {"/api/queues///jobs": web.json_response(QUEUE)}
    reader = RabbitReader({"work": broker.model_copy(update={"username": None, "password_file": None})})
    await reader.depth("inference", JOBS)
    await reader.close()
    assert "Authorization" not in pod.headers
