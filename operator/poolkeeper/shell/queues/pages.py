"""Metrics pages of pods that are no replicas: asked for as a Transport says, over connections that all pools share.

Addresses are those that the API server gave for pods; no part of one comes from a pool's YAML but the port's number.
Redirects are not followed, and a token is sent to nobody but the pod.
"""

import asyncio
import ssl
from collections.abc import Mapping
from http import HTTPStatus

from yarl import URL

from poolkeeper.core.model import Transport
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError, faults_told, open_session, read_body
from poolkeeper.shell.queues.scrape import Limits
from poolkeeper.shell.secrets import Secrets
from poolkeeper.shell.views import PodView

CONNECTIONS = 256
_ACCEPT = {"Accept": "text/plain;version=0.0.4"}
_UNWELCOME = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


class Pages:
    """Reads pages; open inside a running loop, and closed by `close`."""

    def __init__(self, secrets: Secrets, limits: Limits | None = None) -> None:
        self._secrets, self._limits = secrets, limits or Limits()
        self._session = open_session(CONNECTIONS, connect=self._limits.connect)
        self._trusted: dict[tuple[Transport, bytes], ssl.SSLContext] = {}

    async def read(self, pod: PodView, port: int, path: str, transport: Transport) -> bytes:
        """Return a page of a pod; raises MetricError."""
        scheme = "https" if transport.tls else "http"
        url = URL.build(scheme=scheme, host=pod.ip, port=port, path=path)
        headers = {**_ACCEPT, **await self._authorization(pod.namespace, transport)}
        trusted = await self._tls(pod.namespace, transport)
        with faults_told():
            async with asyncio.timeout(self._limits.timeout.total_seconds()):
                return await self._page(url, headers, trusted, transport.server_name or None)

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    async def _page(
        self, url: URL, headers: Mapping[str, str], trusted: ssl.SSLContext | None, name: str | None
    ) -> bytes:
        async with self._session.get(
            url, headers=headers, ssl=trusted or True, server_hostname=name, allow_redirects=False
        ) as response:
            if response.status in _UNWELCOME:
                words = f"{url} answered {response.status}: it wants another token (tokenSecretRef)"
                raise MetricError(Reason.METRIC_REFUSED, words)
            if response.status != HTTPStatus.OK:
                raise MetricError(Reason.METRIC_SERVER_ERROR, f"{url} answered {response.status}")
            return await read_body(response, self._limits.size)

    async def _authorization(self, namespace: str, transport: Transport) -> dict[str, str]:
        if transport.token is None:
            return {}
        token = (await self._secrets.read(namespace, transport.token)).strip()
        try:
            return {"Authorization": f"Bearer {token.decode('ascii')}"}
        except UnicodeDecodeError:
            words = f"secret {transport.token.name!r} in {namespace}: {transport.token.key!r} is no token"
            raise MetricError(Reason.METRIC_GARBAGE, words) from None

    async def _tls(self, namespace: str, transport: Transport) -> ssl.SSLContext | None:
        if not transport.tls:
            return None
        authority = await self._secrets.read(namespace, transport.ca) if transport.ca else b""
        key = (transport, authority)
        if key not in self._trusted:
            self._trusted[key] = _context(transport, authority)
        return self._trusted[key]


def _context(transport: Transport, authority: bytes) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cadata=authority.decode() or None)
    except (ssl.SSLError, ValueError) as error:
        raise MetricError(Reason.METRIC_GARBAGE, "caSecretRef holds no PEM certificates") from error
    if not transport.verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
