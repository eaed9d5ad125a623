"""How much of the work that can wait must run now, so that all of it is done in time (decision 0047).

    work      jobs that wait or are under way, all due at one instant; those whose deadline has passed are late
    able      what one replica does in a time: the time over a job's, less the start-up of one that is yet to come
    reserve   what on-demand needs at worst to take over the last of it: a start-up, and two jobs
    aim       the time that is left until the reserve; with a window, its hours until then, two jobs less, where that
              is enough

    now ------------- aim -------------|-- reserve --|due
                                  must run from: due - start-up - the jobs that each of `most` replicas has to do

Before the instant from which it must run, work is done where it is cheapest, by as few replicas as are done within the
aim, and outside of its window not at all. From then on it is given to capacity that nobody takes back: on-demand alone
could still do all of it at that instant, whatever has become of spot by then.

Growth goes to what is needed at least (`low`): those on their way count as there, jobs under way as done. What is there
is too much only beyond what is needed at most (`high`), counted the other way. Between the two nothing changes, or a
pool would grow and shrink with every job.
"""

from datetime import datetime, timedelta
from math import ceil
from typing import NamedTuple

from poolkeeper.core.reasons import Reason

NO_TIME = timedelta(0)
LARGE = 1e9
"""No pool has as many jobs."""


class Work(NamedTuple):
    """So many jobs wait and run, due at an instant; so many of them were due before (`late`)."""

    waiting: float
    running: float
    due_at: datetime
    late: float = 0.0

    @property
    def left(self) -> float:
        """The jobs that are not done."""
        return min(LARGE, self.waiting + self.running)


class Means(NamedTuple):
    """What the work is done with: one replica takes `job` for each, None: unknown, and `start` until its first one.

    At most `most` replicas. `reclaimed`: some of them may be taken back at any moment.
    """

    job: timedelta | None
    start: timedelta
    most: int
    reclaimed: bool = False


class Hours(NamedTuple):
    """The hours that are cheap: whether they are now, and how many until the reserve; `left` None: all are."""

    now: bool = True
    left: timedelta | None = None


class There(NamedTuple):
    """The replicas that are there: in all, ready, ready or on their way, and where nothing is reclaimed (`kept`)."""

    size: int = 0
    ready: int = 0
    usable: int = 0
    kept: int = 0


class Needed(NamedTuple):
    """The replicas that are needed, at least and at most; of those, so many where nothing is reclaimed (`kept`).

    `must_from` is the instant from which the work must run, None where no work or no job's time is known.
    """

    low: int
    high: int
    reason: Reason
    kept: int = 0
    must_from: datetime | None = None


class Plan(NamedTuple):
    """What becomes of the work: what there is, what it is done with, in which hours, and what that needs.

    `turns_at` is when the hours become cheap, or cease to be; None: never.
    """

    work: Work
    means: Means
    needed: Needed
    turns_at: datetime | None = None


def needed(work: Work, means: Means, hours: Hours, there: There, now: datetime) -> Needed:
    """Return the replicas that are needed now."""
    most = min(means.most, ceil(work.left))
    if not work.left:
        return Needed(0, 0, Reason.BATCH_DONE)
    if means.job is None:
        return Needed(most, most, Reason.BATCH_UNKNOWN, kept=most)
    from_ = must_from(work, means, means.job)
    if work.late:
        late = min(most, ceil(work.late))
        return Needed(late, most, Reason.BATCH_LATE, kept=late, must_from=from_)
    stay = means.start + means.job
    if means.reclaimed and now >= (from_ - stay if there.kept else from_):
        kept = max(at_last(work, means, means.job, now), min(there.kept, most))
        return Needed(kept, max(kept, most), Reason.BATCH_MUST, kept=kept, must_from=from_)
    aim = work.due_at - reserve(means, means.job) - now
    cheap = None if hours.left is None else min(aim, hours.left - 2 * means.job)
    if cheap is not None and least(work, means, cheap, there) <= means.most:
        if not hours.now and now < (from_ - stay if there.size else from_):
            return Needed(0, 0, Reason.BATCH_WAITS, must_from=from_)
        aim = cheap if hours.now else aim
    low, high = least(work, means, aim, there), at_most(work, means, aim, there)
    return Needed(min(most, low), min(most, max(low, high)), Reason.BATCH, must_from=from_)


def must_from(work: Work, means: Means, job: timedelta) -> datetime:
    """Return the instant from which capacity that nobody takes back can just do all of it in time."""
    return work.due_at - means.start - ceil(work.left / max(1, means.most)) * job


def reserve(means: Means, job: timedelta) -> timedelta:
    """Return what is left free before the deadline: enough for others to do again what may be lost at the last."""
    return (means.start if means.reclaimed else NO_TIME) + 2 * job


def at_last(work: Work, means: Means, job: timedelta, now: datetime) -> int:
    """Return how many replicas that are asked for now do all of it in time, whole jobs each; all, if none do."""
    each = (work.due_at - now - means.start) // job
    wanted = ceil(work.left / each) if each > 0 else means.most
    return min(means.most, ceil(work.left), wanted)


def least(work: Work, means: Means, aim: timedelta, there: There) -> int:
    """Return the fewest replicas that may be enough: what is on its way is there, what runs is done."""
    jobs = work.waiting or min(1.0, work.left)
    return enough(jobs, able(means, aim), able(means, aim - means.start), there.usable)


def at_most(work: Work, means: Means, aim: timedelta, there: There) -> int:
    """Return the replicas that are enough for certain: only who is ready works now, what runs begins anew."""
    return enough(work.left, able(means, aim), able(means, aim - means.start), there.ready)


def able(means: Means, lasting: timedelta) -> float:
    """Return how many jobs a replica does in a time."""
    return max(NO_TIME, lasting) / means.job if means.job else 0.0


def enough(jobs: float, each: float, new: float, there: int) -> int:
    """Return how many replicas do so many jobs, where one that is there does `each` and another one `new`.

    Where none that is to come does any, no number is enough.
    """
    if jobs <= there * each:
        return ceil(jobs / each)
    return there + ceil((jobs - there * each) / new) if new > 0 else int(LARGE)
