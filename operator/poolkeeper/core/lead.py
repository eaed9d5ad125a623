"""Lead: the size that the load needs by the time a replica that is asked for now has started.

    load        in replicas: the work that comes, over what one replica can do (load.py)
    steady      the mean of the last five minutes
    trend       their straight line, as far as it stands out of their noise, drawn on for one start-up time
    peak        the most of the last half hour, for bursts that nobody can foresee
    margin      how much more than predicted there is to be
    need        predicted * margin, and what works the queue off within CLEARED

Which of these predictions, with which margin, is learned: each pair is a trial that is lived beside the real pool as
a fluid queue, bucket by bucket, with the load that came. The cheapest one counts whose load was late by no more than
the objective leaves, corrected by how late the real pool was beside the trials that it followed. Older buckets count
less, half after HALF. What was learned is right for this pool's traffic and start-up time only; a pool that has learned
nothing yet follows the trend with FIRST.

The pool grows to its need at once, but no further than to twice what is ready, or maxStep more; it shrinks to the
largest need of the grace period, of which all must have been seen. The figures were chosen by measuring:
docs/benchmarks.md.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import product
from math import ceil, inf, sqrt
from typing import NamedTuple

from poolkeeper.core.load import BUCKET
from poolkeeper.core.memory import Lead, Load, Trials

LATELY = 10
"""So many buckets are looked at for what is steady, and for a trend: five minutes."""
PLACES = tuple(place - (LATELY - 1) / 2 for place in range(LATELY))
"""Where these buckets lie, their middle being zero."""
SPREAD = LATELY * (LATELY * LATELY - 1) / 12
MARGINS = (0.94, 0.97, 1.0, 1.03, 1.06, 1.1, 1.14, 1.18, 1.22, 1.27, 1.32, 1.38, 1.45, 1.55, 1.7, 2.0)
PARTS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.15)
"""Margins of the peak."""
TRUSTED = 0.7
"""From this part of the peak on a pool that has learned nothing takes it to be enough."""
STEADY, TREND, PEAK = range(3)
TRIALS = (*product((STEADY, TREND), MARGINS), *product((PEAK,), PARTS))
"""The pairs of a prediction and a margin that are tried, the cheaper ones of each prediction first."""
MARGINS_OF = (MARGINS, MARGINS, PARTS)
FIRST = TRIALS.index((TREND, 1.06))
HALF = timedelta(days=1)
FADES = 0.5 ** (BUCKET / HALF)
KNOWN = 240
"""So many buckets at a load of one the experience weighs that a pool begins with: below FIRST's margin all is late."""
DAMPED = 0.7
"""How much of a trend is believed: it bends sooner or later."""
FARTHEST = timedelta(minutes=15)
LOOKS = timedelta(seconds=60)
"""What a start takes besides itself: until a bucket has ended, a look, a new replica's first requests."""
MOST = 2.0
"""So many times the load a trend goes at most."""
CLEARED = timedelta(seconds=60)
WORST = 600.0
"""The longest backlog of a trial, in seconds: the real pool would have been helped by its queue."""
STAYS = 0.01
"""Another trial must be cheaper by so much to be followed."""
OBJECTIVE = 99.5
"""How many requests in a hundred are to be inside where the spec has no objective."""
AIM = 0.5
"""The part of what the objective leaves that is aimed at: the rest is for what nobody could have learned."""
LEAST, LARGEST = 0.4, 4.0
"""By so much a trial's lateness is corrected."""
ABSORBED = 2.0
"""So many seconds of backlog the slots of batches take in: what is more waits."""
LARGE = 1e6
"""No pool needs as many replicas."""


class Need(NamedTuple):
    """The replicas that the load needs: `now`, and at least so many while the pool may `shrink`.

    `load` comes now and is `predicted` to come, with `margin`.
    """

    now: float
    shrink: float
    load: float
    margin: float
    predicted: float

    @property
    def replicas(self) -> int:
        """The whole replicas that are needed."""
        return whole(self.now)


class Rule(NamedTuple):
    """How long a start takes, the share of the load that may be late, what late is, and how long a replica is kept."""

    lead_time: timedelta
    late: float
    sla: timedelta
    grace: timedelta


def whole(replicas: float) -> int:
    """Return the replicas that so much load takes; a rounding error is none."""
    return ceil(min(LARGE, replicas) - 1e-9)


def wholes(predicted: float, margins: Iterable[float]) -> list[int]:
    """Return the size for a prediction with each margin, at least one: as `whole` does, without a call for each."""
    return [ceil(min(LARGE, predicted * margin) - 1e-9) or 1 for margin in margins]


def study(known: Lead, load: Load, rule: Rule) -> Lead:
    """Return what is known after a bucket of load has ended."""
    if load.per_replica is None or load.number == known.number or not load.rates:
        return known
    bucket, late = max(BUCKET, load.lasted), rule.late
    horizon = min(FARTHEST, rule.lead_time) + LOOKS
    last = load.rates[-1] / load.per_replica
    predicted = predict([rate / load.per_replica for rate in load.rates], horizon / bucket)
    due = load.number + max(1, round(horizon / bucket))
    arrived = [each for number, each in known.waiting if number <= load.number]
    waiting = (*[one for one in known.waiting if one[0] > load.number], (due, predicted))
    held = max(1, round(rule.grace / bucket))
    past = (*known.past, *arrived)[-held:]
    lived, followed = known, FIRST if known.chosen is None else known.chosen
    if past:
        lived = tried(known, [max(column) for column in zip(*past, strict=True)], last, rule)
        lived = corrected(known, lived, last * load.late_share, followed)
        followed = best(lived.trials, lived.total * late * bias(lived, late), followed)
    kind, margin = TRIALS[followed]
    return Lead(
        number=load.number,
        predicted=predicted,
        waiting=waiting,
        past=past,
        needs=(*(known.needs or (inf,) * held), predicted[kind] * margin)[-held:],
        trials=lived.trials,
        total=lived.total,
        chosen=followed,
        late=lived.late,
        expected=lived.expected,
    )


