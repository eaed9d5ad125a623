"""A list's length, or what a stream has for a consumer group, from a Redis that the administrator configured.

    list      LLEN                  waiting; nobody knows what is worked on. No such key: see core/vanishing.py
    stream    XINFO STREAM, GROUPS  waiting: what the group was not given; running: given, and not acknowledged

How much the group was not given, of what stands in the stream:

    the newest entry was given out      nothing, whatever the lag says: it is wrong after some trims (redis#13957)
    lag is a number                     the lag, at most what stands in the stream
    lag is nil, or there is none        counted, up to COUNTED; beyond that all that stands there, less what is pending.
                                        It is nil where entries were deleted (XDEL), and missing before Redis 7
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from redis.asyncio import Connection, ConnectionPool, Redis, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider
from redis.exceptions import (
    AuthenticationError,
    MovedError,
    RedisError,
    ResponseError,
)
from redis.exceptions import (
    ConnectionError as BrokenConnectionError,
)
from redis.exceptions import (
    TimeoutError as TooLateError,
)

from poolkeeper.core.model import RedisSource
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import WORDS, MetricError
from poolkeeper.shell.brokers import RedisBroker, chosen
from poolkeeper.shell.proofs import secret
from poolkeeper.shell.queues.outside import Found
from poolkeeper.shell.servers import Tls

CONNECTIONS = 8
"""So many requests are under way at a time, of one broker; the others wait, no longer than they may."""
CONNECT = timedelta(seconds=1)
TIMEOUT = timedelta(seconds=3)
COUNTED = 100
"""So many entries are counted one by one where nobody else does: their contents come along."""
NAMED = 8
"""So many of a stream's groups are named where the one that is asked for is not there."""
REPEATED = ", with args beginning with"
"""From here on a server repeats a command that it does not know: of AUTH that is the password."""


class Password(CredentialProvider):
    """What a new connection is opened with: the file is read each time, so that it may rotate."""

    def __init__(self, username: str | None, path: Path) -> None:
        self._username, self._path = username, path

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        """Return user and password, or the password of the default user. Raises MetricError."""
        password = secret(self._path)
        return (self._username, password) if self._username else (password,)

    async def get_credentials_async(self) -> tuple[str] | tuple[str, str]:
        """Return the same: reading a small file waits for nobody."""
        return self.get_credentials()


class Server:
    """One broker: its connections, which are kept, and never more than CONNECTIONS."""

    def __init__(self, broker: RedisBroker, timeout: timedelta = TIMEOUT) -> None:
        self.name = broker.name
        self._turns = asyncio.Semaphore(CONNECTIONS)
        self._client = Redis(connection_pool=pool(broker, timeout))

    async def length(self, key: str) -> int:
        """Return a list's length, 0 where there is none. Raises MetricError."""
        async with self._turns:
            with told():
                found: int = await self._client.llen(key)
        return found

    async def group(self, key: str, group: str) -> Found:
        """Return what a stream has for a consumer group. Raises MetricError."""
        async with self._turns:
            with told():
                async with self._client.pipeline(transaction=False) as both:
                    both.xinfo_stream(key)
                    both.xinfo_groups(key)
                    stream, groups = await both.execute()
                known = next((one for one in groups if one["name"] == group.encode()), None)
                if known is None:
                    words = f"stream {key!r} has no group {group!r}; it has: {listed(groups)}"
                    raise MetricError(Reason.METRIC_EMPTY, words)
                return Found(await self._waiting(key, stream, known), running=known["pending"])

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
        await self._client.connection_pool.disconnect()

    async def _waiting(self, key: str, stream: Mapping[str, Any], group: Mapping[str, Any]) -> int:
        length, newest, given = stream["length"], stream["last-entry"], group["last-delivered-id"]
        if newest is None or order(newest[0]) <= order(given):
            return 0
        if (lag := group.get("lag")) is not None:
            return min(int(lag), int(length))
        after: Sequence[Any] = await self._client.xrange(key, min=b"(" + given, count=COUNTED + 1) or ()
        return len(after) if len(after) <= COUNTED else max(len(after), int(length) - int(group["pending"]))


