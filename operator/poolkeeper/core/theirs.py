"""The pool as the other scaler has it, in the same fluid as ours: what it came to, and how far the model is off."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from poolkeeper.core import backlog
from poolkeeper.core.look import Look
from poolkeeper.core.memory import Served, Theirs
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.observed import Checked, Side, together
from poolkeeper.core.twin import HOUR, Ground, steps


def found(seen: Look, ground: Ground) -> Theirs:
    """Return the pool as it is seen, with what waits and runs in it."""
    running = seen.depth.running if ground.hold is not None else None
    requests = (seen.depth.waiting or 0.0) + (running or 0.0)
    return Theirs(by_tier(seen), seen.capacity.ready, requests * ground.request)


def stand(
    spec: PoolSpec, before: Theirs, seen: Look, ground: Ground, lasted: timedelta
) -> tuple[Theirs, Side, Checked]:
    """Return the pool after a bucket, what came of it but for its cost, and how far the modelled wait is off.

    A change of its size came somewhere in between: half of the bucket is counted with each.
    """
    counts, ready, work = by_tier(seen), seen.capacity.ready, before.work
    count, step = steps(spec, lasted)
    total = Side()
    for number in range(count):
        work, side = ground.serve(work, before.ready if 2 * number < count else ready, step)
        total = together(total, side)
    after = Theirs(counts, ready, backlog.resized(work, ground.flow(before.ready), ready))
    sizes = sum(before.counts.values()), sum(counts.values())
    total = total._replace(replica_hours=sum(sizes) / 2 * (lasted / HOUR), changes=int(sizes[0] != sizes[1]))
    return after, total, checked(after, seen, ground, lasted)


def checked(there: Theirs, seen: Look, ground: Ground, lasted: timedelta) -> Checked:
    """Return how far the modelled wait is from the one that was seen; with nobody ready, there is none."""
    if not there.ready or seen.depth.waiting is None:
        return Checked()
    modelled, really = backlog.waiting(there.work, ground.flow(there.ready)), seen.depth.waiting * ground.request
    return Checked(lasted / HOUR, abs(modelled - really) / there.ready * (lasted / HOUR))


def by_tier(seen: Look) -> Mapping[str, int]:
    """Return the replicas that have a node, by tier."""
    return {part.name: sum(pod.scheduled_at is not None for pod in part.target.pods) for part in seen.parts}


def counted(served: Served, after: datetime, now: datetime) -> tuple[datetime, tuple[float, float]]:
    """Return until which minute the pods' counted requests are told, and those since: all, and inside."""
    over = [one for one in served.minutes if after < one[0] < minute_of(now)]
    return over[-1][0] if over else after, (sum(one[2] for one in over), sum(one[1] for one in over))


def minute_of(now: datetime) -> datetime:
    """Return when the minute began."""
    return now.replace(second=0, microsecond=0)
