"""A secret goes to whom it is for: no error, condition, log or page repeats it, even where the other side does."""

import base64
import json
from datetime import timedelta

import pytest
import structlog
from aiohttp import web
from tests.security.test_pod_addresses import HERE, POD, TOKEN, Secrets

from builders import START
from poolkeeper.core.model import PodsSource, RabbitSource, Transport
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.brokers import RabbitBroker, load_brokers
from poolkeeper.shell.kubeconfig import AccessError, login
from poolkeeper.shell.prometheus import PrometheusServer
from poolkeeper.shell.queues.pages import Pages
from poolkeeper.shell.queues.rabbit import RabbitReader
from poolkeeper.shell.queues.scrape import PodScraper
from poolkeeper.shell.servers import Basic, Bearer, ServerConfig, load_servers

SECRET = "c4n4ry"  # noqa: S105  it is looked for
HIDDEN = (SECRET, base64.b64encode(SECRET.encode()).decode(), base64.b64encode(f"ann:{SECRET}".encode()).decode())


def repeating(status=200, shape="{}"):
    """Return an answer that repeats the Authorization header that it was asked with."""

    def answer(request):
        told = json.dumps(request.headers.get("Authorization", "nothing"))
        return web.Response(status=status, text=shape.replace("{}", told))

    return answer


def is_told(words):
    return any(one in words for one in HIDDEN)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n")
    return path


ANSWERS = [
    repeating(),
    repeating(shape="vllm:num_requests_waiting {}"),
    repeating(shape="vllm:num_requests_waiting{a={}} NaN"),
    repeating(401),
    repeating(500),
    lambda request: web.Response(status=302, headers={"Location": f"/{request.headers['Authorization']}"}),
]


@pytest.mark.parametrize("answer", ANSWERS)
async def test_a_pod_that_repeats_its_token_tells_nobody(listen, answer):
    listener, pages = await listen(answer), Pages(Secrets(), reach=HERE)
    source = PodsSource("pods", port=listener.port, transport=Transport(token=TOKEN))
    with structlog.testing.capture_logs() as told:
        reading = await PodScraper(pages).scrape([POD], source, None, START, timedelta(seconds=30))
    await pages.close()
    assert SECRET in listener.headers["Authorization"]
    assert reading.faults
    assert not is_told(f"{reading} {told}")


@pytest.mark.parametrize("status", [200, 400, 401, 500])
@pytest.mark.parametrize("shape", ["{}", '{"status": "error", "error": {}}', '{"status": "success", "warnings": [{}]}'])
@pytest.mark.parametrize("way", ["bearer", "basic"])
async def test_a_prometheus_that_repeats_its_proof_tells_nobody(listen, file, status, shape, way):
    listener = await listen(repeating(status, shape))
    how = {"bearer": Bearer(tokenFile=file), "basic": Basic(username="ann", passwordFile=file)}
    server = PrometheusServer(ServerConfig(name="x", url=listener.url, **{way: how[way]}))
    with pytest.raises(MetricError) as fault:
        await server.query("up")
    await server.close()
    assert is_told(listener.headers["Authorization"])
    assert not is_told(f"{fault.value} {fault.value.detail} {server!r} {vars(server)}")


@pytest.mark.parametrize("status", [200, 401, 404, 500])
async def test_a_broker_that_repeats_its_proof_tells_nobody(listen, file, status):
    listener = await listen(repeating(status, '{"reason": {}}'))
    broker = RabbitBroker(name="work", kind="rabbitmq", url=listener.url, username="ann", passwordFile=file)
    reader = RabbitReader({"work": broker})
    with pytest.raises(MetricError) as fault:
        await reader.depth("inference", RabbitSource("jobs", "work", "jobs", "/"))
    await reader.close()
    assert is_told(listener.headers["Authorization"])
    assert not is_told(f"{fault.value} {broker!r}")


@pytest.mark.parametrize(
    "text",
    [
        f"default: {{url: 'http://ann:{SECRET}@prometheus'}}",
        f"default: {{url: 'http://prometheus?token={SECRET}'}}",
        f"default: {{url: 'http://prometheus', bearer: {SECRET}}}",
        f"default: {{url: 'http://prometheus', bearer: {{token: {SECRET}}}}}",
        f"default: {{url: 'http://prometheus', basic: {{username: ann, password: {SECRET}}}}}",
        f"default: {SECRET}",
        f"default: {{url: [{SECRET}]}}",
        f"a: b: {SECRET}",
    ],
)
@pytest.mark.parametrize("load", [lambda path: load_servers([], path), load_brokers])
def test_a_file_in_which_a_secret_stands_by_mistake_is_refused_without_it(tmp_path, load, text):
    path = tmp_path / "given.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"given\.yaml") as told:
        load(path)
    assert not is_told(str(told.value))


@pytest.mark.parametrize(
    "user", [f"{{token: [{SECRET}]}}", f"{{password: {{a: {SECRET}}}}}", f"{{client-key-data: 5, token: {SECRET}}}"]
)
def test_a_kubeconfig_that_is_wrong_is_refused_without_its_secrets(tmp_path, user):
    path = tmp_path / "config"
    path.write_text(f"current-context: a\nusers:\n- {{name: a, user: {user}}}\n")
    with pytest.raises(AccessError) as told:
        login(path)
    assert not is_told(str(told.value))
