"""Pages over TLS: whom the pool trusts, and under which name."""

import ssl

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from builders import START
from controlplane.certificates import Authority, Subject
from poolkeeper.core.model import SecretKey, Transport
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.queues.pages import Pages
from poolkeeper.shell.views import PodView

CA = SecretKey("picker", "ca.crt")
VIEW = PodView("inference", "picker-0", "uid", START, ip="127.0.0.1")


@pytest.fixture
def authority(tmp_path):
    return Authority("ca", tmp_path)


@pytest.fixture
async def port(authority):
    """A pod's port, served by one whose certificate bears its address and the name `picker`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.issue("server", Subject("picker", names=("127.0.0.1", "picker"))))
    app = web.Application()
    app.router.add_get("/metrics", answer)
    server = TestServer(app, scheme="https")
    await server.start_server(ssl=context)
    yield server.port
    await server.close()


async def answer(_):
    return web.Response(body=b"up 1\n")


async def read(port, transport, authority):
    class Secrets:
        async def read(self, *_):
            return authority.certificate.read_bytes()

    pages = Pages(Secrets())
    try:
        return await pages.read(VIEW, port, "/metrics", transport)
    finally:
        await pages.close()


@pytest.mark.parametrize("name", ["", "picker"])
async def test_the_pools_authority_is_trusted_for_the_address_and_for_the_name(port, authority, name):
    assert await read(port, Transport(tls=True, ca=CA, server_name=name), authority) == b"up 1\n"


async def test_who_skips_verification_trusts_anybody(port, authority):
    assert await read(port, Transport(tls=True, verify=False), authority) == b"up 1\n"


@pytest.mark.parametrize(
    ("transport", "words"),
    [
        (Transport(tls=True), "certificate verify failed"),
        (Transport(tls=True, ca=CA, server_name="other"), "Hostname mismatch"),
    ],
)
async def test_a_stranger_is_not(port, authority, transport, words):
    with pytest.raises(MetricError) as told:
        await read(port, transport, authority)
    assert (told.value.reason, words.lower() in told.value.detail.lower()) == (Reason.METRIC_REFUSED, True), told.value
