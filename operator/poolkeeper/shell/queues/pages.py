"""Metrics pages of pods, replicas and pickers: asked for as a Transport says, each over one connection of its own.

Addresses are those that the API server gave for pods; no part of one comes from a pool's YAML but the port's number.
Redirects are not followed, and a token is sent to nobody but the pod.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from ipaddress import ip_address

import aiohttp
from yarl import URL

from poolkeeper.core.model import Transport
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError, faults_told, open_session, read_body
from poolkeeper.shell.queues.endpoints import Endpoint
from poolkeeper.shell.queues.trust import UNWELCOME, Trust, TrustError, uncertified, unwelcome
from poolkeeper.shell.secrets import Secrets
from poolkeeper.shell.views import PodView

_ACCEPT = {"Accept": "text/plain;version=0.0.4"}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a page may take: time in all and to connect, bytes (unpacked); and how many are read at once.

    A pod's time starts when its turn comes. So `concurrency` pages must be read well within `timeout`, or our own
    load would look like the pods' silence. The same holds for `handshakes`, pods asked over TLS for the first time:
    each takes 2 ms of processor time, which 256 at once cannot have within `connect`.
    """

    timeout: timedelta = timedelta(seconds=1)
    connect: timedelta = timedelta(milliseconds=500)
    size: int = 4 * 1024 * 1024
    concurrency: int = 256
    handshakes: int = 64


class Pages:
    """Reads pages; open inside a running loop, and closed by `close`."""

    def __init__(self, secrets: Secrets, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._trust = Trust(secrets)
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    async def read(self, pod: PodView, endpoint: Endpoint, transport: Transport) -> bytes:
        """Return a page of a pod; raises MetricError."""
        with faults_told():
            async with asyncio.timeout(self.limits.timeout.total_seconds()):
                try:
                    return await self._page(pod, endpoint, transport)
                except TrustError:
                    self._trust.doubt(pod.namespace, transport)
                    raise

    async def prune(self, live: Collection[str]) -> None:
        """Close the connections to pods that are not in `live`, a set of UIDs."""
        gone = [uid for uid in self._sessions if uid not in live]
        await asyncio.gather(*(self._sessions.pop(uid).close() for uid in gone))

    async def close(self) -> None:
        """Close every connection."""
        await self.prune(())

    async def _page(self, pod: PodView, endpoint: Endpoint, transport: Transport) -> bytes:
        scheme = "https" if transport.tls else "http"
        url = URL.build(scheme=scheme, host=_address(pod.ip), port=endpoint.port, path=endpoint.path)
        headers = _ACCEPT | await self._trust.headers(pod.namespace, transport)
        trusted, name = await self._trust.context(pod.namespace, transport), transport.server_name or None
        asked = self._session(pod.uid).get(
            url, headers=headers, ssl=trusted or True, server_hostname=name, allow_redirects=False
        )
        try:
            async with asked as response:
                return await self._body(response, transport)
        except (aiohttp.ClientConnectorSSLError, aiohttp.ClientConnectorCertificateError) as error:
            raise uncertified(error) from None

    async def _body(self, response: aiohttp.ClientResponse, transport: Transport) -> bytes:
        if response.status in UNWELCOME:
            raise unwelcome(response.url, response.status, transport)
        if response.status != HTTPStatus.OK:
            raise MetricError(Reason.METRIC_SERVER_ERROR, f"{response.url} answered {response.status}")
        return await read_body(response, self.limits.size)

    def _session(self, uid: str) -> aiohttp.ClientSession:
        if uid not in self._sessions:
            self._sessions[uid] = open_session(connections=1, connect=self.limits.connect)
        return self._sessions[uid]


def _address(ip: str) -> str:
    try:
        return str(ip_address(ip))
    except ValueError as error:
        raise MetricError(Reason.METRIC_REFUSED, f"{ip!r} is no pod address") from error
