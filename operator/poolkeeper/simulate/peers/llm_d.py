"""llm-d's ways to scale by what its endpoint picker shows, each a KEDA ScaledObject (guides/workload-autoscaling).

    llm-d-queue        1 request waiting in the picker or 16 running, per replica (the guide's default)
    llm-d-saturation   0.7 of `pool_saturation` or 16 running. The gauge is the replicas' mean of max(waiting / 5, KV
                       cache / 0.8); it does not grow with the pool, so ceil(gauge / 0.7) says little about the size
    llm-d-tokens       1.5 s of prefill work waiting or 0.8 of a KV cache, per replica; at most one replica more each
                       three minutes, and one fewer each five

The queue mode runs once more with the number of running requests that a replica of the engine in question has at 80 %
of its capacity, as the guide asks its readers to find out.

What is left out: that the picker's own queue delays dispatch (here requests wait in one queue anyway), and its
staleness rules.
"""

from datetime import timedelta

from poolkeeper.simulate.peers.hpa import BUSY, HPA, STABILISATION, External, Metric
from poolkeeper.simulate.peers.keda import Keda
from poolkeeper.simulate.peers.rules import BUILT_IN, DOWN, QUARTER, Behavior, Direction, Limit, Rule
from poolkeeper.simulate.peers.terms import Peer, Read, Sample, Seen, Terms, running, waiting

QUEUED, RUNNING, SATURATED = 1.0, 16.0, 0.7
QUEUE_DEPTH, KV_CACHE = 5.0, 0.8
"""`queueDepthThreshold` and `kvCacheUtilThreshold` of the picker's utilization-detector."""
PREFILL_SECONDS = 1.5
GUIDED = Behavior(up=Direction(timedelta(0), (Rule(QUARTER, percent=100),)), down=DOWN)
SLOW = Behavior(
    up=Direction(timedelta(0), (Rule(timedelta(minutes=3), pods=1),)),
    down=Direction(STABILISATION, (Rule(timedelta(minutes=5), pods=1),)),
)


class Saturation:
    """The pool's saturation as the utilization-detector has it, over the target."""

    def proposal(self, seen: Seen, sample: Sample) -> int | None:
        """Return what the mean saturation of the replicas asks for."""
        waiting_each = sample.waiting / max(1, seen.ready)
        score = max(waiting_each / QUEUE_DEPTH, sample.kv_usage / KV_CACHE)
        return External(lambda _: score, SATURATED).proposal(seen, sample)


class Caches:
    """How many replicas' KV caches are full, over the target."""

    def proposal(self, seen: Seen, sample: Sample) -> int | None:
        """Return the size at which each would be used as much as the target says."""
        return External(lambda one: one.kv_usage * seen.ready, KV_CACHE).proposal(seen, sample)


def scaled(name: str, bounds: tuple[int, int], metrics: list[Metric], limit: Limit = BUILT_IN) -> Peer:
    """Return KEDA on these metrics."""
    minimum, maximum = bounds
    return Keda(HPA(name, max(1, minimum), maximum, metrics, limit), minimum)


def by_queue(minimum: int, maximum: int, _: Terms) -> Peer:
    """Return the guide's default."""
    return scaled("llm-d-queue", (minimum, maximum), [External(waiting, QUEUED), External(running, RUNNING)], GUIDED)


def by_queue_tuned(minimum: int, maximum: int, terms: Terms) -> Peer:
    """Return the same with the number of running requests that fits the engine."""
    metrics: list[Metric] = [External(waiting, QUEUED), External(running, terms.concurrency(BUSY))]
    return scaled("llm-d-queue-tuned", (minimum, maximum), metrics, GUIDED)


def by_saturation(minimum: int, maximum: int, _: Terms) -> Peer:
    """Return the guide's alternative."""
    return scaled("llm-d-saturation", (minimum, maximum), [Saturation(), External(running, RUNNING)])


def by_tokens(minimum: int, maximum: int, terms: Terms) -> Peer:
    """Return the token-aware one, with the true prefill rate."""
    metrics: list[Metric] = [External(prefill_seconds(terms), PREFILL_SECONDS), Caches()]
    return scaled("llm-d-tokens", (minimum, maximum), metrics, SLOW)


def prefill_seconds(terms: Terms) -> Read:
    """Return how to read the seconds that one replica would need for all prompts that wait."""
    return lambda sample: sample.waiting * terms.prompt / terms.engine.prefill_rate
