"""Queue depth -> replicas wanted (R1).

    up = max(0, min(maxStep, step * (ceil(Q / above) - 1)) - S)

Q is the queue depth, S the capacity on its way. 1,001 waiting over 1,000 asks for one replica and goes on asking
for one while it loads; a constant queue during a model load never cascades.
"""

from math import ceil

from poolkeeper.core.model import Per, Queue


def above(queue: Queue, ready: int) -> float:
    """Return the depth above which the pool grows; thresholds per replica count the ready ones, at least one."""
    return queue.up.above * (max(1, ready) if queue.thresholds_per is Per.REPLICA else 1)


def below(queue: Queue, survivors: int) -> float:
    """Return the depth below which the pool may shrink to `survivors` ready replicas, at least one as in `above`."""
    return queue.down.below * (max(1, survivors) if queue.thresholds_per is Per.REPLICA else 1)


def is_long(queue: Queue, depth: float, ready: int, current: int) -> bool:
    """Return whether the queue asks for more. A pool at zero has nobody to work anything down: one request wakes it."""
    return depth > above(queue, ready) or (current == 0 and depth > 0)


def steps_up(queue: Queue, depth: float, ready: int) -> int:
    """Return how many replicas the queue justifies over what is settled: min(maxStep, step * (ceil(Q/above) - 1))."""
    exceeded = ceil(min(depth / above(queue, ready), queue.up.max_step + 1)) - 1
    return max(0, min(queue.up.max_step, queue.up.step * exceeded))
