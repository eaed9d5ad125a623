"""Which looks may be left out because they would find what is known: until when a decision stands.

    look      |--skipped--skipped--skipped--| look
    ends      a bucket of load | the decision's own `until` | a replica comes or goes | somebody waits

A look that finds nothing waiting changes three things only: counters, which go on from wherever they were read last;
the clock of the grace period, which forgives gaps up to a limit; and the learned load, bucket by bucket. So it may be
left out as long as none of them could tell. What is looked at each time, because every look counts:

- a pool of which the load is not known yet: what runs at this moment says whether survivors would be too busy
- a pool with an idle time, or with work that can wait: the last moment at which something ran counts
- a pool with a learned floor: it weighs what it sees by the time between two looks
- a shrink that is due and held back by an SLO, full caches or another tier; the load holds it for a bucket, busy
  replicas to the end of their drain
- a pool that runs less than TAIL of a request: of so little the counters know no more than their own rounding, and the
  mean work of a request is learned from it all the same

What came between two looks is filed under what the second of them finds. So the last look before a replica comes or
goes, and before an SLO's minute ends, is always taken; that before somebody waits, which nobody could know, is kept
when it is left out, and made up for.
"""

from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from math import ceil, inf

from poolkeeper.core.decision import Decision
from poolkeeper.core.figures import Figures
from poolkeeper.core.grace import GAP, passed
from poolkeeper.core.lead import whole
from poolkeeper.core.load import BUCKET
from poolkeeper.core.memory import Memory
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.observation import Observation
from poolkeeper.core.reasons import Reason
from poolkeeper.core.world import World

MINUTE = timedelta(minutes=1)
SLIGHT = timedelta(milliseconds=1)
"""The clock of a world is a sum of steps: it is right to much less."""
TAIL = 0.01
"""Requests: a fluid never quite ends."""
ROOMY = 0.5
"""The part of what the load needs that caches may need and have no say for a while."""
ALWAYS = -inf

Skipped = tuple[Observation, datetime]
"""What a look that was left out would have seen, and when."""


class Standing:
    """The decision of the last look, and until when it stands, in seconds since the world's start.

    `between` is the longest from one due look to the next; `skipped` is the last one, None where it was taken.
    """

    def __init__(self, spec: PoolSpec, between: timedelta) -> None:
        self.spec, self.between, self.until = spec, between, ALWAYS
        self.skipped: Skipped | None = None

    def skips(self, world: World) -> bool:
        """Return whether a look at this moment would change nothing; it is left out then."""
        if not self.stands(world):
            return False
        self.skipped = world.observe(), world.now
        return True

    def skip(self, world: World, seen: Figures) -> None:
        """Keep the look that was left out when the figures were such ones: somebody waits since."""
        self.skipped = world.observe(seen), world.start + timedelta(seconds=seen.clock)

    def stands(self, world: World) -> bool:
        """Return whether a look at this moment would change nothing."""
        return world.clock + SLIGHT.total_seconds() < self.until and not world.serving.waits.waiting

    def strides(self, world: World, step: timedelta) -> int:
        """Return how many steps may pass at once, as long as nobody comes to wait: at the end a look may be due.

        Where looks are rarer than steps none may: the look before somebody waits would be further back than the step
        before that.
        """
        if self.between != step or not self.stands(world):
            return 0
        return ceil((self.until - SLIGHT.total_seconds() - world.clock) / step.total_seconds())

    def take(self, decision: Decision, memory: Memory, world: World) -> None:
        """Take in a look that was just carried out."""
        self.skipped = None
        ending = 0 < world.serving.running < TAIL
        if ending or not world.ready or world.ground.metric_delay or not self._settled(decision, memory, world):
            self.until = ALWAYS
            return
        ends = min(self._ends(decision, memory, world.now))
        last = world.agenda.next - self.between.total_seconds()
        self.until = min(last, (ends - world.start).total_seconds())

    def _settled(self, decision: Decision, memory: Memory, world: World) -> bool:
        """Return whether the next look would find what this one left, and say the same."""
        spec, clock = self.spec, memory.grace
        if spec.forecast is not None or spec.batch is not None or spec.queue.down.idle_after is not None:
            return False
        handing_over = memory.tiers.draining_since and len(decision.shares) > 1
        if decision.depth != 0 or decision.changes or decision.reason is Reason.ADOPTED or handing_over:
            return False
        reasons = {stage.reason for stage in decision.trail}
        if Reason.AT_MINIMUM in reasons:
            return True
        grace = spec.queue.down.grace_period
        due = any(passed(since, clock.sampled_at, grace) for since in (clock.short_since, clock.calm_since))
        led = any(stage.name == "lead" and stage.facts for stage in decision.trail)
        return led and (not due or holds(reasons, decision.size, memory, world))

    def _ends(self, decision: Decision, memory: Memory, now: datetime) -> list[datetime]:
        """Return the instants from which on a look may find something new."""
        forgiven = max(GAP, 2 * self.spec.queue.interval) - self.between
        ends = [now + forgiven + 2 * SLIGHT]
        if decision.until is not None:
            ends.append(decision.until)
        if self.spec.lead:
            ends.append((memory.load.begun or now) + BUCKET)
        if self.spec.slo is not None:
            ends.append(now.replace(second=0, microsecond=0) + MINUTE - self.between)
        return ends


def holds(reasons: AbstractSet[Reason], size: int, memory: Memory, world: World) -> bool:
    """Return whether a shrink that is due is held until a bucket or the drain ends: by the load, or busy replicas.

    What full caches hold may go at any moment.
    """
    needed = max(memory.lead.needs, default=0.0)
    if Reason.GRACE in reasons:
        return whole(needed) >= size
    cached = world.serving.kv_usage(world.ready) * world.ready
    return Reason.SURVIVORS_BUSY in reasons or (Reason.DRAINING in reasons and cached < ROOMY * needed)
