"""The cheapest integer capacity that could have served a traffic inside the SLA, knowing the future.

Prefill and decode are two kinds of work, counted in replica-seconds, that a replica does side by side. Of each kind
the capacity c of a minute works off c seconds a second while there is a backlog, and what may be left at any time is

    what came within the last `sla`           may still wait
    c * hold                                  has started: the work of a batch, all of it still to do

What is more waits too long. The backlog goes on from minute to minute, so a minute may borrow from the next. Real pools
do worse: a batch that is not full decodes slower, decoding waits for prefill, starting takes time, and what has started
is not all still to do. So no pool whose requests all start within the SLA is cheaper (but where tokens change
within a minute by so much that the batch holds more than the mean of its minute or the one before).

The minimum is exact, by dynamic programming over the minutes. A state is what has been paid and the backlogs that are
left; one that is dearer and has no less left is dropped, and so is one that another would catch up with for less:

    e replicas more for one minute work off e steps' backlog in its first step, and are ahead from there on

Always taking the smallest size that a minute allows is not optimal: it leaves a backlog that may cost more later.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import accumulate, count, pairwise
from math import ceil, inf
from typing import NamedTuple

from poolkeeper.core.arrivals import Traffic
from poolkeeper.core.engine import Engine
from poolkeeper.simulate.traffic import seconds, summed

PERIOD = timedelta(minutes=1)
HOUR = timedelta(hours=1)
TINY = 1e-9
"""Replica-seconds that rounding may lose."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Sizes, each for one `period`, the last for what is left of the traffic, and the replica-hours that are paid."""

    replica_hours: float
    sizes: tuple[int, ...]
    period: timedelta


class Work(NamedTuple):
    """One kind of work in the steps of a period, in replica-seconds: so far, and what of it came within the SLA.

    `hold` is what a replica may have in its batch.
    """

    so_far: Sequence[float]
    recent: Sequence[float]
    hold: float


class Course(NamedTuple):
    """What a size does to a backlog in a period: from `limit` at most it goes down by `drop`, but not below `rest`."""

    limit: float
    drop: float
    rest: float

    def after(self, backlog: float) -> float:
        """Return what is left of a backlog."""
        return max(self.rest, backlog - self.drop)


class State(NamedTuple):
    """What has been paid, in replicas times steps, the two backlogs that are left, and how it came to that."""

    paid: int
    prefill: float
    decode: float
    size: int
    before: "State | None"


START = State(0, 0.0, 0.0, 0, None)


def bound(traffic: Traffic, engine: Engine, sla: timedelta, minimum: int) -> Bound:
    """Return the cheapest sizes, no less than `minimum` and chosen anew each minute, that keep every wait within `sla`.

    Starting and stopping cost no time. A minute is as many whole steps as come next to it. See the file's beginning for
    what is proven.
    """
    many = max(1, round(PERIOD / traffic.step))
    step = traffic.step.total_seconds()
    states = [START]
    for work in periods(traffic, engine, sla, many):
        states = thinned(steered(states, work, step, minimum), step, many)
    best = min(states, key=by_cost)
    return Bound(best.paid * (traffic.step / HOUR), tuple(sizes_of(best)), many * traffic.step)


def with_startup(found: Bound, startup: timedelta) -> Bound:
    """Return the cheapest way to have at least these sizes where each start is paid for so long before it serves.

    Taken by itself each level of size (the first replica, the second, ...) is needed in some stretches of time, and
    what lies between two of them is bridged where that is cheaper than another start; so is what lies before the first,
    as those that are there at the beginning are ready. As levels cost nothing to each other, this is the optimum for
    these sizes, by the interval merging that ski rental with a known future is; other sizes that also keep the SLA may
    need fewer starts, so it is no bound of them.
    """
    dear = startup / found.period
    sizes = list(found.sizes)
    starts = 0
    for level in range(1, max(sizes, default=0) + 1):
        places = [place for place, size in enumerate(found.sizes) if size >= level]
        for last, place in pairwise([-1, *places]):
            if place - last - 1 >= dear:
                starts += place - last > 1
            else:
                sizes[last + 1 : place] = [max(size, level) for size in sizes[last + 1 : place]]
    more = (sum(sizes) - sum(found.sizes)) * found.period + starts * startup
    return replace(found, replica_hours=found.replica_hours + more / HOUR, sizes=tuple(sizes))


