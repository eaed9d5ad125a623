"""One stream of a reflector: what a collection holds, and each change from then on.

    LIST, page by page ──> WATCH from its resource version ──┬─ ended by the server ──> WATCH from the last one seen
      ^   diff: what it did not name is deleted              ├─ broken, 429, 5xx ─────> back off, WATCH likewise
      └──────────────────────────────────────────────────────┴─ 410 in either form, silence, anything else

The LIST asks for the most recent state (it gives no resource version): an older one would turn sizes back in time.
Bookmarks come once a minute (60.0 to 60.6 s on 1.36), so 70 s without a byte mean a dead connection, or a history that
was rewound (a restored etcd is silent until it has caught up with our resource version). So after silence comes a
LIST. A kind that nobody ever wrote to may wait 120 s for its first bookmark: that costs a LIST of nothing.
Events have no bookmarks at all (the API server keeps no watch cache of them), and a LIST reads every one in the
cluster: after silence there comes a WATCH, and a LIST every fourth time only, for the sake of a rewound history.
"""

import asyncio
import random
import time
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

import msgspec

from poolkeeper.shell.kube import ONLY_METADATA, ONLY_METADATA_LIST, KubeClient, Metadata
from poolkeeper.shell.kube_errors import (
    Forbidden,
    KubeError,
    NotFound,
    ServerError,
    TimedOut,
    TooManyRequests,
    Unreachable,
    Unreadable,
    refusal,
)
from poolkeeper.shell.kube_wire import JSON

Key = tuple[str, str]

_TRIES_TO_RESUME = 3
_SILENCES_TO_LIST = 4


class HasMetadata(msgspec.Struct):
    """The least that an object decodes to; the structs of all kinds extend it."""

    metadata: Metadata


class Sink(Protocol):
    """Where a stream puts objects. `put` and `drop` return the object's metadata."""

    def put(self, raw: msgspec.Raw) -> Metadata:
        """Take in an object as it now is."""

    def drop(self, raw: msgspec.Raw) -> Metadata:
        """Let go of an object that was deleted."""

    def keep_only(self, keys: set[Key]) -> None:
        """Let go of all objects but these."""


