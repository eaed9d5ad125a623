"""One answer over HTTP, bounded in size and time, with whatever goes wrong told as a Reason."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import aiohttp

from poolkeeper.core.reasons import Reason

WORDS = 200
"""How much of somebody else's text an error repeats, in characters."""

_GZIP = 31  # zlib's window bits for "gzip header and trailer, largest window"


class MetricError(Exception):
    """A metric that cannot be used: which of R3's reasons, and the details in words."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def open_session(connections: int, connect: timedelta, total: timedelta | None = None) -> aiohttp.ClientSession:
    """Return a session that takes nothing from its surroundings: no proxy, no netrc, no cookie, no unpacking."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=60),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(
            total=total.total_seconds() if total else None,
            connect=connect.total_seconds(),
        ),
        headers={"Accept-Encoding": "gzip", "User-Agent": "poolkeeper"},
        auto_decompress=False,
        trust_env=False,
    )


@contextmanager
def faults_told() -> Iterator[None]:
    """Turn everything a request may raise into a MetricError."""
    try:
        yield
    except TimeoutError as error:
        raise MetricError(Reason.METRIC_TIMEOUT, str(error) or "no answer in time") from error
    except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, OSError) as error:
        raise MetricError(Reason.METRIC_REFUSED, _said(error)) from error
    except aiohttp.ClientError as error:
        raise MetricError(Reason.METRIC_GARBAGE, f"not HTTP: {_said(error)}") from error


async def read_body(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Return the body, unpacked; more than `limit` bytes of it, packed or not, are METRIC_TOO_LARGE."""
    chunks, size = [], 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return _unpack(b"".join(chunks), response.headers.get("Content-Encoding", "identity"), limit)


def _unpack(body: bytes, encoding: str, limit: int) -> bytes:
    if encoding == "identity":
        return body
    if encoding != "gzip":
        raise MetricError(Reason.METRIC_GARBAGE, f"packed as {encoding[:WORDS]!r}, which was not asked for")
    unpacker = zlib.decompressobj(_GZIP)
    try:
        page = unpacker.decompress(body, limit + 1)
    except zlib.error as error:
        raise MetricError(Reason.METRIC_GARBAGE, f"broken gzip: {error}") from error
    if len(page) > limit:
        raise _too_large(limit)
    if not unpacker.eof or unpacker.unused_data:
        raise MetricError(Reason.METRIC_GARBAGE, "broken gzip: it does not end where the answer ends")
    return page


def _too_large(limit: int) -> MetricError:
    return MetricError(Reason.METRIC_TOO_LARGE, f"more than {limit:,} bytes")


def _said(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:WORDS]
