"""Our own pool while another scaler has the wheel: the same load, our decide(), and pods that are only thought of.

    a step      pods become ready, the load comes and is served (backlog.py), the pool is looked at and resized

It is one tier that never lacks machines; a replica is ready one start-up time after it is asked for, and goes at once.
What is waited for longer than the SLA shows in the queue and in the served share, as it would to the operator.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from poolkeeper.core import backlog, slo
from poolkeeper.core.backlog import Flow
from poolkeeper.core.decision import Decision
from poolkeeper.core.lead import outside
from poolkeeper.core.memory import Memory, Served, Twin
from poolkeeper.core.model import ON_DEMAND, Guaranteed, Mode, PoolSpec
from poolkeeper.core.observation import Observation, Pod, PodSample, Reading, Target
from poolkeeper.core.observed import Side, together

Decide = Callable[[PoolSpec, Observation, Memory, datetime], tuple[Decision, Memory]]

STEP = timedelta(seconds=5)
"""How often the pool is looked at; where looks are rarer, as often as they are."""
OURS = "ours"
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a pool stands on in one bucket: the load in replicas, and how long a replica takes to start.

    `hold` is the work of one full batch and `request` that of one request, in seconds of a replica; None: how many fit
    is not known, and all that is not done at once waits. `sla` in seconds.
    """

    load: float
    request: float
    sla: float
    startup: timedelta
    hold: float | None = None

    def flow(self, ready: float) -> Flow:
        """Return what holds while so many are ready."""
        return Flow(self.load, ready, self.hold or 0.0)

    def serve(self, work: float, ready: float, lasted: timedelta) -> tuple[float, Side]:
        """Return the work after a while, and what came of it."""
        flow, seconds, came = self.flow(ready), lasted.total_seconds(), self.load * (lasted / HOUR)
        left = backlog.after(work, flow, seconds)
        late = outside(work, left, flow.full + self.sla * ready)
        return left, Side(came=came, inside=came * (1 - late))


def steps(spec: PoolSpec, lasted: timedelta) -> tuple[int, timedelta]:
    """Return into how many steps a stretch is cut, and how long they are."""
    count = max(1, round(lasted / max(STEP, spec.queue.interval)))
    return count, lasted / count


def live(
    decide: Decide, spec: PoolSpec, twin: Twin, ground: Ground, span: tuple[datetime, datetime]
) -> tuple[Twin, Side, Mapping[int, timedelta]]:
    """Return the pool after a span of time, what came of it but for its cost, and how long it had which size."""
    begin, end = span
    count, step = steps(spec, end - begin)
    spec = replace(spec, mode=Mode.ACTIVE, tiers=(ON_DEMAND,), guaranteed=Guaranteed())
    total, sizes = Side(), Counter[int]()
    for number in range(1, count + 1):
        at = begin + number * step
        sizes[len(twin.pods)] += 1
        work, side = ground.serve(twin.work, ready_of(twin), step)
        total = together(total, side)
        twin = remembering(replace(started(twin, ground.startup, at), work=work), spec, side, at)
        twin = looked_at(decide, spec, twin, ground, at)
    hours = sum(size * taken for size, taken in sizes.items()) * (step / HOUR)
    return twin, total._replace(replica_hours=hours), {size: taken * step for size, taken in sizes.items()}


def ready_of(twin: Twin) -> int:
    """Return how many of its pods are ready."""
    return sum(pod.ready_at is not None for pod in twin.pods)


def started(twin: Twin, startup: timedelta, now: datetime) -> Twin:
    """Return the pool once its pods are ready whose time has come."""
    if all(pod.ready_at or pod.created_at + startup > now for pod in twin.pods):
        return twin
    ready = [pod if pod.ready_at or pod.created_at + startup > now else replace(pod, ready_at=now) for pod in twin.pods]
    return replace(twin, pods=tuple(ready))


def remembering(twin: Twin, spec: PoolSpec, side: Side, now: datetime) -> Twin:
    """Return the pool with what was served in time on its record, as the pods' counters would have it (R11)."""
    if spec.slo is None:
        return twin
    known = twin.memory or Memory()
    minutes = slo.added(known.served.minutes, now, side.inside, side.came)
    return replace(twin, memory=replace(known, served=Served(minutes=minutes)))


def looked_at(decide: Decide, spec: PoolSpec, twin: Twin, ground: Ground, now: datetime) -> Twin:
    """Return the pool with the size that we would give it."""
    decision, memory = decide(spec, observation(twin, ground, now), twin.memory or Memory(), now)
    return resized(replace(twin, memory=memory), decision.size, ground, now)


def observation(twin: Twin, ground: Ground, now: datetime) -> Observation:
    """Return what the operator would see; with nobody ready to be asked, whoever holds the queue tells its length.

    The pods count no requests: what came is known already.
    """
    ready, target = ready_of(twin), Target(len(twin.pods), OURS, OURS, ours=True, pods=twin.pods)
    flow = ground.flow(ready)
    waiting = backlog.waiting(twin.work, flow) / ground.request
    if not ready:
        return Observation(target, (Reading("queue", now, waiting=waiting),))
    running = None if ground.hold is None else min(twin.work, flow.full) / ground.request / ready
    samples = [PodSample(pod.uid, waiting / ready, running) for pod in twin.pods if pod.ready_at]
    return Observation(target, (Reading("pods", now, pods=tuple(samples)),))


def resized(twin: Twin, size: int, ground: Ground, now: datetime) -> Twin:
    """Return the pool with so many pods: new ones load, the newest go."""
    if size == len(twin.pods):
        return twin
    ready = ready_of(twin)
    fresh = (made(twin.made + number, now) for number in range(size - len(twin.pods)))
    pods = (*twin.pods[:size], *fresh)
    left = sum(pod.ready_at is not None for pod in pods)
    return replace(
        twin,
        pods=pods,
        made=twin.made + max(0, size - len(twin.pods)),
        work=backlog.resized(twin.work, ground.flow(ready), left),
    )


def made(number: int, now: datetime) -> Pod:
    """Return a pod that has just got its node."""
    return Pod(f"{OURS}-{number}", f"{OURS}-{number}", now, now, template=OURS)


def begun(size: int, work: float, now: datetime) -> Twin:
    """Return a pool of so many ready replicas."""
    return Twin(tuple(replace(made(number, now), ready_at=now) for number in range(size)), work, size)
