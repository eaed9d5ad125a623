"""Starting and stuck capacity (R4): how long a start takes, who is on the way, who is overdue.

    created ---- waits for a node ---- scheduled ---- loads its model ---- ready ---- settle ---- settled
                 NODE_WAIT or the timeout             the timeout

A replica without a pod (a quota refuses it) waits like one without a node. A pod that was ready and fell back
gets the timeout again, from the moment it fell.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil
from operator import attrgetter
from typing import NamedTuple

from poolkeeper.core.depth import Depth, largest
from poolkeeper.core.memory import Starts
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.observation import Pod, Target

BY_AGE = attrgetter("created_at", "name")
UNMEASURED = timedelta(minutes=10)
NODE_WAIT = timedelta(minutes=10)
SHORTEST = timedelta(seconds=10)  # the API server stamps whole seconds
STAMP = timedelta(seconds=1)  # what it cuts off
ENOUGH = 3
KEPT = 20
MARGIN = 1.5
OVERDUE_AT_LEAST = 2
OVERDUE_SHARE = 10


class Capacity(NamedTuple):
    """Replicas by what they can do now: `ready` in all, `settled` long enough to count on, `coming`, `overdue`.

    `blocked`: so many are overdue that more would only be stuck as well. `next_at` is when this changes by itself.
    """

    ready: int
    settled: int
    coming: int
    overdue: int = 0
    blocked: bool = False
    words: str = ""
    next_at: datetime | None = None


def observe_starts(starts: Starts, target: Target, depth: Depth, now: datetime) -> Starts:
    """Return what is known about starts after this look: new durations, who is starting, the learned slots."""
    template = newest_template(target) or starts.template
    if template != starts.template:
        starts = replace(starts, template=template, durations=())
    return Starts(
        template=template,
        durations=(*starts.durations, *finished(starts, target))[-KEPT:] if starts.starting else starts.durations,
        starting=frozenset([pod.uid for pod in target.pods if not pod.ready_at and is_starting(pod, starts)]),
        known=frozenset([pod.uid for pod in target.pods]),
        slots=largest((starts.slots, depth.busiest)),
        lacking_since=lacking_since(starts, target, now),
        replicas=target.replicas,
    )


def finished(starts: Starts, target: Target) -> list[timedelta]:
    """Return how long the starts took that have come to their end since the last look."""
    return [
        pod.ready_at - pod.scheduled_at
        for pod in target.pods
        if pod.uid in starts.starting and pod.template == starts.template and pod.ready_at and pod.scheduled_at
    ]


def is_starting(pod: Pod, starts: Starts) -> bool:
    """Return whether an unready pod never was ready, as far as was seen; one that was there first is not trusted."""
    appeared = starts.known is not None and pod.uid not in starts.known
    return appeared or pod.uid in starts.starting


def lacking_since(starts: Starts, target: Target, now: datetime) -> datetime | None:
    """Return since when replicas have had no pod; a growth gives all of them their time anew.

    So does each pod that is made, where the next one waits for it.
    """
    if len(target.pods) >= target.replicas:
        return None
    known = starts.known if target.one_by_one else None
    is_next = known is not None and any(pod.uid not in known for pod in target.pods)
    return now if is_next or target.replicas > starts.replicas else starts.lacking_since or now


def newest_template(target: Target) -> str:
    """Return the template hash of the youngest pod, empty without pods."""
    templates = {pod.template for pod in target.pods}
    if len(templates) > 1:
        return max(target.pods, key=BY_AGE).template
    return templates.pop() if templates else ""


def timeout(spec: PoolSpec, starts: Starts) -> timedelta:
    """Return how long a start may take: given, else 1.5 x the 95th percentile, 10 minutes until three samples.

    What was learned is never under SHORTEST.
    """
    if spec.startup_timeout is not None:
        return spec.startup_timeout
    if len(starts.durations) < ENOUGH:
        return UNMEASURED
    return max(SHORTEST, MARGIN * percentile_95(starts.durations))


def usual(spec: PoolSpec, starts: Iterable[Starts]) -> timedelta:
    """Return how long before replicas are needed they must be asked for (R5).

    The slowest tier's 95th percentile, and what a start's own duration leaves out: the rest of the second that its
    stamps were cut by, a look until it is asked for, and another until its pod has a node. Until three starts are
    known, the timeout that was given, else ten minutes.
    """
    known = [percentile_95(one.durations) for one in starts if len(one.durations) >= ENOUGH]
    if not known:
        return spec.startup_timeout or UNMEASURED
    return max(known) + STAMP + 2 * spec.queue.interval


def percentile_95(durations: tuple[timedelta, ...]) -> timedelta:
    """Return the nearest-rank 95th percentile."""
    return sorted(durations)[ceil(0.95 * len(durations)) - 1]


def assess(spec: PoolSpec, target: Target, starts: Starts, now: datetime) -> Capacity:
    """Return the replicas asked for, sorted by what they can do at `now`."""
    settle = spec.queue.up.settle
    ready = [pod.ready_at for pod in target.pods if pod.ready_at]
    settled_by = now - settle
    fresh = [at for at in ready if at > settled_by]
    if not fresh and len(ready) == len(target.pods) >= target.replicas:
        return Capacity(len(ready), len(ready), coming=0)
    limit = timeout(spec, starts)
    due = [(due_at(pod, spec, limit), pod.trouble) for pod in target.pods if not pod.ready_at]
    due += missing(spec, target, starts, now, limit)
    overdue = [words for at, words in due if at <= now]
    settled = len(ready) - len(fresh)
    coming = len(due) - len(overdue) + len(fresh)
    changes = [at for at, _ in due if at > now] + [at + settle for at in fresh]
    return Capacity(
        ready=len(ready),
        settled=settled,
        coming=max(0, min(coming, target.replicas - settled)),
        overdue=len(overdue),
        blocked=len(overdue) >= max(OVERDUE_AT_LEAST, target.replicas / OVERDUE_SHARE),
        words=next((words for words in overdue if words), ""),
        next_at=min(changes, default=None),
    )


def pooled(capacities: Sequence[Capacity], size: int, counting: int, *, blocked: bool) -> Capacity:
    """Return the tiers' capacity as the pool's.

    No more is coming than the size still lacks, what is to cover included; while more is ready than the size, as many
    as are on the way and count.
    """
    settled = sum(one.settled for one in capacities)
    return Capacity(
        ready=sum(one.ready for one in capacities),
        settled=settled,
        coming=max(0, counting, min(sum(one.coming for one in capacities), size - settled)),
        overdue=sum(one.overdue for one in capacities),
        blocked=blocked,
        words=next((one.words for one in capacities if one.words), ""),
        next_at=min((one.next_at for one in capacities if one.next_at), default=None),
    )


def due_at(pod: Pod, spec: PoolSpec, limit: timedelta) -> datetime:
    """Return when a pod that is not ready becomes overdue."""
    if pod.scheduled_at is None:
        return pod.created_at + (spec.startup_timeout or NODE_WAIT)
    return max(pod.scheduled_at, pod.unready_since or pod.scheduled_at) + limit


def missing(
    spec: PoolSpec, target: Target, starts: Starts, now: datetime, limit: timedelta
) -> list[tuple[datetime, str]]:
    """Return when the replicas that have no pod become overdue, with the words of what keeps them from having one.

    Where pods are made one by one, each has as long after the one before it.
    """
    since, wait = lacking_from(target, starts, now), spec.startup_timeout or max(NODE_WAIT, limit)
    turns = range(1, 1 + max(0, target.replicas - len(target.pods)))
    return [(since + wait * (1 + turn if target.one_by_one else 1), target.failure) for turn in turns]


def lacking_from(target: Target, starts: Starts, now: datetime) -> datetime:
    """Return since when replicas have been without a pod, as the API server says or as was seen."""
    return target.failure_since or starts.lacking_since or now
