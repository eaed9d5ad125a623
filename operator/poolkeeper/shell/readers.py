"""The readers of all sources that are asked for by themselves, put together: for `run` and for `check`."""

from collections.abc import Mapping
from contextlib import AsyncExitStack

from poolkeeper.core.model import ExternalSource, OutsideSource, PickerSource, RabbitSource, RedisSource
from poolkeeper.shell.brokers import Broker, RabbitBroker, RedisBroker, check_kind, of_kind
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.gateway import Gateway
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.queues.external import ExternalReader
from poolkeeper.shell.queues.outside import Found, Reader
from poolkeeper.shell.queues.pages import Pages
from poolkeeper.shell.queues.picker import PickerReader
from poolkeeper.shell.queues.rabbit import RabbitReader
from poolkeeper.shell.queues.redis import RedisReader

Readers = Mapping[type[OutsideSource], Reader]


def kubernetes_readers(kube: KubeClient, cluster: Cluster, pages: Pages) -> Readers:
    """Return the readers of what the cluster itself knows.

    `kube` should be nobody else's: an adapter that hangs keeps its connections.
    """
    gateway = Gateway(kube, cluster)
    return {PickerSource: PickerReader(kube, cluster, gateway, pages), ExternalSource: ExternalReader(kube)}


def broker_readers(brokers: tuple[Broker, ...], opened: AsyncExitStack) -> Readers:
    """Return the readers of the administrator's brokers; what they open, `opened` closes."""
    redis, rabbit = RedisReader(of_kind(brokers, RedisBroker)), RabbitReader(of_kind(brokers, RabbitBroker))
    opened.push_async_callback(redis.close)
    opened.push_async_callback(rabbit.close)
    return {
        RedisSource: OfKind(redis, brokers, RedisBroker),
        RabbitSource: OfKind(rabbit, brokers, RabbitBroker),
    }


class OfKind:
    """Reads brokers of one kind, and says so where a pool names one of another."""

    def __init__(self, reader: Reader, brokers: tuple[Broker, ...], kind: type[RedisBroker | RabbitBroker]) -> None:
        self._reader, self._brokers, self._kind = reader, brokers, kind

    async def depth(self, namespace: str, source: RedisSource | RabbitSource) -> Found:
        """Return what the queue holds. Raises MetricError."""
        check_kind(self._brokers, source.server, self._kind)
        return await self._reader.depth(namespace, source)
