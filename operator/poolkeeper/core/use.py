"""What a pool's replicas did (R8): requests, tokens and the time they took, by increases of counters; and idle time.

A pod that is seen for the first time sets its starting point and adds nothing; a counter that fell began at zero again.
What a pod did after its last look is lost with it, and so is what was not yet noted when the operator ends: at most a
look's interval of the one, a minute of the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter

from poolkeeper.core.days import BLIND, Use
from poolkeeper.core.observation import PodSample

HOUR = timedelta(hours=1)

COUNTED = ("requests", "prompt_tokens", "generation_tokens", "prefill_hours", "decode_hours")
"""What is counted, as a sample of a pod and what is summed up of it name it."""
Counters = tuple[float | None, ...]
_counters = attrgetter(*COUNTED)


@dataclass(frozen=True, slots=True)
class Counting:
    """Each pod's counters at the last look, when that was, who was idle then, and what has come together since noted.

    `ready` and `idle` are the replicas that were so at the last look; of one that does not tell what it runs, nobody
    knows whether it is idle, and it is neither.
    """

    counters: Mapping[str, Counters] = field(default_factory=dict)
    at: datetime | None = None
    ready: int = 0
    idle: int = 0
    use: Use = field(default_factory=Use)


def count(
    counting: Counting, samples: Sequence[PodSample], ready: int, live: frozenset[str], now: datetime
) -> Counting:
    """Return the counts after a look at so many ready replicas; `live` are the UIDs of pods that are still there."""
    lasted = now - counting.at if counting.at else timedelta(0)
    span = lasted / HOUR if timedelta(0) < lasted <= BLIND else 0.0
    counters: dict[str, Counters] = {pod.uid: _counters(pod) for pod in samples}
    done = dict(zip(COUNTED, increases(counting.counters, counters), strict=True))
    use = Use(**done, ready_hours=counting.ready * span, idle_hours=counting.idle * span)
    remembered = {uid: known for uid, known in counting.counters.items() if uid in live}
    for uid, seen in counters.items():
        remembered[uid] = newest(remembered.get(uid), seen)
    telling = min(ready, sum(pod.running is not None for pod in samples))
    idle = sum(pod.running == 0 and not pod.waiting for pod in samples)
    return Counting(remembered, now, telling, min(telling, idle), counting.use + use)


def newest(before: Counters | None, seen: Counters) -> Counters:
    """Return a pod's counters as last known: one that is missing from its page keeps what it was."""
    if before is None:
        return seen
    return tuple(old if new is None else new for old, new in zip(before, seen, strict=True))


def increases(before: Mapping[str, Counters], now: Mapping[str, Counters]) -> tuple[float, ...]:
    """Return how far the counters of all pods went up."""
    totals = [0.0] * len(COUNTED)
    for uid, counters in now.items():
        known = before.get(uid)
        for place, value in enumerate(counters):
            old = known[place] if known else None
            if value is not None and old is not None:
                totals[place] += value - old if value >= old else value
    return tuple(totals)
