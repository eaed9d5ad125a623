"""Leases in one server's memory, and processes that contend for them one step at a time: real electors, played time.

A request is carried out at one step and answered at a later one; what was sent may be carried out long after its sender
has given up, or is gone.
"""

from collections.abc import Coroutine, Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import coroutine
from typing import Any

import msgspec

from poolkeeper.shell.identity import Identity
from poolkeeper.shell.kube import Metadata
from poolkeeper.shell.kube_errors import ConflictError, NotFound
from poolkeeper.shell.leader import Elector
from poolkeeper.shell.lease import Lease, LeaseSpec, LeaseTerms

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
DURATION = 15.0


@dataclass
class Server:
    """The leases, by path; a write on an older version than the newest is refused."""

    seconds: float = 0.0
    version: int = 0
    leases: dict[str, Lease] = field(default_factory=dict)

    def write(self, path: str, spec: dict[str, Any], expected: str | None) -> Lease:
        found = self.leases.get(path)
        if expected is None and found is not None:
            raise ConflictError("it is there", status=409)
        if expected is not None and found is None:
            raise NotFound("it is not there", status=404)
        if found is not None and found.metadata.resource_version != expected:
            raise ConflictError("somebody was faster", status=409)
        self.version += 1
        old = msgspec.to_builtins(found.spec) if found else {}
        metadata = Metadata(name=path.rpartition("/")[2], resource_version=str(self.version))
        self.leases[path] = Lease(metadata, msgspec.convert({**old, **spec}, LeaseSpec))
        return self.leases[path]


class Client:
    """A process's way to the server: each request waits twice to be let on."""

    def __init__(self, server: Server) -> None:
        self._server, self.clock = server, self

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self._server.seconds)

    async def list(self, _: str, **__: Any) -> tuple[Lease, ...]:
        return await sent(lambda: tuple(self._server.leases.values()))

    async def post(self, path: str, body: dict[str, Any]) -> Lease:
        whole = f"{path}/{body['metadata']['name']}"
        return await sent(lambda: self._server.write(whole, body["spec"], None))

    async def patch(self, path: str, body: dict[str, Any], *, resource_version: str) -> Lease:
        return await sent(lambda: self._server.write(path, body["spec"], resource_version))


@coroutine
def sent(deed: Any) -> Generator[Any, None, Any]:
    """Wait until the request arrives, carry it out, and wait until its answer does."""
    yield deed
    try:
        answer = deed()
    except (ConflictError, NotFound) as error:
        yield None
        raise error from None
    yield None
    return answer


class Process:
    """One process, which makes one try after the other for one of `shards`; what was in the way it has `said`."""

    def __init__(self, server: Server, name: str, shards: int) -> None:
        terms = LeaseTerms("system", shards)
        client: Any = Client(server)
        self.name, self.shards = name, shards
        self.elector = Elector(client, terms, Identity(name), on_lost=lambda: None, monotonic=lambda: server.seconds)
        self._try: Coroutine[Any, Any, str] | None = None
        self._under_way: Any = None
        self.said = ""

    @property
    def leads(self) -> tuple[int, int] | None:
        """The shard that it leads, None where it does not."""
        return self.elector.shard if self.elector.leading else None

    def step(self) -> None:
        """Go on to where a request arrives, or its answer."""
        self._try = self._try or self.elector.attempt()
        try:
            self._under_way = self._try.send(None)
        except StopIteration as done:
            self.said, self._try, self._under_way = done.value, None, None
        except (ConflictError, NotFound):
            self._try = self._under_way = None

    def give_up(self) -> Any:
        """Wait no longer; return what is under way and may yet be carried out, None where nothing is."""
        left, self._under_way = self._under_way, None
        if self._try is not None:
            self._try.close()
            self._try = None
        return left
