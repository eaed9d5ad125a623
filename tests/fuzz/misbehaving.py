"""Servers that answer as no server should, on a real socket; they count who comes."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

CHUNK = 64 * 1024
PAUSE = 0.02
OK = b"HTTP/1.1 200 OK\r\n"
Behave = Callable[["Visit"], Awaitable[None]]


class Visit:
    """One connection."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    async def send(self, content: bytes) -> None:
        """Send, and wait until most of it was taken."""
        self._writer.write(content)
        await self._writer.drain()

    async def flood(self, content: bytes) -> None:
        """Send the same for as long as somebody takes it."""
        while True:
            await self.send(content)

    async def drip(self, content: bytes) -> None:
        """Send the same a byte at a time, without end."""
        while True:
            for byte in content:
                await self.send(bytes([byte]))
                await asyncio.sleep(PAUSE)

    def drop(self) -> None:
        """Reset the connection."""
        self._writer.transport.abort()


class Server:
    """Behaves; `visits` tells how often somebody came."""

    def __init__(self, behave: Behave) -> None:
        self.visits = 0
        self._behave = behave

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one visitor."""
        self.visits += 1
        try:
            await reader.readuntil(b"\r\n")
            await self._behave(Visit(writer))
            writer.close()
            await writer.wait_closed()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.transport.abort()


@asynccontextmanager
async def serving(behave: Behave) -> AsyncIterator[tuple[Server, int]]:
    """Serve on a port of 127.0.0.1."""
    made = Server(behave)
    tasks = set()

    async def serve(reader, writer):
        task = asyncio.current_task()
        tasks.add(task)
        with suppress(asyncio.CancelledError):
            await made.serve(reader, writer)
        tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield made, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
        await asyncio.sleep(0)  # the loop lets go of what was aborted


def _sends(*parts: bytes) -> Behave:
    async def behave(visit: Visit) -> None:
        for part in parts:
            await visit.send(part)

    return behave


def _floods(head: bytes, endless: bytes) -> Behave:
    async def behave(visit: Visit) -> None:
        await visit.send(head)
        await visit.flood(endless)

    return behave


def _drips(head: bytes, endless: bytes) -> Behave:
    async def behave(visit: Visit) -> None:
        await visit.send(head)
        await visit.drip(endless)

    return behave


async def _nothing(_: Visit) -> None:
    await asyncio.Event().wait()


async def _reset(visit: Visit) -> None:
    visit.drop()


CLOSE = b"Connection: close\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
HTTP: dict[str, Behave] = {
    "never answers": _nothing,
    "closes at once": _sends(),
    "resets": _reset,
    "speaks something else": _sends(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "an endless body": _floods(OK + CLOSE, b"x" * CHUNK),
    "an endless line of JSON": _floods(OK + CLOSE, b'{"a":' * 8192),
    "an endless page": _floods(OK + CLOSE, b"vllm:num_requests_waiting 1\n" * 1024),
    "a body that drips": _drips(OK + CLOSE, b"x"),
    "a head that drips": _drips(b"HTTP/1.1 200 OK\r\nX-A: ", b"x"),
    "a gzip bomb": _sends(OK + b"Content-Encoding: gzip\r\n" + CLOSE + gzip.compress(bytes(2**27))),
    "endless gzip": _floods(OK + b"Content-Encoding: gzip\r\n" + CLOSE, gzip.compress(bytes(2**20))),
    "broken gzip": _sends(OK + b"Content-Encoding: gzip\r\n" + CLOSE + gzip.compress(b"x" * 99)[:-9]),
    "deflate": _sends(OK + b"Content-Encoding: deflate\r\n" + CLOSE + zlib.compress(bytes(99))),
    "brotli": _sends(OK + b"Content-Encoding: br\r\n" + CLOSE + b"\x0b\x02\x80abc\x03"),
    "an endless header": _floods(OK + b"X-A: ", b"x" * CHUNK),
    "endless headers": _floods(OK, b"X-A: 1\r\n" * 1024),
    "an endless status line": _floods(b"HTTP/1.1 200 ", b"x" * CHUNK),
    "endless hints": _floods(b"", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 64),
    "chunks of no size": _sends(CHUNKED + b"ZZZ\r\nabc\r\n"),
    "chunks of negative size": _sends(CHUNKED + b"-1\r\nabc\r\n"),
    "chunks of any size": _floods(CHUNKED + b"FFFFFFFFFFFFFFFFFF\r\n", b"x" * CHUNK),
    "endless chunks of one": _floods(CHUNKED, b"1\r\nx\r\n" * 4096),
    "an endless extension of a chunk": _floods(CHUNKED + b"1;", b"x" * CHUNK),
    "endless trailers": _floods(CHUNKED + b"0\r\n", b"X-A: 1\r\n" * 1024),
    "a chunk that is not whole": _sends(CHUNKED + b"64\r\nabc"),
    "less than it said": _sends(OK + b"Content-Length: 100\r\n\r\nabc"),
    "a length below zero": _sends(OK + b"Content-Length: -1\r\n\r\nabc"),
    "a length beyond all": _floods(OK + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n", b"x" * CHUNK),
    "two lengths": _sends(OK + b"Content-Length: 1\r\nContent-Length: 9\r\n\r\nabcdefghi"),
    "a loop": _sends(b"HTTP/1.1 302 Found\r\nLocation: /metrics\r\nContent-Length: 0\r\n\r\n"),
    "a loop without end": _floods(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /\r\n" + CLOSE, b"x" * CHUNK),
    "an error without end": _floods(b"HTTP/1.1 500 Internal Server Error\r\n" + CLOSE, b"x" * CHUNK),
    "no for ever": _sends(b"HTTP/1.1 429 Slow\r\nRetry-After: " + b"9" * 40 + b"\r\nContent-Length: 0\r\n\r\n"),
    "another protocol": _sends(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"),
    "no text": _sends(OK + CLOSE + b"\xff\xfe\0\x80" * 64),
    "nested without end": _sends(OK + CLOSE + b"[" * 100_000),
}

REDIS: dict[str, Behave] = {
    "never answers": _nothing,
    "closes at once": _sends(),
    "resets": _reset,
    "speaks something else": _sends(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "an endless value": _floods(b"$9999999999\r\n", b"x" * CHUNK),
    "an endless line": _floods(b"+", b"x" * CHUNK),
    "an endless list": _floods(b"*9999999999\r\n", b":1\r\n" * 4096),
    "lists in lists": _floods(b"", b"*1\r\n" * 4096),
    "an endless number": _floods(b":", b"9" * CHUNK),
    "a value that drips": _drips(b"$1000\r\n", b"x"),
    "a length below zero": _sends(b"$-7\r\n"),
    "a length below zero that makes room for more": _floods(b"*2\r\n$-67108864\r\n$75497472\r\n", b"x" * CHUNK),
    "a list of a length below zero": _sends(b"*-7\r\n"),
    "a list of no length": _sends(b"*x\r\n"),
    "nil": _sends(b"$-1\r\n"),
    "a text for a number": _sends(b"$3\r\nabc\r\n"),
    "less than nothing": _sends(b":-7\r\n"),
    "no text": _sends(b"\xff\xfe\0\x80\r\n"),
}
