"""Where the live view has its pools from: one client that is kept, asked again and again, whatever happens to it."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, Self

from poolkeeper.cli import explain
from poolkeeper.cli.connection import advised, stored
from poolkeeper.cli.override import write
from poolkeeper.cli.status_rows import gather
from poolkeeper.cli.watch_pause import Question
from poolkeeper.cli.watch_queue import Trails, remembered
from poolkeeper.cli.watch_rows import short
from poolkeeper.shell.access import Access
from poolkeeper.shell.clock import Clock
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import KubeError
from poolkeeper.shell.kubeconfig import AccessError

Json = dict[str, Any]

FAULTS = (KubeError, AccessError)
LATE = timedelta(seconds=5)
"""After so long without a look that came back, what is shown is stale."""


@dataclass(frozen=True, slots=True)
class News:
    """What is known: rows as of `at` (None: nothing yet), and since when the API server or the operator is away."""

    rows: tuple[Json, ...] = ()
    trails: Trails = field(default_factory=dict)
    at: datetime | None = None
    problem: str = ""
    silent_since: datetime | None = None

    def looked(self, rows: list[Json], now: datetime, *, answered: bool) -> "News":
        """Return what is known after a look; where no operator answered, queues are not known."""
        since = None if answered else self.silent_since or now
        return News(tuple(rows), remembered(self.trails, rows, now), now, silent_since=since)

    def failed(self, problem: str) -> "News":
        """Return what is known after a look that came to nothing: what was, and why there is no more."""
        return replace(self, problem=problem)

    def standing(self, now: datetime | None) -> str:
        """Return how fresh it is, in one line."""
        if self.at is None or now is None:
            return f"no answer yet, trying again: {self.problem}" if self.problem else "looking ..."
        if self.stale(now):
            problem = self.problem or "no answer yet"
            return f"stale since {clock(self.at)} ({short(now - self.at)}), trying again: {problem}"
        if self.silent_since:
            return f"no operator answers since {clock(self.silent_since)}: no queues, sizes as the status held them"
        return f"live at {clock(self.at)}"

    def stale(self, now: datetime) -> bool:
        """Whether what is known is old: a look came to nothing, or one does not come back."""
        return self.at is not None and (bool(self.problem) or now - self.at > LATE)


def clock(at: datetime) -> str:
    """Return the time of day in UTC."""
    return f"{at:%H:%M:%S}Z"


class Source(Protocol):
    """What the live view has its pools from."""

    @property
    def news(self) -> News:
        """What is known."""

    @property
    def now(self) -> datetime | None:
        """The cluster's time; None before it was heard."""

    async def look(self) -> None:
        """Look once; what goes wrong is part of the news."""

    async def explained(self, namespace: str, name: str) -> Json:
        """Return what `explain` shows of a pool."""

    async def pool(self, namespace: str, name: str) -> Json:
        """Return a pool's object as it is stored."""

    async def write(self, pool: Json, asked: Question) -> None:
        """Write what was agreed to, on the pool that was read."""


class Feed:
    """Looks at a cluster, open inside `async with`. A look never raises: what went wrong is part of the news."""

    def __init__(self, access: tuple[Path | None, str | None], namespace: str | None, operator: str | None) -> None:
        self.news = News()
        self._where, self._namespace, self._operator = access, namespace, operator
        self._clock = Clock()
        self._opened = AsyncExitStack()
        self._kube: KubeClient | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._opened.aclose()

    @property
    def now(self) -> datetime | None:
        """The cluster's time; None before it was heard."""
        return self._clock.now() if self._clock.ready else None

    async def look(self) -> None:
        """Look once."""
        try:
            kube = await self._client()
            rows, answered = await gather(kube, self._namespace, self._operator)
        except FAULTS as error:
            self.news = self.news.failed(advised(error))
            return
        self.news = self.news.looked(rows, kube.clock.now(), answered=answered)

    async def explained(self, namespace: str, name: str) -> Json:
        """Return what `explain` shows of a pool."""
        return await explain.gather(await self._client(), namespace, name, self._operator)

    async def pool(self, namespace: str, name: str) -> Json:
        """Return a pool's object as it is stored."""
        return await stored(await self._client(), namespace, name)

    async def write(self, pool: Json, asked: Question) -> None:
        """Write what was agreed to, on the pool that was read."""
        changes = {"annotations": asked.annotations} if asked.annotations else {}
        await write(await self._client(), pool["metadata"], changes, asked.spec)

    async def _client(self) -> KubeClient:
        """Return the client; the kubeconfig is read aside, because a plugin in it may take its time."""
        if self._kube is None:
            access = await asyncio.to_thread(Access.find, *self._where)
            self._kube = await self._opened.enter_async_context(KubeClient(access, clock=self._clock))
        return self._kube
