"""A way to the API server that fails as networks do: a process that takes it is hit, and nobody else.

    heal    every byte passes on as it comes, and all that was held arrives
    hold    bytes stay on the way, in both directions; connections stay, and new ones are taken that nobody answers
    sever   connections break, and new ones with them; what was held is lost

Whoever ends meanwhile takes back nothing that it has sent, and its connections stay open at the other end, as those of
a machine that is gone: the API server drops a request whose sender hangs up.

TLS ends here, to know what is on its way, and to tell another time than the API server's: whoever takes this way says
who it is by a token.
"""

import asyncio
import re
import ssl
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import yaml

from controlplane import Cluster
from controlplane.ground import write_kubeconfig

CHUNK = 65536
HUNG_UP, GONE = b"", None
Queue = asyncio.Queue[bytes | None]
DATE = re.compile(rb"(?<=\r\nDate: )[^\r]{29}(?=\r\n)")


class Relay:
    """Passes connections on to the API server, for as long as a `with` block lasts.

    `shift` is by how much the API server's clock seems to be ahead.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.shift = timedelta(0)
        self._cluster = cluster
        server = urlsplit(cluster.server)
        self._server = (str(server.hostname), int(server.port or 0))
        self._listening = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._listening.load_cert_chain(cluster.site.pki / "server.crt", cluster.site.pki / "server.key")
        self._calling = ssl.create_default_context(cafile=str(cluster.ca))
        self._loop = asyncio.new_event_loop()
        self._flowing = asyncio.Event()
        self._severed = False
        self._passing: set[asyncio.StreamWriter] = set()
        self._trap = b""

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = self._run(self._listen())
        self.heal()
        return self

    def __exit__(self, *_: object) -> None:
        self.sever()
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def kubeconfig(self, original: Path) -> Path:
        """Write a kubeconfig beside another, for the same user, that leads this way."""
        (user,) = yaml.safe_load(original.read_text())["users"]
        path = original.with_name(f"{original.stem}-{self.port}.kubeconfig")
        return write_kubeconfig(path, f"https://{self._server[0]}:{self.port}", self._cluster.ca, user["user"])

    @property
    def holds(self) -> bool:
        """Whether bytes stay on the way."""
        return not self._flowing.is_set()

    def heal(self) -> None:
        """Let everything pass on, and what was held arrive."""
        self._run(self._become(severed=False, flowing=True))

    def hold(self) -> None:
        """Keep every byte on the way."""
        self._run(self._become(severed=False, flowing=False))

    def hold_from(self, word: str) -> None:
        """Keep every byte on the way from the first request on that has this word in it."""
        self._trap = word.encode()

    def sever(self) -> None:
        """Break every connection, and let no new one be."""
        self._run(self._become(severed=True, flowing=True))

    def _run(self, act: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401  whatever it returns
        return asyncio.run_coroutine_threadsafe(act, self._loop).result(timeout=60)

    async def _listen(self) -> int:
        self._listener = await asyncio.start_server(self._accept, self._server[0], ssl=self._listening)
        return int(self._listener.sockets[0].getsockname()[1])

    async def _end(self) -> None:
        self._listener.close()
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))

    async def _become(self, *, severed: bool, flowing: bool) -> None:
        self._severed = severed
        (self._flowing.set if flowing else self._flowing.clear)()
        for side in self._passing if severed else ():
            side.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        """Take a connection; what it brings is taken in at once, whenever there is a way to the server."""
        self._passing.add(client)
        requests: Queue = asyncio.Queue()
        taking = asyncio.create_task(self._take(reader, requests, self._noted))
        try:
            answers, server = await self._connect()
        except OSError:
            client.transport.abort()
            await taking
        else:
            await self._pass_on((answers, client), (requests, server))
            await taking
        self._passing.discard(client)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        await self._flowing.wait()
        answers, server = await asyncio.open_connection(*self._server, ssl=self._calling)
        if self._severed:
            server.transport.abort()
            raise ConnectionRefusedError
        return answers, server

    async def _pass_on(
        self, back: tuple[asyncio.StreamReader, asyncio.StreamWriter], forth: tuple[Queue, asyncio.StreamWriter]
    ) -> None:
        (answers, client), (requests, server), replies = back, forth, asyncio.Queue[bytes | None]()
        self._passing.add(server)
        await asyncio.gather(
            self._give(requests, server), self._take(answers, replies, self._dated), self._give(replies, client)
        )
        self._passing.discard(server)

    async def _take(self, reader: asyncio.StreamReader, queue: Queue, through: Callable[[bytes], bytes]) -> None:
        """Take in bytes at once."""
        with suppress(OSError):
            while chunk := await reader.read(CHUNK):
                queue.put_nowait(through(chunk))
        queue.put_nowait(HUNG_UP if self._flowing.is_set() else GONE)

    async def _give(self, queue: Queue, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await queue.get():
                await self._flowing.wait()
                writer.write(chunk)
                await writer.drain()
            if chunk is GONE:
                return
        writer.close()

    def _noted(self, request: bytes) -> bytes:
        if self._trap and self._trap in request:
            self._trap = b""
            self._flowing.clear()
        return request

    def _dated(self, answer: bytes) -> bytes:
        return DATE.sub(lambda found: _moved(found[0], self.shift), answer)


def _moved(date: bytes, shift: timedelta) -> bytes:
    return format_datetime(parsedate_to_datetime(date.decode()) + shift, usegmt=True).encode()