def corrected(before: Lead, lived: Lead, late: float, followed: int) -> Lead:
    """Return the lead with the load that was really late in a bucket, and what the trial that was followed expected."""
    expected = lived.trials.late[followed]
    if before.trials.late:
        expected -= before.trials.late[followed] * FADES
    return lived._replace(late=before.late * FADES + late, expected=before.expected * FADES + expected)


def bias(known: Lead, late: float) -> float:
    """Return how much later trials are than the pool; what little was seen of both says little."""
    little = KNOWN * late
    return min(LARGEST, max(LEAST, (known.expected + little) / (known.late + little)))


def predict(loads: Sequence[float], ahead: float) -> tuple[float, float, float]:
    """Return the load so many buckets ahead: as it was, on its trend, and as it was at most.

    The trend is a line of least squares, down to what it is now. A slope counts as far as it is over its standard
    error, wholly from twice that on.
    """
    peak = max(loads)
    loads = loads[-LATELY:]
    count = len(loads)
    mean = sum(loads) / count
    if count < LATELY:
        return mean, mean, peak
    slope = sum([place * load for place, load in zip(PLACES, loads, strict=True)]) / SPREAD
    rest = sum([(load - mean - slope * place) ** 2 for place, load in zip(PLACES, loads, strict=True)])
    error = sqrt(max(0.0, rest) / (count - 2) / SPREAD)
    believed = 1.0 if not error else min(1.0, max(0.0, abs(slope) / error - 1))
    slope *= DAMPED * believed
    level = mean + slope * PLACES[-1]
    return mean, max(0.0, min(MOST * mean, max(level, level + slope * ahead))), peak


def tried(known: Lead, predicted: Sequence[float], load: float, rule: Rule) -> Lead:
    """Return the lead with its trials after a bucket with so much load, for which they had predicted these loads."""
    seconds, allowed = BUCKET.total_seconds(), rule.sla.total_seconds() + ABSORBED
    before = known.trials if known.trials.late else begun(rule.late)
    sizes = [size for value, margins in zip(predicted, MARGINS_OF, strict=True) for size in wholes(value, margins)]
    late, backlogs = [each * FADES for each in before.late], [0.0] * len(sizes)
    for place, (size, waited) in enumerate(zip(sizes, before.backlog, strict=True)):
        if waited or load > size:
            backlog = max(0.0, waited + (load - size) * seconds)
            late[place] += load * outside(waited, backlog, allowed * size)
            backlogs[place] = min(backlog, WORST * size)
    spent = [each * FADES + size for each, size in zip(before.size, sizes, strict=True)]
    total = (known.total if known.trials.late else KNOWN) * FADES + load
    return known._replace(trials=Trials(tuple(late), tuple(spent), tuple(backlogs)), total=total)


def outside(before: float, after: float, limit: float) -> float:
    """Return the share of a stretch for which a backlog that goes straight from one to the other is over a limit."""
    low, high = min(before, after), max(before, after)
    if low >= limit:
        return 1.0
    return 0.0 if high <= limit else (high - limit) / (high - low)


def begun(late: float) -> Trials:
    """Return the trials that a pool begins with."""
    kind, margin = TRIALS[FIRST]
    distrusted = (LARGEST + 1) * KNOWN * late
    trusted = [other >= (TRUSTED if one == PEAK else margin) for one, other in TRIALS]
    return Trials(
        late=tuple(distrusted * (not trust) for trust in trusted),
        size=tuple(KNOWN * (other + (one != kind)) for one, other in TRIALS),
        backlog=(0.0,) * len(TRIALS),
    )


def best(trials: Trials, allowed: float, chosen: int) -> int:
    """Return the cheapest trial of those that are late seldom enough; if none is, the one that is late least."""
    prices = list(trials.size)
    prices[chosen] *= 1 - STAYS
    timely = [place for place, late in enumerate(trials.late) if late <= allowed]
    return min(timely, key=prices.__getitem__) if timely else trials.late.index(min(trials.late))


def needed(known: Lead, load: Load, waiting: float | None, coming: int) -> Need | None:
    """Return the replicas that are needed now, None where load or capacity are unknown.

    What waits is worked off by those that are `coming`, too; only what is more needs others.
    """
    speed = load.speed
    if waiting is None or load.per_replica is None or speed is None or not (known.predicted and load.rates):
        return None
    kind, margin = TRIALS[FIRST if known.chosen is None else known.chosen]
    queue = max(0.0, waiting / speed / CLEARED.total_seconds() - coming)
    ahead = known.predicted[kind]
    return Need(ahead * margin + queue, max(known.needs), load.rates[-1] / load.per_replica, margin, ahead)
