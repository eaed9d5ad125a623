"""A small API server for tests: any collection, real HTTP, and every way in which a real one can let a client down.

The tests beside it hold it and the real one to the same promises.
"""

import asyncio
import copy
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from aiohttp import web
from aiohttp.test_utils import TestServer

from poolkeeper.shell.access import Access

if TYPE_CHECKING:
    from collections.abc import Callable

Object = dict[str, Any]
Key = tuple[str, str]
_PATH = re.compile(r"^(/api/v1|/apis/[^/]+/[^/]+)(?:/namespaces/([^/]+))?/([^/]+)(?:/([^/]+))?$")


class RefusalError(Exception):
    """Becomes a v1.Status."""

    def __init__(self, code: int, message: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.headers = code, message, headers or {}

    @property
    def status(self) -> Object:
        return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": self.code, "message": self.message}


@dataclass
class Collection:
    """The objects of one kind, and every event since the last compaction."""

    objects: dict[Key, Object] = field(default_factory=dict)
    events: list[tuple[int, str, Object]] = field(default_factory=list)
    compacted: int = 0


@dataclass
class Asked:
    """A request, taken apart."""

    method: str
    collection: str
    namespace: str | None
    name: str | None
    query: dict[str, str]
    headers: dict[str, str]

    def chooses(self, found: Object) -> bool:
        """Return whether the namespace and a label selector of equalities and bare keys let an object through."""
        labels = found["metadata"].get("labels", {})
        parts = [part.partition("=") for part in self.query.get("labelSelector", "").split(",") if part]
        chosen = all(labels.get(key) == value if sign else key in labels for key, sign, value in parts)
        return chosen and self.namespace in (None, found["metadata"]["namespace"])


class FakeApi:
    """Serve it with `async with`. `requests` holds what was asked; `intercept` may answer first, wait or refuse.

    The first request that `lose` accepts is carried out, and its answer is lost.
    """

    def __init__(self) -> None:
        self.version = 100
        self.collections: dict[str, Collection] = {}
        self.missing: set[str] = set()
        self.requests: list[Asked] = []
        self.intercept: Callable[[Asked], Any] = lambda _: None
        self.lose: Callable[[Asked], bool] = lambda _: False
        self._pages: dict[str, tuple[list[Object], int]] = {}
        self._news = asyncio.Condition()
        self._connections: set[asyncio.Transport] = set()
        self._verdict: Object | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._server = TestServer(app)
        await self._server.start_server(shutdown_timeout=0.01)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Leave the port, as an API server that died."""
        self.cut()
        await self._server.close()

    @property
    def access(self) -> Access:
        return Access(str(self._server.make_url("")).rstrip("/"))

    # What a test does to the cluster, behind the client's back

    def collection(self, path: str) -> Collection:
        return self.collections.setdefault(path, Collection())

    async def put(self, path: str, namespace: str, name: str, **content: Any) -> Object:
        """Make or replace an object; the uid stays over a replacement."""
        known = self.collection(path).objects.get((namespace, name))
        found = copy.deepcopy(content)
        metadata = found.setdefault("metadata", {})
        metadata.update(namespace=namespace, name=name, uid=known["metadata"]["uid"] if known else str(uuid4()))
        return await self._record(path, "MODIFIED" if known else "ADDED", found)

    async def remove(self, path: str, namespace: str, name: str) -> None:
        found = copy.deepcopy(self.collection(path).objects[namespace, name])
        await self._record(path, "DELETED", found)

    async def remove_unseen(self, path: str, namespace: str, name: str) -> None:
        """Delete an object so that no watch will tell: the history up to there is gone too."""
        del self.collection(path).objects[namespace, name]
        self.version += 1
        self.compact()

    async def bookmark(self) -> None:
        """Let every watch that runs know the current version."""
        self.version += 1
        for collection in self.collections.values():
            bare = {"kind": "Bookmark", "metadata": {"resourceVersion": str(self.version)}}
            collection.events.append((self.version, "BOOKMARK", bare))
        await self._tell()

    def compact(self) -> None:
        """Forget history: whoever asks for an older version, or goes on with an older LIST, gets 410."""
        self._pages.clear()
        for collection in self.collections.values():
            collection.events.clear()
            collection.compacted = self.version

    def cut(self) -> None:
        """Break the connections of all watches."""
        for transport in self._connections:
            transport.abort()

    async def expire(self, code: int = 410) -> None:
        """End all watches by an ERROR event."""
        self._verdict = RefusalError(code, "too old resource version").status
        await self._tell()
        await asyncio.sleep(0)
        self._verdict = None

    async def watched(self, count: int = 1) -> None:
        """Wait until so many watches run."""
        async with self._news:
            await self._news.wait_for(lambda: len(self._connections) >= count)

    async def next_request(self) -> Asked:
        """Wait for a request to come in."""
        known = len(self.requests)
        async with self._news:
            await self._news.wait_for(lambda: len(self.requests) > known)
        return self.requests[known]

    @staticmethod
    def empty() -> web.Response:
        """Return an answer that ends before it said anything."""
        return web.Response()

    # What clients see

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        try:
            asked = _taken_apart(request)
            self.requests.append(asked)
            await self._tell()
            answer = self.intercept(asked)
            if asyncio.iscoroutine(answer):
                answer = await answer
            return answer or await self._serve(asked, request)
        except RefusalError as refusal:
            return _json(refusal.status, refusal.code, refusal.headers)

    async def _serve(self, asked: Asked, request: web.Request) -> web.StreamResponse:
        if self.lose(asked):
            self.lose = lambda _: False
            await self._serve(asked, request)
            raise RefusalError(500, "the answer was lost")
        if asked.collection in self.missing:
            raise RefusalError(404, "the server could not find the requested resource")
        if asked.name is None:
            if asked.method == "POST":
                return await self._create(asked, await request.json())
            return await (self._watch(asked, request) if "watch" in asked.query else self._list(asked))
        known = self.collection(asked.collection).objects.get((asked.namespace or "", asked.name))
        if known is None:
            raise RefusalError(404, f'{asked.collection.rpartition("/")[2]} "{asked.name}" not found')
        if asked.method == "GET":
            return _json(known)
        if asked.method == "DELETE":
            await self._record(asked.collection, "DELETED", copy.deepcopy(known))
            return _json({"kind": "Status", "status": "Success"})
        return await self._change(asked, known, await request.json())

    async def _create(self, asked: Asked, body: Object) -> web.Response:
        name = body["metadata"]["name"]
        if (asked.namespace or "", name) in self.collection(asked.collection).objects:
            raise RefusalError(409, f'"{name}" already exists')
        return _json(await self.put(asked.collection, asked.namespace or "", name, **body), 201)

    async def _change(self, asked: Asked, known: Object, body: Object) -> web.Response:
        if body.get("metadata", {}).get("resourceVersion", "") not in ("", known["metadata"]["resourceVersion"]):
            raise RefusalError(409, "the object has been modified")
        changed = body if asked.method == "PUT" else _merged(copy.deepcopy(known), body)
        return _json(await self.put(asked.collection, asked.namespace or "", asked.name or "", **changed))

    async def _list(self, asked: Asked) -> web.Response:
        if token := asked.query.get("continue"):
            if token not in self._pages:
                raise RefusalError(410, "The provided continue parameter is too old")
            items, version = self._pages[token]
        else:
            found = self.collection(asked.collection).objects
            items, version = [found[key] for key in sorted(found) if asked.chooses(found[key])], self.version
        limit = int(asked.query.get("limit", 0)) or len(items)
        metadata = {"resourceVersion": str(version)}
        if rest := items[limit:]:
            metadata["continue"] = str(uuid4())
            self._pages[metadata["continue"]] = rest, version
        return _json({"kind": "List", "metadata": metadata, "items": items[:limit]})

    async def _watch(self, asked: Asked, request: web.Request) -> web.StreamResponse:
        since, collection = int(asked.query["resourceVersion"]), self.collection(asked.collection)
        if since < collection.compacted:
            raise RefusalError(410, f"too old resource version: {since}")
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        transport = request.transport
        self._connections.add(transport)
        await self._tell()
        try:
            async with asyncio.timeout(int(asked.query.get("timeoutSeconds", 300))):
                await self._stream(asked, since, response)
        except TimeoutError:
            await _send(response, "BOOKMARK", {"metadata": {"resourceVersion": str(self.version)}})
        finally:
            self._connections.discard(transport)
        return response

    async def _stream(self, asked: Asked, since: int, response: web.StreamResponse) -> None:
        while True:
            for version, kind, found in list(self.collection(asked.collection).events):
                if version > since and (kind == "BOOKMARK" or asked.chooses(found)):
                    await _send(response, kind, found)
                since = max(since, version)
            async with self._news:
                await self._news.wait()
            if self._verdict is not None:
                await _send(response, "ERROR", self._verdict)
                return

    async def _record(self, path: str, kind: str, found: Object) -> Object:
        self.version += 1
        found["metadata"]["resourceVersion"] = str(self.version)
        key = (found["metadata"]["namespace"], found["metadata"]["name"])
        objects = self.collection(path).objects
        if kind == "DELETED":
            del objects[key]
        else:
            objects[key] = found
        self.collection(path).events.append((self.version, kind, found))
        await self._tell()
        return found

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()


def _taken_apart(request: web.Request) -> Asked:
    match = _PATH.match(request.path)
    if not match:
        raise RefusalError(404, "404 page not found")
    api, namespace, plural, name = match.groups()
    return Asked(request.method, f"{api}/{plural}", namespace, name, dict(request.query), dict(request.headers))


def _merged(known: Object, patch: Object) -> Object:
    """Return RFC 7396's result."""
    for key, value in patch.items():
        if value is None:
            known.pop(key, None)
        elif isinstance(value, dict):
            known[key] = _merged(known.get(key) or {}, value)
        else:
            known[key] = value
    return known


async def _send(response: web.StreamResponse, kind: str, found: Object) -> None:
    await response.write(json.dumps({"type": kind, "object": found}).encode() + b"\n")


def _json(body: Object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response(body, status=status, headers=headers)  # aiohttp adds the Date
