"""How much work comes, and how much a replica can do, both from the engines' own counters.

    arrived     of a pod: requests that it finished, runs and keeps waiting; what that grew by has come since
    work        of a request: its prompt's tokens, and GENERATED for each that is generated, on the mean of what was
                done lately; 1 where the engine counts no tokens
    load        work a second that came in a bucket of time
    sustained   the most work a second that came for each replica in all of the last buckets: it can do that at least
    late        what comes while the queue takes longer than the SLA to work off
    capacity    work a second of one replica: what was done while every replica had a queue; throughput is capacity then

A look that saw only a part adds nothing: the counters have kept what came by the next whole one. A pod that was made
since the first look began at zero; another one that is seen for the first time sets its starting point, and so does a
counter that fell.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from poolkeeper.core.depth import Depth
from poolkeeper.core.memory import Load, Tally
from poolkeeper.core.observation import Pod, PodSample
from poolkeeper.core.startup import Capacity

BUCKET = timedelta(seconds=30)
KEPT = 60
"""So many buckets are remembered: half an hour."""
KEEPS = 0.9
"""What earlier requests count beside those of the next bucket, for the mean."""
FADES = 0.5 ** (BUCKET / timedelta(days=1))
"""What was sustained counts for half a day later."""
BACKED = 5.0
"""So many requests wait for each replica where throughput is taken for capacity."""
FAR = 2.0
"""A replica that seems to do more than so many times its capacity may be miscounted, and is believed to do as much."""
MOST = 1e15
"""No counter of requests or tokens is larger."""
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


def measure(known: Load, depth: Depth, pods: Collection[Pod], capacity: Capacity, *, sla: timedelta) -> Load:
    """Return what is known after a look at these pods, ready or not; part of them, or old news, adds nothing."""
    at = depth.at
    if at is None or not is_whole(depth, capacity) or (known.at is not None and at <= known.at):
        return known
    tallies, tokens = tallied(depth.samples)
    if not tallies or (known.at is not None and tokens is not known.tokens and at - known.at <= LOST):
        return known
    queued = is_queued(depth, capacity)
    if known.at is None or at - known.at > LOST:
        return begun(known, tallies, Load(at=at, ready=capacity.ready, queued=queued, tokens=tokens))
    before = known.tallies
    if before.keys() != tallies.keys():
        before = met(before, tallies, pods, known.since or at)
        tallies = before | tallies
    arrived, finished, done = grown(before, tallies)
    backed = queued and known.queued and known.ready == capacity.ready and done > 0
    passed = (at - known.at) * capacity.ready
    looked = Load(
        since=known.since,
        at=at,
        begun=known.begun,
        tallies=tallies,
        came=known.came + arrived,
        finished=known.finished + finished,
        done=known.done + done,
        present=known.present + passed,
        works=known.works,
        requests=known.requests,
        rates=known.rates,
        crowds=known.crowds,
        lasted=known.lasted,
        ready=capacity.ready,
        queued=queued,
        spent=known.spent + passed if backed else timedelta(0),
        made=known.made + done if backed else 0.0,
        per_replica=known.per_replica,
        sustained=known.sustained,
        number=known.number,
        late=known.late + (arrived if is_late(known, depth, capacity, sla) else 0.0),
        late_share=known.late_share,
        tokens=tokens,
    )
    if looked.made and looked.spent >= SATURATED * capacity.ready:
        looked = learned(looked)
    return closed(looked, at) if at - (known.begun or at) >= BUCKET else looked


def is_whole(depth: Depth, capacity: Capacity) -> bool:
    """Return whether all ready replicas have answered; what stands in for some (R3) tells no load."""
    return depth.whole and bool(depth.samples) and len(depth.samples) >= capacity.ready > 0


def is_queued(depth: Depth, capacity: Capacity) -> bool:
    """Return whether all replicas have a queue, of BACKED on the mean, and have been there for long enough."""
    if capacity.settled != capacity.ready or (depth.waiting or 0.0) < BACKED * capacity.ready:
        return False
    return all(sample.waiting >= 1 for sample in depth.samples)


def is_late(known: Load, depth: Depth, capacity: Capacity, sla: timedelta) -> bool:
    """Return whether the queue takes longer to work off than the SLA allows; unknown is not late."""
    if depth.waiting is None or known.mean is None or known.per_replica is None:
        return False
    return depth.waiting * known.mean > sla.total_seconds() * known.per_replica * capacity.ready


def begun(known: Load, tallies: Mapping[str, Tally], seen: Load) -> Load:
    """Return what is known after a first look, or the first one for long: what a replica can do stands."""
    fresh = seen._replace(since=seen.at, begun=seen.at, tallies=tallies, number=known.number)
    if seen.tokens is not known.tokens:
        return fresh
    kept = fresh._replace(works=known.works, requests=known.requests)
    return kept._replace(per_replica=known.per_replica, sustained=known.sustained)


def tallied(samples: Sequence[PodSample]) -> tuple[dict[str, Tally], bool]:
    """Return each pod's counters, and whether they count tokens.

    None are returned where an engine does not count its requests, does not tell what it runs, or tells no numbers.
    """
    found: dict[str, Tally] = {}
    tokens = None not in [pod.prompt_tokens for pod in samples] + [pod.generation_tokens for pod in samples]
    for pod in samples:
        requests, running, read, given = pod.requests, pod.running, pod.prompt_tokens, pod.generation_tokens
        if requests is None or running is None:
            return {}, tokens
        came, done = requests + running + pod.waiting, requests
        if tokens and read is not None and given is not None:
            done = read + GENERATED * given
        if not (0 <= came <= MOST and 0 <= requests <= MOST and 0 <= done <= MOST):
            return {}, tokens
        found[pod.uid] = (came, requests, done)
    return found, tokens


def met(
    before: Mapping[str, Tally], tallies: Mapping[str, Tally], pods: Collection[Pod], since: datetime
) -> dict[str, Tally]:
    """Return where the pods that are there started from; what fell back and returns goes on from where it was."""
    live = {pod.uid: pod.created_at for pod in pods}
    kept = {uid: tally for uid, tally in before.items() if uid in live}
    fresh = [uid for uid in tallies if uid not in kept]
    return kept | {uid: NOTHING if live.get(uid, since) > since else tallies[uid] for uid in fresh}


def grown(before: Mapping[str, Tally], now: Mapping[str, Tally]) -> Tally:
    """Return by how much the counters of all pods went up; one that fell sets its starting point anew."""
    arrived = finished = done = 0.0
    for uid, (came, ended, made) in now.items():
        came_before, ended_before, made_before = before[uid]
        if ended >= ended_before and made >= made_before:
            arrived += came - came_before
            finished += ended - ended_before
            done += made - made_before
    return arrived, finished, done


NOTHING: Tally = (0.0, 0.0, 0.0)


def learned(load: Load) -> Load:
    """Return the load with the capacity that was measured; a long measurement counts for more."""
    measured, lasted, before = load.made / load.spent.total_seconds(), load.spent / load.ready, load.per_replica
    if before is not None:
        measured = before + (measured - before) * (lasted / (lasted + STEADY))
    return load._replace(per_replica=measured, spent=timedelta(0), made=0.0)


def closed(load: Load, now: datetime) -> Load:
    """Return the load as a bucket ends: its rate of work is kept."""
    lasted = now - (load.begun or now)
    came = max(0.0, load.came)
    works, requests = load.works, load.requests
    if load.finished >= 1 and load.done:
        works, requests = works * KEEPS + load.done, requests * KEEPS + load.finished
    looked = load._replace(works=works, requests=requests)
    mean = looked.mean
    rates = load.rates if mean is None else (*load.rates, came * mean / lasted.total_seconds())[-KEPT:]
    crowds = (*load.crowds, load.ready)[-FOR:]
    per_replica, sustained = load.per_replica, load.sustained * FADES
    if not load.queued and len(rates) >= FOR:
        sustained = max(sustained, min(rates[-FOR:]) / max(crowds))
    if per_replica is not None and not load.queued:
        served = load.done / load.present.total_seconds()
        per_replica += HIGHER * max(0.0, min(served, FAR * per_replica) - per_replica)
    return Load(
        since=load.since,
        at=load.at,
        begun=now,
        tallies=load.tallies,
        works=works,
        requests=requests,
        rates=rates,
        crowds=crowds,
        lasted=lasted,
        ready=load.ready,
        queued=load.queued,
        spent=load.spent,
        made=load.made,
        per_replica=per_replica,
        sustained=sustained,
        number=load.number + 1,
        late_share=load.late / came if came else 0.0,
        tokens=load.tokens,
    )


def untried(load: Load, grace: timedelta) -> float:
    """Return the replicas below which each would be given far more than one was ever seen to take; 0 where unknown.

    They would be given what came in the grace period.
    """
    if not load.sustained or not load.rates:
        return 0.0
    lately = load.rates[-max(1, round(grace / BUCKET)) :]
    return sum(lately) / len(lately) / (FURTHER * load.sustained)
