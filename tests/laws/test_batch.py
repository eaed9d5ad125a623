"""Work that can wait is done in time, whatever comes and whatever is reclaimed, and by no more than it takes."""

from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from builders import at
from poolkeeper.api import memo
from poolkeeper.core.batch import Hours, Means, There, Work, at_last, enough, must_from, needed
from poolkeeper.core.memory import Jobs, Memory
from poolkeeper.core.reasons import Reason

TICK, DUE = 10, 1800
JOBS = st.sampled_from([1, 7, 30, 60, 290, 600])
EVERY = Hours()
STARTS = st.sampled_from([0, 20, 60, 300])


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


HOURS = st.just(EVERY) | st.builds(Hours, st.booleans(), st.integers(0, DUE).map(seconds))


@dataclass
class Replica:
    """One replica: ready at a second; it works on a job until another one, None: on none."""

    ready_at: float
    ends_at: float | None = None


@dataclass
class Night:
    """Jobs, replicas that are kept and some that may be taken at any tick, and the rule that says how many."""

    job: float
    start: float
    most: int
    waiting: int = 0
    done_at: float = 0
    kept: list[Replica] = field(default_factory=list)
    spot: list[Replica] = field(default_factory=list)
    hours: Hours = EVERY

    @property
    def running(self) -> int:
        return sum(one.ends_at is not None for one in self.kept + self.spot)

    @property
    def means(self) -> Means:
        """The rule hears of a start-up with two ticks more: it looks at ticks only."""
        return Means(seconds(self.job), seconds(self.start + 2 * TICK), self.most, reclaimed=True)

    def can_do(self, jobs: int, now: float) -> bool:
        """Return whether on-demand can do what there is and so many more from the next look on."""
        work = Work(self.waiting + jobs, self.running, at(DUE))
        return must_from(work, self.means, seconds(self.job)) >= at(now + TICK)

    def look(self, now: float) -> None:
        """Ask the rule, and do what it says; what is taken away gives its job back."""
        ready = sum(one.ready_at <= now for one in self.kept + self.spot)
        size = len(self.kept) + len(self.spot)
        there = There(size, ready, size, len(self.kept))
        said = needed(Work(self.waiting, self.running, at(DUE)), self.means, self.hours, there, at(now))
        self.resize(self.kept, said.kept, now)
        self.resize(self.spot, max(0, min(max(said.low, size), said.high) - len(self.kept)), now)

    def resize(self, half: list[Replica], size: int, now: float) -> None:
        half.extend(Replica(now + self.start) for _ in range(size - len(half)))
        self.take(half, len(half) - size, busy_first=False)

    def take(self, half: list[Replica], count: int, *, busy_first: bool = True) -> None:
        """Take replicas away: a market the ones at work, the worst that can be, and the rule's own the others."""
        for one in sorted(half, key=lambda one: (one.ends_at is None) is busy_first)[: max(0, count)]:
            half.remove(one)
            self.waiting += one.ends_at is not None

    def work(self, begin: float, end: float) -> None:
        """Let the replicas work from one second to another."""
        for one in self.kept + self.spot:
            free = max(begin, one.ready_at)
            while True:
                if one.ends_at is not None:
                    if one.ends_at > end:
                        break
                    free, one.ends_at, self.done_at = one.ends_at, None, max(self.done_at, one.ends_at)
                if not self.waiting or free >= end:
                    break
                self.waiting -= 1
                one.ends_at = free + self.job


@settings(max_examples=150)
@given(
    st.builds(Night, JOBS, STARTS, st.integers(1, 30), hours=HOURS),
    st.lists(st.tuples(st.integers(0, DUE // TICK), st.integers(1, 200)), min_size=1, max_size=6),
    st.dictionaries(st.integers(0, DUE // TICK), st.integers(1, 30), max_size=40),
)
def test_all_is_done_in_time_whatever_is_reclaimed(night, arrivals, reclaims):
    for tick in range(DUE // TICK):
        now = tick * TICK
        jobs = sum(count for moment, count in arrivals if moment == tick)
        if jobs and night.can_do(jobs, now):
            night.waiting += jobs
        night.take(night.spot, reclaims.get(tick, 0))
        night.look(now)
        night.work(now, now + TICK)
    assert (night.waiting, night.running) == (0, 0)
    assert night.done_at <= DUE


WORKS = st.builds(Work, st.integers(0, 5000), st.integers(0, 50), st.just(at(DUE)), st.sampled_from([0, 0, 0, 5]))
MEANS = st.builds(Means, JOBS.map(seconds), STARTS.map(seconds), st.integers(1, 200), st.booleans())
THERES = st.builds(There, st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 20))
NOWS = st.integers(0, DUE).map(at)


@given(WORKS, MEANS, HOURS, THERES, NOWS)
def test_no_more_is_ever_asked_for_than_there_are_jobs_and_may_be_had(work, means, hours, there, now):
    found = needed(work, means, hours, there, now)
    assert 0 <= found.kept <= found.low <= found.high <= min(means.most, ceil(work.left))


@given(WORKS, MEANS, NOWS)
def test_at_the_last_moment_one_replica_fewer_would_not_be_enough(work, means, now):
    assume(work.left)
    kept, each = at_last(work, means, means.job, now), (at(DUE) - now - means.start) // means.job
    assert kept == 1 or (kept - 1) * max(0, each) < work.left


@given(st.integers(1, 5000), st.floats(0, 100), st.floats(0.01, 100), st.integers(0, 50))
def test_one_replica_fewer_would_not_be_enough(jobs, each, new, there):
    found = enough(jobs, each, new, there)
    fewer = found - 1
    assert min(fewer, there) * each + max(0, fewer - there) * new < jobs * (1 + 1e-9)


@given(st.tuples(WORKS, st.integers(1, 500)), MEANS, HOURS, THERES, NOWS)
def test_more_work_never_needs_fewer_replicas_nor_later(works, means, hours, there, now):
    work, more = works
    larger = work._replace(waiting=work.waiting + more)
    one, other = needed(work, means, hours, there, now), needed(larger, means, hours, there, now)
    assert one.must_from is None or other.must_from <= one.must_from
    assert one.reason is not other.reason or (other.low >= one.low and other.kept >= one.kept)


@given(WORKS, MEANS, HOURS, THERES, NOWS)
def test_outside_its_hours_nothing_runs_that_can_wait(work, means, hours, there, now):
    found = needed(work, means, hours, there, now)
    assert found.reason is not Reason.BATCH_WAITS or (found.high == 0 and not hours.now and now < found.must_from)


@given(
    st.builds(
        Jobs,
        due_at=st.none() | NOWS,
        late=st.integers(0, 10**6).map(float),
        speed=st.none() | st.floats(1e-6, 1e6),
        waited=st.integers(0, 300).map(seconds),
    )
)
def test_a_restart_changes_nothing(jobs):
    stored = memo.dump(Memory(jobs=jobs), seconds(300), {})
    assert memo.load(stored, at(0), at(0)).jobs == jobs
