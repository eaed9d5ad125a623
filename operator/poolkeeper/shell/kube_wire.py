"""One exchange with the API server: sent once, read within its bounds, every failure told as a KubeError."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import aiohttp

from poolkeeper.shell.access import Access, AccessError
from poolkeeper.shell.clock import Clock
from poolkeeper.shell.kube_errors import TimedOut, Unreachable, Unreadable, refusal

JSON = "application/json"
_LONGEST_CONNECT = 10


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long an exchange may take, in whole (None: for ever) and without a byte, and how large it may get."""

    size: int
    whole: timedelta | None
    silence: timedelta | None = None
    connect: timedelta = timedelta(seconds=3)

    @property
    def timeout(self) -> aiohttp.ClientTimeout:
        """Return the bounds in time as aiohttp wants them."""
        return aiohttp.ClientTimeout(
            total=_seconds(self.whole),
            connect=_LONGEST_CONNECT,  # the name's look-up and the wait for a free connection too
            sock_connect=self.connect.total_seconds(),
            sock_read=_seconds(self.silence),
        )


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


@dataclass(frozen=True, slots=True)
class Call:
    """A request: what to send, and where."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    accept: str = JSON
    content_type: str = JSON
    body: bytes | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Wire:
    """A session of at most `connections` connections (0: as many as there are calls) that sets `clock` as it goes."""

    def __init__(self, access: Access, clock: Clock, connections: int) -> None:
        self._access = access
        self._clock = clock
        # no compression: near a cluster it costs more than the bytes do
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections),
            response_class=_Response,
            headers={"User-Agent": "poolkeeper", "Accept-Encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def close(self) -> None:
        """Drop all connections."""
        await self._session.close()

    async def read(self, call: Call, bounds: Bounds) -> bytes:
        """Return the body of a successful answer."""
        async with self._answer(call, bounds) as response:
            return await _whole(response.content, bounds.size)

    async def lines(self, call: Call, bounds: Bounds, opened: Callable[[], None]) -> AsyncGenerator[bytes, None]:
        """Yield the lines of a successful answer as they come, without the empty ones; first call `opened`."""
        async with self._answer(call, bounds) as response:
            opened()
            rest = b""
            async for chunk in response.content.iter_any():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in filter(None, lines):
                    _demand_size(line, bounds.size)
                    yield line
                _demand_size(rest, bounds.size)

    @asynccontextmanager
    async def _answer(self, call: Call, bounds: Bounds) -> AsyncIterator[aiohttp.ClientResponse]:
        with _translated(call):
            async with self._session.request(
                call.method,
                self._access.server + call.path,
                params=call.params,
                data=call.body,
                headers=await self._headers(call),
                timeout=bounds.timeout,
                ssl=self._access.tls or True,
                server_hostname=self._access.server_name,
                proxy=self._access.proxy,
                allow_redirects=False,
            ) as response:
                if date := response.headers.get("Date"):
                    self._clock.sync(date)
                if response.status >= 300:  # noqa: PLR2004  beyond it nothing is a success
                    body = await _whole(response.content, bounds.size)
                    raise refusal(response.status, body, response.headers.get("Retry-After"))
                with _cut_when_left(response):
                    yield response

    async def _headers(self, call: Call) -> dict[str, str]:
        headers = {"Accept": call.accept}
        if call.body is not None:
            headers["Content-Type"] = call.content_type
        async with asyncio.timeout(_LONGEST_CONNECT):  # a credential plugin may hang
            authorization = await self._access.authorization()
        return {**headers, "Authorization": authorization} if authorization else headers


class _Response(aiohttp.ClientResponse):
    """An answer whose connection is dropped where it is left early, also before it has begun."""

    def close(self) -> None:
        """Say no polite TLS goodbye: that may wait for a dead peer."""
        if self.connection is not None and self.connection.transport is not None:
            self.connection.transport.abort()
        super().close()


@contextmanager
def _cut_when_left(response: aiohttp.ClientResponse) -> Iterator[None]:
    try:
        yield
    except BaseException:
        response.close()
        raise


@contextmanager
def _translated(call: Call) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise TimedOut(f"{call}: no answer in time") from error
    except (aiohttp.ClientError, AccessError, OSError) as error:
        raise Unreachable(f"{call}: {error or type(error).__name__}") from error
    except _TooLargeError as error:
        raise Unreadable(f"{call}: {error}") from error


class _TooLargeError(Exception):
    """More bytes than the bounds allow."""


def _demand_size(found: bytes | bytearray, limit: int) -> None:
    if len(found) > limit:
        raise _TooLargeError(f"the answer is larger than {limit} bytes")


async def _whole(content: aiohttp.StreamReader, limit: int) -> bytes:
    body = bytearray()
    async for chunk in content.iter_any():
        body += chunk
        _demand_size(body, limit)
    return bytes(body)
