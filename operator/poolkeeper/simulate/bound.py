"""The cheapest integer capacity that keeps up with a traffic, minute by minute, knowing the future.

Prefill and decode are two kinds of work, counted in replica-seconds, that a replica does side by side. Of each kind the
capacity c of a minute works off c seconds a second while there is a backlog, and what is left at the minute's end may
be no more than what came within the last `sla`: that may still wait. It goes on to the next minute.

It is the yardstick of DESIGN.md, and no pool that keeps up is cheaper, minute by minute. One that falls behind may be,
for a while: what has started does not wait, so requests that start in time may fill batches faster than they are worked
off, at the price of answers that take longer and longer. Real pools do worse than the bound: a batch that is not full
decodes slower, bursts of seconds queue, nobody knows the future, and a start takes its time.

The minimum is exact, by dynamic programming over the minutes. A state is what has been paid, the two backlogs that are
left, and the size. It is dropped where another catches up with it for less: a replica more for the next minute works
off a minute of backlog in it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate, count, pairwise
from math import ceil, inf
from typing import NamedTuple

from poolkeeper.core.arrivals import Traffic
from poolkeeper.core.engine import Engine
from poolkeeper.simulate.traffic import seconds

PERIOD = timedelta(minutes=1)
HOUR = timedelta(hours=1)
AT_ONCE = timedelta(0)
TINY = 1e-9
"""What rounding may lose of replica-seconds."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Sizes, each for one `period`, the last for what is left of the traffic, and the replica-hours that are paid."""

    replica_hours: float
    sizes: tuple[int, ...]
    period: timedelta


class Work(NamedTuple):
    """One kind of work in the steps of a period, in replica-seconds: so far, and what of it came within the SLA."""

    so_far: Sequence[float]
    recent: float


class Terms(NamedTuple):
    """Seconds of a step, steps of a period, the smallest size, and what a start costs in steps of a replica."""

    step: float
    steps: int
    minimum: int
    start: float


class Course(NamedTuple):
    """What a size does to a backlog in a period: from `limit` at most it goes down by `drop`, but not below `rest`."""

    limit: float
    drop: float
    rest: float

    def after(self, backlog: float) -> float:
        """Return what is left of a backlog."""
        return max(self.rest, backlog - self.drop)


class State(NamedTuple):
    """What has been paid, in steps of a replica, the two backlogs that are left, the size, and what was before."""

    paid: float
    prefill: float
    decode: float
    size: int
    before: "State | None" = None


def bound(traffic: Traffic, engine: Engine, sla: timedelta, minimum: int, startup: timedelta = AT_ONCE) -> Bound:
    """Return the cheapest sizes, no less than `minimum` and chosen anew each minute, that keep every wait within `sla`.

    Each start is paid for `startup` before it serves, and is ordered in time as the future is known; so a dip that is
    shorter is bridged. What is there at the beginning is ready. A minute is as many whole steps as come next to it.
    The file's beginning says what is proven.
    """
    terms = Terms(traffic.step.total_seconds(), max(1, round(PERIOD / traffic.step)), minimum, startup / traffic.step)
    minutes = list(periods(traffic, engine, sla, terms))
    states = [State(0, 0.0, 0.0, largest(minutes, terms))]
    for work, coming in zip(minutes, [*minutes[1:], *minutes[-1:]], strict=True):
        gain = [len(kind.so_far) * terms.step for kind in coming]
        states = thinned(steered(states, work, gain, terms), gain, terms)
    best = min(states, key=by_cost)
    return Bound(best.paid * (traffic.step / HOUR), tuple(sizes_of(best)), terms.steps * traffic.step)


def periods(traffic: Traffic, engine: Engine, sla: timedelta, terms: Terms) -> Iterator[tuple[Work, Work]]:
    """Yield the prefill work and the decode work of each period."""
    worked = [seconds(engine, arrival) for arrival in traffic.arrivals]
    late = sla / traffic.step
    kinds = [[work[kind] for work in worked] for kind in (0, 1)]
    recent = [list(latest(work, late)) for work in kinds]
    for begin in range(0, len(worked), terms.steps):
        end = min(len(worked), begin + terms.steps)
        prefill, decode = (Work(list(accumulate(kinds[kind][begin:end])), recent[kind][end - 1]) for kind in (0, 1))
        yield prefill, decode


