"""The loop: one for all pools. Due -> look -> decide -> write; every step of one pool apart from all others'.

agenda        which pools are due
sources       one request a Prometheus server for all of them; each pool's own pods
decide        the core
carry out     the target's size first, then the event, then the status
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import structlog

from poolkeeper.api.names import shown
from poolkeeper.core.decide import decide
from poolkeeper.core.decision import Decision
from poolkeeper.core.memory import Memory
from poolkeeper.core.model import PodsSource, PoolSpec, PrometheusSource
from poolkeeper.core.observation import Reading
from poolkeeper.core.plan import plan
from poolkeeper.core.reasons import Reason
from poolkeeper.core.words import message
from poolkeeper.shell import apply, observe, publish, workload
from poolkeeper.shell.agenda import Agenda
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import ConflictError, KubeError, NotFound
from poolkeeper.shell.leader import Elector
from poolkeeper.shell.pools import Key, Pool, Pools
from poolkeeper.shell.queues.batch import BatchReader
from poolkeeper.shell.queues.demultiplex import Ask
from poolkeeper.shell.queues.scrape import PodScraper
from poolkeeper.shell.telemetry import Telemetry

IDLE = 0.1

log = structlog.get_logger("poolkeeper")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where queue depth is read."""

    scraper: PodScraper
    batch: BatchReader


class Answers:
    """What Prometheus servers answer in one round, pool by pool."""

    def __init__(self) -> None:
        self._wanted: Counter[str] = Counter()
        self._given: defaultdict[str, list[Reading]] = defaultdict(list)
        self._whole: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def expect(self, ask: Ask) -> None:
        """Count on one more reading for the ask's pool."""
        self._wanted[ask.pool] += 1

    def give(self, pool: str, reading: Reading) -> None:
        """Take in a reading."""
        self._given[pool].append(reading)
        if len(self._given[pool]) == self._wanted[pool]:
            self._whole[pool].set()

    async def of(self, pool: str) -> list[Reading]:
        """Return all of a pool's readings once they are there; none where none are expected."""
        if self._wanted[pool]:
            await self._whole[pool].wait()
        return self._given[pool]


def undone(after: Memory, before: Memory, decision: Decision) -> Memory:
    """Return the memory of a decision that could not be carried out: what it asked for is to be asked for again."""
    shrank = decision.size < decision.current
    return replace(after, edits=before.edits, grace=before.grace if shrank else after.grace)


