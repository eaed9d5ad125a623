"""One look at all sources of a pool, with what the operator would ask them with."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from poolkeeper.cli import check_ties
from poolkeeper.cli.check_pages import PodPage, pages_of
from poolkeeper.core.model import OutsideSource, PodsSource, PrometheusSource
from poolkeeper.core.observation import Reading
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


class Asked(NamedTuple):
    """Whom pools may name, as the operator was told; `brokers` is None where nobody said it here.

    `beside`: namespaces and names of the pools that are checked together.
    """

    servers: tuple[ServerConfig, ...]
    brokers: tuple[Broker, ...] | None
    beside: frozenset[tuple[str, str]] = frozenset()


class Look(NamedTuple):
    """What the sources answered, where the pods' own pages were found, and why some sources were not asked."""

    readings: tuple[Reading, ...] = ()
    pages: tuple[PodPage, ...] = ()
    unasked: Mapping[str, str] = MappingProxyType({})


async def look(pool: Pool, cluster: Cluster, asked: Asked, kube: KubeClient) -> Look:
    """Read the pool's target and sources once."""
    if pool.core is None:
        return Look()
    await Halves(kube, cluster).look(pool)
    unasked = check_ties.unasked(pool.core, asked.brokers)
    async with AsyncExitStack() as opened:
        pages = Pages(Secrets(kube))
        opened.push_async_callback(pages.close)
        direct = await _scraped(pool, cluster, pages, kube)
        queried = await _queried(pool, cluster, asked.servers, kube)
        known = {**kubernetes_readers(kube, cluster, pages), **broker_readers(asked.brokers or (), opened)}
        others = [
            await Outside(known).read(pool.key[0], source, kube.clock.now())
            for source in pool.core.queue.sources
            if isinstance(source, OutsideSource) and source.name not in unasked
        ]
    return Look((*direct.readings, *queried, *others), direct.pages, unasked)


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
