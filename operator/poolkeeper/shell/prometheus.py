"""Instant queries to one Prometheus (or Thanos, Mimir, VictoriaMetrics): bounded, and never half an answer."""

import ssl
from datetime import timedelta
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

import aiohttp
import msgspec

from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import WORDS, MetricError, faults_told, open_session, read_body
from poolkeeper.shell.servers import ServerConfig, Tls

__all__ = ["Element", "PrometheusServer", "QueryRefusedError", "ServerConfig"]

_CONNECTIONS = 64  # more than are ever wanted at once: waiting for one would look like a server that hangs
_CONNECT = timedelta(seconds=1)
_NOTE = "PromQL info"  # how some versions begin a remark that is filed among the warnings
_PACKED_ERROR = 64 * 1024  # bytes of an error's body that are read for its words


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

    async def query(self, promql: str) -> list[Element]:
        """Return what the query gives now: a vector's elements, or a scalar as one.

        Raises MetricError: refused, timeout, server error (a partial answer too), garbage, too large; and of it
        QueryRefusedError where only this query is at fault.
        """
        with faults_told():
            status, body = await self._post(promql)
        if status != HTTPStatus.OK:
            raise self._refusal(status, body)
        return _elements(body)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _post(self, promql: str) -> tuple[int, bytes]:
        if self._session is None:
            self._session = open_session(_CONNECTIONS, _CONNECT, self._timeout)
        request = self._session.post(
            f"{self._server.url}/api/v1/query",
            data={"query": promql, "timeout": f"{self._timeout / timedelta(milliseconds=1):.0f}ms"},
            headers=authorization(self._server),
            ssl=trust(self._server.tls),
            allow_redirects=False,
        )
        async with request as response:
            limit = self._size if response.status == HTTPStatus.OK else _PACKED_ERROR
            return response.status, await read_body(response, limit)

    def _refusal(self, status: int, body: bytes) -> MetricError:
        words = f"{self._server.url} answered {status}: {_words(body)}"
        for secret in _secrets(self._server):
            words = words.replace(secret, "***")
        if status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY):
            return QueryRefusedError(Reason.METRIC_SERVER_ERROR, words)
        return MetricError(Reason.METRIC_SERVER_ERROR, words)


def authorization(server: ServerConfig) -> dict[str, str]:
    """Return the headers that prove who asks, from files that are read now."""
    if server.bearer:
        return {"Authorization": f"Bearer {_secret(server.bearer.token_file)}"}
    if server.basic:
        password = _secret(server.basic.password_file)
        return {"Authorization": aiohttp.encode_basic_auth(server.basic.username, password)}
    return {}


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


def _secret(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise MetricError(Reason.METRIC_REFUSED, f"the secret in {path} cannot be read") from error


def _secrets(server: ServerConfig) -> list[str]:
    paths = [server.bearer.token_file] if server.bearer else [server.basic.password_file] if server.basic else []
    return [secret for path in paths if (secret := _secret(path))]


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
