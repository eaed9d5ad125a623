from collections import Counter

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer


class Listener:
    """A server on the loopback: what it answers, and what it was asked, by whom it was sent there."""

    def __init__(self):
        self.answer, self.asked, self.headers = web.Response(body=b"up 1\n"), Counter(), {}

    async def handle(self, request):
        self.asked[request.path] += 1
        self.headers = dict(request.headers)
        made = self.answer(request) if callable(self.answer) else self.answer
        if isinstance(made, web.HTTPException):
            raise made
        return made


@pytest.fixture
async def listen():
    """Start listeners; each knows its `port` and its `url`."""
    servers = []

    async def start(answer=None):
        listener, app = Listener(), web.Application()
        listener.answer = answer or listener.answer
        app.router.add_route("*", "/{path:.*}", listener.handle)
        servers.append(TestServer(app))
        await servers[-1].start_server()
        listener.port, listener.url = servers[-1].port, f"http://127.0.0.1:{servers[-1].port}"
        return listener

    yield start
    for server in servers:
        await server.close()
