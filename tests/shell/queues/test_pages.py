"""Pages of pods: with whose token, trusting whom, and what a refusal says."""

import asyncio
from datetime import timedelta

import pytest
from aiohttp import web

from builders import START
from poolkeeper.core.model import SecretKey, Transport
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.queues.endpoints import Endpoint
from poolkeeper.shell.queues.pages import Limits, Pages
from poolkeeper.shell.views import PodView

TOKEN, CA = SecretKey("picker", "token"), SecretKey("picker", "ca.crt")
PLAIN = Transport()
VIEW = PodView("inference", "picker-0", "uid", START, ip="127.0.0.1")


class Secrets:
    """Holds a token with a line's end, as files have it, and no certificate."""

    def __init__(self, token=b"s3cr3t\n"):
        self.held, self.doubted = {TOKEN: token, CA: b"no certificate"}, []

    async def read(self, _namespace, wanted):
        return self.held[wanted]

    def doubt(self, _namespace, wanted):
        self.doubted.append(wanted)


async def read(pod, transport=PLAIN, secrets=None, limit=1.0):
    pages = Pages(secrets or Secrets(), Limits(timeout=timedelta(seconds=limit)))
    try:
        return await pages.read(VIEW, Endpoint(pod.port, "/metrics"), transport)
    finally:
        await pages.close()


async def refusal(pod, *known, **more):
    with pytest.raises(MetricError) as told:
        await read(pod, *known, **more)
    return told.value


async def test_a_page_is_read_without_a_token(pod):
    pod.answers["/metrics"] = b"up 1\n"
    assert await read(pod) == b"up 1\n"
    assert "Authorization" not in pod.headers


async def test_the_token_is_sent(pod):
    pod.answers["/metrics"] = b"up 1\n"
    await read(pod, Transport(token=TOKEN))
    assert pod.headers["Authorization"] == "Bearer s3cr3t"


@pytest.mark.parametrize("answer", [web.HTTPUnauthorized(), web.HTTPForbidden()])
async def test_a_token_that_is_not_welcome_is_told_without_it(pod, answer):
    pod.answers["/metrics"] = answer
    told = await refusal(pod, Transport(token=TOKEN))
    assert told.reason is Reason.METRIC_REFUSED
    assert f"answered {answer.status}: it wants another token (tokenSecretRef)" in told.detail
    assert "s3cr3t" not in told.detail


async def test_a_token_that_is_not_welcome_is_looked_up_again(pod):
    pod.answers["/metrics"] = web.HTTPUnauthorized()
    secrets = Secrets()
    await refusal(pod, Transport(token=TOKEN), secrets=secrets)
    assert secrets.doubted == [TOKEN]


async def test_who_wants_a_token_and_gets_none_is_told_so(pod):
    pod.answers["/metrics"] = web.HTTPUnauthorized()
    assert "answered 401: it wants a token (tokenSecretRef)" in (await refusal(pod)).detail


async def test_another_status_is_an_error(pod):
    told = await refusal(pod)
    assert (told.reason, "answered 404" in told.detail) == (Reason.METRIC_SERVER_ERROR, True)


async def test_a_redirect_is_not_followed(pod):
    pod.answers |= {"/metrics": web.HTTPFound("/other"), "/other": b"up 1\n"}
    assert (await refusal(pod)).reason is Reason.METRIC_SERVER_ERROR
    assert pod.asked["/other"] == 0


async def test_nobody_is_waited_for_for_long(pod):
    async def hang(_request):
        await asyncio.Event().wait()

    pod.answers["/metrics"] = hang
    told = await refusal(pod, limit=0.05)
    assert told.reason is Reason.METRIC_TIMEOUT


async def test_plain_http_is_no_tls_and_sees_no_token(pod):
    told = await refusal(pod, Transport(tls=True, verify=False, token=TOKEN))
    assert (told.reason, pod.asked.total()) == (Reason.METRIC_REFUSED, 0)
    assert "gives no TLS" in told.detail
    assert "leave out tls" in told.detail


async def test_what_is_no_certificate_is_said(pod):
    told = await refusal(pod, Transport(tls=True, ca=CA))
    assert (told.reason, told.detail) == (Reason.METRIC_GARBAGE, "caSecretRef holds no PEM certificates")


@pytest.mark.parametrize("token", [b"\xff\xfe", b"", b" \n", b"two\nlines", b"two words"])
async def test_what_is_no_token_is_said_without_it(pod, token):
    told = await refusal(pod, Transport(token=TOKEN), secrets=Secrets(token))
    assert told.detail == "secret 'picker' in inference: 'token' is no token"
