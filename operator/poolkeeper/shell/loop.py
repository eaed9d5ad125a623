"""The loop: one for all pools. Due -> look -> decide -> write; every step of one pool apart from all others'.

agenda        which pools are due; word of a reclaim makes every pool on spot due at once
sources       one request a Prometheus server for all of them; each pool's own pods
turn          turn.py: decide, carry out, say
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import structlog

from poolkeeper.api.names import shown
from poolkeeper.core.decision import Decision
from poolkeeper.core.model import OutsideSource, PodsSource, PrometheusSource
from poolkeeper.core.observation import Reading
from poolkeeper.core.reasons import Reason
from poolkeeper.shell import observe
from poolkeeper.shell.agenda import Agenda
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.leader import Elector
from poolkeeper.shell.pools import Key, Pool, Pools
from poolkeeper.shell.queues.batch import BatchReader
from poolkeeper.shell.queues.demultiplex import Ask
from poolkeeper.shell.queues.outside import Outside
from poolkeeper.shell.queues.scrape import PodScraper
from poolkeeper.shell.turn import Turns

IDLE = 0.1

log = structlog.get_logger("poolkeeper")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where queue depth is read."""

    scraper: PodScraper
    batch: BatchReader
    outside: Outside


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


class Loop:
    """Looks at every pool on its interval while this process leads."""

    def __init__(self, kube: KubeClient, cluster: Cluster, pools: Pools, sources: Sources, turns: Turns) -> None:
        self._kube, self._cluster, self._pools = kube, cluster, pools
        self._sources, self._turns, self._telemetry = sources, turns, turns.telemetry
        self._agenda: Agenda[Key] = Agenda()
        self._alarms = 0
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
        self._turns.forget(key)

    async def run(self, elector: Elector) -> None:
        """Run for as long as this process leads; what is under way when it stops leading is dropped."""
        while elector.leading:
            self.turned_at = time.monotonic()
            self._hear_alarms()
            due = self._agenda.pop(self.turned_at, self._is_busy)
            for _, late in due:
                self._telemetry.lag_seconds.observe(late)
            pools = [pool for key, _ in due if (pool := self._pools.get(key)) is not None]
            free = [pool for pool in pools if not pool.busy]
            self._telemetry.skipped.inc(len(pools) - len(free))
            self._start_round(free)
            await asyncio.sleep(self._pause())
        for look in self._looks:
            look.cancel()

    def _hear_alarms(self) -> None:
        """Look at every pool on spot now if a node is being lost that was not before."""
        alarms = self._cluster.signals.alarms
        if alarms != self._alarms:
            for pool in self._pools:
                if pool.core is not None and pool.core.spot is not None:
                    self._agenda.hurry(pool.key)
        self._alarms = alarms

    def _is_busy(self, key: Key) -> bool:
        pool = self._pools.get(key)
        return pool is not None and pool.busy

    def _pause(self) -> float:
        due = self._agenda.next_due()
        return IDLE if due is None else max(0.0, min(IDLE, due - time.monotonic()))

    def _start_round(self, pools: list[Pool]) -> None:
        """Start one look for each pool; those that read Prometheus wait for their part of the common answer."""
        now = self._kube.clock.now()
        for pool in pools:
            if pool.end_override(now):
                self.note(pool)
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
                await self._turns.publish(pool, Decision(0, 0, 0, Reason.INVALID_SPEC, frozen=True), {})
                return
            await self._turns.take(pool, pool.core, readings)
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
        now, pods = self._kube.clock.now(), observe.ready_pods(pool, self._cluster)
        scrapes = [
            self._sources.scraper.scrape(pods, source, spec.slo, now, spec.queue.interval)
            for source in spec.queue.sources
            if isinstance(source, PodsSource)
        ]
        others = [
            self._sources.outside.read(pool.key[0], source, now)
            for source in spec.queue.sources
            if isinstance(source, OutsideSource)
        ]
        return (*(await asyncio.gather(*scrapes, *others)), *(await answers.of("/".join(pool.key))))
