"""The hot client of the API server: aiohttp and msgspec, nothing else.

It never retries and never waits without a bound: it says what happened (kube_errors.py), and its caller, who has
a next look coming anyway, decides. Reads and writes of objects share one bounded session. Collections have their
own, with a connection for each that is followed: a watch goes on over its LIST's, and many starve nobody. Writes go
through the budget of write_budget.py.
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import msgspec

from poolkeeper.shell.access import Access
from poolkeeper.shell.clock import Clock
from poolkeeper.shell.kube_errors import TimedOut, Unreadable
from poolkeeper.shell.kube_wire import JSON, Bounds, Call, Wire
from poolkeeper.shell.write_budget import Priority, WriteBudget

T = TypeVar("T")
Params = Mapping[str, str]

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"  # JSON is YAML
ONLY_METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
ONLY_METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds a client. Sizes are in bytes; a LIST is asked for in pages of `page` objects."""

    connections: int = 30
    request: timedelta = timedelta(seconds=10)
    list_page: timedelta = timedelta(seconds=30)
    body: int = 64 * 2**20
    event: int = 16 * 2**20
    page: int = 500
    writes_per_second: float = 50
    concurrent_writes: int = 20


class Metadata(msgspec.Struct, rename="camel"):
    """What every answer about one object says of it."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0


class Written(msgspec.Struct):
    """The answer to a write: the object's metadata as it now stands."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)


class PageMetadata(msgspec.Struct, rename="camel"):
    """Where a LIST stands: its resource version, and the token of the next page."""

    resource_version: str = ""
    next: str = msgspec.field(name="continue", default="")


class Page(msgspec.Struct, Generic[T]):
    """One page of a LIST."""

    metadata: PageMetadata
    items: list[T] | None = None


class KubeClient:
    """A client for one cluster, open inside `async with`. Every answer's `Date` sets its `clock`.

    All methods raise KubeError. Paths are absolute and may carry a query: "/apis/apps/v1/deployments".
    """

    def __init__(
        self,
        access: Access,
        *,
        clock: Clock | None = None,
        limits: Limits | None = None,
        field_manager: str = "poolkeeper",
    ) -> None:
        self.access = access
        self.clock = clock or Clock()
        self._limits = limits or Limits()
        self._field_manager = field_manager
        self._budget = WriteBudget(per_second=self._limits.writes_per_second, concurrent=self._limits.concurrent_writes)

    async def __aenter__(self) -> Self:
        self._objects = Wire(self.access, self.clock, self._limits.connections)
        self._collections = Wire(self.access, self.clock, 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._objects.close()
        await self._collections.close()

    async def get(self, path: str, *, into: type[T], params: Params | None = None) -> T:
        """Return what is at `path`."""
        call = Call("GET", path, params or {})
        return _decoded(await self._request(call), into, call)

    async def page(self, path: str) -> bytes:
        """Return what is at `path` as it stands there: what a pod serves, through the API server."""
        return await self._request(Call("GET", path, accept="*/*"))

    async def pages(
        self, path: str, *, item: type[T], params: Params | None = None, accept: str = JSON
    ) -> AsyncGenerator[Page[T], None]:
        """Yield the collection at `path` page by page, as of one resource version; Gone where that grew too old.

        `params` may have a `limit` of their own, for objects that are large.
        """
        bounds = Bounds(self._limits.body, self._limits.list_page)
        asked = {"limit": str(self._limits.page), **(params or {})}
        while True:
            call = Call("GET", path, asked, accept)
            page = _decoded(await self._collections.read(call, bounds), Page[item], call)  # type: ignore[valid-type]
            yield page
            if not page.metadata.next:
                return
            asked["continue"] = page.metadata.next

    async def list(self, path: str, *, item: type[T], params: Params | None = None) -> tuple[T, ...]:
        """Return the whole collection at `path`."""
        pages = [page.items or () async for page in self.pages(path, item=item, params=params)]
        return tuple(found for items in pages for found in items)

    def watch(
        self,
        path: str,
        *,
        params: Params,
        silence: timedelta,
        accept: str = JSON,
        opened: Callable[[], None] = lambda: None,
    ) -> AsyncGenerator[bytes, None]:
        """Yield the events of a watch as lines of JSON until the server ends it; TimedOut after `silence`.

        `opened` is called once the server has accepted it. Close it (`contextlib.aclosing`) when leaving early.
        """
        call = Call("GET", path, {**params, "watch": "true"}, accept)
        return self._collections.lines(call, Bounds(self._limits.event, None, silence), opened)

    async def ask(self, path: str, question: object, *, into: type[T]) -> T:
        """Return the answer to a review: a question that is posted at `path` and kept nowhere."""
        call = Call("POST", path, body=msgspec.json.encode(question))
        return _decoded(await self._request(call), into, call)

    async def post(self, path: str, body: object, *, priority: Priority = Priority.STATUS) -> Written:
        """Create the object `body` in the collection at `path`; ConflictError where the name is taken."""
        return await self._write(Call("POST", path, self._signed, body=msgspec.json.encode(body)), priority)

    async def put(self, path: str, body: object, *, priority: Priority = Priority.STATUS) -> Written:
        """Replace the object at `path`; ConflictError unless the body's resource version is the current one."""
        return await self._write(Call("PUT", path, self._signed, body=msgspec.json.encode(body)), priority)

    async def patch(
        self,
        path: str,
        body: Mapping[str, Any] | Sequence[Any],
        *,
        content_type: str = MERGE_PATCH,
        resource_version: str | None = None,
        priority: Priority = Priority.STATUS,
    ) -> Written:
        """Change the object at `path`; ConflictError where it is no longer at `resource_version`, if one is given.

        The precondition goes into the body's metadata: a JSON patch, whose body is a sequence, tests for itself.
        """
        if resource_version is not None and isinstance(body, Mapping):
            body = {**body, "metadata": {**body.get("metadata", {}), "resourceVersion": resource_version}}
        encoded = msgspec.json.encode(body)
        return await self._write(Call("PATCH", path, self._signed, content_type=content_type, body=encoded), priority)

    async def apply(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        resource_version: str | None = None,
        priority: Priority = Priority.STATUS,
    ) -> Written:
        """Make the object at `path`, or bring the fields in `body` to their values and remove those applied before.

        `body` names its apiVersion, kind and name. Nothing is taken from others: where they keep a field at another
        value there is a ConflictError with their names, and nothing is written.
        """
        return await self.patch(
            path, body, content_type=APPLY_PATCH, resource_version=resource_version, priority=priority
        )

    async def delete(self, path: str, *, options: object = None, priority: Priority = Priority.STATUS) -> None:
        """Delete the object at `path`; `options` are DeleteOptions, with preconditions say."""
        body = None if options is None else msgspec.json.encode(options)
        await self._write(Call("DELETE", path, body=body), priority)

    @property
    def _signed(self) -> Params:
        return {"fieldManager": self._field_manager}

    async def _request(self, call: Call) -> bytes:
        return await self._objects.read(call, Bounds(self._limits.body, self._limits.request))

    async def _write(self, call: Call, priority: Priority) -> Written:
        try:
            async with self._budget.turn(priority, self._limits.request):
                return _decoded(await self._request(call), Written, call)
        except TimeoutError as error:
            raise TimedOut(f"{call}: no turn to write in time") from error


def _decoded(body: bytes, into: type[T], call: Call) -> T:
    try:
        return msgspec.json.decode(body, type=into)
    except msgspec.DecodeError as error:
        raise Unreadable(f"{call}: {error}") from error