def latest(work: Sequence[float], steps: float) -> Iterator[float]:
    """Yield how much of the work came within the last so many steps, at the end of each step."""
    sums = [0.0, *accumulate(work)]
    whole, part = int(steps), steps % 1
    for end in range(1, len(sums)):
        until = max(0, end - whole)
        yield sums[end] - sums[until] + part * (sums[until] - sums[max(0, until - 1)])


def largest(minutes: Iterable[tuple[Work, Work]], terms: Terms) -> int:
    """Return a size that is ready at the beginning, and that nobody needs more than: each step's work is done in it.

    Who starts with less lets the others go unpaid.
    """
    steps = (after - before for work in minutes for kind in work for before, after in pairwise([0.0, *kind.so_far]))
    return max(terms.minimum, ceil(max(steps) / terms.step)) if terms.start else terms.minimum


def steered(states: Sequence[State], work: tuple[Work, Work], gain: Sequence[float], terms: Terms) -> Iterator[State]:
    """Yield where each state can come to in a period: by the smallest size that will do, and by more while that pays.

    More pays while it works off more backlog than can be caught up with later for as much, and while it saves a start.
    As catching up would need two starts where it needed one, where starts cost something all that works off more pays.
    """
    least_left = min(state.prefill for state in states), min(state.decode for state in states)
    lowest = max(terms.minimum, *(least(kind, left, terms) for kind, left in zip(work, least_left, strict=True)))
    courses: list[tuple[Course, Course]] = []
    steps = len(work[0].so_far)
    slight = (TINY, TINY) if terms.start else (gain[0] + TINY, gain[1] + TINY)
    for state in states:
        prefill = decode = inf
        for size in count(lowest):
            if size - lowest == len(courses):
                courses.append((course(work[0], size, terms), course(work[1], size, terms)))
            one, other = courses[size - lowest]
            if state.prefill > one.limit or state.decode > other.limit:
                continue
            left = one.after(state.prefill), other.after(state.decode)
            small = prefill - left[0] <= slight[0] and decode - left[1] <= slight[1]
            if small and (size > state.size or not terms.start):
                break
            prefill, decode = left
            starts = max(0, size - state.size) * terms.start
            yield State(state.paid + size * steps + starts, prefill, decode, size, state)


def least(work: Work, backlog: float, terms: Terms) -> int:
    """Return a size that is not too large: less would not work off in time what there is and what comes."""
    return ceil((backlog + work.so_far[-1] - work.recent) / (len(work.so_far) * terms.step) - TINY)


def course(work: Work, size: int, terms: Terms) -> Course:
    """Return what a size does to a backlog of one kind; `limit` is negative where it is too small for any."""
    rest, before, done = 0.0, 0.0, size * terms.step
    for so_far in work.so_far:
        rest = max(0.0, rest + so_far - before - done)
        before = so_far
    drop = len(work.so_far) * done - before
    return Course(work.recent + drop + TINY if rest <= work.recent + TINY else -1.0, drop, rest)


def thinned(states: Iterable[State], gain: Sequence[float], terms: Terms) -> list[State]:
    """Return the states that may still lead to the cheapest end."""
    kept: list[State] = []
    for state in sorted(states, key=by_cost):
        if not any(catches_up(other, state, gain, terms) for other in kept):
            kept.append(state)
    return kept


def catches_up(one: State, other: State, gain: Sequence[float], terms: Terms) -> bool:
    """Return whether a state can be as good as another by paying no more than the other has."""
    behind = max((one.prefill - other.prefill) / gain[0], (one.decode - other.decode) / gain[1], 0.0)
    more = ceil(behind - TINY)
    starts = max(0, other.size + more - one.size)
    return one.paid + more * terms.steps + starts * terms.start <= other.paid + TINY


def by_cost(state: State) -> tuple[float, float, float]:
    """Return what to sort states by: the cheapest, then the least left, first."""
    return state.paid, state.decode, state.prefill


def sizes_of(state: State) -> list[int]:
    """Return the sizes that led to a state, first to last."""
    sizes: list[int] = []
    while state.before is not None:
        sizes.append(state.size)
        state = state.before
    return sizes[::-1]
