"""How much work comes, and how much a replica can do, both from the engines' own counters.

    arrived     of a pod: requests that it finished, runs and keeps waiting; what that grew by has come since
    work        of a request: its prompt's tokens, and GENERATED for each that is generated, on the mean of what was
                done lately; 1 where the engine counts no tokens
    load        work a second that came in a bucket of time
    sustained   the most work a second that came for each replica in all of the last buckets: it can do that at least
    late        what comes while the queue takes longer than the SLA to work off
    capacity    work a second of one replica: what was done while every replica had a queue; throughput is capacity then

A look that saw only a part adds nothing: the counters have kept what came by the next whole one. A pod that was made
since the first look began at zero; another one that is seen for the first time sets its starting point.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from poolkeeper.core.depth import Depth
from poolkeeper.core.memory import Load, Tally
from poolkeeper.core.observation import Pod, PodSample
from poolkeeper.core.startup import Capacity

BUCKET = timedelta(seconds=30)
KEPT = 60
"""So many buckets are remembered: half an hour."""
LATELY = 10
"""A request's mean work is that of about so many buckets: five minutes."""
LOST = timedelta(minutes=5)
"""Longer without a whole look, and what was known of the load is no longer true."""
GENERATED = 6.0
"""A token that is generated takes about as long as six of a prompt: decode against prefill rates of public presets."""
SATURATED = timedelta(seconds=15)
"""So long must every replica have had a queue to count as one measurement."""
STEADY = timedelta(minutes=1)
"""How much measured time the earlier measurements weigh."""
FOR = 4
"""So many buckets long a replica must take what it is believed to take."""
FURTHER = 1.15
"""How much more than that a replica is given, to find out, where its capacity is unknown."""
HIGHER = 0.2
"""How much of it is believed when a replica does more than its capacity."""


def measure(  # noqa: PLR0913  what a look has seen, and what it is held against
    known: Load, depth: Depth, pods: Collection[Pod], capacity: Capacity, now: datetime, *, sla: timedelta
) -> Load:
    """Return what is known after a look at these pods, ready or not."""
    if not depth.whole or not depth.samples:
        return known
    tallies = tallied(depth.samples)
    if tallies is None:
        return known
    queued = capacity.settled == capacity.ready and all(sample.waiting >= 1 for sample in depth.samples)
    if known.at is None or now - known.at > LOST:
        return begun(known, tallies, capacity.ready, now, queued=queued)
    before = known.tallies
    if before.keys() != tallies.keys():
        before = met(before, tallies, pods, known.since or now)
        tallies = before | tallies
    arrived, finished, done = grown(before, tallies)
    backed = queued and known.queued and known.ready == capacity.ready
    looked = Load(
        since=known.since,
        at=now,
        begun=known.begun,
        tallies=tallies,
        came=known.came + arrived,
        finished=known.finished + finished,
        done=known.done + done,
        mean=known.mean,
        rates=known.rates,
        ready=capacity.ready,
        queued=queued,
        spent=known.spent + (now - known.at) * capacity.ready if backed else timedelta(0),
        made=known.made + done if backed else 0.0,
        per_replica=known.per_replica,
        sustained=known.sustained,
        number=known.number,
        late=known.late + (arrived if is_late(known, depth, capacity, sla) else 0.0),
        late_share=known.late_share,
    )
    if looked.made and looked.spent >= SATURATED * capacity.ready:
        looked = learned(looked)
    return closed(looked, now) if now - (known.begun or now) >= BUCKET else looked


def is_late(known: Load, depth: Depth, capacity: Capacity, sla: timedelta) -> bool:
    """Return whether the queue takes longer to work off than the SLA allows; unknown is not late."""
    if depth.waiting is None or known.mean is None or known.per_replica is None:
        return False
    return depth.waiting * known.mean > sla.total_seconds() * known.per_replica * capacity.ready


