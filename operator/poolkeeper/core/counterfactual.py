"""Observe, measured: what our own sizes would have come to, beside what the other scaler's came to.

    load        as measured from the pods' counters: it is the same whoever scales (load.py)
    ours        a pool that is only thought of, lived through that load bucket by bucket (twin.py)
    theirs      the sizes that were really there; the same fluid at these sizes predicts a queue, and how far that is
                from the queue that was seen says how far to trust the model (theirs.py)

Waiting for a node and draining are left out on both sides; a replica of a tier costs the same on both, and spot is
there for the asking. A bucket that lasted too long, because there was an outage or nobody looked, is counted on neither
side: both go on from what is seen then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median_high

from poolkeeper.core import theirs, twin
from poolkeeper.core.account import Account
from poolkeeper.core.days import ZERO, hours
from poolkeeper.core.load import BUCKET
from poolkeeper.core.look import Look, studied
from poolkeeper.core.memory import Counterfactual, Load, Memory, Twin
from poolkeeper.core.model import Mode, PoolSpec
from poolkeeper.core.observed import Day, Figures, Sums, added
from poolkeeper.core.rates import Setting, rates
from poolkeeper.core.split import due
from poolkeeper.core.startup import usual
from poolkeeper.core.twin import HOUR, OURS, Decide, Ground
from poolkeeper.core.zones import zone

LONGEST = 2 * BUCKET
"""A bucket that lasted longer has a gap in it; where looks are rarer than buckets, one of two looks."""
TELL = timedelta(hours=1)
"""How often the figures are stored and told, once they are older than that."""
DAYS = 8
"""So many days are kept one by one: a week, and today."""
SUSTAINED = 3
"""For so many buckets must replicas do something to show that they can: one batch takes in a burst."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of load that ended at `now`: the look that ended it, what the pools stand on, and the figures so far."""

    seen: Look
    ground: Ground
    figures: Figures
    now: datetime


def follow(decide: Decide, spec: PoolSpec, seen: Look, before: Load, now: datetime) -> Counterfactual:
    """Return what is known after a look; `before` is the load before it. Nothing is new until a bucket of it ends."""
    known, load = seen.memory.counterfactual, seen.memory.load
    if spec.mode is not Mode.OBSERVE:
        return ended(known, now) if spec.mode is Mode.ACTIVE else known
    if load.number == before.number or not load.rates:
        return known
    known = known if goes_on(known.figures, spec) else Counterfactual()
    figures = measured(
        known.figures or Figures(now, now, currency=spec.cost.currency), before, load, seen.depth.waiting
    )
    bucket = Bucket(seen, ground_of(spec, seen, figures), figures, now)
    if known.at is None or now - known.at > max(LONGEST, 2 * spec.queue.interval):
        return resumed(spec, known, bucket)
    return lived(decide, spec, known, bucket, (known.at, now))


def ended(known: Counterfactual, now: datetime) -> Counterfactual:
    """Return the figures as they stay once the pool is Active."""
    if known.figures is None or known.figures.until is not None:
        return known
    last = replace(known.figures, until=now)
    return Counterfactual(last, last)


def goes_on(figures: Figures | None, spec: PoolSpec) -> bool:
    """Return whether there are figures to add to; amounts of two currencies are never added."""
    return figures is not None and figures.until is None and figures.currency == spec.cost.currency


def measured(figures: Figures, before: Load, load: Load, waiting: float | None) -> Figures:
    """Return the figures with what a replica can do: as a queue has shown, else the most that was done without one."""
    if load.per_replica is not None:
        return replace(figures, capacity=load.per_replica, measured=True)
    ready = max(before.ready, load.ready)
    if figures.measured or waiting or not ready:
        return figures
    return replace(figures, capacity=max(figures.capacity, min(load.rates[-SUSTAINED:]) / ready))


def ground_of(spec: PoolSpec, seen: Look, figures: Figures) -> Ground:
    """Return what both pools stand on in the bucket that has ended; where nothing was done yet, no load is any.

    While no queue has shown what replicas can do, what those that are there take without one is no more than they are.
    """
    memory = seen.memory
    capacity, mean = figures.capacity or 1.0, memory.load.mean or 1.0
    load = memory.load.rates[-1] / capacity if figures.capacity else 0.0
    taken = not (figures.measured or seen.depth.waiting)
    took, slots = durations(memory), spec.queue.slots_per_replica or memory.starts.slots
    return Ground(
        load=min(load, seen.capacity.ready) if taken else load,
        request=mean / capacity,
        sla=spec.sla.total_seconds(),
        startup=median_high(took) if took else usual(spec, ()),
        hold=slots * mean / capacity if slots else None,
    )


