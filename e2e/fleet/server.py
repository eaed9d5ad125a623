"""Many addresses, one loop: a listening socket for each pod, opened and closed as the pods come and go.

Plain asyncio protocols and not aiohttp, for two reasons. A pod that has died must cut the connections that are kept
alive, which closing an aiohttp site does not do. And cost: a thousand addresses asked once a second over kept
connections took 0.13 ms of processor time a page of 26 kB, and 50 MB in all, this way; 0.23 ms and 98 MB by aiohttp.
"""

import asyncio
import logging
import resource
import socket
from collections.abc import Callable, Mapping
from http import HTTPStatus

from fleet.faults import Answer

logger = logging.getLogger(__name__)

BACKLOG = 128
PLAIN = "text/plain; charset=utf-8"
NOT_FOUND = Answer(b'{"detail":"Not Found"}', 404, "application/json")
HEALTHY = Answer(b"", 200, "application/json")

Answering = Callable[[str], Answer | None]
"""From the key of an endpoint to what it answers for `/metrics` now; None is no answer, ever."""


class Server:
    """Listens where it is told to; `answering` makes the answers."""

    def __init__(self, answering: Answering, port: int) -> None:
        self.port = port
        self._answering = answering
        self._endpoints: dict[str, _Endpoint] = {}

    async def listen(self, wanted: Mapping[str, str]) -> bool:
        """Listen at exactly these addresses, each with the key of its endpoint; all others are closed and cut.

        One that is taken silences no other: it is logged, and False says that it wants another try.
        """
        for address in [each for each, endpoint in self._endpoints.items() if wanted.get(each) != endpoint.key]:
            self._endpoints.pop(address).close()
        missing = [each for each in wanted if each not in self._endpoints]
        failed = [error for each in missing if (error := await self._open(each, wanted[each]))]
        if failed:
            logger.error("cannot listen at %d of %d addresses: %s", len(failed), len(wanted), failed[0])
        return not failed

    async def close(self) -> None:
        """Stop listening everywhere."""
        await self.listen({})

    async def _open(self, address: str, key: str) -> OSError | None:
        endpoint = _Endpoint(key, self._answering)
        try:
            await endpoint.open(address, self.port)
        except OSError as error:
            return error
        self._endpoints[address] = endpoint
        return None


class _Endpoint:
    """One address: its socket and the connections made to it."""

    def __init__(self, key: str, answering: Answering) -> None:
        self.key = key
        self.closed = False
        self.connections: set[asyncio.Transport] = set()
        self._answering = answering
        self._server: asyncio.Server | None = None

    async def open(self, address: str, port: int) -> None:
        """Start to listen.

        Raises:
            OSError: The address is taken or is none of this machine's.
        """
        listening = _listening_socket(address, port)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), sock=listening, backlog=BACKLOG)

    def close(self) -> None:
        """Refuse from now on and cut what is open, as a process does that dies."""
        self.closed = True
        if self._server:
            self._server.close()
        for transport in list(self.connections):
            transport.abort()

    def answer(self, path: bytes) -> Answer | None:
        """The answer for a path."""
        match path.partition(b"?")[0]:
            case b"/metrics":
                return self._answering(self.key)
            case b"/health":
                return HEALTHY
            case _:
                return NOT_FOUND


class _Connection(asyncio.Protocol):
    """HTTP/1.1 as a scraper speaks it: requests without a body, one after the other, kept alive."""

    def __init__(self, endpoint: _Endpoint) -> None:
        self._endpoint = endpoint
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # asyncio types this wider than what TCP gives
        self._endpoint.connections.add(self._transport)
        if self._endpoint.closed:  # accepted just before the end
            self._transport.abort()

    def connection_lost(self, _error: Exception | None) -> None:
        self._endpoint.connections.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
            self._serve(head)

    def _serve(self, head: bytes) -> None:
        _method, _, rest = head.partition(b" ")
        answer = self._endpoint.answer(rest.partition(b" ")[0])
        closing = b"connection: close" in head.lower()
        if answer is None:
            return
        if answer.delay:
            asyncio.get_running_loop().call_later(answer.delay, self._send, answer, closing)
        else:
            self._send(answer, closing)

    def _send(self, answer: Answer, closing: bool) -> None:  # noqa: FBT001  call_later passes no keywords
        if self._transport.is_closing():
            return
        self._transport.write(_head(answer) + answer.body)
        if closing:
            self._transport.close()


def _head(answer: Answer) -> bytes:
    reason = HTTPStatus(answer.status).phrase
    return (
        f"HTTP/1.1 {answer.status} {reason}\r\nserver: uvicorn\r\n"
        f"content-length: {len(answer.body)}\r\ncontent-type: {answer.content_type}\r\n\r\n"
    ).encode()


def _listening_socket(address: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
    except OSError as error:
        listening.close()
        raise OSError(error.errno, f"{address}:{port}: {error.strerror}") from error
    listening.setblocking(False)  # noqa: FBT003  the standard library's own signature
    return listening


def raise_file_limit() -> None:
    """Let this process open as many files as it may: a thousand pods are two thousand sockets."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
