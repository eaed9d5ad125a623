"""Work that can wait, look by look: what there is and when it is due, what a replica does, and what the pool does.

    queue    0   5   9   9 ... 4   4   0   3
    due_at   -   D   D   D     E   E   -   F        set when work comes to an empty queue
                               ^ D has passed: the 4 that are left are late; E counts for what comes from then on

Late jobs are the oldest: each that the replicas can have done since is one less.

How fast a replica is, where neither the spec nor an engine tells, is learned from what the queue lost while the same
replicas were ready and none was seen to come. One job a replica is taken off, for they may just have been ending.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain, pairwise, takewhile
from math import ceil

from poolkeeper.core import edits, grace, idle, levels
from poolkeeper.core.batch import Hours, Means, Needed, Plan, There, Work, needed, reserve
from poolkeeper.core.decision import Fact, Stage
from poolkeeper.core.look import Look
from poolkeeper.core.memory import Grace, Jobs
from poolkeeper.core.model import Batch, CapacityType, Guaranteed, PodsSource, PoolSpec
from poolkeeper.core.reasons import Reason
from poolkeeper.core.schedule import window_transitions
from poolkeeper.core.split import due
from poolkeeper.core.startup import Capacity, usual
from poolkeeper.core.tiers import LAUNCH, Part
from poolkeeper.core.zones import instant, zone

ENOUGH, MORE = 3, 8
"""So many jobs each replica must have done to tell how fast it is: to know at all, and to know better."""
ROUGHLY = 0.2
"""What is known stands until it is off by so much: a restart finds what was stored."""
DAY = timedelta(days=1)
NO_TIME = timedelta(0)


def watch(spec: PoolSpec, view: Look, now: datetime) -> Look:
    """Return the look with what becomes of work that can wait; any other pool's as it is."""
    if spec.batch is None:
        return view
    plan = planned(spec, spec.batch, view, now)
    return replace(view, plan=plan, capacity=free(view, plan))


def remember(spec: PoolSpec, batch: Batch, view: Look, now: datetime) -> Look:
    """Return the look with the memory of its work, also where nothing may be written: no pause stops a deadline."""
    return replace(view, memory=replace(view.memory, jobs=study(spec, batch, view, now)))


def free(view: Look, plan: Plan | None) -> Capacity:
    """Return what replicas can do, where what must run elsewhere is not held up by those that may be reclaimed."""
    if plan is None or not plan.needed.kept:
        return view.capacity
    return view.capacity._replace(blocked=keeper_of(view).capacity.blocked)


def keeper_of(view: Look) -> Part:
    """Return the tier where nothing is reclaimed."""
    return next(part for part in view.parts if part.tier.type is CapacityType.ON_DEMAND)


def study(spec: PoolSpec, batch: Batch, view: Look, now: datetime) -> Jobs:
    """Return what is known of the work after this look; what is not whole, or not new, tells nothing."""
    known, depth = view.memory.jobs, view.depth
    if depth.at is None or depth.waiting is None or view.is_outage or not view.is_new:
        return known
    left = depth.waiting + (depth.running or 0.0)
    done = done_since(known, job_time(spec, batch, view), view.capacity.ready, depth.at)
    due_at, late = owed(batch, known, left, done, now)
    known = replace(known, waited=max(known.waited, longest_wait(view)))
    return replace(measured(known, left, view, depth.at), due_at=due_at, late=late, at=depth.at)


def longest_wait(view: Look) -> timedelta:
    """Return the longest that a pod has waited for its node; where there was no stock, as long as a launch takes."""
    pods = (pod for part in view.parts for pod in part.target.pods)
    waits = [pod.scheduled_at - pod.created_at for pod in pods if pod.scheduled_at is not None]
    return min(LAUNCH, max(waits, default=NO_TIME))


def owed(batch: Batch, known: Jobs, left: float, done: float, now: datetime) -> tuple[datetime | None, float]:
    """Return when what is there is due, and how many jobs of it are late."""
    if not left:
        return None, 0.0
    if known.due_at is not None and now >= known.due_at:
        return deadline(batch, now), left
    return known.due_at or deadline(batch, now), min(left, max(0.0, known.late - done))


