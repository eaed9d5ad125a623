"""Keeps what matters of one kind of object in memory, equal to the API server's state but for a watch's delay."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

import msgspec

from poolkeeper.shell.kube import KubeClient, Metadata
from poolkeeper.shell.list_watch import Collection, HasMetadata, Key, Pace, Stream

T = TypeVar("T", bound=HasMetadata)
V = TypeVar("V")
OnChange = Callable[[Key, V | None, V | None], None]


@dataclass(frozen=True)
class Kind(Generic[T, V]):
    """What to reflect: the collection `plural` of `api` ("/apis/apps/v1"), how to read an object, what to keep of it.

    `project` returns None for an object that is not worth keeping. `metadata_only` has the server leave out the
    rest. The selectors are in Kubernetes' own notation. Only events have no `bookmarks`. `optional`: who may not see it
    goes without it.
    """

    api: str
    plural: str
    item: type[T]
    project: Callable[[T], V | None]
    metadata_only: bool = False
    labels: str = ""
    fields: str = ""
    bookmarks: bool = True
    optional: bool = False

    def collection(self, namespace: str | None) -> Collection:
        """Return what to list and to watch, in one namespace or (None) in all."""
        inside = "" if namespace is None else f"/namespaces/{namespace}"
        selectors = {"labelSelector": self.labels, "fieldSelector": self.fields}
        params = {name: value for name, value in selectors.items() if value}
        path = f"{self.api}{inside}/{self.plural}"
        return Collection(path, params, self.metadata_only, self.bookmarks, self.optional)


class Reflector(Generic[T, V]):
    """A live dictionary, `items`, of projections by (namespace, name). Run it with `await reflector.run()`.

    `on_change(key, old, new)` is called right after each change of a projection; None stands for absent. An
    object that was replaced under its name between two looks is one change, from the old to the new.
    """

    def __init__(
        self,
        kube: KubeClient,
        kind: Kind[T, V],
        *,
        namespaces: tuple[str, ...] = (),
        on_change: OnChange[V] | None = None,
        pace: Pace | None = None,
    ) -> None:
        """Reflect `kind` in `namespaces`, or in the whole cluster where none is given."""
        self.items: dict[Key, V] = {}
        self._kind = kind
        self._on_change = on_change
        self._decoder = msgspec.json.Decoder(kind.item)
        self._unreadable: dict[Key, str] = {}
        self._streams = [
            Stream(kube, kind.collection(name), _Scope(self, name), pace or Pace()) for name in namespaces or (None,)
        ]

    async def run(self) -> None:
        """Reflect until cancelled. No answer of the API server ends it; an error in `on_change` does."""
        async with asyncio.TaskGroup() as group:
            for stream in self._streams:
                group.create_task(stream.run())

    async def synced(self) -> None:
        """Wait until everything was listed once. A kind that does not exist counts as an empty one."""
        for stream in self._streams:
            await stream.synced.wait()

    @property
    def is_synced(self) -> bool:
        """Whether everything was listed once."""
        return all(stream.synced.is_set() for stream in self._streams)

    @property
    def is_listed(self) -> bool:
        """Whether everything was shown once: of what was never shown, absence says nothing."""
        return all(stream.listed for stream in self._streams)

    @property
    def problem(self) -> str:
        """What keeps `items` from being complete and up to date, in words; empty where nothing does.

        A namespace that hides an optional kind is no problem while another shows it.
        """
        streams = (stream for stream in self._streams if self.is_missing or not stream.missing)
        told = [*(stream.problem for stream in streams), *self._unreadable.values()]
        return "; ".join(dict.fromkeys(filter(None, told)))

    @property
    def is_missing(self) -> bool:
        """Whether the API server has no such kind, as one that was never installed, or hides an optional one."""
        return all(stream.missing for stream in self._streams)

    def age(self) -> timedelta:
        """Return how long ago the API server last gave a sign of life, in the quietest stream."""
        return timedelta(seconds=time.monotonic() - min(stream.alive_at for stream in self._streams))

    def put(self, raw: msgspec.Raw) -> Metadata:
        """Take in an object as it now is; one that cannot be read is not kept, and told by `problem`."""
        try:
            found = self._decoder.decode(raw)
            projected = self._kind.project(found)
        except Exception as error:  # noqa: BLE001  anybody may write anything into an object: it concerns that one alone
            metadata = self.drop(raw)
            self._unreadable[metadata.namespace, metadata.name] = f"{self._kind.plural}/{metadata.name}: {error}"
            return metadata
        key = (found.metadata.namespace, found.metadata.name)
        self._unreadable.pop(key, None)
        self._set(key, projected)
        return found.metadata

    def drop(self, raw: msgspec.Raw) -> Metadata:
        """Let go of an object."""
        metadata = msgspec.json.decode(raw, type=HasMetadata).metadata
        self._forget((metadata.namespace, metadata.name))
        return metadata

    def keep_only(self, keys: set[Key], namespace: str | None) -> None:
        """Let go of all objects in `namespace` (None: anywhere) but these."""
        known = {*self.items, *self._unreadable}
        for key in known - keys:
            if namespace is None or key[0] == namespace:
                self._forget(key)

    def _forget(self, key: Key) -> None:
        self._unreadable.pop(key, None)
        self._set(key, None)

    def _set(self, key: Key, new: V | None) -> None:
        old = self.items.get(key)
        if new == old:
            return
        if new is None:
            del self.items[key]
        else:
            self.items[key] = new
        if self._on_change is not None:
            self._on_change(key, old, new)


@dataclass(frozen=True, slots=True)
class _Scope:
    """The part of a reflector that one stream fills."""

    reflector: Reflector  # type: ignore[type-arg]
    namespace: str | None

    def put(self, raw: msgspec.Raw) -> Metadata:
        return self.reflector.put(raw)

    def drop(self, raw: msgspec.Raw) -> Metadata:
        return self.reflector.drop(raw)

    def keep_only(self, keys: set[Key]) -> None:
        self.reflector.keep_only(keys, self.namespace)
