"""Pages over TLS: whom the pool trusts, under which name, with which token, and what a person has to do otherwise."""

import ssl
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from builders import START
from controlplane import certificates
from controlplane.certificates import Authority, Subject
from poolkeeper.core.model import SecretKey, Transport
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.queues.endpoints import Endpoint
from poolkeeper.shell.queues.pages import Pages
from poolkeeper.shell.queues.trust import Trust
from poolkeeper.shell.views import PodView

CA, TOKEN = SecretKey("picker", "ca.crt"), SecretKey("picker", "token")
TRUSTING = Transport(tls=True, ca=CA)
VIEW = PodView("inference", "picker-0", "uid", START, ip="127.0.0.1")
NAMED = ("127.0.0.1", "picker")


class Secrets:
    """Holds a token and an authority that somebody may replace."""

    def __init__(self, authority):
        self.held = {CA: authority.certificate.read_bytes(), TOKEN: b"s3cr3t"}

    async def read(self, _namespace, wanted):
        return self.held[wanted]

    def doubt(self, _namespace, wanted):
        """A double that never keeps anything has nothing to doubt."""


@pytest.fixture
def authority(tmp_path):
    return Authority("ca", tmp_path)


@pytest.fixture
async def serving(authority):
    """Serve pages under a certificate of the authority that bears these names; the port."""
    servers = []

    async def serve(names=NAMED, answer=lambda _: web.Response(body=b"up 1\n")):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*authority.issue("server", Subject("picker", names=names)))
        app = web.Application()
        app.router.add_get("/{path:.*}", _async(answer))
        servers.append(TestServer(app, scheme="https"))
        await servers[-1].start_server(ssl=context)
        return servers[-1].port

    yield serve
    for server in servers:
        await server.close()


def _async(answer):
    async def handle(request):
        return answer(request)

    return handle


@pytest.fixture
def secrets(authority):
    return Secrets(authority)


@pytest.fixture
async def pages(secrets):
    made = Pages(secrets)
    yield made
    await made.close()


async def read(pages, port, transport=TRUSTING):
    return await pages.read(VIEW, Endpoint(port, "/metrics"), transport)


async def refusal(pages, port, transport=TRUSTING):
    with pytest.raises(MetricError) as told:
        await read(pages, port, transport)
    assert told.value.reason is Reason.METRIC_REFUSED
    return told.value.detail


@pytest.mark.parametrize("name", ["", "picker"])
async def test_the_pools_authority_is_trusted_for_the_address_and_for_the_name(serving, pages, name):
    assert await read(pages, await serving(), Transport(tls=True, ca=CA, server_name=name)) == b"up 1\n"


async def test_who_skips_verification_trusts_anybody(serving, pages):
    assert await read(pages, await serving(("elsewhere",)), Transport(tls=True, verify=False)) == b"up 1\n"


@pytest.mark.parametrize(
    ("names", "transport", "words"),
    [
        (NAMED, Transport(tls=True), "signed by nobody trusted: name its authority in tls.caSecretRef"),
        (NAMED, Transport(tls=True, ca=CA, server_name="other"), "for another name: put the one that it bears into"),
        (("picker",), TRUSTING, "not for the pod's address: put the name that it bears into tls.serverName"),
    ],
)
async def test_a_stranger_is_not_and_it_is_said_what_to_do(serving, pages, names, transport, words):
    told = await refusal(pages, await serving(names), transport)
    assert "certificate verify failed" in told
    assert words in told


async def test_a_certificate_that_has_expired_is_to_be_renewed(serving, pages, monkeypatch):
    monkeypatch.setattr(certificates, "_LIFETIME", timedelta(minutes=-1))
    assert "has expired: renew it on the pod" in await refusal(pages, await serving())


async def test_one_that_is_not_valid_yet_tells_of_clocks(serving, pages, monkeypatch):
    monkeypatch.setattr(certificates, "_CLOCK_SKEW", timedelta(hours=-1))
    assert "is not valid yet: compare the clocks" in await refusal(pages, await serving())


async def test_an_authority_that_rotates_is_taken_up(serving, pages, secrets, tmp_path):
    port, right = await serving(), secrets.held[CA]
    secrets.held[CA] = Authority("old", tmp_path).certificate.read_bytes()
    await refusal(pages, port)
    secrets.held[CA] = right
    assert await read(pages, port) == b"up 1\n"


async def test_a_context_is_made_once(secrets):
    trust = Trust(secrets)
    made = [await trust.context("inference", TRUSTING) for _ in range(2)]
    assert made[0] is made[1]


async def test_the_token_is_sent_under_tls(serving, pages):
    port = await serving(answer=lambda request: web.Response(text=request.headers["Authorization"]))
    assert await read(pages, port, Transport(tls=True, ca=CA, token=TOKEN)) == b"Bearer s3cr3t"


async def test_a_redirect_to_plain_http_takes_the_token_nowhere(serving, pages, pod):
    def away(_):
        raise web.HTTPFound(f"http://127.0.0.1:{pod.port}/metrics")

    port = await serving(answer=away)
    with pytest.raises(MetricError, match="answered 302"):
        await read(pages, port, Transport(tls=True, ca=CA, token=TOKEN))
    assert pod.asked.total() == 0


async def test_no_refusal_repeats_a_secret(serving, pages):
    def forbid(_):
        raise web.HTTPForbidden

    told = await refusal(pages, await serving(answer=forbid), Transport(tls=True, ca=CA, token=TOKEN))
    assert "answered 403: it wants another token" in told
    assert "s3cr3t" not in told


async def test_plain_http_asked_of_a_port_that_wants_tls_is_a_fault(serving, pages):
    with pytest.raises(MetricError):
        await read(pages, await serving(), Transport(token=TOKEN))