def periods(traffic: Traffic, engine: Engine, sla: timedelta, many: int) -> Iterator[tuple[Work, Work]]:
    """Yield the prefill work and the decode work of each so many steps."""
    worked = [seconds(engine, arrival) for arrival in traffic.arrivals]
    prefills = [prefill for prefill, _ in worked]
    decodes = [decode for _, decode in worked]
    late = sla / traffic.step
    recent = [list(latest(work, late)) for work in (prefills, decodes)]
    for number, (hold_prefill, hold_decode) in enumerate(held(traffic, engine, many)):
        part = slice(number * many, (number + 1) * many)
        yield (
            Work(list(accumulate(prefills[part])), recent[0][part], hold_prefill),
            Work(list(accumulate(decodes[part])), recent[1][part], hold_decode),
        )


def latest(work: Sequence[float], steps: float) -> Iterator[float]:
    """Yield how much of the work came within the last so many steps, at the end of each step."""
    sums = [0.0, *accumulate(work)]
    whole, part = int(steps), steps % 1
    for end in range(1, len(sums)):
        until = max(0, end - whole)
        yield sums[end] - sums[until] + part * (sums[until] - sums[max(0, until - 1)])


def held(traffic: Traffic, engine: Engine, many: int) -> Iterator[tuple[float, float]]:
    """Yield the work that a replica's batch holds at most, of each kind, a period after the other.

    Mean requests are taken: the larger of what those of the period and those of the last one before it would hold.
    """
    before = (0.0, 0.0)
    for minute in summed(traffic.arrivals, many):
        now = seconds(engine, minute._replace(requests=engine.batch(minute.prompt, minute.output)))
        yield max(before[0], now[0]), max(before[1], now[1])
        before = now if minute.requests else before


def steered(states: Sequence[State], work: tuple[Work, Work], step: float, minimum: int) -> Iterator[State]:
    """Yield where each state can come to in a period: by the smallest size that will do, and by more while that pays."""
    courses: dict[int, tuple[Course, Course]] = {}
    steps = len(work[0].so_far)
    for state in states:
        last = (inf, inf)
        for size in count(smallest(state, work, step, minimum)):
            if size not in courses:
                courses[size] = course(work[0], size, step), course(work[1], size, step)
            prefill, decode = courses[size]
            if state.prefill > prefill.limit or state.decode > decode.limit:
                continue
            left = prefill.after(state.prefill), decode.after(state.decode)
            if last[0] - left[0] <= step + TINY and last[1] - left[1] <= step + TINY:
                break
            yield State(state.paid + size * steps, *left, size, state)
            last = left


def smallest(state: State, work: tuple[Work, Work], step: float, minimum: int) -> int:
    """Return a size that is not too large: less would not work off in time what there is and what comes."""
    least = max(
        (backlog + so_far - recent) / (number * step + kind.hold)
        for backlog, kind in zip((state.prefill, state.decode), work, strict=True)
        for number, (so_far, recent) in enumerate(zip(kind.so_far, kind.recent, strict=True), start=1)
    )
    return max(minimum, ceil(least - TINY))


def course(work: Work, size: int, step: float) -> Course:
    """Return what a size does to a backlog of one kind; `limit` is negative where it is too small for any."""
    limit, rest, before = inf, 0.0, 0.0
    for number, (so_far, recent) in enumerate(zip(work.so_far, work.recent, strict=True), start=1):
        rest = max(0.0, rest + so_far - before - size * step)
        before = so_far
        allowed = recent + size * work.hold + TINY
        limit = min(limit, allowed - so_far + size * step * number if rest <= allowed else -1.0)
    return Course(limit, size * step * len(work.so_far) - work.so_far[-1], rest)


def thinned(states: Iterable[State], step: float, steps: int) -> list[State]:
    """Return the states that may still lead to the cheapest end."""
    kept: list[State] = []
    for state in sorted(states, key=by_cost):
        if not any(catches_up(other, state, step, steps) for other in kept):
            kept.append(state)
    return kept


def catches_up(one: State, other: State, step: float, steps: int) -> bool:
    """Return whether a state can be as good as another by paying no more than the other has."""
    behind = max(one.prefill - other.prefill, one.decode - other.decode, 0.0)
    return one.paid + ceil(behind / step - TINY) * steps <= other.paid


def by_cost(state: State) -> tuple[int, float, float]:
    """Return what to sort states by: the cheapest, then the least left, first."""
    return state.paid, state.decode, state.prefill


def sizes_of(state: State) -> list[int]:
    """Return the sizes that led to a state, first to last."""
    sizes: list[int] = []
    before: State | None = state
    while before is not None and before.before is not None:
        sizes.append(before.size)
        before = before.before
    return sizes[::-1]
