"""Instant queries to one Prometheus (or Thanos, Mimir, VictoriaMetrics): bounded, and never half an answer."""

import asyncio
import ssl
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

import msgspec

from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import WORDS, MetricError, faults_told, open_session, read_body
from poolkeeper.shell.proofs import Headers, Proof, Wire, veiled
from poolkeeper.shell.servers import ServerConfig, Tls

if TYPE_CHECKING:
    import aiohttp

__all__ = ["Element", "PrometheusServer", "QueryRefusedError", "ServerConfig"]

_CONNECTIONS = 64  # more than are ever wanted at once: waiting for one would look like a server that hangs
_CONNECT = timedelta(seconds=1)
_NOTE = "PromQL info"  # how some versions begin a remark that is filed among the warnings
_PACKED_ERROR = 64 * 1024  # bytes of an error's body that are read for its words
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Element(NamedTuple):
    """One element of an answer: its labels (a scalar has none), the server's time of evaluation, the value."""

    labels: dict[str, str]
    at: float
    value: float


class QueryRefusedError(MetricError):
    """The server is well and will not run this query: it is wrong, or asks too much."""


class _Row(msgspec.Struct):
    metric: dict[str, str]
    value: tuple[float, str]


class _Data(msgspec.Struct, rename="camel"):
    result_type: str
    result: msgspec.Raw


class _Body(msgspec.Struct):
    status: str
    data: _Data | None = None
    error: str = ""
    warnings: list[str] | None = None


class _Words(msgspec.Struct):
    error: str = ""


_BODY = msgspec.json.Decoder(_Body)
_VECTOR = msgspec.json.Decoder(list[_Row])
_SCALAR = msgspec.json.Decoder(tuple[float, str])


class PrometheusServer:
    """A server of the administrator's. `timeout` is for a whole answer, `size` its most bytes, unpacked."""

    def __init__(
        self, config: ServerConfig, timeout: timedelta = timedelta(seconds=3), size: int = 32 * 1024 * 1024
    ) -> None:
        self._server = config
        self._timeout = timeout
        self._size = size
        self._session: aiohttp.ClientSession | None = None
        self._proof = Proof(config)
        # One thread: where a cloud does not say who we are, looks must not pile up behind it.
        self._thread = ThreadPoolExecutor(1, "proof") if self._proof.waits else None

    async def query(self, promql: str) -> list[Element]:
        """Return what the query gives now: a vector's elements, or a scalar as one.

        Raises MetricError: refused, timeout, server error (a partial answer too), garbage, too large; and of it
        QueryRefusedError where only this query is at fault.
        """
        with faults_told():
            async with asyncio.timeout(self._timeout.total_seconds()):
                wire = self._wire(promql)
                headers = await self._headers(wire)
                status, body = await self._send(wire, headers)
        if status != HTTPStatus.OK:
            raise self._refusal(status, body, headers)
        return _elements(body)

    async def close(self) -> None:
        """Close the connections."""
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _wire(self, promql: str) -> Wire:
        asked = {"query": promql, "timeout": f"{self._timeout / timedelta(milliseconds=1):.0f}ms"}
        return Wire("POST", f"{self._server.url}/api/v1/query", urlencode(asked).encode())

    async def _headers(self, wire: Wire) -> Headers:
        if self._thread is None:
            return self._proof.headers(wire)
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._proof.headers, wire)

    async def _send(self, wire: Wire, headers: Headers) -> tuple[int, bytes]:
        if self._session is None:
            self._session = open_session(_CONNECTIONS, _CONNECT, self._timeout)
        request = self._session.request(
            wire.method,
            wire.url,
            data=wire.body,
            headers=_FORM | headers,
            ssl=trust(self._server.tls),
            allow_redirects=False,
        )
        async with request as response:
            limit = self._size if response.status == HTTPStatus.OK else _PACKED_ERROR
            return response.status, await read_body(response, limit)

    def _refusal(self, status: int, body: bytes, headers: Headers) -> MetricError:
        words = veiled(f"{self._server.url} answered {status}: {_words(body)}", headers)
        if status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY):
            return QueryRefusedError(Reason.METRIC_SERVER_ERROR, words)
        return MetricError(Reason.METRIC_SERVER_ERROR, words)


def trust(tls: Tls) -> ssl.SSLContext | bool:
    """Return the TLS context that these settings and their files' present contents make; True for the system's."""
    files = [path for path in (tls.ca_file, tls.cert_file, tls.key_file) if path]
    if not files:
        return True
    try:
        return _context(tls, tuple(path.stat().st_mtime_ns for path in files))
    except OSError as error:  # ssl.SSLError is one
        named = ", ".join(map(str, files))
        raise MetricError(Reason.METRIC_REFUSED, f"one of {named} cannot be used: {error.strerror}") from error


@lru_cache(maxsize=64)
def _context(tls: Tls, _changed: tuple[int, ...]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls.ca_file)
    if tls.cert_file:
        context.load_cert_chain(tls.cert_file, tls.key_file)
    return context


def _words(body: bytes) -> str:
    """Return what an error's body says, in one line."""
    try:
        said = msgspec.json.decode(body, type=_Words).error
    except msgspec.MsgspecError:
        said = body.decode(errors="replace")
    return " ".join(said.split())[:WORDS] or "without a word"


def _elements(body: bytes) -> list[Element]:
    try:
        answer = _BODY.decode(body)
        if answer.status != "success" or answer.data is None:
            raise MetricError(Reason.METRIC_SERVER_ERROR, f"status {answer.status}: {answer.error}"[:WORDS])
        if warnings := [text for text in answer.warnings or () if not text.startswith(_NOTE)]:
            raise MetricError(Reason.METRIC_SERVER_ERROR, f"an answer with warnings: {warnings[0]}"[:WORDS])
        return _decoded(answer.data)
    except (msgspec.MsgspecError, ValueError) as error:
        raise MetricError(Reason.METRIC_GARBAGE, f"no answer of Prometheus: {error}"[:WORDS]) from error


def _decoded(data: _Data) -> list[Element]:
    if data.result_type == "vector":
        rows = _VECTOR.decode(data.result)
        return [Element(row.metric, row.value[0], float(row.value[1])) for row in rows]
    if data.result_type == "scalar":
        at, value = _SCALAR.decode(data.result)
        return [Element({}, at, float(value))]
    raise MetricError(Reason.METRIC_GARBAGE, f"the query gives a {data.result_type}, where a number is meant")