def deadline(batch: Batch, now: datetime) -> datetime:
    """Return the instant until which what comes now is to be done."""
    if batch.daily is None:
        return now + batch.within
    place = zone(batch.timezone)
    today = now.astimezone(place).date()
    days = (instant(datetime.combine(today + number * DAY, batch.daily), place) for number in range(3))
    return next(at for at in days if at > now)


def done_since(known: Jobs, job: timedelta | None, ready: int, at: datetime) -> float:
    """Return how many jobs may have been done since the last look."""
    return ready * ((at - known.at) / job) if job is not None and known.at is not None else 0.0


def measured(known: Jobs, left: float, view: Look, at: datetime) -> Jobs:
    """Return what is known of how fast a replica is."""
    ready = view.capacity.ready if view.capacity.settled == view.capacity.ready else 0
    if known.since is None or ready != known.ready or left > known.before or left < ready or not ready:
        return replace(known, since=at, before=left, ready=ready)
    lost = known.before - left
    if lost < (ENOUGH if known.speed is None else MORE) * ready:
        return known
    speed = (lost - ready) / (ready * (at - known.since).total_seconds())
    return replace(known, since=at, before=left, speed=believed(known.speed, speed))


def believed(known: float | None, seen: float) -> float:
    """Return the jobs a second to believe in: half way to what was seen, once it is far enough off."""
    if known is None:
        return seen
    return known if abs(seen - known) <= ROUGHLY * known else (known + seen) / 2


def job_time(spec: PoolSpec, batch: Batch, view: Look) -> timedelta | None:
    """Return how long a replica takes for a job, None where nobody knows.

    The engines' counters tell it where the jobs are their requests.
    """
    if batch.job_time is not None:
        return batch.job_time
    engines = all(isinstance(source, PodsSource) for source in spec.queue.sources)
    speed = (view.memory.load.speed if engines else None) or view.memory.jobs.speed
    return timedelta(seconds=1 / speed) if speed else None


def planned(spec: PoolSpec, batch: Batch, view: Look, now: datetime) -> Plan | None:
    """Return what becomes of the work, None while nobody knows how much there is."""
    if view.depth.waiting is None:
        return None
    due_at = view.memory.jobs.due_at or deadline(batch, now)
    work = Work(view.depth.waiting, view.depth.running or 0.0, due_at, view.memory.jobs.late)
    starts = (view.memory.starts, *view.memory.tiers.starts.values())
    reclaimed = any(part.wanted and part.tier.type is CapacityType.SPOT for part in view.parts)
    start = usual(spec, starts) + view.memory.jobs.waited
    means = Means(job_time(spec, batch, view), start, spec.max_replicas, reclaimed)
    hours, turns_at = cheap(batch, now, due_at - reserve(means, means.job or NO_TIME))
    return Plan(work, means, needed(work, means, hours, there(spec, view), now), turns_at)


def there(spec: PoolSpec, view: Look) -> There:
    """Return the replicas that are there; `kept` are those on on-demand beyond its part of the size."""
    capacity = view.capacity
    keeper = keeper_of(view)
    dues = due(view.current, spec.guaranteed, tuple(part.tier for part in view.parts if part.wanted))
    kept = max(0, keeper.found - dues[keeper.name])
    return There(view.current, capacity.ready, capacity.settled + capacity.coming, kept)


def cheap(batch: Batch, now: datetime, until: datetime) -> tuple[Hours, datetime | None]:
    """Return the cheap hours from now until an instant, and when they begin or end next."""
    if batch.window is None:
        return Hours(), None
    inside = levels.is_on(batch.window, batch.timezone, now)
    turns = (turn.at for turn in window_transitions(batch.window, batch.timezone, now))
    turns_at = next(turns, None)
    within = takewhile(lambda at: at < until, filter(None, chain((turns_at,), turns)))
    spans = [end - begin for begin, end in pairwise((now, *within, max(now, until)))]
    return Hours(inside, sum(spans[0 if inside else 1 :: 2], NO_TIME)), turns_at


def placed(spec: PoolSpec, view: Look) -> PoolSpec:
    """Return the spec with so much held where nothing is reclaimed as the work needs there, at least what is."""
    kept = view.plan.needed.kept if view.plan else 0
    base = max(kept, keeper_of(view).found) if kept else 0
    if base <= spec.guaranteed.base:
        return spec
    return replace(spec, guaranteed=Guaranteed(base, spec.guaranteed.percent_above_base))


