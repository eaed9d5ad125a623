"""The journal's ConfigMaps in the operator's namespace: for each pool a ring of chunks, the newest of which grows.

A chunk is always written whole, so that what is written again (after a lost answer, or by the next leader) is there
once. Nobody owns them: they outlive their pools, until they are old.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from poolkeeper.api import journal, names
from poolkeeper.api.units import parse_instant
from poolkeeper.shell.kube import ONLY_METADATA_LIST, KubeClient
from poolkeeper.shell.kube_errors import ConflictError, NotFound

Json = dict[str, Any]
NOBODY = datetime.min.replace(tzinfo=UTC)


class Heading(msgspec.Struct):
    """What the metadata of a chunk's ConfigMap say of it."""

    name: str = ""
    annotations: dict[str, str] = {}
    labels: dict[str, str] = {}

    @property
    def uid(self) -> str:
        """The UID of its pool."""
        return self.labels.get(names.POOL_UID_LABEL, "")

    @property
    def size(self) -> int:
        """Its size in bytes, 0 where nothing tells."""
        text = self.annotations.get(names.JOURNAL_BYTES, "")
        return int(text) if text.isdecimal() else 0

    @property
    def until(self) -> datetime:
        """When its last record was made; long ago where that cannot be read."""
        try:
            return parse_instant(self.annotations.get(names.JOURNAL_UNTIL, ""))
        except ValueError:
            return journal.begun_at(self.name) or NOBODY


class Headed(msgspec.Struct):
    """An object of which only that is wanted."""

    metadata: Heading = msgspec.field(default_factory=Heading)


@dataclass(slots=True)
class Ring:
    """The chunks of one pool: those that are closed, oldest first, and the one that grows.

    `begun` tells when that was, None where there is none; `pressed` is what it holds in store.
    """

    whose: tuple[str, str, str]
    closed: list[tuple[str, int]] = field(default_factory=list)
    begun: datetime | None = None
    pressed: bytes = b""

    @property
    def size(self) -> int:
        """How many bytes all chunks have together."""
        return len(self.pressed) + sum(size for _, size in self.closed)

    def begin(self, at: datetime) -> None:
        """Begin a new chunk, under a name that none has; nothing is added to the one that grew."""
        earliest = at.replace(microsecond=0)
        if self.begun is not None and self.pressed:
            self.closed.append((journal.configmap_name(self.whose[2], self.begun), len(self.pressed)))
            earliest = max(earliest, self.begun + timedelta(seconds=1))
        taken = {name for name, _ in self.closed}
        while journal.configmap_name(self.whose[2], earliest) in taken:
            earliest += timedelta(seconds=1)
        self.begun, self.pressed = earliest, b""


def _is_whole(chunk: Json) -> bool:
    """Return whether all of a chunk can be read: unpacked it may be large, which takes longer than a look may wait."""
    return not journal.pages(chunk).problems


class JournalStore:
    """The chunks of all pools, in one namespace."""

    def __init__(self, kube: KubeClient, namespace: str) -> None:
        self._kube = kube
        self._path = f"/api/v1/namespaces/{namespace}/configmaps"

    async def ring(self, whose: tuple[str, str, str]) -> Ring:
        """Return the chunks of a pool as they are stored; the newest goes on unless it cannot be read.

        Raises:
            KubeError: the API server refused.
        """
        found = sorted(
            [one async for one in self._headings({names.POOL_UID_LABEL: whose[2]})], key=lambda one: one.name
        )
        ring = Ring(whose, [(one.name, one.size) for one in found])
        begun = journal.begun_at(found[-1].name) if found else None
        newest = await self._newest(found[-1].name) if begun else None
        whole = await asyncio.to_thread(_is_whole, newest) if newest else False
        if begun and newest and whole:
            ring.closed.pop()
            ring.begun, ring.pressed = begun, journal.stored(newest)[0]
        return ring

    async def _newest(self, name: str) -> Json | None:
        """Return a chunk: by a list, for which the operator needs no right to get every ConfigMap."""
        found = await self._kube.list(self._path, item=dict, params={"fieldSelector": f"metadata.name={name}"})
        return next((one for one in found if one["metadata"]["name"] == name), None)

    async def write(self, ring: Ring, pressed: bytes, until: datetime) -> None:
        """Write the chunk that grows, whole.

        Raises:
            KubeError: the API server refused.
        """
        body = journal.configmap(ring.whose, ring.begun or until, pressed, until)
        path = f"{self._path}/{body['metadata']['name']}"
        try:
            await self._kube.patch(path, body)
        except NotFound:
            await self._make(body)
        ring.pressed = pressed

    async def _make(self, body: Json) -> None:
        try:
            await self._kube.post(self._path, {"apiVersion": "v1", "kind": "ConfigMap", **body})
        except ConflictError:
            await self._kube.patch(f"{self._path}/{body['metadata']['name']}", body)

    async def shorten(self, ring: Ring, quota: int) -> None:
        """Delete the oldest chunks of a pool until it has no more than so many bytes.

        Raises:
            KubeError: some may be left.
        """
        while ring.closed and ring.size > quota:
            await self._delete(ring.closed[0][0])
            ring.closed.pop(0)

    async def prune(self, now: datetime, keep: timedelta) -> int:
        """Delete all chunks whose last record is older than `keep`; return how many.

        Raises:
            KubeError: some may be left.
        """
        old = [one.name async for one in self._headings({}) if now - one.until > keep]
        await self._delete_all(old)
        return len(old)

    async def _delete_all(self, found: Iterable[str]) -> None:
        for name in found:
            await self._delete(name)

    async def _delete(self, name: str) -> None:
        try:
            await self._kube.delete(f"{self._path}/{name}")
        except NotFound:
            return

    async def _headings(self, labels: Mapping[str, str]) -> AsyncIterator[Heading]:
        selector = ",".join([journal.SELECTOR, *(f"{key}={value}" for key, value in labels.items())])
        pages = self._kube.pages(self._path, item=Headed, params={"labelSelector": selector}, accept=ONLY_METADATA_LIST)
        async for page in pages:
            for found in page.items or ():
                yield found.metadata
