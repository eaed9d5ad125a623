"""How often a pool's status may be written (R9): news of some kinds does not wait, noise of any kind does."""

from dataclasses import dataclass
from datetime import datetime, timedelta

BURST = 2
DEBT = -1
REFILL = timedelta(minutes=1)
PAUSE = timedelta(seconds=5)
REPLICAS_PAUSE = timedelta(seconds=30)
CLOCK_PAUSE = timedelta(minutes=1)
FAULT_PAUSE = timedelta(seconds=30)


@dataclass(slots=True)
class StatusBudget:
    """At most two status writes in any minute, and hardly more than one on average, for what nobody asked for (R9).

    What could not wait runs up a debt. A grace clock that is to be stored does not wait: a short grace could end before
    its turn comes, and a crash would forget it. Noise gets that once a minute, which with the clearing makes two; a
    change of size or of the spec is no noise. News of the replicas come soon after such a change, for they are what it
    leads to; after other news, they may as well be pods that come and go.
    """

    tokens: float = BURST
    at: datetime | None = None
    written_at: datetime | None = None
    was_ordinary: bool = False
    clock_at: datetime | None = None
    fault_at: datetime | None = None

    def may_write(self, now: datetime) -> bool:
        """Return whether an ordinary status write is due."""
        if self.at is not None:
            self.tokens = min(BURST, self.tokens + (now - self.at) / REFILL)
        self.at = now
        return self.tokens >= 1

    def rested(self, now: datetime) -> bool:
        """Return whether the last write is long enough ago for news that somebody waits for."""
        return self.written_at is None or now - self.written_at >= PAUSE

    def may_tell_replicas(self, now: datetime) -> bool:
        """Return whether the last write is long enough ago for news of the replicas themselves."""
        quiet = self.written_at is None or now - self.written_at >= REPLICAS_PAUSE
        return self.rested(now) and (quiet or not self.was_ordinary)

    def may_store_clock(self, now: datetime) -> bool:
        """Return whether a clock may be stored out of turn."""
        return self.clock_at is None or now - self.clock_at >= CLOCK_PAUSE

    def may_tell_fault(self, now: datetime) -> bool:
        """Return whether news of what is broken may be told out of turn; metrics that come and go are noise, too."""
        return self.fault_at is None or now - self.fault_at >= FAULT_PAUSE

    def spend(self, now: datetime, *, ordinary: bool, clock: bool = False, fault: bool = False) -> None:
        """Count a write; `ordinary`: of no change of size or spec, `clock`: it stored one, `fault`: it told of one."""
        self.written_at, self.was_ordinary = now, ordinary
        self.fault_at = now if fault else self.fault_at
        if ordinary:
            self.tokens = max(DEBT, self.tokens - 1)
            self.clock_at = now if clock else self.clock_at
        else:
            self.clock_at = None
