"""Queue depth straight from the pods: each pod's own metrics page, over one connection that is kept alive."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from ipaddress import ip_address
from typing import NamedTuple

import aiohttp
from yarl import URL

from poolkeeper.core.model import PodsSource, Slo
from poolkeeper.core.observation import PodFault, PodSample, Reading
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError, faults_told, open_session, read_body
from poolkeeper.shell.queues.endpoints import Endpoint, endpoints, engine_of
from poolkeeper.shell.queues.engines import ENGINES, Engine, recognise
from poolkeeper.shell.queues.exposition import MalformedError, check
from poolkeeper.shell.queues.sample import sample

_Outcome = PodSample | PodFault
_Read = Callable[[str, Engine, bytes], PodSample]

_ACCEPT = {"Accept": "text/plain;version=0.0.4"}


@dataclass(frozen=True, slots=True)
class ScrapeTarget:
    """A ready pod: its UID, its address, and its containers' ports by name."""

    uid: str
    ip: str
    ports: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a scrape may take: time in all and to connect, bytes of a page (unpacked), pods at once.

    A pod's time starts when its turn comes. So `concurrency` pages must be read well within `timeout`, or our own
    load would look like the pods' silence.
    """

    timeout: timedelta = timedelta(seconds=1)
    connect: timedelta = timedelta(milliseconds=500)
    size: int = 4 * 1024 * 1024
    concurrency: int = 256


class _Found(NamedTuple):
    endpoint: Endpoint
    engine: Engine


class PodScraper:
    """Scrapes pods; one for the whole process, which its concurrency limit is for.

    Requests go only to addresses that the API server gave for pods, and to paths from the table of engines. No
    part of a URL comes from a pool's YAML but the port's number, and redirects are not followed.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._turn = asyncio.Semaphore(self._limits.concurrency)
        self._sessions: dict[str, aiohttp.ClientSession] = {}
        self._found: dict[tuple[str, PodsSource], _Found] = {}

    async def scrape(
        self,
        pods: Sequence[ScrapeTarget],
        source: PodsSource,
        slo: Slo | None,
        now: datetime,
        interval: timedelta = timedelta(seconds=1),
    ) -> Reading:
        """Look at all ready pods at once: a sample or a fault of each, within min(interval, limit) a pod.

        Without ready pods the source does not apply. Never raises for what a pod does.
        """
        limit = min(interval, self._limits.timeout)

        def read(uid: str, engine: Engine, page: bytes) -> PodSample:
            return sample(uid, engine, page, slo, now)

        outcomes = await asyncio.gather(*(self._look(pod, source, read, limit) for pod in pods))
        return Reading(
            source.name,
            now,
            pods=tuple(one for one in outcomes if isinstance(one, PodSample)),
            faults=tuple(one for one in outcomes if isinstance(one, PodFault)),
            applies=bool(pods),
        )

    async def prune(self, live: Collection[str]) -> None:
        """Close the connections to pods that are not in `live`, a set of UIDs, and forget what was found there."""
        self._found = {key: found for key, found in self._found.items() if key[0] in live}
        gone = [uid for uid in self._sessions if uid not in live]
        await asyncio.gather(*(self._sessions.pop(uid).close() for uid in gone))

    async def close(self) -> None:
        """Close every connection."""
        await self.prune(())

    async def _look(self, pod: ScrapeTarget, source: PodsSource, read: _Read, limit: timedelta) -> _Outcome:
        try:
            async with self._turn:
                engine, page = await self._within(limit, pod, source)
            return read(pod.uid, engine, page)
        except MetricError as fault:
            return PodFault(pod.uid, fault.reason, fault.detail)
        except Exception as error:  # noqa: BLE001  a bug met on one pod's page must not hide the other pods
            return PodFault(pod.uid, Reason.METRIC_GARBAGE, f"{type(error).__name__}: {error}")

    async def _within(self, limit: timedelta, pod: ScrapeTarget, source: PodsSource) -> tuple[Engine, bytes]:
        try:
            async with asyncio.timeout(limit.total_seconds()):
                return await self._again(pod, source)
        except TimeoutError as error:
            raise MetricError(Reason.METRIC_TIMEOUT, f"no answer within {limit.total_seconds():g} s") from error

    async def _again(self, pod: ScrapeTarget, source: PodsSource) -> tuple[Engine, bytes]:
        """Read the page where it was the last time; look for it if that is unknown or no longer so."""
        key = (pod.uid, source)
        if (found := self._found.get(key)) is None:
            found, page = await self._discover(pod, source)
            self._found[key] = found
            return found.engine, page
        try:
            return found.engine, await self._page(pod, found.endpoint)
        except MetricError as fault:
            if fault.reason is Reason.METRIC_SERVER_ERROR:
                del self._found[key]
            raise

    async def _discover(self, pod: ScrapeTarget, source: PodsSource) -> tuple[_Found, bytes]:
        faults: list[MetricError] = []
        for endpoint in endpoints(source, pod.ports):
            try:
                page = await self._page(pod, endpoint)
                return _Found(endpoint, _engine(engine_of(source), page, endpoint)), page
            except MetricError as fault:
                faults.append(fault)
        raise max(faults, key=_tells)

    async def _page(self, pod: ScrapeTarget, endpoint: Endpoint) -> bytes:
        url = URL.build(scheme="http", host=_address(pod.ip), port=endpoint.port, path=endpoint.path)
        with faults_told():
            async with self._session(pod.uid).get(url, headers=_ACCEPT, allow_redirects=False) as response:
                if response.status != HTTPStatus.OK:
                    raise MetricError(Reason.METRIC_SERVER_ERROR, f"{url} answered {response.status}")
                return await read_body(response, self._limits.size)

    def _session(self, uid: str) -> aiohttp.ClientSession:
        if uid not in self._sessions:
            self._sessions[uid] = open_session(connections=1, connect=self._limits.connect)
        return self._sessions[uid]


def _engine(expected: Engine | None, page: bytes, endpoint: Endpoint) -> Engine:
    """Return the engine that the page belongs to: the expected one, or any."""
    engine = recognise(page, (expected,) if expected else ENGINES)
    if engine is None:
        raise _unrecognised(expected, page, f":{endpoint.port}{endpoint.path}")
    return engine


def _unrecognised(expected: Engine | None, page: bytes, place: str) -> MetricError:
    try:
        check(page)
    except MalformedError as error:
        return MetricError(Reason.METRIC_GARBAGE, f"{place} {error}")
    if expected or not page.strip():
        return MetricError(Reason.METRIC_EMPTY, f"{place} shows no metrics{f' of {expected.name}' if expected else ''}")
    return MetricError(Reason.METRIC_UNKNOWN_ENGINE, f"{place} shows no known engine's metrics")


def _tells(fault: MetricError) -> int:
    """Rank faults of several endpoints: a page says more than an error, an error more than a closed port."""
    return {Reason.METRIC_REFUSED: 0, Reason.METRIC_TIMEOUT: 1, Reason.METRIC_SERVER_ERROR: 2}.get(fault.reason, 3)


def _address(ip: str) -> str:
    try:
        return str(ip_address(ip))
    except ValueError as error:
        raise MetricError(Reason.METRIC_REFUSED, f"{ip!r} is no pod address") from error