@dataclass(frozen=True, slots=True)
class Collection:
    """What to list and to watch. `metadata_only` has the server leave out everything else.

    `bookmarks`: whether the server gives a sign of life on a watch where nothing happens. `optional`: to whom it is
    forbidden, it is as if there were none.
    """

    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    metadata_only: bool = False
    bookmarks: bool = True
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a watch may live (the server ends it then) and be silent, and how long to wait after failures.

    Waits double from `first_wait` to `longest_wait`; to `longest_refusal` where access or the kind is missing: so a
    kind that is installed later is seen that much later at most.
    """

    watch: timedelta = timedelta(minutes=5)
    silence: timedelta = timedelta(seconds=70)
    first_wait: timedelta = timedelta(seconds=0.5)
    longest_wait: timedelta = timedelta(seconds=10)
    longest_refusal: timedelta = timedelta(seconds=30)


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


_EVENTS = msgspec.json.Decoder(_Event)
_BARE = msgspec.json.Decoder(HasMetadata)


class Stream:
    """Runs a collection into a sink. `synced` once it was listed; `problem` while something keeps it from news.

    `listed` is more than `synced`: what is missing was never listed. `missing` while the API server knows no such
    kind, or never showed it where it is optional.
    """

    def __init__(self, kube: KubeClient, collection: Collection, sink: Sink, pace: Pace) -> None:
        self.synced = asyncio.Event()
        self.problem = ""
        self.missing = False
        self.alive_at = time.monotonic()
        self._kube = kube
        self._collection = collection
        self._sink = sink
        self._pace = pace
        self._version: str | None = None  # None asks for a LIST
        self._failures = 0
        self._silences = 0
        self.listed = False

    async def run(self) -> None:
        """Follow the collection until cancelled; no answer of the API server ends it."""
        while True:
            try:
                if self._version is None:
                    self._version = await self._list()
                await self._watch(self._version)
            except KubeError as error:
                if self._is_mere_silence(error):
                    continue
                self._note(error)
                await asyncio.sleep(self._wait(error))

    def _is_mere_silence(self, error: KubeError) -> bool:
        """Pass over the silence of a watch that has no bookmarks; every so often ask for a LIST."""
        if self._collection.bookmarks or self._version is None or not isinstance(error, TimedOut):
            return False
        self._silences = (self._silences + 1) % _SILENCES_TO_LIST
        if self._silences == 0:
            self._version = None
        return True

    async def _list(self) -> str:
        seen: set[Key] = set()
        version = ""
        asked = self._collection
        accept = ONLY_METADATA_LIST if asked.metadata_only else JSON
        async with aclosing(
            self._kube.pages(asked.path, item=msgspec.Raw, params=asked.params, accept=accept)
        ) as pages:
            async for page in pages:
                self._heard()
                version = page.metadata.resource_version
                seen.update(_key(self._sink.put(raw)) for raw in page.items or ())
        self._sink.keep_only(seen)
        self.listed = True
        self.synced.set()
        return version

    async def _watch(self, version: str) -> None:
        asked = self._collection
        accept = ONLY_METADATA if asked.metadata_only else JSON
        params = {**asked.params, **self._watch_params(version)}
        lines = self._kube.watch(
            asked.path, params=params, silence=self._pace.silence, accept=accept, opened=self._opened
        )
        wordless = True
        async with aclosing(lines):
            async for line in lines:
                self._version = self._handle(line)
                self._heard()
                wordless = False
        if wordless:  # else a proxy that cuts every watch short would be asked in a tight loop
            raise Unreachable(f"watch {asked.path}: it ended without a word")

    def _watch_params(self, version: str) -> dict[str, str]:
        lifetime = self._pace.watch.total_seconds() * random.uniform(0.8, 1.2)  # noqa: S311  spreads load, hides nothing
        return {
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(max(1, round(lifetime))),
        }

    def _handle(self, line: bytes) -> str:
        """Pass an event on and return its resource version."""
        try:
            event = _EVENTS.decode(line)
            match event.type:
                case "ADDED" | "MODIFIED":
                    return self._sink.put(event.object).resource_version
                case "DELETED":
                    return self._sink.drop(event.object).resource_version
                case "BOOKMARK":
                    return _BARE.decode(event.object).metadata.resource_version
        except msgspec.DecodeError as error:
            raise Unreadable(f"watch {self._collection.path}: {error}") from error
        raise refusal(0, bytes(event.object))

    def _opened(self) -> None:
        self.alive_at = time.monotonic()
        self.problem = ""
        self.missing = False

    def _heard(self) -> None:
        self._opened()
        self._failures = 0

    def _note(self, error: KubeError) -> None:
        self.problem = f"{self._collection.path}: {error}"
        hidden = self._collection.optional and isinstance(error, Forbidden) and not self.listed
        self.missing = hidden or isinstance(error, NotFound)
        self._failures += 1
        if not self._may_resume(error):
            self._version = None
        if isinstance(error, (Forbidden, NotFound)):  # an answer: the server lives, and a restart would not help
            self.alive_at = time.monotonic()
        if self.missing:  # no such kind, so none of its objects
            self._sink.keep_only(set())
            self.synced.set()

    def _may_resume(self, error: KubeError) -> bool:
        passing = isinstance(error, (Unreachable, TooManyRequests, ServerError))
        return passing and self._failures < _TRIES_TO_RESUME

    def _wait(self, error: KubeError) -> float:
        refused = isinstance(error, (Forbidden, NotFound))
        longest = self._pace.longest_refusal if refused else self._pace.longest_wait
        wait = min(longest, self._pace.first_wait * float(1 << min(self._failures - 1, 16)))
        wait = max(wait, min(error.retry_after or wait, self._pace.longest_refusal))
        return wait.total_seconds() * random.uniform(0.5, 1)  # noqa: S311  spreads load, hides nothing


def _key(metadata: Metadata) -> Key:
    return metadata.namespace, metadata.name
