from collections import Counter

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from controlplane.network import claim
from controlplane.programs import start_guardian


class Pod:
    """A server that answers as its `answers` say, by path, and counts what it was asked."""

    def __init__(self):
        self.answers = {}
        self.asked = Counter()
        self.connections = set()
        self.headers = {}

    async def handle(self, request):
        self.asked[request.path] += 1
        self.connections.add(request.transport.get_extra_info("peername"))
        self.headers = request.headers
        answer = self.answers.get(request.path, web.HTTPNotFound())
        if callable(answer):
            return await answer(request)
        if isinstance(answer, web.HTTPException):
            raise answer
        return answer if isinstance(answer, web.StreamResponse) else web.Response(body=answer)


@pytest.fixture
async def pod():
    """A pod on a port of 127.0.0.1, `pod.port`."""
    pod = Pod()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", pod.handle)
    async with TestServer(app) as server:
        pod.port = server.port
        yield pod


@pytest.fixture(scope="module")
def ground():
    """An address of our own, and a guardian that ends what runs there: the programs, and the address."""
    network, holder = claim()
    process, programs = start_guardian(network, holder)
    yield programs, network.address
    programs.end()
    process.wait()