def durations(memory: Memory) -> tuple[timedelta, ...]:
    """Return how long starts took, of the tier that most of them are known of."""
    return max((one.durations for one in (memory.starts, *memory.tiers.starts.values())), key=len)


def resumed(spec: PoolSpec, known: Counterfactual, bucket: Bucket) -> Counterfactual:
    """Return both pools as they begin, or go on after a gap: theirs as it is seen, ours with as much work."""
    seen, figures, now = bucket.seen, bucket.figures, bucket.now
    there = theirs.found(seen, bucket.ground)
    size = seen.current if figures.size is None else figures.size
    ours = replace(known.ours, work=there.work) if known.at else twin.begun(size, there.work, now)
    figures = replace(figures, at=now, size=len(ours.pods))
    return Counterfactual(figures, known.told, now, informed(spec, ours, bucket), there, theirs.minute_of(now))


def lived(
    decide: Decide, spec: PoolSpec, known: Counterfactual, bucket: Bucket, span: tuple[datetime, datetime]
) -> Counterfactual:
    """Return both pools after a bucket, and the figures with it."""
    seen, now = bucket.seen, bucket.now
    ours, our_side, sizes = twin.live(decide, spec, known.ours, bucket.ground, span)
    there, their_side, checked = theirs.stand(spec, known.theirs, seen, bucket.ground, now - span[0])
    minute, counted = theirs.counted(seen.memory.served, known.minute or now, now)
    half = (now - span[0]) / 2
    ours_by_tier = [(due(size, spec.guaranteed, spec.tiers), lasted) for size, lasted in sizes.items()]
    sums = priced(
        Sums(
            hours=(now - span[0]) / HOUR,
            ours=our_side._replace(changes=int(len(ours.pods) != len(known.ours.pods))),
            theirs=their_side,
            checked=checked._replace(finished=counted[0], inside=counted[1]),
        ),
        cost(seen.memory.account, ours_by_tier, now),
        cost(seen.memory.account, [(known.theirs.counts, half), (there.counts, half)], now),
    )
    figures = noted(replace(bucket.figures, size=len(ours.pods)), sums, spec, now)
    told = figures if is_due(known.told, now) else known.told
    late = 0.0 if our_side.share is None else 1 - our_side.share
    return Counterfactual(figures, told, now, informed(spec, ours, bucket, late), there, minute)


def is_due(told: Figures | None, now: datetime) -> bool:
    """Return whether the figures are to be told: at first whenever their time has doubled, later once an hour."""
    return told is None or now - told.at >= min(TELL, told.at - told.since)


def informed(spec: PoolSpec, ours: Twin, bucket: Bucket, late: float = 0.0) -> Twin:
    """Return our pool once it knows what came, of which it was so `late`, and what is known of replicas and the week.

    What the load teaches it learns itself: the real pool's lateness is the other scaler's.
    """
    real, memory = bucket.seen.memory, ours.memory or Memory()
    load = real.load._replace(per_replica=bucket.figures.capacity or None, late_share=late)
    starts = replace(memory.starts, template=OURS, durations=durations(real), slots=real.starts.slots)
    lead = studied(spec, memory.lead, (starts, *memory.tiers.starts.values()), load)
    return replace(ours, memory=replace(memory, starts=starts, habit=real.habit, load=load, lead=lead))


def cost(account: Account, spans: Sequence[tuple[Mapping[str, int], timedelta]], now: datetime) -> Decimal | None:
    """Return what replicas by tier cost, each for its while, commitments included; None where a price is not known."""
    tariff, unit = account.meter.tariff, account.meter.setting.unit
    if tariff is None or unit is None:
        return None
    total = ZERO
    for counts, lasted in spans:
        kinds = {tier: replace(unit, tier=tier, place=replace(unit.place, spot=tier == tariff.spot)) for tier in counts}
        amount = rates(tariff, tuple((kinds[tier], count) for tier, count in counts.items() if count), Setting(), now)
        if not amount.whole:
            return None
        total += amount.cost * hours(lasted)
    return total


def priced(sums: Sums, ours: Decimal | None, other: Decimal | None) -> Sums:
    """Return sums with the costs of both sides, where both are known."""
    if ours is None or other is None:
        return sums
    return sums._replace(priced=sums.hours, ours=sums.ours._replace(cost=ours), theirs=sums.theirs._replace(cost=other))


def noted(figures: Figures, sums: Sums, spec: PoolSpec, now: datetime) -> Figures:
    """Return the figures with what a bucket came to."""
    today, days = now.astimezone(zone(spec.cost.timezone)).date(), figures.days
    if days and days[-1].on == today:
        days = (*days[:-1], Day(today, added(days[-1].sums, sums)))
    else:
        days = (*days, Day(today, sums))[-DAYS:]
    return replace(figures, at=now, total=added(figures.total, sums), days=days)
