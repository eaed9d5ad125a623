"""The way from one seat to the API server: an HTTP proxy that stamps every request, and does troubles to it.

It speaks plain HTTP to the operator and TLS, with the cluster's own authority, to the API server. Who asks is not its
business: the operator's token passes through. What a killed process had sent may still arrive, as in real life.
"""

import asyncio
import json
import random
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import aiohttp
import yaml
from aiohttp import web
from yarl import URL

from chaos.evidence import STAMP
from chaos.troubles import Deed, Request, Trouble, status
from controlplane import Cluster

OWN = {"host", "user-agent", "connection", "transfer-encoding", "keep-alive", "content-length", "te", "upgrade"}
LINE = 2**25
START, END = 30.0, 5.0
CUTS = 0.5
"""How often, in seconds, a watch is cut while they are."""


class Proxy:
    """Serves a seat from `with` to its end; `trouble` is what is wrong now. `kubeconfig` leads through it."""

    def __init__(self, cluster: Cluster, seat: str, kubeconfig: Path, seed: int) -> None:
        self.seat, self.trouble, self.hit = seat, None, 0
        self._server, self._authority = cluster.server, cluster.ca
        self._host = str(urlsplit(cluster.server).hostname)
        self._chance = random.Random(seed)  # noqa: S311  faults that can be repeated
        self._watches: list[web.Request] = []
        self._loop = asyncio.new_event_loop()
        self._given, self.kubeconfig = kubeconfig, cluster.directory / f"{seat}.kubeconfig"

    trouble: Trouble | None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        port = asyncio.run_coroutine_threadsafe(self._begin(), self._loop).result(START)
        redirect(self._given, self.kubeconfig, f"http://{self._host}:{port}")
        return self

    def __exit__(self, *_: object) -> None:
        self.trouble = None  # where the run was cut short in the middle of one
        try:
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(START)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def _begin(self) -> int:
        tls = ssl.create_default_context(cafile=str(self._authority))
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=tls),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
            read_bufsize=LINE,
        )
        app = web.Application(client_max_size=LINE)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, 0).start()
        self._cutting = asyncio.create_task(self._cut())
        return int(self._runner.addresses[0][1])

    async def _end(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(END):  # whoever asks and never ends has no say in when it ends
                await self._runner.cleanup()
        await self._session.close()
        for task in (left := asyncio.all_tasks() - {asyncio.current_task()}):
            task.cancel()
        await asyncio.wait_for(asyncio.gather(*left, return_exceptions=True), END)

    async def _cut(self) -> None:
        """End watches, one after the other while they are cut, all of them where nobody is there any more."""
        while True:
            await asyncio.sleep(CUTS)
            deed = self.trouble.deed if self.trouble else None
            if deed is Deed.AWAY:
                for request in self._watches:
                    abort(request)
            elif deed in {Deed.CUT, Deed.EXPIRE} or (self.trouble and self.trouble.only == "resumes"):
                for request in self._chance.sample(self._watches, min(1, len(self._watches))):
                    abort(request)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        asked = Request(request.method, request.path, dict(request.query))
        stamp, body, trouble = time.time(), await request.read(), self.trouble
        hit = trouble if trouble and trouble.hits(asked, self._chance) else None
        self.hit += hit is not None
        match hit.deed if hit else None:
            case Deed.REFUSE if hit:
                return refusal(hit)
            case Deed.CUT | Deed.AWAY:
                abort(request)
                return web.Response()
            case Deed.SLOW if hit:
                await asyncio.sleep(self._chance.uniform(0, hit.seconds))
        with suppress(aiohttp.ClientError, ConnectionError):
            return await self._forward(request, asked, Sent(stamp, body, hit))
        abort(request)
        return web.Response()

    async def _forward(self, request: web.Request, asked: Request, sent: "Sent") -> web.StreamResponse:
        headers = passed_on(request.headers) | {"User-Agent": f"{STAMP}/{self.seat}/{sent.stamp:.6f}"}
        url = URL(f"{self._server}{request.raw_path}", encoded=True)
        async with self._session.request(
            request.method, url, headers=headers, data=sent.body or None, allow_redirects=False
        ) as answer:
            deed = sent.hit.deed if sent.hit else None
            if deed is Deed.SLOW and sent.hit:
                await asyncio.sleep(self._chance.uniform(0, sent.hit.seconds))
            response = web.StreamResponse(status=answer.status, headers=passed_on(answer.headers))
            if asked.watches:
                return await self._stream(request, response, answer)
            content = await answer.read()
            response.content_length = len(content)
            await response.prepare(request)
            await response.write(content[: len(content) // 2] if deed is Deed.HALF else content)
            if deed is Deed.HALF:
                abort(request)
            return response

    async def _stream(
        self, request: web.Request, response: web.StreamResponse, answer: aiohttp.ClientResponse
    ) -> web.StreamResponse:
        """Pass on the events of a watch line by line, unless it is made to hang, or to expire."""
        response.enable_chunked_encoding()
        await response.prepare(request)
        self._watches.append(request)
        try:
            async for line in answer.content:
                self.hit += bool(self.trouble and self.trouble.deed in {Deed.HANG, Deed.EXPIRE})
                while self.trouble and self.trouble.deed is Deed.HANG:  # noqa: ASYNC110  it is another thread's to end
                    await asyncio.sleep(0.1)
                if self.trouble and self.trouble.deed is Deed.EXPIRE:
                    error = {"type": "ERROR", "object": status(self.trouble.status, self.trouble.words)}
                    await response.write(json.dumps(error).encode() + b"\n")
                    return response
                await response.write(line)
        finally:
            self._watches.remove(request)
        return response


class Sent:
    """A request as it came: when, with what, and what is done to it."""

    def __init__(self, stamp: float, body: bytes, hit: Trouble | None) -> None:
        self.stamp, self.body, self.hit = stamp, body, hit


def passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that are not those of a single connection."""
    return {name: value for name, value in headers.items() if name.lower() not in OWN}


def refusal(trouble: Trouble) -> web.Response:
    """Return an error as the API server would give it."""
    headers = {"Retry-After": str(trouble.retry_after)} if trouble.retry_after else None
    return web.json_response(trouble.answer, status=trouble.status, headers=headers)


def abort(request: web.Request) -> None:
    """End a connection at once."""
    if request.transport is not None:
        request.transport.abort()


def redirect(original: Path, path: Path, server: str) -> None:
    """Write a kubeconfig with another address of the server."""
    config = yaml.safe_load(original.read_text())
    for cluster in config["clusters"]:
        cluster["cluster"] = {"server": server}
    path.write_text(yaml.safe_dump(config))
    path.chmod(0o600)
