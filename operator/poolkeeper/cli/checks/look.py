"""One look at all sources of a pool, with what the operator would ask them with."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from poolkeeper.cli.checks import ties
from poolkeeper.cli.checks.pages import PodPage, pages_of
from poolkeeper.cli.checks.proxied import ProxiedPages
from poolkeeper.core.model import OutsideSource, PodsSource, PrometheusSource
from poolkeeper.core.observation import Reading
from poolkeeper.core.reasons import Reason
from poolkeeper.shell import observe
from poolkeeper.shell.brokers import Broker
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.halves import Halves
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.pools import Pool
from poolkeeper.shell.prometheus import PrometheusServer
from poolkeeper.shell.queues.batch import BatchReader
from poolkeeper.shell.queues.demultiplex import Ask
from poolkeeper.shell.queues.outside import Outside
from poolkeeper.shell.queues.pages import Pages
from poolkeeper.shell.queues.scrape import PodScraper
from poolkeeper.shell.readers import broker_readers, kubernetes_readers
from poolkeeper.shell.secrets import Secrets
from poolkeeper.shell.servers import ServerConfig

UNREACHED = frozenset({Reason.METRIC_REFUSED, Reason.METRIC_TIMEOUT})


class Asked(NamedTuple):
    """Whom pools may name, as the operator was told; `brokers` is None where nobody said it here.

    `beside`: namespaces and names of the pools that are checked together. `overheard`: the servers were read off the
    operator's Deployment, and need not be within reach from here.
    """

    servers: tuple[ServerConfig, ...]
    brokers: tuple[Broker, ...] | None
    beside: frozenset[tuple[str, str]] = frozenset()
    overheard: bool = False


class Look(NamedTuple):
    """What the sources answered, where the pods' own pages were found, and why some sources were not asked.

    `elsewhere`: those that only the operator can ask, and what would let them be asked from here.
    """

    readings: tuple[Reading, ...] = ()
    pages: tuple[PodPage, ...] = ()
    unasked: Mapping[str, str] = MappingProxyType({})
    elsewhere: Mapping[str, str] = MappingProxyType({})


async def look(pool: Pool, cluster: Cluster, asked: Asked, kube: KubeClient) -> Look:
    """Read the pool's target and sources once."""
    if pool.core is None:
        return Look()
    await Halves(kube, cluster).look(pool)
    unasked = ties.unasked(pool.core, asked.brokers)
    async with AsyncExitStack() as opened:
        pages = Pages(Secrets(kube))
        opened.push_async_callback(pages.close)
        direct = await _scraped(pool, cluster, pages, kube)
        if _out_of_reach(direct.readings):
            direct = await _by_proxy(pool, cluster, kube, direct)
        queried = await _queried(pool, cluster, asked.servers, kube)
        known = {**kubernetes_readers(kube, cluster, pages), **broker_readers(asked.brokers or (), opened)}
        others = [
            await Outside(known).read(pool.key[0], source, kube.clock.now())
            for source in pool.core.queue.sources
            if isinstance(source, OutsideSource) and source.name not in unasked
        ]
    away = dict(elsewhere(pool, asked, (*direct.readings, *queried)))
    readings = (one for one in (*direct.readings, *queried, *others) if one.source not in away)
    return Look(tuple(readings), direct.pages, unasked, away)


def elsewhere(pool: Pool, asked: Asked, readings: Iterable[Reading]) -> Iterator[tuple[str, str]]:
    """Yield the sources that are out of reach from here, though perhaps not from where the operator is."""
    sources = pool.core.queue.sources if pool.core else ()
    servers = {one.name: one.server for one in sources if isinstance(one, PrometheusSource)}
    served = any((one["type"], one["status"]) == ("MetricsAvailable", "True") for one in conditions(pool.status))
    for reading in readings:
        server = servers.get(reading.source)
        if server is not None and not asked.servers:
            yield reading.source, f"give --prometheus {server}=URL as the operator has it"
        elif server is not None and asked.overheard and reading.fault in UNREACHED:
            yield reading.source, f"{reading.detail or reading.fault.sentence}; the operator's --prometheus names it"
        elif server is None and served and _out_of_reach((reading,)):
            yield reading.source, "the pods are out of reach; the operator reads them"


def conditions(status: Mapping[str, Any]) -> Iterable[Mapping[str, str]]:
    """Return the conditions of a status, none where nobody has written any."""
    return status.get("conditions") or ()


def _out_of_reach(readings: Sequence[Reading]) -> bool:
    """Return whether there are pods, and no connection to any of them."""
    faults = [fault.reason for reading in readings for fault in reading.faults]
    return bool(faults) and not any(one.pods for one in readings) and UNREACHED.issuperset(faults)


async def _by_proxy(pool: Pool, cluster: Cluster, kube: KubeClient, direct: Look) -> Look:
    """Return what the pods answer through the API server, `direct` where they are out of its reach, too."""
    pages = ProxiedPages(kube)
    try:
        proxied = await _scraped(pool, cluster, pages, kube)
    finally:
        await pages.close()
    return proxied if any(one.pods for one in proxied.readings) else direct


async def _scraped(pool: Pool, cluster: Cluster, pages: Pages, kube: KubeClient) -> Look:
    spec, scraper, pods = pool.core, PodScraper(pages), observe.ready_pods(pool, cluster)
    sources = [source for source in spec.queue.sources if isinstance(source, PodsSource)] if spec else []
    readings = [await scraper.scrape(pods, one, spec.slo if spec else None, kube.clock.now()) for one in sources]
    found = (
        page
        for source, reading in zip(sources, readings, strict=True)
        for page in pages_of(pods, reading, partial(scraper.found, source=source))
    )
    return Look(tuple(readings), tuple(found))


async def _queried(
    pool: Pool, cluster: Cluster, configs: tuple[ServerConfig, ...], kube: KubeClient
) -> tuple[Reading, ...]:
    servers = {one.name: PrometheusServer(one) for one in configs}
    asks = [
        Ask("check", pool.key[0], source, observe.roster(pool, cluster))
        for source in (pool.core.queue.sources if pool.core else ())
        if isinstance(source, PrometheusSource)
    ]
    try:
        return tuple((await BatchReader(servers).read(asks, kube.clock.now())).values())
    finally:
        for server in servers.values():
            await server.close()
