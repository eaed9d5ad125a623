"""The Prometheus sources of all pools in a tick: one request a server for all `metric`s, one for each raw `query`."""

import asyncio
from collections.abc import AsyncIterator, Collection, Coroutine, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from poolkeeper.core.model import PrometheusSource
from poolkeeper.core.observation import Reading
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.prometheus import Element, QueryRefusedError
from poolkeeper.shell.queues.demultiplex import Ask, of_target, per_pod_by_name, reading, summed
from poolkeeper.shell.queues.promql import PART, Part, Wish, flaw, join

Readings = dict[tuple[str, str], Reading]
"""By pool and source name."""


class Queryable(Protocol):
    """What is asked of a server: PrometheusServer, or a stand-in."""

    async def query(self, promql: str) -> list[Element]:
        """Return an instant query's elements; raises MetricError."""


class BatchReader:
    """Reads Prometheus sources, at most `concurrency` raw queries at a time of each server: none waits for another.

    It remembers which sources were seen to be per pod, and nothing else.
    That memory matters when a pool's own series all vanish while another pool's, in the same namespace and under
    the same selector, stay: those must not be taken for the pool's queue. Engines' metrics need no memory for it.
    """

    def __init__(self, servers: Mapping[str, Queryable], concurrency: int = 8) -> None:
        self._servers = servers
        self._turns = {name: asyncio.Semaphore(concurrency) for name in servers}
        self._per_pod: set[tuple[str, PrometheusSource]] = set()

    async def read(self, asks: Sequence[Ask], now: datetime) -> Readings:
        """Return a reading for every ask, faults included. Never raises for what a server or a pool does."""
        found: Readings = {}
        async for readings in self.stream(asks, now):
            found |= readings
        return found

    async def stream(self, asks: Sequence[Ask], now: datetime) -> AsyncIterator[Readings]:
        """Yield the same readings as soon as they are there: a slow server or query holds up nobody else's."""
        hopeless = {_key(ask): _failed(ask, now, fault) for ask in asks if (fault := self._hopeless(ask))}
        if hopeless:
            yield hopeless
        work = self._work([ask for ask in asks if _key(ask) not in hopeless], now)
        tasks = [asyncio.ensure_future(one) for one in work]
        try:
            for answer in asyncio.as_completed(tasks):
                yield await answer
        finally:
            for task in tasks:
                task.cancel()

    def _work(self, asks: Sequence[Ask], now: datetime) -> list[Coroutine[Any, Any, Readings]]:
        batches: dict[str, list[Ask]] = {}
        for ask in asks:
            if ask.source.query is None:
                batches.setdefault(ask.source.server, []).append(ask)
        raw = [self._raw(ask, now) for ask in asks if ask.source.query is not None]
        return [*(self._batch(self._servers[name], batch, now) for name, batch in batches.items()), *raw]

    def prune(self, pools: Collection[str]) -> None:
        """Forget pools that are gone."""
        self._per_pod = {key for key in self._per_pod if key[0] in pools}

    def _hopeless(self, ask: Ask) -> MetricError | None:
        if ask.source.server not in self._servers:
            known = ", ".join(sorted(self._servers)) or "none"
            return MetricError(
                Reason.METRIC_UNKNOWN_SERVER, f"{ask.source.server!r} is not configured; there are: {known}"
            )
        problem = flaw(ask.source) if ask.source.query is None else ""
        return MetricError(Reason.METRIC_GARBAGE, problem) if problem else None

    async def _batch(self, server: Queryable, asks: Sequence[Ask], now: datetime) -> Readings:
        """Ask for all parts at once; part by part only where the server will not run the whole."""
        parts = _parts(asks)
        try:
            elements = await _query(server, join([[_wish(ask) for ask in part] for part in parts]))
        except QueryRefusedError as fault:
            if len(parts) == 1:
                return _all_failed(asks, now, fault)
            answers = await asyncio.gather(*(self._batch(server, part, now) for part in parts))
            return {key: one for answer in answers for key, one in answer.items()}
        except MetricError as fault:
            return _all_failed(asks, now, fault)
        return self._shared_out(parts, elements, now)

    def _shared_out(self, parts: Sequence[Sequence[Ask]], elements: Iterable[Element], now: datetime) -> Readings:
        keys = {str(index): _wish(part[0]).part.keys for index, part in enumerate(parts)}
        answered: dict[tuple[str, ...], list[Element]] = {}
        for one in elements:
            answered.setdefault(_place(one.labels.get(PART, ""), one.labels, keys), []).append(one)
        return {
            _key(ask): self._reading(ask, _share(ask, str(index), answered, keys), now)
            for index, part in enumerate(parts)
            for ask in part
        }

    def _reading(self, ask: Ask, elements: Sequence[Element], now: datetime) -> Reading:
        try:
            if of_target(ask, elements):
                self._per_pod.add((ask.pool, ask.source))
            per_pod = (ask.pool, ask.source) in self._per_pod or per_pod_by_name(ask, elements)
            return reading(ask, elements, now, per_pod=per_pod)
        except Exception as error:  # noqa: BLE001  a bug met in one pool's answer must not hide the others'
            return _failed(ask, now, _unexpected(error))

    async def _raw(self, ask: Ask, now: datetime) -> Readings:
        source = ask.source
        try:
            element = await self._single(source.server, source.query or "")
            if source.freshness is not None:
                await self._check_freshness(source)
            return {_key(ask): summed(source.name, [element], now)}
        except MetricError as fault:
            return {_key(ask): _failed(ask, now, fault)}

    async def _check_freshness(self, source: PrometheusSource) -> None:
        """Compare two of the server's own times, so that no difference of clocks counts."""
        try:
            newest = await self._single(source.server, source.freshness or "")
        except MetricError as fault:
            raise MetricError(fault.reason, f"freshness: {fault.detail}") from fault
        age, limit = newest.at - newest.value, source.max_age.total_seconds()
        if not age <= limit:  # NaN is not fresh
            raise MetricError(Reason.METRIC_STALE, f"the newest sample is {age:.0f} s old, maxAge is {limit:g} s")

    async def _single(self, server: str, promql: str) -> Element:
        async with self._turns[server]:
            elements = await _query(self._servers[server], promql)
        if not elements:
            raise MetricError(Reason.METRIC_EMPTY, "the query gives nothing")
        if len(elements) > 1:
            raise MetricError(Reason.METRIC_SEVERAL, f"the query gives {len(elements)} elements")
        return elements[0]


