import asyncio
import gzip
from collections import Counter
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.prometheus import Element, PrometheusServer, QueryRefusedError
from poolkeeper.shell.servers import Basic, Bearer, ServerConfig

VECTOR = (
    b'{"status":"success","data":{"resultType":"vector","result":['
    b'{"metric":{"pod":"a"},"value":[1732244400.123,"3"]},{"metric":{},"value":[1732244400.123,"%s"]}]}%s}'
)
SCALAR = b'{"status":"success","data":{"resultType":"scalar","result":[1732244400.5,"7"]}}'


class Fake:
    """Answers queries with `answer` and keeps what it was sent."""

    def __init__(self):
        self.answer = SCALAR
        self.form = {}
        self.headers = {}
        self.asked = Counter()

    async def handle(self, request):
        self.asked[request.path] += 1
        self.headers, self.form = request.headers, await request.post()
        if callable(self.answer):
            return await self.answer(request)
        if isinstance(self.answer, web.HTTPException):
            raise self.answer
        return self.answer if isinstance(self.answer, web.StreamResponse) else web.Response(body=self.answer)


@pytest.fixture
async def fake():
    fake = Fake()
    app = web.Application()
    app.router.add_post("/{path:.*}", fake.handle)
    async with TestServer(app) as server:
        fake.url = f"http://127.0.0.1:{server.port}"
        yield fake


async def ask(url, promql="up", timeout=5.0, size=10_000, **auth):  # noqa: ASYNC109  the server's own setting
    server = PrometheusServer(ServerConfig(name="x", url=url, **auth), timedelta(seconds=timeout), size)
    try:
        return await server.query(promql)
    finally:
        await server.close()


async def failed(*args, **kwargs):
    with pytest.raises(MetricError) as caught:
        await ask(*args, **kwargs)
    return caught.value


async def test_a_vector_is_its_elements(fake):
    fake.answer = VECTOR % (b"+Inf", b"")
    assert await ask(fake.url) == [
        Element({"pod": "a"}, 1732244400.123, 3.0),
        Element({}, 1732244400.123, float("inf")),
    ]


async def test_a_scalar_is_one_element(fake):
    assert await ask(fake.url) == [Element({}, 1732244400.5, 7.0)]


async def test_the_query_is_posted_below_the_path_of_the_url(fake):
    await ask(f"{fake.url}/select/0/prometheus", "a" * 9000)
    assert (fake.asked, fake.form["query"]) == ({"/select/0/prometheus/api/v1/query": 1}, "a" * 9000)


async def test_gzip_is_unpacked(fake):
    fake.answer = web.Response(body=gzip.compress(SCALAR), headers={"Content-Encoding": "gzip"})
    assert len(await ask(fake.url)) == 1


async def test_a_closed_port_is_refused(unused_tcp_port):
    assert (await failed(f"http://127.0.0.1:{unused_tcp_port}")).reason is Reason.METRIC_REFUSED


async def test_silence_is_a_timeout(fake):
    never = asyncio.Event()
    fake.answer = lambda _: never.wait()
    fault = await failed(fake.url, timeout=0.05)
    never.set()
    assert fault.reason is Reason.METRIC_TIMEOUT


ERROR = b'{"status":"error","errorType":"execution","error":"query processing would load too many samples"}'


@pytest.mark.parametrize("status", [400, 422])
async def test_a_refused_query_is_told_in_the_server_s_words(fake, status):
    fake.answer = web.Response(status=status, body=ERROR)
    fault = await failed(fake.url)
    assert (type(fault), fault.reason) == (QueryRefusedError, Reason.METRIC_SERVER_ERROR)
    assert fault.detail.endswith(f"answered {status}: query processing would load too many samples")


@pytest.mark.parametrize(("status", "body"), [(500, b"boom\n now"), (503, b""), (401, b"who?"), (404, b"<html>")])
async def test_an_error_is_the_server_s(fake, status, body):
    fake.answer = web.Response(status=status, body=body)
    fault = await failed(fake.url)
    said = " ".join(body.decode().split()) or "without a word"
    assert (type(fault), fault.detail) == (MetricError, f"{fake.url} answered {status}: {said}")


async def test_a_redirect_is_not_followed(fake):
    fake.answer = web.HTTPTemporaryRedirect("/elsewhere")
    fault = await failed(fake.url)
    assert (fault.reason, fake.asked["/elsewhere"]) == (Reason.METRIC_SERVER_ERROR, 0)


@pytest.mark.parametrize("warning", ["store 10.0.0.1 unavailable", "PromQL warning: bucket label le is missing"])
async def test_a_partial_answer_is_a_fault(fake, warning):
    fake.answer = VECTOR % (b"1", b',"warnings":["%s"]' % warning.encode())
    fault = await failed(fake.url)
    assert (fault.reason, warning in fault.detail) == (Reason.METRIC_SERVER_ERROR, True)


async def test_a_remark_is_no_fault(fake):
    fake.answer = VECTOR % (b"1", b',"warnings":["PromQL info: no _total"],"infos":["x"]')
    assert len(await ask(fake.url)) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        VECTOR % (b"many", b""),
        b'{"status":"success","data":{"resultType":"matrix","result":[]}}',
        b'{"status":"success","data":{"resultType":"string","result":[1,"x"]}}',
        b'{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"histogram":[1,{}]}]}}',
    ],
)
async def test_what_is_no_answer_is_garbage(fake, body):
    fake.answer = body
    assert (await failed(fake.url)).reason is Reason.METRIC_GARBAGE


async def test_success_without_success_is_the_server_s_error(fake):
    fake.answer = ERROR
    assert (await failed(fake.url)).reason is Reason.METRIC_SERVER_ERROR


async def test_an_answer_has_a_largest_size(fake):
    fake.answer = SCALAR + b" " * 10_000
    assert (await failed(fake.url)).reason is Reason.METRIC_TOO_LARGE


async def test_basic_auth_is_sent(fake, tmp_path):
    (tmp_path / "password").write_text("hunter2\n")
    await ask(fake.url, basic=Basic(username="u", passwordFile=tmp_path / "password"))
    assert fake.headers["Authorization"] == "Basic dTpodW50ZXIy"


async def test_a_token_is_read_again(fake, tmp_path):
    token = tmp_path / "token"
    token.write_text("one")
    server = PrometheusServer(ServerConfig(name="x", url=fake.url, bearer=Bearer(tokenFile=token)))
    await server.query("up")
    token.write_text("two")
    await server.query("up")
    await server.close()
    assert fake.headers["Authorization"] == "Bearer two"


async def test_a_secret_that_comes_back_in_an_error_is_not_repeated(fake, tmp_path):
    (tmp_path / "token").write_text("hunter2")
    fake.answer = web.Response(status=403, text="Bearer hunter2 is not allowed")
    fault = await failed(fake.url, bearer=Bearer(tokenFile=tmp_path / "token"))
    assert fault.detail.endswith("403: Bearer *** is not allowed")


async def test_a_missing_token_is_named_by_its_file(fake, tmp_path):
    fault = await failed(fake.url, bearer=Bearer(tokenFile=tmp_path / "token"))
    assert (fault.reason, f"{tmp_path}/token" in fault.detail) == (Reason.METRIC_REFUSED, True)
