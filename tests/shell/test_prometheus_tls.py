import ssl

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from controlplane.certificates import Authority, Subject
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.prometheus import PrometheusServer
from poolkeeper.shell.servers import ServerConfig, Tls

SCALAR = b'{"status":"success","data":{"resultType":"scalar","result":[1,"7"]}}'


@pytest.fixture
def authority(tmp_path):
    return Authority("ca", tmp_path)


@pytest.fixture
def client(authority):
    """The paths of a client's certificate and key."""
    return authority.issue("client", Subject("reader"))


@pytest.fixture
async def url(authority):
    """A Prometheus that lets in only clients with a certificate of this authority."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.certificate)
    context.load_cert_chain(*authority.issue("server", Subject("prometheus", names=("127.0.0.1",))))
    context.verify_mode = ssl.CERT_REQUIRED
    app = web.Application()
    app.router.add_post("/api/v1/query", answer)
    server = TestServer(app, scheme="https")
    await server.start_server(ssl=context)
    yield f"https://127.0.0.1:{server.port}"
    await server.close()


async def answer(_):
    return web.Response(body=SCALAR)


async def ask(url, tls):
    server = PrometheusServer(ServerConfig(name="x", url=url, tls=tls))
    try:
        return await server.query("up")
    finally:
        await server.close()


async def test_a_client_certificate_opens_the_door(url, authority, client):
    tls = Tls(caFile=authority.certificate, certFile=client[0], keyFile=client[1])
    assert (await ask(url, tls))[0].value == 7


async def test_an_unknown_authority_is_not_trusted(url):
    with pytest.raises(MetricError, match=r"(?i)certificate verify failed") as caught:
        await ask(url, Tls())
    assert caught.value.reason is Reason.METRIC_REFUSED


async def test_without_a_client_certificate_the_door_stays_shut(url, authority):
    with pytest.raises(MetricError) as caught:
        await ask(url, Tls(caFile=authority.certificate))
    assert caught.value.reason is Reason.METRIC_REFUSED


@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_an_unusable_file_is_named(url, tmp_path, content):
    if content:
        (tmp_path / "other.crt").write_text(content)
    with pytest.raises(MetricError, match=r"other\.crt"):
        await ask(url, Tls(caFile=tmp_path / "other.crt"))


async def test_a_renewed_certificate_is_used_at_once(url, authority, client):
    server = PrometheusServer(ServerConfig(name="x", url=url, tls=Tls(caFile=authority.certificate)))
    with pytest.raises(MetricError):
        await server.query("up")
    renewed = Tls(caFile=authority.certificate, certFile=client[0], keyFile=client[1])
    other = Authority("other", authority.directory).issue("client", Subject("reader"))
    assert other == client
    with pytest.raises(MetricError):
        await ask(url, renewed)
    authority.issue("client", Subject("reader"))
    await server.close()
    assert len(await ask(url, renewed)) == 1
