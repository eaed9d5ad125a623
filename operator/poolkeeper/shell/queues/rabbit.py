"""What waits in a queue of a RabbitMQ, and what its consumers have and did not acknowledge: by its management API.

AMQP itself tells only what waits: a pool that went by it would take the last replica from the last message
(docs/decisions/0043). The figures are the broker's statistics, which it takes every 5 s.
"""

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import quote

import aiohttp
import msgspec
from yarl import URL

from poolkeeper.core.model import RabbitSource
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import WORDS, MetricError, faults_told, open_session, read_body
from poolkeeper.shell.brokers import RabbitBroker, chosen
from poolkeeper.shell.prometheus import trust
from poolkeeper.shell.proofs import Headers, secret, veiled
from poolkeeper.shell.queues.outside import Found

CONNECTIONS = 16
CONNECT = timedelta(seconds=1)
TIMEOUT = timedelta(seconds=3)
SIZE = 64 * 1024
COLUMNS = "messages_ready,messages_unacknowledged,state,type"
GONE = frozenset({"down", "crashed", "stopped", "minority", "timeout"})
"""States of a queue in which its figures are of an earlier time, or of nothing."""


class Queue(msgspec.Struct):
    """A queue, as far as we read it. It has no figures before the first statistics of its life."""

    messages_ready: int | None = None
    messages_unacknowledged: int | None = None
    state: str = "running"
    type: str = "classic"


class Words(msgspec.Struct):
    """What an error's body says."""

    reason: str = ""


_QUEUE = msgspec.json.Decoder(Queue)
_WORDS = msgspec.json.Decoder(Words)


class RabbitReader:
    """Reads all RabbitMQ sources; connections are kept, and never more than CONNECTIONS to one broker."""

    def __init__(self, brokers: Mapping[str, RabbitBroker], timeout: timedelta = TIMEOUT) -> None:
        self._brokers, self._timeout = brokers, timeout
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    async def depth(self, namespace: str, source: RabbitSource) -> Found:  # noqa: ARG002  brokers belong to no namespace
        """Return what the queue holds. Raises MetricError."""
        broker = chosen(self._brokers, source.server, "rabbitmq")
        proof = authorization(broker)
        with faults_told():
            status, body = await self._get(broker, source, proof)
        if status != HTTPStatus.OK:
            raise refusal(status, veiled(words(body), proof), source)
        return judged(decoded(body), source)

    async def close(self) -> None:
        """Close all connections."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    async def _get(self, broker: RabbitBroker, source: RabbitSource, proof: Headers) -> tuple[int, bytes]:
        if broker.name not in self._sessions:
            self._sessions[broker.name] = open_session(CONNECTIONS, CONNECT, self._timeout)
        request = self._sessions[broker.name].get(
            address(broker, source), headers=proof, ssl=trust(broker.tls), allow_redirects=False
        )
        async with request as response:
            return response.status, await read_body(response, SIZE)


def address(broker: RabbitBroker, source: RabbitSource) -> URL:
    """Return where a queue is described; its name may hold anything, a slash too."""
    place = "/".join(quote(name, safe="").replace(".", "%2E") for name in (source.vhost, source.queue))
    return URL(f"{broker.url}/api/queues/{place}?columns={COLUMNS}", encoded=True)


def authorization(broker: RabbitBroker) -> Headers:
    """Return what proves who asks, from a file that is read now. Raises MetricError."""
    if broker.username is None or broker.password_file is None:
        return {}
    return {"Authorization": aiohttp.encode_basic_auth(broker.username, secret(broker.password_file))}


def refusal(status: int, said: str, source: RabbitSource) -> MetricError:
    """Return what an answer other than the queue means."""
    if status == HTTPStatus.NOT_FOUND:
        words = f"there is no queue {source.queue!r} in vhost {source.vhost!r}"
        return MetricError(Reason.METRIC_EMPTY, words)
    return MetricError(Reason.METRIC_SERVER_ERROR, f"rabbitmq {source.server!r} answered {status}: {said}")


def words(body: bytes) -> str:
    """Return what an error's body says, in one line."""
    try:
        said = _WORDS.decode(body).reason
    except msgspec.MsgspecError:
        said = body.decode(errors="replace")
    return " ".join(said.split())[:WORDS] or "without a word"


def decoded(body: bytes) -> Queue:
    """Return the queue that an answer describes. Raises MetricError."""
    try:
        return _QUEUE.decode(body)
    except msgspec.MsgspecError as error:
        raise MetricError(Reason.METRIC_GARBAGE, f"no answer of a RabbitMQ: {error}"[:WORDS]) from error


def judged(queue: Queue, source: RabbitSource) -> Found:
    """Return a queue's figures. Raises MetricError where it has none, or they tell nothing."""
    if queue.type == "stream":
        words = f"{source.queue!r} is a stream: it keeps what was read, so its length is no queue"
        raise MetricError(Reason.METRIC_GARBAGE, words)
    if queue.state in GONE:
        raise MetricError(Reason.METRIC_SERVER_ERROR, f"queue {source.queue!r} is {queue.state}")
    if queue.messages_ready is None or queue.messages_unacknowledged is None:
        words = f"there are no statistics of queue {source.queue!r}: none yet, or their collection is disabled"
        raise MetricError(Reason.METRIC_EMPTY, words)
    return Found(queue.messages_ready, running=queue.messages_unacknowledged)
