"""What the callers of a workload lived through: waits, the share inside the SLA, what was cut off, bin by bin.

A request's wait is from its arrival to the slot that served it: the wait in the router, in the pod's queue and in tries
that a dying pod cut off. Inside the SLA are those that started within `sla`; outside, those that started later, that
were cut off for good, and that already wait longer. Younger ones that still wait are undecided and in no share.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import ceil

import msgspec

from fleet.request import Request


class Waits(msgspec.Struct, frozen=True):
    """Requests that arrived from `start` on (seconds), and their waits (seconds; 0 where nobody has waited)."""

    start: float
    arrived: int
    cut_off: int
    inside: int
    outside: int
    p50: float
    p95: float
    p99: float

    @property
    def share_inside(self) -> float:
        """The share inside the SLA among those that are decided, 0 to 1; 1 where none is."""
        decided = self.inside + self.outside
        return self.inside / decided if decided else 1.0


class Report(msgspec.Struct, frozen=True):
    """A workload at `now`: where its requests are (the sum is `arrived`), and their waits, in all and by bins."""

    now: float
    sla: float
    width: float
    share_inside: float
    arrived: int
    finished: int
    running: int
    waiting: int
    held: int
    cut_off: int
    retried: int
    ended: bool
    trace: str
    total: Waits
    bins: tuple[Waits, ...]


class Frame(msgspec.Struct, frozen=True):
    """How to look: the instant, the longest wait that is fine, the width of a bin, where the first begins."""

    now: float
    sla: float = 2.0
    width: float = 60.0
    start: float = 0.0


def waits(requests: Sequence[Request], frame: Frame, start: float = 0.0) -> Waits:
    """Sum up `requests`, which arrived from `start` on."""
    lost = sum(each.cut_off for each in requests)
    known = sorted(_decided(requests, frame))
    inside = sum(wait <= frame.sla for wait in known)
    return Waits(
        start, len(requests), lost, inside, len(known) - inside + lost, *(percentile(known, p) for p in (50, 95, 99))
    )


def by_bins(requests: Iterable[Request], frame: Frame) -> tuple[Waits, ...]:
    """The same by time of arrival; bins without an arrival are left out."""
    bins: dict[int, list[Request]] = defaultdict(list)
    for request in requests:
        bins[int((request.arrival - frame.start) // frame.width)].append(request)
    return tuple(waits(bins[number], frame, number * frame.width) for number in sorted(bins))


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The nearest-rank percentile of sorted values, 0 where there are none."""
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)] if ordered else 0.0


def places(requests: Iterable[Request]) -> dict[str, int]:
    """How many requests are where: every one is in exactly one place."""
    found = dict.fromkeys(("finished", "running", "waiting", "held", "cut_off"), 0)
    for request in requests:
        found[_place(request)] += 1
    return found


def _place(request: Request) -> str:
    if request.cut_off:
        return "cut_off"
    if request.finished is not None:
        return "finished"
    if request.started is not None:
        return "running"
    return "held" if request.queued is None else "waiting"


def _decided(requests: Iterable[Request], frame: Frame) -> Iterable[float]:
    for request in requests:
        if request.cut_off:
            continue
        if request.started is not None:
            yield request.started - request.arrival
        elif frame.now - request.arrival > frame.sla:
            yield frame.now - request.arrival
