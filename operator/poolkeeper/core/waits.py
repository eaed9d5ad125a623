"""How long requests wait until they start: exact batches instead of single requests.

    arrivals   a cohort comes evenly between two instants, and waits behind those that came before
    starts     so many start evenly between two instants, oldest first

So the waits of those that a start takes from a cohort lie evenly between that of the first and that of the last: their
distribution is a straight line, kept as the two bends that it puts into the whole's. Bends are put together in bins of
10 ms, and above 10 s of 0.5 %: what is said of a wait is right to that.
"""

from bisect import bisect_right
from collections import deque
from math import ceil, exp, inf, log

LINEAR = 1000
FINE = 0.01
COARSE = log(1.005)
POINT = 0.001
"""Waits in seconds that differ by less are one."""
NOTHING = 1e-9
"""Requests: what is left of a cohort by rounding."""


class Waits:
    """Requests that wait, in cohorts by age, and how long those waited that have started. Seconds throughout.

    `total` have come, `at_once` started so; `waiting` are still there; `cut_off` did not end.
    """

    __slots__ = ("_bends", "_cohorts", "_in_time", "_points", "at_once", "cut_off", "sla", "total", "waiting")

    def __init__(self, sla: float = 2.0) -> None:
        self.sla = sla
        self.total = self.at_once = self.waiting = self.cut_off = self._in_time = 0.0
        self._cohorts: deque[list[float]] = deque()
        self._points: dict[int, float] = {}
        self._bends: dict[int, float] = {}

    @property
    def started(self) -> float:
        """The requests that have started."""
        return self.total - self.waiting

    @property
    def punctual(self) -> float:
        """The requests that started within `sla` seconds."""
        return self.at_once + self._in_time

    def passed(self, count: float) -> None:
        """Count requests that came and started at once."""
        self.total += count
        self.at_once += count

    def arrive(self, begin: float, end: float, count: float) -> None:
        """Let requests come, evenly between two instants."""
        self.total += count
        self.waiting += count
        self._cohorts.append([begin, end, count])

    def start(self, begin: float, end: float, count: float) -> None:
        """Let the oldest start, evenly between two instants; what was asked for beyond what waits is left out."""
        pace = (end - begin) / count if count else 0.0
        while count > NOTHING and self._cohorts:
            came, came_last, there = cohort = self._cohorts[0]
            take = min(count, there)
            until = begin + take * pace
            split = came + (came_last - came) * take / there
            self._spread(max(0.0, begin - came), max(0.0, until - split), take)
            begin, count = until, count - take
            self.waiting -= take
            if take >= there - NOTHING:
                self._cohorts.popleft()
            else:
                cohort[0], cohort[2] = split, there - take
        if not self._cohorts:
            self.waiting = 0.0

    def inside(self, sla: float) -> float:
        """Return the share, of all that came, that started within so many seconds; 1 where nobody came."""
        if not self.total:
            return 1.0
        curve = self._distribution()
        place = bisect_right(curve, (sla + NOTHING, inf))
        (low, before), (high, after) = curve[place - 1], curve[min(place, len(curve) - 1)]
        return (before + ((after - before) * (sla - low) / (high - low) if high > low else 0.0)) / self.total

    def percentile(self, share: float) -> float:
        """Return the wait that this share, 0 to 1, of all that started did not exceed; 0 where nobody did."""
        wanted = share * self.started
        if wanted <= self.at_once:
            return 0.0
        curve = self._distribution()
        last = len(curve) - 1
        place = next((place for place, (_, height) in enumerate(curve) if height >= wanted), last)
        (low, before), (high, after) = curve[place - 1], curve[place]
        return low + (high - low) * (wanted - before) / (after - before) if after > before else high

    def _spread(self, first: float, last: float, count: float) -> None:
        """Count requests whose waits lie evenly between two."""
        low, high = (first, last) if first < last else (last, first)
        if high - low < POINT:
            middle = (low + high) / 2
            self._in_time += count if middle <= self.sla else 0.0
            place = _bin(middle)
            self._points[place] = self._points.get(place, 0.0) + count
            return
        if low < self.sla:
            self._in_time += count * min(1.0, (self.sla - low) / (high - low))
        slope = count / (high - low)
        for at, bend in ((low, slope), (high, -slope)):
            self._bend(at, bend)

    def _bend(self, at: float, bend: float) -> None:
        """Let the distribution's slope change: shared between the bin's edges, so that its centre stays."""
        place = _bin(at)
        upper = _edge(place)
        lower = _edge(place - 1) if place else 0.0
        part = (upper - at) / (upper - lower) if upper > lower else 0.0
        self._bends[place] = self._bends.get(place, 0.0) + bend * (1.0 - part)
        if part:
            self._bends[place - 1] = self._bends.get(place - 1, 0.0) + bend * part

    def _distribution(self) -> list[tuple[float, float]]:
        """Return (wait, how many started within it), rising, with every bend and both sides of every jump."""
        curve, height, slope, before = [(0.0, self.at_once)], self.at_once, 0.0, 0.0
        for place in sorted(self._points.keys() | self._bends.keys()):
            edge = _edge(place)
            height += slope * (edge - before)
            curve.append((edge, height))
            height += self._points.get(place, 0.0)
            curve.append((edge, height))
            slope += self._bends.get(place, 0.0)
            before = edge
        return curve


def _bin(wait: float) -> int:
    """Return the bin of a wait: those up to its edge, the edge included."""
    place = ceil(wait / FINE - NOTHING)
    return place if place <= LINEAR else LINEAR + ceil(log(wait / (LINEAR * FINE)) / COARSE)


def _edge(place: int) -> float:
    """Return the largest wait of a bin."""
    return place * FINE if place <= LINEAR else LINEAR * FINE * exp((place - LINEAR) * COARSE)
