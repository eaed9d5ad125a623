"""Hold up or down until a duration has passed (R2). The clock runs on samples, never on ticks.

    samples      s = short and the survivors idle enough, . = anything else, x = not whole, _ = none (a gap)
    grace        3 samples

    s s s s           starts at the first, fires at the fourth, starts again there
    s s . s s s s     a break clears it: fires four samples after the break
    s s x s s s s     so does a sample that is not whole (R3)
    s s _ _ s s       a gap of up to GAP counts
    s s _ ... _ s s   a longer one does not: the clock moves on by the gap
    s s s (same) s    looking twice at one sample changes nothing

A restart is a gap: api.memo stores the clock and the lease tells until when somebody looked. A clock that was stored
before our last write of the size is void (core.edits tells): it would fire twice.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from poolkeeper.core.memory import Grace

GAP = timedelta(seconds=30)


class Signs(NamedTuple):
    """What one sample says: `long` wants to grow, `short` may shrink, `calm` may but for the load; all False hold.

    `idle`: nothing waits and nothing runs; None: nobody asks.
    """

    at: datetime
    long: bool = False
    short: bool = False
    calm: bool = False
    idle: bool | None = None


def advance(grace: Grace, signs: Signs, interval: timedelta) -> Grace:
    """Return the clock after a new sample; a gap longer than GAP, and than two looks, moves the starting points on.

    A clock of which nobody knows until when it was looked at has not run.
    """
    if grace.sampled_at is None:
        return advance(Grace(sampled_at=signs.at), signs, interval)
    gap = signs.at - grace.sampled_at
    lost = gap if gap > GAP and gap > 2 * interval else None
    return Grace(
        short_since=running(grace.short_since, lost, signs.at) if signs.short else None,
        long_since=running(grace.long_since, lost, signs.at) if signs.long else None,
        sampled_at=signs.at,
        calm_since=running(grace.calm_since, lost, signs.at) if signs.calm else None,
        idle_since=idling(grace.idle_since, lost, signs),
    )


def idling(since: datetime | None, lost: timedelta | None, signs: Signs) -> datetime | None:
    """Return the last sample that was not idle: this one, where it is not; None where nobody asks."""
    if signs.idle is None:
        return None
    return running(since if signs.idle else None, lost, signs.at)


def running(since: datetime | None, lost: timedelta | None, at: datetime) -> datetime:
    """Return the starting point: now for a clock that stood still, moved on by what was lost for one that ran."""
    if since is None:
        return at
    return since + lost if lost else since


def passed(since: datetime | None, at: datetime | None, duration: timedelta) -> bool:
    """Return whether the clock has run for the duration at the sample taken at `at`."""
    return since is not None and at is not None and at - since >= duration


def restart(grace: Grace) -> Grace:
    """Return the clock after it fired: it starts again at the sample that fired it."""
    return replace(grace, short_since=grace.sampled_at)
