"""What use a workload was, and what another size would have saved: from its past, else from what its engines counted.

what is known                                     the saving, as a share of what it costs now
no request in a day or more                       all but one replica, up to all of it: somebody may delete it
a past of four days or more                       its own replay (recommend.py); the range is that of the days that the
                                                  proposal knew, and of those that it had not seen, and no more than
                                                  today's size costs, however large it was
a shorter past                                    none, up to all but one replica at the times without a request
GPUs at work for less than one percent            none, up to all of it: what they are kept for is not known
anything else                                     unknown, which is no zero
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from poolkeeper.core.model import PoolSpec
from poolkeeper.simulate.history import LEAST
from poolkeeper.simulate.proposal import Question, Recommendation
from poolkeeper.simulate.recommend import recommend
from poolkeeper.simulate.series import Series, SeriesError

DAY = timedelta(days=1)
WEEK_HOURS = 168
SLACK = 0.01
"""GPUs that work for a smaller share of the time do next to nothing."""
SELDOM = 0.10
SLA = timedelta(seconds=2)
STARTUP = timedelta(minutes=4)
"""What a request may wait, and what a replica takes to start, where nobody says."""


class State(StrEnum):
    """What a workload does, in the order in which people want to see it."""

    FORGOTTEN = "forgotten"
    IDLE = "idle"
    QUIET = "quiet"
    BUSY = "busy"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a workload's use; None where nothing is.

    `replicas` are those asked for, `mean` those that there were on average. `load` is in requests a second. `unused`
    is since when its engines have counted no request; `at_work` the share (0 to 1) of replica time with a request, and
    `gpu` that of the GPUs' utilization. `glimpsed` tells whether a request was seen while somebody looked. `sized`: a
    pool could set its size.
    """

    replicas: int
    sized: bool = False
    mean: float | None = None
    load: Series | None = None
    unused: datetime | None = None
    at_work: float | None = None
    gpu: float | None = None
    glimpsed: bool | None = None


@dataclass(frozen=True, slots=True)
class Saving:
    """Which share (0 to 1) of what it costs now would be saved, at least and at most, and how that was found."""

    least: float
    most: float
    method: str


@dataclass(frozen=True, slots=True)
class Use:
    """What use a workload was; `why` says in words what the state rests on.

    `last` is its last request; `silent` is how long there is known to have been none, where none is known at all.
    """

    state: State
    why: str
    last: datetime | None = None
    silent: timedelta | None = None
    saving: Saving | None = None
    proposal: Recommendation | None = None
    question: Question | None = None


def used(known: Known, now: datetime, progress: Callable[[str, float], None]) -> Use:
    """Return what use a workload was, up to now."""
    if known.load is not None and known.load.known:
        return by_load(known, known.load, progress)
    if known.unused is not None and now - known.unused >= DAY:
        why = f"no request since its engines started, {days(now - known.unused)} ago"
        return Use(State.FORGOTTEN, why, silent=now - known.unused, saving=without_requests(known))
    return by_gpu(known)


def by_load(known: Known, load: Series, progress: Callable[[str, float], None]) -> Use:
    """Return what use a workload was whose past requests are known."""
    length, last = len(load.known) * load.step, last_request(load)
    if last is None:
        why = f"no request in {days(length)}"
        if length < DAY:
            return Use(State.IDLE, why, silent=length)
        return Use(State.FORGOTTEN, why, silent=length, saving=without_requests(known))
    still = share_without(load)
    busy = known.at_work if known.at_work is not None else 1 - still
    state = State.QUIET if busy < SELDOM or load.end - last >= DAY else State.BUSY
    why = f"a request was at work {percent(busy)} of the time"
    if known.sized and known.replicas > 1 and length >= LEAST:
        return replayed(known, load, Use(state, why, last), progress)
    return Use(state, why, last, saving=by_arithmetic(known, still))


def by_gpu(known: Known) -> Use:
    """Return what use a workload was of which no requests are known."""
    if known.gpu is not None:
        why = f"its GPUs were busy {percent(known.gpu)} of the time, by DCGM"
        if known.gpu < SLACK:
            return Use(State.IDLE, why, saving=Saving(0.0, 1.0, "nobody knows what its GPUs are kept for"))
        return Use(State.QUIET if known.gpu < SELDOM else State.BUSY, why)
    if known.glimpsed is None:
        return Use(State.UNKNOWN, "nothing tells of its use")
    seen = "a request was at work" if known.glimpsed else "no request was seen"
    return Use(State.BUSY if known.glimpsed else State.UNKNOWN, f"{seen} while it was looked at")


def without_requests(known: Known) -> Saving:
    """Return what the end of a workload would save that nobody asks: a pool leaves one replica, its owner none."""
    kept = 1 / known.replicas if known.sized and known.replicas else 1.0
    return Saving(1 - kept, 1.0, "a pool keeps one replica, deleting it saves all")


def by_arithmetic(known: Known, still: float) -> Saving | None:
    """Return what a pool of one replica or more could save at the times without a request; None where none can be."""
    if not known.sized or known.replicas <= 1:
        return None
    most = still * (known.replicas - 1) / known.replicas
    return Saving(0.0, most, f"at the {percent(still)} of the time without a request, all but one replica could go")


def replayed(known: Known, load: Series, use: Use, progress: Callable[[str, float], None]) -> Use:
    """Return a use with the pool that would have been cheapest inside the SLA, by its own past."""
    question = Question(PoolSpec(known.replicas, known.replicas), None, STARTUP, SLA)
    try:
        found = recommend(load, question, progress)
    except SeriesError:
        return replace(use, saving=by_arithmetic(known, share_without(load)))
    # what it costs now is all that it can save, whatever it had before
    had = min(known.mean or known.replicas, known.replicas) * WEEK_HOURS
    shares = [
        max(0.0, had - one.gpu_hours) / (known.replicas * WEEK_HOURS)
        for one in ((found.today, found.held_out.today) if found.stays else (found.proposed, found.held_out.proposed))
    ]
    method = f"a replay of its past, {percent(found.held_out.proposed.inside)} within {SLA.total_seconds():g} s"
    saving = Saving(min(shares), max(shares), method + larger(known))
    return replace(use, saving=saving, proposal=found, question=question)


def larger(known: Known) -> str:
    """Return in words that it was larger than today; empty where it was not, to the tenth of a replica."""
    if known.mean is None or round(known.mean, 1) <= known.replicas:
        return ""
    return f", of today's {known.replicas} replicas; it had {known.mean:.1f} on average"


def last_request(load: Series) -> datetime | None:
    """Return when the last request was, to the step; None where there was none."""
    ends = [at + load.step for at, value in load.points if value]
    return min(ends[-1], load.end) if ends else None


def share_without(load: Series) -> float:
    """Return the share of the time in which there was no request."""
    return sum(not value for value in load.known) / len(load.known)


def days(length: timedelta) -> str:
    """Return a length as people say it.

    >>> days(timedelta(days=14)), days(timedelta(hours=5)), days(timedelta(minutes=7))
    ('14 days', '5 hours', '7 minutes')
    """
    for unit, name in ((DAY, "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute")):
        number = round(length / unit)
        if number:
            return f"{number} {name}" if number == 1 else f"{number} {name}s"
    return "less than a minute"


def percent(share: float) -> str:
    """Return a share, small ones with a decimal.

    >>> percent(0.983), percent(0.0312), percent(0.0)
    ('98 %', '3.1 %', '0 %')
    """
    return f"{100 * share:.1f} %" if 0 < share < SELDOM else f"{100 * share:.0f} %"
