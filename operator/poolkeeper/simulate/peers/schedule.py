"""A size for each hour of the day: cron jobs that call `kubectl scale`, or KEDA's cron trigger alone.

Where nobody gives the sizes they are those of the published case: the largest from ten to twenty o'clock, else the
smallest. The hours are those of the wall where the traffic is, also when the clocks change.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from poolkeeper.simulate.peers.terms import Peer, Seen, Terms, clamped

DAY = 24
OPENS, CLOSES = 10, 20


@dataclass(frozen=True, slots=True)
class Hours:
    """24 sizes, from the instant on at which the traffic begins."""

    sizes: tuple[int, ...]
    start: datetime

    def size(self, now: float) -> int:
        """Return the size so many seconds after the start."""
        at = (self.start.astimezone(UTC) + timedelta(seconds=now)).astimezone(self.start.tzinfo)
        return self.sizes[at.hour]


@dataclass
class Schedule:
    """A pool that follows the clock and nothing else."""

    name: str
    hours: Hours
    interval: timedelta = timedelta(minutes=1)

    def decide(self, seen: Seen) -> int:
        """Return the size of the hour."""
        return self.hours.size(seen.now)


def published(minimum: int, maximum: int) -> tuple[int, ...]:
    """Return the sizes of the published case."""
    return tuple(maximum if OPENS <= hour < CLOSES else minimum for hour in range(DAY))


def by_hour(minimum: int, maximum: int, terms: Terms) -> Peer:
    """Return the schedule of the terms within the bounds, else the published one."""
    sizes = tuple(clamped(size, minimum, maximum) for size in terms.hours) or published(minimum, maximum)
    return Schedule("schedule", Hours(sizes, terms.start))
