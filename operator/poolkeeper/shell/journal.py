"""What was asked of each pool, what was seen and decided, for `explain --at` (R9). Nothing here holds up a look.

    note      at each look: whether anything is to be told; if so, one record, in memory
    run       each second: what has waited long enough is written, at most once a minute a pool, so many a second
    end       the pool is gone: the last record

A pool at rest has nothing to tell but once a day, so that its decision outlasts what is pruned. A reason that comes and
goes is told once in QUIET, with how often it did: noise round a threshold would fill the journal. What changes a size
is always told. A process that is killed takes its last minute with it, and the next one says from when nobody looked.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from importlib.metadata import version

import structlog

from poolkeeper.api.journal_records import Decided, Ended, Said, answer, pack_inputs
from poolkeeper.api.journal_values import without_values
from poolkeeper.api.names import shown
from poolkeeper.api.units import format_instant
from poolkeeper.shell.diary import (
    PAUSE,
    Deed,
    Diary,
    State,
    anew,
    appended,
    asked_of,
    lifted_of,
    prices_of,
    state_of,
)
from poolkeeper.shell.journal_store import JournalStore
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import Invalid, KubeError, Refused
from poolkeeper.shell.pools import Pool
from poolkeeper.shell.settings import JournalTerms
from poolkeeper.shell.telemetry import Telemetry

DAY = timedelta(days=1)
PER_SECOND = 10
"""So many journals may be written each second: a start of many pools is spread over minutes."""
LAST = timedelta(seconds=2)
"""How long the last records may take to be written when the process ends: the lease is held until then."""
CHUNKS = 16
"""What a pool's journal consists of, at least: the oldest of them goes when there is no room."""
TOO_LARGE = 413

log = structlog.get_logger("poolkeeper")


