"""Pods as the fleet sees them, and a follower that keeps them up to date from an API server."""

import asyncio
import logging
import re
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import aiohttp
import msgspec
from kubernetes.aio import config
from kubernetes.aio.client import Configuration

logger = logging.getLogger(__name__)

WATCH_SECONDS = 300
RETRY_SECONDS = 0.5


class Pod(msgspec.Struct, frozen=True):
    """A pod's name, address and state; `workload` is `namespace/app`."""

    uid: str
    name: str
    workload: str
    ip: str
    ready: bool = True
    leaving: bool = False

    @property
    def routable(self) -> bool:
        """Whether new requests go to it: a pod that is being deleted finishes what it has and gets no more."""
        return self.ready and not self.leaving


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    labels: dict[str, str] = {}
    resource_version: str = ""
    deletion_timestamp: str | None = None


class _Condition(msgspec.Struct, frozen=True):
    type: str
    status: str


class _Status(msgspec.Struct, frozen=True):
    phase: str = ""
    podIP: str = ""  # noqa: N815  the wire's spelling, which no rule of renaming gives
    conditions: list[_Condition] = []


class PodObject(msgspec.Struct, frozen=True):
    """The part of a pod's JSON that matters here."""

    metadata: _Metadata
    status: _Status = _Status()

    def project(self, label: str) -> Pod | None:
        """The pod, if it carries `label`, has an address and still runs."""
        app = self.metadata.labels.get(label)
        if not app or not self.status.podIP or self.status.phase in {"Failed", "Succeeded"}:
            return None
        about, ready = (
            self.metadata,
            any(each.type == "Ready" and each.status == "True" for each in self.status.conditions),
        )
        leaving = about.deletion_timestamp is not None
        return Pod(about.uid, about.name, f"{about.namespace}/{app}", self.status.podIP, ready, leaving)


class _PodList(msgspec.Struct, frozen=True):
    metadata: _Metadata
    items: list[PodObject]


class _Event(msgspec.Struct, frozen=True):
    type: str
    object: msgspec.Raw


class Follower:
    """Keeps `pods` (by uid) as the API server has them and calls `changed` after each change.

    `path` is `/api/v1/pods` or one namespace's; `selector` a label selector; `label` the key whose value, with the
    namespace, names a workload. Whatever goes wrong with a watch, it lists again.
    """

    def __init__(self, session: aiohttp.ClientSession, path: str, selector: str, changed: Callable[[], None]) -> None:
        self.pods: dict[str, Pod] = {}
        self.listed = asyncio.Event()
        self._session = session
        self._path = path
        self._selector = selector
        self._label = label_of(selector)
        self._changed = changed

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            try:
                await self._watch(await self._list())
            except (aiohttp.ClientError, TimeoutError, msgspec.MsgspecError, ConnectionError) as error:
                logger.warning("pods %s: %s; listing again", self._path, error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _list(self) -> str:
        async with self._session.get(self._path, params={"labelSelector": self._selector}) as response:
            response.raise_for_status()
            found = msgspec.json.decode(await response.read(), type=_PodList)
        projected = (each.project(self._label) for each in found.items)
        self.pods = {pod.uid: pod for pod in projected if pod}
        self._changed()
        self.listed.set()
        return found.metadata.resource_version

    async def _watch(self, version: str) -> None:
        params = {
            "labelSelector": self._selector,
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(WATCH_SECONDS),
        }
        timeout = aiohttp.ClientTimeout(total=None, sock_read=WATCH_SECONDS + 30)
        async with self._session.get(self._path, params=params, timeout=timeout) as response:
            response.raise_for_status()
            async for line in _lines(response.content):
                self._apply(msgspec.json.decode(line, type=_Event))

    def _apply(self, event: _Event) -> None:
        if event.type == "ERROR":
            raise aiohttp.ClientError(bytes(event.object).decode())
        if event.type == "BOOKMARK":
            return
        seen = msgspec.json.decode(event.object, type=PodObject)
        pod = None if event.type == "DELETED" else seen.project(self._label)
        if pod:
            self.pods[pod.uid] = pod
        else:
            self.pods.pop(seen.metadata.uid, None)
        self._changed()


def label_of(selector: str) -> str:
    """The key of the first label of a selector (`app=chat` and `app` alike give `app`)."""
    return re.split("[,=!]", selector, maxsplit=1)[0].strip()


def paths(namespaces: Sequence[str]) -> list[str]:
    """Where to list pods: of these namespaces, or of all where none is named."""
    return [f"/api/v1/namespaces/{each}/pods" for each in namespaces] or ["/api/v1/pods"]


async def open_session(kubeconfig: str) -> aiohttp.ClientSession:
    """A session with the API server of a kubeconfig file, its certificate verified."""
    settings: Any = Configuration()
    await config.load_kube_config(  # type: ignore[no-untyped-call]
        config_file=kubeconfig, client_configuration=settings
    )
    context = ssl.create_default_context(cafile=settings.ssl_ca_cert)
    if settings.cert_file:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    token = await settings.get_api_key_with_prefix("BearerToken")
    return aiohttp.ClientSession(
        settings.host,
        connector=aiohttp.TCPConnector(ssl=context, limit=0),
        headers={"Authorization": token} if token else {},
    )


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Lines of any length; the stream's own iteration gives up at 512 KiB."""
    rest = b""
    async for chunk in content.iter_any():
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if line:
                yield line
