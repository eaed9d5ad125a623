"""The loop: one for all pools. Due -> look -> decide -> write; every step of one pool apart from all others'.

agenda        which pools are due
sources       one request a Prometheus server for all of them; each pool's own pods
decide        the core
carry out     the target's size first, then the event, then the status
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import structlog

from poolkeeper.api.names import shown
from poolkeeper.core.decide import decide, halted
from poolkeeper.core.decision import Decision
from poolkeeper.core.memory import Memory
from poolkeeper.core.model import Mode, PodsSource, PoolSpec, PrometheusSource
from poolkeeper.core.observation import Reading
from poolkeeper.core.plan import Resize, plan
from poolkeeper.core.reasons import Reason
from poolkeeper.core.words import message
from poolkeeper.shell import apply, observe, publish, workload
from poolkeeper.shell.agenda import Agenda
from poolkeeper.shell.backoff import Backoff
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import KubeError
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
            await self.turn(pool, pool.core, readings)
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

    async def turn(self, pool: Pool, spec: PoolSpec, readings: tuple[Reading, ...]) -> None:
        """Decide and carry out. What was not carried out is decided again: clocks move on only with their writes."""
        now = self._kube.clock.now()
        observe.forget_old_write(pool, now)
        seen = observe.observation(pool, self._cluster, self._pools, readings)
        with self._telemetry.decision_seconds.time():
            decision, memory = decide(spec, seen, pool.memory, now)
        if seen.target is None:
            decision = replace(decision, detail=f"deployment/{pool.target} is not in {pool.key[0]}")
        may_write = spec.mode is Mode.ACTIVE and halted(spec, seen, now) is None
        await self._keep_workload(pool, decision, may_write=may_write)
        resize, version = next(iter(plan(spec, decision).resizes), None), None
        if resize is None:
            pool.scale_rest.succeeded()
        else:
            version = await self._resize(pool, decision, resize)
            memory = undone(memory, pool.memory, decision) if version is None else memory
        pool.decision, pool.decided_at, pool.memory = decision, now, memory
        self._telemetry.decided(pool.key, spec, decision)
        await self._publish(pool, decision, version)

    async def _keep_workload(self, pool: Pool, decision: Decision, *, may_write: bool) -> None:
        """Keep the pool's own Deployment: whatever freezes its size freezes all of it, but for the way out."""
        spec, cluster = pool.spec, self._cluster
        if spec is None or pool.workload_rest.rests(self._kube.clock.now()):
            return
        with self._noting(pool, pool.workload_rest):
            await workload.let_go(self._kube, pool, spec, cluster)
            if spec.owns_workload and may_write and decision.reason is Reason.TARGET_NOT_FOUND:
                await workload.make(self._kube, pool, spec)
            elif spec.owns_workload and may_write and not decision.frozen:
                await workload.keep(self._kube, pool, spec, cluster)

    async def _resize(self, pool: Pool, decision: Decision, resize: Resize) -> str | None:
        """Write the size. Return the target's version that it was decided on, None where it was not written."""
        found = observe.target_of(pool, self._cluster)
        if found is None or pool.scale_rest.rests(self._kube.clock.now()):
            return None
        version = observe.newest_version(pool, found)
        with self._noting(pool, pool.scale_rest):
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
        return None

    async def _publish(self, pool: Pool, decision: Decision, version: str | None) -> None:
        """Say what was decided; `version` tells that it was carried out, and on what."""
        now = self._kube.clock.now()
        if version is not None:
            publish.note_change(pool, decision, now)
            with suppress(KubeError), self._telemetry.write("event"):
                await publish.post_event(self._kube, pool, decision, now, version)
        if pool.refused and not (decision.frozen and decision.trail):  # a pool that is halted says by what
            decision = replace(decision, reason=Reason.WRITE_REFUSED, detail=pool.refused)
        if pool.status_rest.rests(now):
            return
        budget = replace(pool.budget)
        status = publish.due_status(pool, decision, now)
        if status is None:
            return
        with self._noting(pool, pool.status_rest), self._telemetry.write("status"):
            await publish.write_status(self._kube, pool, status)
            return
        pool.budget = budget  # nothing was told

    @contextmanager
    def _noting(self, pool: Pool, rest: Backoff) -> Iterator[None]:
        """Let a write that fails rest for a while, and say so."""
        try:
            yield
        except KubeError as error:
            rest.failed(error, self._kube.clock.now())
            if rest.problem:
                log.warning("write failed", pool=shown(pool.key[1]), namespace=pool.key[0], error=rest.problem)
        else:
            rest.succeeded()