def listed(groups: Sequence[Mapping[str, Any]]) -> str:
    """Return the names of a stream's groups, no more of them than a condition has room for."""
    names = sorted(group["name"].decode(errors="replace") for group in groups)
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return (", ".join(names[:NAMED])[:WORDS] or "none") + rest


class RedisReader:
    """Reads all Redis sources."""

    def __init__(self, brokers: Mapping[str, RedisBroker], timeout: timedelta = TIMEOUT) -> None:
        self._servers = {name: Server(broker, timeout) for name, broker in brokers.items()}

    async def depth(self, namespace: str, source: RedisSource) -> Found:  # noqa: ARG002  brokers belong to no namespace
        """Return what the queue holds. Raises MetricError."""
        server = chosen(self._servers, source.server, "redis")
        if source.group:
            return await server.group(source.key, source.group)
        return Found(await server.length(source.key), vanishes=f"list {source.key!r} of redis {server.name!r}")

    async def close(self) -> None:
        """Close all connections."""
        for server in self._servers.values():
            await server.close()


class Order(NamedTuple):
    """An entry's ID, as entries follow each other."""

    milliseconds: int
    sequence: int


def order(entry: bytes) -> Order:
    """Return where an entry stands in its stream."""
    milliseconds, _, sequence = entry.partition(b"-")
    return Order(int(milliseconds), int(sequence))


def pool(broker: RedisBroker, timeout: timedelta) -> ConnectionPool:
    """Return connections that nobody has opened yet; none is tried twice, for the next look is soon."""
    host, port, database = broker.place
    password = broker.password_file
    return ConnectionPool(
        connection_class=SSLConnection if broker.is_encrypted else Connection,
        max_connections=CONNECTIONS,
        host=host,
        port=port,
        db=database,
        credential_provider=Password(broker.username, password) if password else None,
        socket_timeout=timeout.total_seconds(),
        socket_connect_timeout=CONNECT.total_seconds(),
        retry=Retry(NoBackoff(), 0),
        protocol=2,  # what all of them speak, without asking for more rights than the question itself
        driver_info=None,
        **(trusted(broker.tls) if broker.is_encrypted else {}),
    )


def trusted(tls: Tls) -> dict[str, Any]:
    """Return whom to trust and what to show, in the library's words."""
    files = {"ssl_ca_certs": tls.ca_file, "ssl_certfile": tls.cert_file, "ssl_keyfile": tls.key_file}
    return {"ssl_check_hostname": True} | {name: str(path) for name, path in files.items() if path}


@contextmanager
def told() -> Iterator[None]:
    """Turn everything the library may raise into a MetricError, without what the server repeats of a command."""
    try:
        yield
    except TooLateError as error:
        raise MetricError(Reason.METRIC_TIMEOUT, "no answer in time") from error
    except AuthenticationError as error:
        raise MetricError(Reason.METRIC_SERVER_ERROR, said(error)) from error
    except BrokenConnectionError as error:
        raise MetricError(Reason.METRIC_REFUSED, said(error)) from error
    except MovedError as error:
        words = "a cluster, and the key is on another node of it: name an address that has all keys"
        raise MetricError(Reason.METRIC_SERVER_ERROR, words) from error
    except ResponseError as error:
        raise MetricError(meaning(said(error)), said(error)) from error
    except (RedisError, LookupError, TypeError, ValueError) as error:
        raise MetricError(Reason.METRIC_GARBAGE, f"no answer of a Redis: {said(error)}") from error


def meaning(words: str) -> Reason:
    """Return what an error of the server means."""
    if "no such key" in words:
        return Reason.METRIC_EMPTY
    return Reason.METRIC_GARBAGE if "wrong kind of value" in words else Reason.METRIC_SERVER_ERROR


def said(error: Exception) -> str:
    """Return an error's words, or its kind where it has none; nothing of the command, which may hold a secret."""
    words, _, _ = str(error).partition(REPEATED)
    return (words or type(error).__name__)[:WORDS]
