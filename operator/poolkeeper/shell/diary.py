"""One pool's part of the journal in this process: what is told of it, and what of that waits to be written."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from poolkeeper.api import journal
from poolkeeper.api.journal_records import Decided, Ended, Lost, Record, Said
from poolkeeper.api.units import format_instant
from poolkeeper.core.decision import Decision
from poolkeeper.core.memory import Memory
from poolkeeper.core.observation import Observation
from poolkeeper.shell.backoff import Backoff
from poolkeeper.shell.journal_store import Ring
from poolkeeper.shell.pools import Pool

State = tuple[object, ...]

GATHER = timedelta(seconds=20)
"""How long the first record waits for others: a pool's beginning is several."""
PAUSE = timedelta(minutes=1)
QUIET = timedelta(minutes=10)
STOOD = timedelta(minutes=1)
"""What has stood for so long does not come and go."""
DAY = timedelta(days=1)
WAITING, WHOLE = 100, 20
"""So many records of a pool may wait, and so many with what they were made from; the oldest are lost, which is said."""
AGE = timedelta(days=3)
"""How long a chunk grows: what is old is deleted by the chunk."""
REMEMBERED = 50
"""So many states are remembered of a pool, to tell what comes and goes."""


@dataclass(frozen=True, slots=True)
class Deed:
    """A decision and what it was made from; `memory` is what was remembered before, `after` what is from then on."""

    seen: Observation
    memory: Memory
    decision: Decision
    after: Memory
    at: datetime


@dataclass(slots=True)
class Diary:
    """What this process has to tell of one pool. `ring` is None until its chunks are known.

    `asked` and `state` are what the last look found, `told` the state that was told last; since `since` the state has
    been the same, it has `wavered` so often without being told, and each of `recent` was told at that time.
    """

    whose: tuple[str, str, str]
    ring: Ring | None = None
    said: Said | None = None
    asked: State = ()
    state: State = ()
    told: State = ()
    since: datetime | None = None
    told_at: datetime | None = None
    wavered: int = 0
    recent: dict[State, datetime] = field(default_factory=dict)
    waiting: deque[Record] = field(default_factory=deque)
    due: datetime | None = None
    written_at: datetime | None = None
    rest: Backoff = field(default_factory=Backoff)

    def add(self, record: Record) -> None:
        """Let a record wait for its turn."""
        self.waiting.append(record)
        if self.due is None:
            earliest = self.written_at + PAUSE if self.written_at else record.at
            self.due = max(record.at + GATHER, earliest)
        if len(self.waiting) > WHOLE:
            self.waiting[-WHOLE - 1] = bare(self.waiting[-WHOLE - 1])
        if len(self.waiting) > WAITING:
            self._lose()

    def is_old(self, now: datetime) -> bool:
        """Return whether a day has passed since a decision was told."""
        return self.told_at is not None and now - self.told_at > DAY

    def is_news(self, deed: Deed) -> bool:
        """Return whether to tell a decision: it moves the size, is a day's first, has stood, or was not told lately."""
        if deed.decision.changes or not self.told or self.state[0] != self.told[0] or self.is_old(deed.at):
            return True
        known = self.recent.get(self.state)
        stood = deed.at - (self.since or deed.at)
        return known is None or stood >= STOOD or deed.at - known >= QUIET

    def tell(self, now: datetime) -> None:
        """Take in that the decision is told."""
        self.told, self.told_at, self.wavered = self.state, now, 0
        if len(self.recent) >= REMEMBERED:
            self.recent.clear()
        self.recent[self.state] = now

    def shrink(self, now: datetime) -> None:
        """Take in that what waits is too large to be written: it goes without inputs, and to a new chunk."""
        self.waiting = deque(map(bare, self.waiting))
        if self.ring is not None:
            self.ring.begin(now)

    def give_up(self, now: datetime) -> None:
        """Take in that what waits cannot be written, for whatever reason: that it is lost waits in its place.

        What is stored is read again, and what is asked and decided told again: nothing says any more what stands.
        """
        found = [one for one in self.waiting if not isinstance(one, Ended)]
        lost = [Lost(now, since_of(found[0]), sum(map(records_of, found)))] if found else []
        self.waiting = deque([*lost, *(one for one in self.waiting if isinstance(one, Ended))])
        self.due, self.ring, self.asked, self.told = now + PAUSE, None, (), ()

    def _lose(self) -> None:
        first, second = self.waiting.popleft(), self.waiting.popleft()
        lost = Lost(second.at, since_of(first), records_of(first) + records_of(second))
        self.waiting.appendleft(lost)


def since_of(record: Record) -> datetime:
    """Return from when a record tells of what was lost, once it is lost itself."""
    return record.since if isinstance(record, Lost) else record.at


def records_of(record: Record) -> int:
    """Return how many records are lost with one."""
    return record.count if isinstance(record, Lost) else 1


def asked_of(pool: Pool) -> State:
    """Return what is asked of a pool, to be compared at each look."""
    lasts = pool.overridden_until is not None
    return pool.generation, pool.override_text, pool.paused_until, pool.lifted, lasts, quotes_of(pool)


def quotes_of(pool: Pool) -> tuple[object, ...]:
    """Return what a pool's tiers cost, as far as that was looked at."""
    statement = pool.reckoning.statement
    return statement.pricing.quotes if statement else ()


def prices_of(pool: Pool) -> tuple[tuple[str, str], ...]:
    """Return what an hour of each tier's GPU costs, in words."""
    statement = pool.reckoning.statement
    quotes = statement.pricing.quotes if statement else ()
    return tuple(
        (tier, f"{quote.price} ({quote.words})" if quote.words else str(quote.price)) for tier, quote in quotes
    )


def lifted_of(pool: Pool) -> str:
    """Return until when a budget is lifted, and by whom; empty where none is."""
    return f"until {format_instant(pool.lifted.until)} by {pool.lifted.by}" if pool.lifted.until else ""


def state_of(decision: Decision) -> State:
    """Return what makes a decision another one: its sizes, its reasons, and what holds it."""
    reasons = tuple([stage.reason for stage in decision.trail])
    sizes = tuple([(share.tier, share.found, share.size) for share in decision.shares])
    return decision.current, decision.size, decision.reason, decision.clamps, decision.frozen, reasons, sizes


def appended(ring: Ring, records: Sequence[Record], limit: int) -> bytes | None:
    """Return the chunk that grows with records at its end; None where that would be too large, or it is old."""
    if ring.begun is None or not ring.pressed or records[-1].at - ring.begun > AGE:
        return None
    pressed = journal.press(journal.unpress(ring.pressed)[0] + journal.pack(records))
    return pressed if len(pressed) <= limit else None


def anew(records: Sequence[Record], said: Said | None, limit: int) -> bytes:
    """Return a new chunk: it begins with what is asked of the pool; what is too large goes without inputs."""
    if said is not None and not isinstance(records[0], Said):
        records = (msgspec.structs.replace(said, begins=False, looked_until=None), *records)
    pressed = journal.press(journal.pack(records))
    return pressed if len(pressed) <= limit else journal.press(journal.pack(map(bare, records)))


def bare(record: Record) -> Record:
    """Return a record without what its decision was made from."""
    return msgspec.structs.replace(record, inputs=b"") if isinstance(record, Decided) else record
