"""The follower against a pretended API server: a list, then a watch that a test writes to."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from fleet.pods import Follower, Pod, label_of, paths


def pod(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A running, ready pod's JSON; `changes` go over its metadata or its status, by the key that exists there."""
    metadata = {"name": f"chat-{number}", "namespace": "team", "uid": f"uid-{number}", "labels": {"app": "chat"}}
    ready = {"type": "Ready", "status": "True"}
    status = {"phase": "Running", "podIP": f"127.9.0.{number}", "conditions": [ready]}
    about = {key: value for key, value in changes.items() if key not in status}
    return {"metadata": metadata | about, "status": status | {k: v for k, v in changes.items() if k in status}}


class Server:
    """Lists `items`; a watch gets what is put into `events`, and ends on None."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self.events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self.lists = 0
        self.fail = 0

    async def pods(self, request: web.Request) -> web.StreamResponse:
        if "watch" in request.query:
            return await self._watch(request)
        self.lists += 1
        if self.fail:
            self.fail -= 1
            return web.Response(status=500)
        return web.json_response({"metadata": {"resourceVersion": "7"}, "items": self.items})

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while (event := await self.events.get()) is not None:
            await response.write(json.dumps(event).encode() + b"\n")
        return response

    def tell(self, kind: str, item: dict[str, Any]) -> None:
        self.events.put_nowait({"type": kind, "object": item})


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
async def follower(server: Server) -> AsyncIterator[Follower]:
    app = web.Application()
    app.router.add_get("/api/v1/pods", server.pods)
    async with TestServer(app) as running, aiohttp.ClientSession(running.make_url("/")) as session:
        follower = Follower(session, "/api/v1/pods", "app", lambda: None)
        task = asyncio.create_task(follower.run())
        yield follower
        task.cancel()
        server.events.put_nowait(None)
        await asyncio.gather(task, return_exceptions=True)


async def until(wanted: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not wanted():  # noqa: ASYNC110  a dictionary tells nobody that it changed
            await asyncio.sleep(0.005)


async def test_a_list_gives_the_pods(server: Server, follower: Follower) -> None:
    server.items = [pod(1)]
    await follower.listed.wait()
    assert follower.pods == {"uid-1": Pod("uid-1", "chat-1", "team/chat", "127.9.0.1")}


async def test_an_event_adds_a_pod(server: Server, follower: Follower) -> None:
    server.tell("ADDED", pod(2))
    await until(lambda: "uid-2" in follower.pods)


async def test_a_deleted_pod_is_forgotten(server: Server, follower: Follower) -> None:
    server.items = [pod(1)]
    await follower.listed.wait()
    server.tell("DELETED", pod(1))
    await until(lambda: not follower.pods)


async def test_an_expired_watch_is_listed_again(server: Server, follower: Follower) -> None:
    await follower.listed.wait()
    server.items = [pod(3)]
    server.tell("ERROR", {"kind": "Status", "code": 410, "message": "too old resource version"})
    await until(lambda: "uid-3" in follower.pods)


async def test_a_watch_that_ends_is_listed_again(server: Server, follower: Follower) -> None:
    await follower.listed.wait()
    server.items = [pod(3)]
    server.events.put_nowait(None)
    await until(lambda: "uid-3" in follower.pods)


async def test_a_server_in_trouble_is_asked_again(server: Server, follower: Follower) -> None:
    server.fail = 1
    await follower.listed.wait()
    assert server.lists == 2


async def test_a_bookmark_changes_nothing(server: Server, follower: Follower) -> None:
    server.items = [pod(1)]
    await follower.listed.wait()
    server.tell("BOOKMARK", {"metadata": {"resourceVersion": "9"}})
    server.tell("ADDED", pod(2))
    await until(lambda: len(follower.pods) == 2)


@pytest.mark.parametrize(
    ("changes", "ready", "leaving"),
    [
        ({"conditions": []}, False, False),
        ({"conditions": [{"type": "Ready", "status": "False"}]}, False, False),
        ({"deletionTimestamp": "2026-11-22T05:00:00Z"}, True, True),
    ],
)
async def test_a_pods_state_is_read(
    server: Server,
    follower: Follower,
    changes: dict[str, Any],
    ready: bool,  # noqa: FBT001  pytest gives it by name
    leaving: bool,  # noqa: FBT001  pytest gives it by name
) -> None:
    server.items = [pod(1, **changes)]
    await follower.listed.wait()
    assert (follower.pods["uid-1"].ready, follower.pods["uid-1"].leaving) == (ready, leaving)


@pytest.mark.parametrize("changes", [{"podIP": ""}, {"phase": "Failed"}, {"labels": {}}])
async def test_what_cannot_be_played_is_left_out(server: Server, follower: Follower, changes: dict[str, Any]) -> None:
    server.items = [pod(1, **changes)]
    await follower.listed.wait()
    assert follower.pods == {}


@pytest.mark.parametrize("selector", ["app", "app=chat", "app==chat,tier=gpu", "app!=chat"])
def test_the_first_label_names_the_workload(selector: str) -> None:
    assert label_of(selector) == "app"


def test_without_namespaces_all_are_followed() -> None:
    assert (paths([]), paths(["a"])) == (["/api/v1/pods"], ["/api/v1/namespaces/a/pods"])