class Journal:
    """The journals of all pools. Until `begin` nothing is written."""

    def __init__(self, kube: KubeClient, telemetry: Telemetry, namespace: str, terms: JournalTerms) -> None:
        self._kube, self._telemetry, self._terms = kube, telemetry, terms
        self._store = JournalStore(kube, namespace)
        self._diaries: dict[str, Diary] = {}
        self._gone: set[str] = set()
        self._identity = ""
        self._looked_until: datetime | None = None
        self._version = version("poolkeeper")
        self._prune_problem = ""

    def begin(self, identity: str, looked_until: datetime | None) -> None:
        """Take in that this process leads, and until when another one looked before."""
        self._identity, self._looked_until = identity, looked_until

    def note(self, pool: Pool, deed: Deed) -> None:
        """Take in a decision; most of them are the one before, and nothing is to be told."""
        if not self._terms.kept:
            return
        diary = self._diaries.get(pool.uid)
        if diary is None:
            diary = self._diaries[pool.uid] = Diary((*pool.key, pool.uid))
        asked = asked_of(pool)
        if asked != diary.asked:
            self._hear(diary, pool, asked, deed.at)
        state = state_of(deed.decision)
        if state != diary.state:
            diary.wavered += diary.state not in {(), diary.told}
            diary.state, diary.since = state, deed.at
        if state != diary.told or diary.is_old(deed.at):
            self._consider(diary, pool, deed)

    def _hear(self, diary: Diary, pool: Pool, asked: State, now: datetime) -> None:
        """Note what is asked of the pool."""
        begins = diary.said is None
        diary.asked = asked
        diary.said = Said(
            at=now,
            version=self._version,
            identity=self._identity,
            begins=begins,
            looked_until=self._looked_until if begins else None,
            generation=pool.generation,
            spec=without_values(pool.accepted or {}, pool.uid),
            refused=tuple(pool.invalid),
            override=pool.override_text,
            paused=format_instant(pool.paused_until) if pool.paused_until else "",
            lifted=lifted_of(pool),
            writers=pool.writers,
            prices=prices_of(pool),
        )
        diary.add(diary.said)

    def _consider(self, diary: Diary, pool: Pool, deed: Deed) -> None:
        """Note a decision that is another than the one that was told, unless that comes and goes."""
        if not diary.is_news(deed):
            return
        record = Decided(
            at=deed.at,
            since=deed.at if diary.state == diary.told else diary.since or deed.at,
            wavered=diary.wavered,
            overlaid=pool.overridden_until is not None,
            answer=answer(deed.decision, deed.after),
            inputs=pack_inputs(deed.seen, deed.memory, deed.after),
        )
        diary.add(record)
        diary.tell(deed.at)

    def end(self, pool: Pool) -> None:
        """Take in that a pool is gone."""
        diary = self._diaries.get(pool.uid)
        if diary is not None:
            diary.add(Ended(self._kube.clock.now()))
            self._gone.add(pool.uid)

    async def run(self) -> None:
        """Write what is due, each second; once a day, delete what is old."""
        pruned: datetime | None = None
        while True:
            await asyncio.sleep(1)
            now = self._kube.clock.now()
            await self.turn(now)
            if self._terms.kept and (pruned is None or now - pruned > DAY):
                pruned = now
                await self.prune(now)

    async def turn(self, now: datetime) -> None:
        """Write some of what is due, what has waited longest first."""
        due = [one for one in self._diaries.values() if one.due and one.due <= now and not one.rest.rests(now)]
        due.sort(key=lambda one: one.due or now)
        await self._write_all(due[:PER_SECOND], now)

    async def close(self) -> None:
        """Write all that waits, as far as there is time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST.total_seconds()):
                await self._write_all([one for one in self._diaries.values() if one.waiting], self._kube.clock.now())

    async def prune(self, now: datetime) -> None:
        """Delete what is old; what fails is tried again the next time."""
        try:
            count = await self._store.prune(now, self._terms.keep)
        except KubeError as error:
            self._prune_problem = f"old pages of the journal: {error}"
            return
        self._prune_problem = ""
        if count:
            log.info("pages of the journal deleted", count=count)

    def problems(self) -> list[str]:
        """Return what keeps the journal from being written, in words."""
        unwritten = dict.fromkeys(f"journal: {one.rest.problem}" for one in self._diaries.values() if one.rest.problem)
        return [*unwritten, *filter(None, [self._prune_problem])]

    async def _write_all(self, diaries: Iterable[Diary], now: datetime) -> None:
        await asyncio.gather(*(self._write(one, now) for one in diaries))

    async def _write(self, diary: Diary, now: datetime) -> None:
        """Write what waits of one pool; whatever goes wrong stays with it."""
        namespace, name, uid = diary.whose
        try:
            with self._telemetry.write("journal"):
                await self._append(diary, now)
        except KubeError as error:
            if isinstance(error, Invalid) or (isinstance(error, Refused) and error.status == TOO_LARGE):
                diary.shrink(now)
            diary.rest.failed(error, now)
            if diary.rest.problem:
                log.warning("journal not written", pool=shown(name), namespace=namespace, error=diary.rest.problem)
        except Exception:
            log.exception("journal failed", pool=shown(name), namespace=namespace)
            diary.give_up(now)
        else:
            diary.rest.succeeded()
            if uid in self._gone and not diary.waiting:
                self._gone.discard(uid)
                del self._diaries[uid]

    async def _append(self, diary: Diary, now: datetime) -> None:
        """Write the records that wait, at the end of the chunk that grows, or of a new one where that is full."""
        ring = diary.ring = diary.ring or await self._store.ring(diary.whose)
        records, quota = tuple(diary.waiting), self._terms.quota
        pressed = await asyncio.to_thread(appended, ring, records, quota // CHUNKS)
        if pressed is None:
            pressed = await asyncio.to_thread(anew, records, diary.said, quota // 2)
            ring.begin(records[0].at)
        await self._store.write(ring, pressed, records[-1].at)
        sent = {id(one) for one in records}
        diary.waiting = deque(one for one in diary.waiting if id(one) not in sent)
        diary.written_at = now
        diary.due = now + PAUSE if diary.waiting else None
        await self._store.shorten(ring, quota)
