"""Queue depth straight from the pods: each pod's own metrics page, looked for once and then read where it was."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from poolkeeper.core.model import PodsSource, Slo
from poolkeeper.core.observation import PodFault, PodSample, Reading
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.queues.endpoints import Endpoint, endpoints, engine_of
from poolkeeper.shell.queues.engines import ENGINES, Engine, generation, recognise
from poolkeeper.shell.queues.exposition import MalformedError, check
from poolkeeper.shell.queues.pages import Pages
from poolkeeper.shell.queues.sample import sample
from poolkeeper.shell.queues.trust import TrustError
from poolkeeper.shell.views import PodView

_Outcome = PodSample | PodFault
_Read = Callable[[str, Engine, bytes], PodSample]


class Found(NamedTuple):
    """Where a pod's page was found, whose it is, and which generation of names it showed, "" where none ever moved."""

    endpoint: Endpoint
    engine: Engine
    generation: str


class PodScraper:
    """Scrapes pods; one for the whole process, which its concurrency limit is for.

    Requests go only to addresses that the API server gave for pods, and to paths from the table of engines.
    """

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._turn = asyncio.Semaphore(pages.limits.concurrency)
        self._first_turn = asyncio.Semaphore(pages.limits.handshakes)
        self._found: dict[tuple[str, PodsSource], Found] = {}

    async def scrape(
        self,
        pods: Sequence[PodView],
        source: PodsSource,
        slo: Slo | None,
        now: datetime,
        interval: timedelta = timedelta(seconds=1),
    ) -> Reading:
        """Look at all ready pods at once: a sample or a fault of each, within min(interval, limit) a pod.

        Without ready pods the source does not apply. Never raises for what a pod does.
        """
        limit = min(interval, self._pages.limits.timeout)

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

    def found(self, uid: str, source: PodsSource) -> Found | None:
        """Return where a pod's page was found the last time, None where it was not."""
        return self._found.get((uid, source))

    async def prune(self, live: Collection[str]) -> None:
        """Forget what was found of pods that are not in `live`, a set of UIDs, and close the connections to them."""
        self._found = {key: found for key, found in self._found.items() if key[0] in live}
        await self._pages.prune(live)

    async def _look(self, pod: PodView, source: PodsSource, read: _Read, limit: timedelta) -> _Outcome:
        is_new = source.transport.tls and (pod.uid, source) not in self._found
        try:
            async with self._first_turn if is_new else self._turn:
                engine, page = await self._within(limit, pod, source)
            return read(pod.uid, engine, page)
        except MetricError as fault:
            return PodFault(pod.uid, fault.reason, fault.detail)
        except Exception as error:  # noqa: BLE001  a bug met on one pod's page must not hide the other pods
            return PodFault(pod.uid, Reason.METRIC_GARBAGE, f"{type(error).__name__}: {error}")

    async def _within(self, limit: timedelta, pod: PodView, source: PodsSource) -> tuple[Engine, bytes]:
        try:
            async with asyncio.timeout(limit.total_seconds()):
                return await self._again(pod, source)
        except TimeoutError as error:
            raise MetricError(Reason.METRIC_TIMEOUT, f"no answer within {limit.total_seconds():g} s") from error

    async def _again(self, pod: PodView, source: PodsSource) -> tuple[Engine, bytes]:
        """Read the page where it was the last time; look for it if that is unknown or no longer so."""
        key = (pod.uid, source)
        if (found := self._found.get(key)) is None:
            found, page = await self._discover(pod, source)
            self._found[key] = found
            return found.engine, page
        try:
            return found.engine, await self._pages.read(pod, found.endpoint, source.transport)
        except MetricError as fault:
            if fault.reason is Reason.METRIC_SERVER_ERROR:
                del self._found[key]
            raise

    async def _discover(self, pod: PodView, source: PodsSource) -> tuple[Found, bytes]:
        faults: list[MetricError] = []
        for endpoint in endpoints(source, pod.ports):
            try:
                page = await self._pages.read(pod, endpoint, source.transport)
                engine = _engine(engine_of(source), page, endpoint)
                return Found(endpoint, engine, generation(engine, page)), page
            except MetricError as fault:
                faults.append(fault)
        raise max(faults, key=_tells)


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
    if isinstance(fault, TrustError):
        return 4
    return {Reason.METRIC_REFUSED: 0, Reason.METRIC_TIMEOUT: 1, Reason.METRIC_SERVER_ERROR: 2}.get(fault.reason, 3)