def grow(seen: Look) -> Stage:
    """Return the stage of what the work needs at least."""
    current, plan = seen.current, seen.plan
    if plan is None:
        return Stage("batch", current, current, Reason.AS_EXPECTED)
    after = max(current, plan.needed.low) if seen.is_new else current
    return Stage("batch", current, after, plan.needed.reason, facts(plan))


def facts(plan: Plan) -> dict[str, Fact]:
    """Return the figures of a plan."""
    job, from_ = plan.means.job, plan.needed.must_from
    return {
        "jobs": plan.work.left,
        "late": plan.work.late or None,
        "jobSeconds": job.total_seconds() if job else None,
        "dueAt": told(plan.work.due_at) if plan.work.left else None,
        "mustRunFrom": told(from_) if from_ else None,
        "guaranteed": plan.needed.kept or None,
    }


def told(at: datetime) -> str:
    """Return an instant as people read it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def least(spec: PoolSpec, seen: Look) -> int:
    """Return the size beyond which replicas are too many; the last one may be kept by the idle clock.

    Where nobody tells what runs, all may be at work while anything waits.
    """
    if seen.plan is None or seen.is_outage:
        return seen.current
    found: Needed = seen.plan.needed
    if seen.depth.running is None and found.reason not in {Reason.BATCH_DONE, Reason.BATCH_WAITS}:
        return max(seen.current, found.high)
    floor = idle.lasting(spec).min_replicas if found.reason is Reason.BATCH_DONE else spec.min_replicas
    return max(floor, found.high, at_work(seen, seen.plan))


def at_work(seen: Look, plan: Plan) -> int:
    """Return how many replicas may be at work on what is known to run; engines tell which ones are, so none counts.

    When a window ends and more waits, none is at work for long: each would take the next job, and never be done.
    """
    endless = plan.needed.reason is Reason.BATCH_WAITS and plan.work.waiting > 0
    return 0 if endless or seen.depth.samples else ceil(min(seen.current, plan.work.running))


def tick(spec: PoolSpec, seen: Look, *, waiting: bool) -> Grace:
    """Return the clock after this look: it runs while the pool is larger than the work needs."""
    before = seen.memory.grace
    if seen.is_outage or edits.is_unremembered(seen.memory.edits, seen.target):
        before = replace(before, short_since=None, calm_since=None, idle_since=None)
    if not seen.is_new or seen.depth.at is None:
        return before
    trusted = not (waiting or seen.is_outage) and seen.depth.applies
    signs = grace.Signs(
        seen.depth.at,
        short=trusted and least(spec, seen) < seen.current,
        idle=trusted and idle.is_idle(seen) is True if spec.queue.down.idle_after is not None else None,
    )
    return grace.advance(before, signs, spec.queue.interval)


def shrink(spec: PoolSpec, seen: Look, clock: Grace, before: int) -> Stage:
    """Return the stage of what the work does not need: it goes after a while."""
    size, batch, plan = least(spec, seen), spec.batch, seen.plan
    if plan is None or batch is None or size >= seen.current or clock.short_since is None:
        return Stage("grace", before, before, Reason.AS_EXPECTED)
    lasting = patience(spec, batch, seen.depth.running, plan, clock.short_since)
    if not (seen.is_new and grace.passed(clock.short_since, clock.sampled_at, lasting)):
        return Stage("grace", before, before, held(seen, plan), facts(plan))
    ending = plan.needed.reason in {Reason.BATCH_DONE, Reason.BATCH_WAITS}
    return Stage("grace", before, size, plan.needed.reason if ending else Reason.BATCH_FEWER, facts(plan))


def held(seen: Look, plan: Plan) -> Reason:
    """Return why replicas that are too many stay for now."""
    unseen = seen.depth.running is None and plan.means.job is None
    return Reason.BATCH_UNSEEN if unseen else Reason.GRACE


def patience(spec: PoolSpec, batch: Batch, running: float | None, plan: Plan, since: datetime) -> timedelta:
    """Return how long replicas that are too many since then stay: not at all outside a window.

    Where nobody tells what runs, as long as two jobs take; where nobody tells that either, until all of it was due.
    """
    if running is not None:
        return NO_TIME if plan.needed.reason is Reason.BATCH_WAITS else spec.queue.down.grace_period
    lasting = deadline(batch, since) - since if plan.means.job is None else 2 * plan.means.job
    return max(spec.queue.down.grace_period, lasting)