class Loop:
    """Looks at every pool on its interval while this process leads."""

    def __init__(
        self, kube: KubeClient, cluster: Cluster, pools: Pools, sources: Sources, telemetry: Telemetry
    ) -> None:
        self._kube, self._cluster, self._pools = kube, cluster, pools
        self._sources, self._telemetry = sources, telemetry
        self._agenda: Agenda[Key] = Agenda()
        self._looks: set[asyncio.Task[None]] = set()
        self.turned_at = time.monotonic()

    def note(self, pool: Pool) -> None:
        """Take in that a pool was made or changed."""
        if pool.core is None:
            interval, together = 1.0, False
        else:
            interval = pool.core.queue.interval.total_seconds()
            together = any(isinstance(source, PrometheusSource) for source in pool.core.queue.sources)
        self._agenda.put(pool.key, interval, time.monotonic(), together=together)

    def forget(self, key: Key) -> None:
        """Take in that a pool is gone."""
        self._agenda.drop(key)
        self._telemetry.forget(key)

    async def run(self, elector: Elector) -> None:
        """Run for as long as this process leads; what is under way when it stops leading is dropped."""
        while elector.leading:
            self.turned_at = time.monotonic()
            due = self._agenda.pop(self.turned_at)
            for _, late in due:
                self._telemetry.lag_seconds.observe(late)
            pools = [pool for key, _ in due if (pool := self._pools.get(key)) is not None]
            free = [pool for pool in pools if not pool.busy]
            self._telemetry.skipped.inc(len(pools) - len(free))
            self._start_round(free)
            await asyncio.sleep(self._pause())
        for look in self._looks:
            look.cancel()

    def _pause(self) -> float:
        due = self._agenda.next_due()
        return IDLE if due is None else max(0.0, min(IDLE, due - time.monotonic()))

    def _start_round(self, pools: list[Pool]) -> None:
        """Start one look for each pool; those that read Prometheus wait for their part of the common answer."""
        answers = Answers()
        asks = [ask for pool in pools for ask in self._asks(pool)]
        for ask in asks:
            answers.expect(ask)
        if asks:
            self._start(self._hand_out(asks, answers))
        for pool in pools:
            pool.busy = True
            self._start(self._look(pool, answers))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._looks.add(task)
        task.add_done_callback(self._looks.discard)

    async def _hand_out(self, asks: list[Ask], answers: "Answers") -> None:
        """Hand each reading to its pool as it comes: a slow server or query holds up nobody else's."""
        async for readings in self._sources.batch.stream(asks, self._kube.clock.now()):
            for (pool, _), reading in readings.items():
                answers.give(pool, reading)

    def _asks(self, pool: Pool) -> list[Ask]:
        sources = pool.core.queue.sources if pool.core else ()
        wanted = [source for source in sources if isinstance(source, PrometheusSource)]
        if not wanted:
            return []
        roster = observe.roster(pool, self._cluster)
        return [Ask("/".join(pool.key), pool.key[0], source, roster) for source in wanted]

    async def _look(self, pool: Pool, answers: "Answers") -> None:
        """Look at one pool. Whatever goes wrong stays with it."""
        started = time.monotonic()
        try:
            readings = await self._readings(pool, answers)
            if pool.core is None:
                await self._publish(pool, Decision(0, 0, 0, Reason.INVALID_SPEC, frozen=True), None)
                return
            await self._turn(pool, pool.core, readings)
        except NotFound:
            return  # the pool has gone meanwhile
        except KubeError as error:
            log.warning("write failed", pool=shown(pool.key[1]), namespace=pool.key[0], error=str(error))
        except Exception:
            log.exception("look failed", pool=shown(pool.key[1]), namespace=pool.key[0])
        finally:
            pool.busy = False
            self._telemetry.look_seconds.observe(time.monotonic() - started)

    async def _readings(self, pool: Pool, answers: "Answers") -> tuple[Reading, ...]:
        """Return one reading for each source."""
        spec = pool.core
        if spec is None:
            return ()
        now, targets = self._kube.clock.now(), observe.scrape_targets(observe.ready_pods(pool, self._cluster))
        scrapes = [
            self._sources.scraper.scrape(targets, source, spec.slo, now, spec.queue.interval)
            for source in spec.queue.sources
            if isinstance(source, PodsSource)
        ]
        return (*(await asyncio.gather(*scrapes)), *(await answers.of("/".join(pool.key))))

    async def _turn(self, pool: Pool, spec: PoolSpec, readings: tuple[Reading, ...]) -> None:
        """Decide and carry out. What was not carried out is decided again: clocks move on only with their writes."""
        await self._ensure(pool)
        seen = observe.observation(pool, self._cluster, self._pools, readings)
        now = self._kube.clock.now()
        with self._telemetry.decision_seconds.time():
            decision, memory = decide(spec, seen, pool.memory, now)
        version = None
        try:
            version = await self._carry_out(pool, spec, decision)
        except KubeError as error:
            pool.refused = "" if isinstance(error, ConflictError) else str(error)
            memory = undone(memory, pool.memory, decision)
        pool.decision, pool.decided_at, pool.memory = decision, now, memory
        self._telemetry.decided(pool.key, spec, decision)
        await self._publish(pool, decision, version)

    async def _ensure(self, pool: Pool) -> None:
        """Keep the pool's own Deployment; what the API server says against it is said in the status."""
        pool.refused = ""
        try:
            await workload.ensure(self._kube, pool, self._cluster)
        except KubeError as error:
            pool.refused = str(error)

    async def _carry_out(self, pool: Pool, spec: PoolSpec, decision: Decision) -> str | None:
        """Write the size. Return the target's version that it was decided on, None where nothing was to be written."""
        resize, found = plan(spec, decision).resize, observe.target_of(pool, self._cluster)
        if resize is None or found is None:
            return None
        version = observe.newest_version(pool, found)
        with self._telemetry.write("scale"):
            pool.own_write = await apply.resize(self._kube, (pool.key[0], found.name), version, resize)
        self._telemetry.scaled(pool.key, decision)
        log.info(
            "scaled",
            pool=shown(pool.key[1]),
            namespace=pool.key[0],
            before=resize.before,
            after=resize.after,
            reason=decision.reason.value,
            message=message(decision),
        )
        return version

    async def _publish(self, pool: Pool, decision: Decision, version: str | None) -> None:
        """Say what was decided; `version` tells that it was carried out, and on what."""
        now = self._kube.clock.now()
        if pool.refused:
            decision = replace(decision, reason=Reason.WRITE_REFUSED, detail=pool.refused)
        if version is not None:
            with suppress(KubeError), self._telemetry.write("event"):
                await publish.post_event(self._kube, pool, decision, now, version)
        status = publish.due_status(pool, decision, now, changed=version is not None)
        if status is not None:
            with self._telemetry.write("status"):
                await publish.write_status(self._kube, pool, status)
