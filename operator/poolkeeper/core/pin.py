"""A size that somebody asked the pool itself for (R0): `kubectl scale ipool/chat`, or `replicas` in its manifest.

    12:00 pinned to 6                at once, whatever queue, load, forecast and floor ask for
          a window with at most 4    4: a pin is what is wanted, and no maximum gives way to it
    12:10 6 again                    the API server sees no change: the pin is as old as before
    12:20 pinned to 3                a new pin; it waits for idle replicas (R6), and for no grace period
    16:20 COUNTS is over             ignored, and said so, for as long as it stands in the spec
    later unpinned                   nothing changes, but what is said

What holds every shrink holds this one: an outage (R3), the first decision, a rollout, the SLO (R11), and replicas that
somebody added to the target after the pin (R10). A size that was written to the target before it is over with it.

The API server stamps no time on what is written through `/scale`: such a pin counts from when it was first seen.
"""

from datetime import datetime, timedelta

from poolkeeper.core.edits import NO_RULING, Ruling
from poolkeeper.core.memory import Edit, Pin
from poolkeeper.core.observation import Pinned

COUNTS = timedelta(hours=4)


def notice(before: Pin | None, found: Pinned | None, now: datetime) -> Pin | None:
    """Return the pin after this look at the spec.

    Whoever writes the same number again makes no new one: else two managers that share the field would pin for ever.
    """
    if found is None:
        return None
    if before is not None and before.replicas == found.replicas:
        return before
    return Pin(found.replicas, found.by, min(now, found.at or now))


def until(pin: Pin) -> datetime:
    """Return when a pin ceases to count."""
    return pin.since + COUNTS


def in_force(pin: Pin | None, now: datetime) -> Pin | None:
    """Return a pin that counts at `now`, else None."""
    return pin if pin is not None and now < until(pin) else None


def over(ruling: Ruling, pin: Pin | None, edit: Edit | None) -> Ruling:
    """Return what a foreign write means beside a pin: of a growth and a pin the later counts, a shrink is undone."""
    if pin is None or ruling.conflict:
        return ruling
    added_since = ruling.keep and edit is not None and edit.at >= pin.since
    return ruling if added_since else NO_RULING
