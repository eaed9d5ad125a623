"""May the pool give capacity away (R2)? Either a Reason why not, or none; checked in this order, first answer counts.

    queue not under `below`         STEADY; the last replica goes only when nothing waits at all
    not larger than its floor       AT_MINIMUM
    survivors would be too busy     SURVIVORS_BUSY; the last replica goes only when nothing is known to run

How busy survivors would be is told by the load (lead.py) where it is known, else by running requests or KV cache. A
pool above its maximum may shrink whatever its queue says: it leaves by the same steps and the same clock.
"""

from typing import NamedTuple

from poolkeeper.core import demand
from poolkeeper.core.depth import Depth
from poolkeeper.core.lead import Need, whole
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.reasons import Reason
from poolkeeper.core.startup import Capacity

CACHED = 0.95
"""How full the caches of survivors may be, whatever the load needs."""
GUARD = 75
"""How busy survivors may be, in percent, where the spec does not say and the load is unknown."""


class Known(NamedTuple):
    """What is known of how busy replicas are: what the load needs, and how many requests one runs at once.

    With less than `untried` replicas each would be given far more than was ever seen; it counts while no need is known.
    Thresholds are `wide`.
    """

    need: Need | None = None
    slots: float | None = None
    untried: float = 0.0
    wide: float = 1.0


UNKNOWN = Known()


def refusal(spec: PoolSpec, depth: Depth, capacity: Capacity, current: int, known: Known) -> Reason | None:
    """Return why a whole sample does not allow the next step down, None where it does."""
    survivors = remaining(spec, capacity.ready, current)
    below = demand.below(spec.queue, survivors, known.wide)
    if depth.waiting is None or depth.waiting >= below:
        return Reason.STEADY
    if depth.waiting and not stepped(spec, current):
        return Reason.STEADY
    if current <= spec.min_replicas:
        return Reason.AT_MINIMUM
    if (depth.running and not stepped(spec, current)) or is_too_busy(spec, depth, survivors, known):
        return Reason.SURVIVORS_BUSY
    return None


def remaining(spec: PoolSpec, ready: int, current: int) -> int:
    """Return how many ready replicas the next step down would leave: those that are not ready go first (R6)."""
    return min(ready, stepped(spec, current))


def stepped(spec: PoolSpec, current: int) -> int:
    """Return the size one step down, never under the floor."""
    return max(spec.min_replicas, current - (spec.queue.down.step or 1))


def is_led(spec: PoolSpec, need: Need | None) -> bool:
    """Return whether the load tells how far the pool shrinks: it is known, and the spec gives no step."""
    return need is not None and spec.queue.down.step is None


def led(spec: PoolSpec, depth: Depth, known: Known, current: int) -> int:
    """Return the size without the replicas that the load has not needed for the whole grace period.

    Those that stay are no busier than the spec allows, hold their caches, and find the queue short.
    """
    need, percent = known.need, spec.queue.down.max_utilization_percent
    if need is None:
        return current
    most = max(need.shrink, need.now, need.load * 100 / percent if percent else 0.0, (depth.kv_usage or 0.0) / CACHED)
    size = current if most >= current else max(spec.min_replicas, whole(most))
    while size < current and depth.waiting and depth.waiting >= demand.below(spec.queue, size, known.wide):
        size += 1
    return size


def is_too_busy(spec: PoolSpec, depth: Depth, survivors: int, known: Known) -> bool:
    """Return whether survivors would be busier than they may be, or fewer than the load needs."""
    percent = spec.queue.down.max_utilization_percent
    if known.need is not None and max(known.need.replicas, (depth.kv_usage or 0.0) / CACHED) > survivors:
        return True
    if known.need is not None and percent is None:
        return False
    if known.need is None and survivors < known.untried:
        return True
    return busy_share(spec, depth, survivors, known) > (percent or GUARD) / 100


def busy_share(spec: PoolSpec, depth: Depth, survivors: int, known: Known) -> float:
    """Return how busy the survivors would be, 1 being full: by the load, else by running requests or KV cache.

    The higher of these two counts; 0 where none is known.
    """
    if known.need is not None:
        load = [known.need.load]
    else:
        slots = spec.queue.slots_per_replica or known.slots
        load = [depth.running / slots] if depth.running is not None and slots else []
        load += [depth.kv_usage] if depth.kv_usage is not None else []
    if not load or max(load) == 0:
        return 0.0
    return max(load) / survivors if survivors else float("inf")


def guard_is_known(spec: PoolSpec, depth: Depth, known: Known) -> bool:
    """Return whether the busy guard has anything to judge by; where it has not, that is said."""
    by_slots = depth.running is not None and bool(spec.queue.slots_per_replica or known.slots)
    return by_slots or depth.kv_usage is not None or known.need is not None