async def _query(server: Queryable, promql: str) -> list[Element]:
    try:
        return await server.query(promql)
    except MetricError:
        raise
    except Exception as error:  # a bug met at one server must not hide the others' answers
        raise _unexpected(error) from error


def _parts(asks: Iterable[Ask]) -> list[list[Ask]]:
    parts: dict[Part, list[Ask]] = {}
    for ask in asks:
        parts.setdefault(_wish(ask).part, []).append(ask)
    return list(parts.values())


def _place(part: str, labels: Mapping[str, str], keys: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return what tells whose an element is: its part, its namespace, and its values of the selector's labels."""
    return (part, labels.get("namespace", ""), *(labels.get(key, "") for key in keys.get(part, ())))


def _share(
    ask: Ask, part: str, answered: Mapping[tuple[str, ...], list[Element]], keys: Mapping[str, tuple[str, ...]]
) -> list[Element]:
    """Return the elements that are this pool's: of its namespace, else those of none that its selector names."""
    selected = tuple(dict(ask.source.selector)[key] for key in keys[part])
    own = answered.get((part, ask.namespace, *selected), [])
    return own if own or not selected else answered.get((part, "", *selected), [])


def _wish(ask: Ask) -> Wish:
    return Wish(ask.namespace, ask.source)


def _key(ask: Ask) -> tuple[str, str]:
    return (ask.pool, ask.source.name)


def _failed(ask: Ask, now: datetime, fault: MetricError) -> Reading:
    return Reading(ask.source.name, now, fault=fault.reason, detail=fault.detail)


def _all_failed(asks: Iterable[Ask], now: datetime, fault: MetricError) -> Readings:
    return {_key(ask): _failed(ask, now, fault) for ask in asks}


def _unexpected(error: Exception) -> MetricError:
    return MetricError(Reason.METRIC_GARBAGE, f"{type(error).__name__}: {error}")
