"""May the pool give capacity away (R2)? Either a Reason why not, or none; checked in this order, first answer counts.

    queue not under `below`         STEADY; the last replica goes only when nothing waits at all
    not larger than its floor       AT_MINIMUM
    survivors would be too busy     SURVIVORS_BUSY

A pool above its maximum may shrink whatever its queue says: it leaves by the same steps and the same clock.
"""

from poolkeeper.core import demand
from poolkeeper.core.depth import Depth
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.reasons import Reason
from poolkeeper.core.startup import Capacity


def refusal(spec: PoolSpec, depth: Depth, capacity: Capacity, current: int, slots: float | None) -> Reason | None:
    """Return why a whole sample does not allow the next step down, None where it does."""
    survivors = remaining(spec, capacity.ready, current)
    if depth.waiting is None or depth.waiting >= demand.below(spec.queue, survivors):
        return Reason.STEADY
    if depth.waiting and not stepped(spec, current):
        return Reason.STEADY
    if current <= spec.min_replicas:
        return Reason.AT_MINIMUM
    if busy_share(spec, depth, survivors, slots) > spec.queue.down.max_utilization_percent / 100:
        return Reason.SURVIVORS_BUSY
    return None


def remaining(spec: PoolSpec, ready: int, current: int) -> int:
    """Return how many ready replicas the next step down would leave: those that are not ready go first (R6)."""
    return min(ready, stepped(spec, current))


def stepped(spec: PoolSpec, current: int) -> int:
    """Return the size one step down, never under the floor."""
    return max(spec.min_replicas, current - spec.queue.down.step)


def busy_share(spec: PoolSpec, depth: Depth, survivors: int, slots: float | None) -> float:
    """Return how busy the survivors would be, 1 being full: by running requests or KV cache, the higher; else 0."""
    slots = spec.queue.slots_per_replica or slots
    load = [depth.running / slots] if depth.running is not None and slots else []
    load += [depth.kv_usage] if depth.kv_usage is not None else []
    if not load or max(load) == 0:
        return 0.0
    return max(load) / survivors if survivors else float("inf")


def guard_is_known(spec: PoolSpec, depth: Depth, slots: float | None) -> bool:
    """Return whether the busy guard has anything to judge by; where it has not, that is said."""
    by_slots = depth.running is not None and bool(spec.queue.slots_per_replica or slots)
    return by_slots or depth.kv_usage is not None
