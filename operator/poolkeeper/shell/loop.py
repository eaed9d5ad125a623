"""The loop: one for all pools. Due -> look -> decide -> write; every step of one pool apart from all others'.

tempo         whose time the agenda goes by: where one core is not enough for all looks, it runs slower for all alike
agenda        which pools are due; word of a reclaim makes every pool on spot due at once
sources       one request a Prometheus server for all of them; each pool's own pods
turn          turn.py: decide, carry out, say
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Coroutine
from dataclasses import dataclass, field
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
from poolkeeper.shell.tempo import Strain, Tempo
from poolkeeper.shell.turn import Turns

IDLE = 0.1
GRAIN = 0.005
"""How long the loop rests at least, in seconds: of thousands of looks a second, some begin together."""
AT_ONCE = 150
"""So many looks begin in one turn at most: until all of them have had theirs, nothing else is heard."""
BEAT = 1.0
"""How often the tempo follows what the last looks took, in seconds."""

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


@dataclass(slots=True)
class Since:
    """What the looks since an instant have taken: by the monotonic clock, and by this thread's time on a processor.

    `late` is the sum of the seconds that they began late, `pages` how many pods' pages they have read.
    """

    at: float
    used: float = field(default_factory=time.thread_time)
    looks: int = 0
    late: float = 0.0
    pages: int = 0


class Loop:
    """Looks at every pool on its interval while this process leads."""

    def __init__(self, kube: KubeClient, cluster: Cluster, pools: Pools, sources: Sources, turns: Turns) -> None:
        self._kube, self._cluster, self._pools = kube, cluster, pools
        self._sources, self._turns, self._telemetry = sources, turns, turns.telemetry
        self._agenda: Agenda[Key] = Agenda()
        self._alarms = 0
        self._looks: set[asyncio.Task[None]] = set()
        self.turned_at = time.monotonic()
        self._tempo = Tempo(self.turned_at)
        self._since = Since(self.turned_at)
        self._measured = 0.0
        self._backlog = 0

    def note(self, pool: Pool) -> None:
        """Take in that a pool was made or changed."""
        if pool.core is None:
            interval, together = 1.0, False
        else:
            interval = pool.core.queue.interval.total_seconds()
            together = any(isinstance(source, PrometheusSource) for source in pool.core.queue.sources)
        now, asked = time.monotonic(), self._agenda.rate
        self._agenda.put(pool.key, interval, self._tempo.now(now), together=together)
        if self._agenda.rate > max(asked, self._measured):
            self._tempo.expect(self._agenda.rate - self._measured, now)

    def forget(self, key: Key) -> None:
        """Take in that a pool is gone."""
        self._agenda.drop(key)
        self._telemetry.forget(key)
        self._turns.forget(key)

    async def run(self, elector: Elector) -> None:
        """Run for as long as this process leads; what is under way when it stops leading is dropped."""
        began = time.monotonic()
        self._since, self._backlog = Since(began), len(self._agenda)
        while elector.leading:
            self.turned_at = time.monotonic()
            self._hear_alarms()
            self._keep_time()
            self._turns.stretch = self._tempo.stretch
            now = self._tempo.now(self.turned_at)
            due = self._agenda.pop(now, self._is_busy, AT_ONCE)
            self._count([self._tempo.since(now - ago, self.turned_at) if ago else 0.0 for _, ago in due], began)
            known = (self._pools.get(key) for key, _ in due)
            pools = [pool for pool in known if pool is not None and pool.leading]  # a name may go to another shard's
            free = [pool for pool in pools if not pool.busy]
            self._telemetry.skipped.inc(len(pools) - len(free))
            self._start_round(free)
            await asyncio.sleep(self._pause())
        for look in self._looks:
            look.cancel()

    def _count(self, lates: list[float], began: float) -> None:
        """Count how late looks are, not before this process `began` to lead: until then others have looked.

        The first look at each pool tells nothing of the pace: all that were due while others led come up at once.
        """
        for late in lates:
            counted = min(late, self.turned_at - began)
            self._telemetry.lag_seconds.observe(counted)
            self._since.late += counted
        self._since.looks += len(lates)
        if self._backlog:
            self._backlog = max(0, self._backlog - len(lates)) if len(lates) >= AT_ONCE else 0
            self._since = self._since if self._backlog else Since(self.turned_at)

    def _hear_alarms(self) -> None:
        """Look at every pool on spot now if a node is being lost that was not before."""
        alarms = self._cluster.signals.alarms
        if alarms != self._alarms:
            for pool in self._pools:
                if pool.leading and pool.core is not None and pool.core.spot is not None:
                    self._agenda.hurry(pool.key)
        self._alarms = alarms

    def _keep_time(self) -> None:
        """Let the tempo follow what the looks since the last time have taken."""
        since, at, used = self._since, self.turned_at, time.thread_time()
        if at - since.at < BEAT:
            return
        if since.looks and not self._backlog:
            asked = self._agenda.rate * (1 + since.pages / since.looks)
            lasted = at - since.at
            self._tempo.adapt(asked, Strain((used - since.used) / lasted, since.late / since.looks, lasted), at)
            self._measured = self._agenda.rate
        self._telemetry.stretch.set(self._tempo.stretch)
        self._since = Since(at, used)
        self._end_overrides_of_others()

    def _end_overrides_of_others(self) -> None:
        """Go by what the specs of other shards' pools now are: who has a target goes by those."""
        now = self._kube.clock.now()
        for pool in self._pools:
            if pool.override is not None and not pool.leading:
                pool.end_override(now)

    def _is_busy(self, key: Key) -> bool:
        pool = self._pools.get(key)
        return pool is not None and pool.busy

    def _pause(self) -> float:
        due = self._agenda.next_due()
        if due is None:
            return IDLE
        return max(GRAIN, min(IDLE, (due - self._tempo.now(time.monotonic())) * self._tempo.stretch))

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
            if self._pools.get(pool.key) is not pool:  # it went meanwhile, or another has its name
                return
            if pool.core is None:
                await self._turns.publish(pool, Decision(0, 0, 0, Reason.INVALID_SPEC, frozen=True), {})
                return
            await self._turns.take(pool, pool.core, readings)
        except Exception:
            log.exception("look failed", pool=shown(pool.key[1]), namespace=pool.key[0])
        finally:
            pool.busy = False
            if self._pools.get(pool.key) is None:
                self.forget(pool.key)  # once more: what this look has begun anew
            self._telemetry.look_seconds.observe(time.monotonic() - started)

    async def _readings(self, pool: Pool, answers: "Answers") -> tuple[Reading, ...]:
        """Return one reading for each source."""
        spec = pool.core
        if spec is None:
            return ()
        now, scraped = self._kube.clock.now(), [one for one in spec.queue.sources if isinstance(one, PodsSource)]
        pods = observe.ready_pods(pool, self._cluster) if scraped else ()
        self._since.pages += len(pods) * len(scraped)
        scrapes = [self._sources.scraper.scrape(pods, source, spec.slo, now, spec.queue.interval) for source in scraped]
        others = [
            self._sources.outside.read(pool.key[0], source, now)
            for source in spec.queue.sources
            if isinstance(source, OutsideSource)
        ]
        return (*(await asyncio.gather(*scrapes, *others)), *(await answers.of("/".join(pool.key))))