def begun(known: Load, tallies: Mapping[str, Tally], ready: int, now: datetime, *, queued: bool) -> Load:
    """Return what is known after a first look, or the first one for long: what a replica can do stands."""
    return Load(
        since=now,
        at=now,
        begun=now,
        tallies=tallies,
        mean=known.mean,
        ready=ready,
        queued=queued,
        per_replica=known.per_replica,
        sustained=known.sustained,
        number=known.number,
    )


def tallied(samples: Sequence[PodSample]) -> dict[str, Tally] | None:
    """Return each pod's counters, None where an engine does not count its requests or tell what it runs."""
    found: dict[str, Tally] = {}
    for pod in samples:
        if pod.requests is None or pod.running is None:
            return None
        if pod.prompt_tokens is None or pod.generation_tokens is None:
            done = pod.requests
        else:
            done = pod.prompt_tokens + GENERATED * pod.generation_tokens
        found[pod.uid] = (pod.requests + pod.running + pod.waiting, pod.requests, done)
    return found


def met(
    before: Mapping[str, Tally], tallies: Mapping[str, Tally], pods: Collection[Pod], since: datetime
) -> dict[str, Tally]:
    """Return where the pods that are there started from; what fell back and returns goes on from where it was."""
    live = {pod.uid: pod.created_at for pod in pods}
    kept = {uid: tally for uid, tally in before.items() if uid in live}
    fresh = [uid for uid in tallies if uid not in kept]
    return kept | {uid: NOTHING if live.get(uid, since) > since else tallies[uid] for uid in fresh}


def grown(before: Mapping[str, Tally], now: Mapping[str, Tally]) -> Tally:
    """Return by how much the counters of all pods went up; one that fell began at zero again."""
    arrived = finished = done = 0.0
    for uid, counts in now.items():
        known = before[uid]
        if counts[1] < known[1] or counts[2] < known[2]:
            known = NOTHING
        arrived += counts[0] - known[0]
        finished += counts[1] - known[1]
        done += counts[2] - known[2]
    return max(0.0, arrived), finished, done


NOTHING: Tally = (0.0, 0.0, 0.0)


def learned(load: Load) -> Load:
    """Return the load with the capacity that was measured; a long measurement counts for more."""
    measured, lasted, before = load.made / load.spent.total_seconds(), load.spent / load.ready, load.per_replica
    if before is not None:
        measured = before + (measured - before) * (lasted / (lasted + STEADY))
    return replace(load, per_replica=measured, spent=timedelta(0), made=0.0)


def closed(load: Load, now: datetime) -> Load:
    """Return the load as a bucket ends: its rate of work is kept."""
    lasted = (now - (load.begun or now)).total_seconds()
    mean = load.mean
    if load.finished >= 1:
        part = load.finished / (load.finished + LATELY * load.came) if mean else 1.0
        mean = (mean or 0.0) + (load.done / load.finished - (mean or 0.0)) * part
    rates = load.rates if mean is None else (*load.rates, load.came * mean / lasted)[-KEPT:]
    per_replica = load.per_replica
    if per_replica is not None and load.ready and not load.queued:
        served = load.done / (lasted * load.ready)
        per_replica += HIGHER * max(0.0, served - per_replica)
    sustained = load.sustained
    if load.ready and not load.queued and len(rates) >= FOR:
        sustained = max(sustained, min(rates[-FOR:]) / load.ready)
    share = load.late / load.came if load.came else 0.0
    begun = replace(load, begun=now, came=0.0, finished=0.0, done=0.0, late=0.0, number=load.number + 1)
    return replace(begun, late_share=share, mean=mean, rates=rates, per_replica=per_replica, sustained=sustained)


def untried(load: Load) -> float:
    """Return the replicas below which each would be given far more than one was ever seen to take; 0 where unknown."""
    if not load.sustained or not load.rates:
        return 0.0
    lately = load.rates[-LATELY:]
    return sum(lately) / len(lately) / (FURTHER * load.sustained)
