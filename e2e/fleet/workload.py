"""One workload: its pods, the requests they serve or the values they are told to show, and what is wrong with them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from math import ceil

from fleet.arrivals import requests
from fleet.engine import Profile
from fleet.faults import Answer, Fault, answer
from fleet.page import Gauges, Page
from fleet.pods import Pod
from fleet.report import Frame, Report, by_bins, places, waits
from fleet.router import Router, later
from fleet.trace import Trace


@dataclass
class Shown:
    """Values that stand in for what the replicas say; None leaves the truth. `alone`: `running` of single pods."""

    queue: int | None = None
    running: float | None = None
    cache_use: float | None = None
    alone: dict[str, float] = field(default_factory=dict)


@dataclass
class Trouble:
    """A fault of the whole workload, or of the pods `uids`."""

    fault: Fault
    delay: float
    uids: frozenset[str] | None = None
    frozen: dict[str, str] = field(default_factory=dict)

    def hits(self, uid: str) -> bool:
        """Whether the pod `uid` has it."""
        return self.uids is None or uid in self.uids


class Workload:
    """Seconds are the workload's own; `wall` is Unix time, for what a page prints of it."""

    def __init__(self, name: str, profile: Profile, *, retry: bool = False) -> None:
        self.name = name
        self.router = Router(profile, retry=retry)
        self.pods: dict[str, Pod] = {}
        self.ghosts: dict[str, str] = {}
        self.shown = Shown()
        self.troubles: list[Trouble] = []
        self._pages: dict[str, Page] = {}
        self._shares: dict[str, int] = {}
        self._trace = ""
        self._start = 0.0

    def sync(self, pods: Collection[Pod], now: float, wall: float) -> None:
        """These are the pods there are at `now`: new ones join, missing ones take their requests with them."""
        self.router.advance(now)
        present = {pod.uid: pod for pod in pods}
        for uid in [uid for uid in self.pods if uid not in present]:
            self._lose(uid, now)
        for uid in [uid for uid in present if uid not in self.pods]:
            self.router.join(uid, now)
            self._pages[uid] = Page(self.name.partition("/")[2], wall)
        self.pods = present
        self.router.route_to({pod.uid for pod in pods if pod.routable}, now)
        self._divide()

    def load(self, trace: Trace, seed: int, now: float) -> None:
        """Send the requests of `trace` from `now` on."""
        self._trace, self._start = trace.name, now
        self.router.expect(later(requests(trace, seed), now))

    def show_queue(self, total: int | None) -> None:
        """Let the routable pods show `total` waiting requests between them, also when their number changes."""
        self.shown.queue = total
        self._divide()

    def show_running(self, running: float, uid: str | None) -> None:
        """Let each pod show so many running requests, or the pod `uid` alone."""
        if uid is None:
            self.shown.running, self.shown.alone = running, {}
        else:
            self.shown.alone[uid] = running

    def trouble(self, fault: Fault, uids: Iterable[str] | None, delay: float) -> None:
        """Let `fault` befall the pods `uids`, or all, also later ones; it comes on top of and hides earlier ones."""
        hit = None if uids is None else frozenset(uids)
        frozen = {uid: self.page(uid) for uid in self.pods} if fault is Fault.FROZEN else {}
        self.troubles.append(Trouble(fault, delay, hit, frozen))

    def some(self, share: float) -> list[str]:
        """The first `share` (0 to 1, rounded up) of the routable pods by name."""
        routable = self._routable()
        return [pod.uid for pod in routable[: ceil(len(routable) * share)]]

    def clear(self) -> None:
        """End all faults and values that were told; the requests go on."""
        self.shown = Shown()
        self.troubles.clear()
        self.ghosts.clear()
        self._divide()

    def reachable(self) -> list[Pod]:
        """The routable pods whose addresses take connections, by name."""
        return [pod for pod in self._routable() if self.fault(pod.uid) is not Fault.REFUSED]

    def listening(self) -> dict[str, str]:
        """The addresses that take connections now, each with its pod's uid; a ghost's has none but its address."""
        alive = {pod.ip: uid for uid, pod in self.pods.items() if pod.ready and self.fault(uid) is not Fault.REFUSED}
        return {address: address for address in self.ghosts} | alive

    def fault(self, uid: str) -> Fault | None:
        """What is wrong with the pod `uid`; the latest counts."""
        trouble = self._trouble(uid)
        return trouble.fault if trouble else None

    def answer(self, uid: str, now: float, wall: float) -> Answer | None:
        """What the pod `uid` answers at `now`; None is no answer, ever."""
        if uid in self.ghosts:
            return Answer(self.ghosts[uid].encode())
        self.router.advanced(uid, now)
        trouble = self._trouble(uid)
        if trouble and uid in trouble.frozen:
            return Answer(trouble.frozen[uid].encode())
        fault, delay = (trouble.fault, trouble.delay) if trouble else (None, 0.0)
        return answer(fault, lambda gauges: self.page(uid, gauges), delay=delay, wall=wall)

    def page(self, uid: str, gauges: Gauges | None = None) -> str:
        """The page of the pod `uid`, with `gauges` in place of its own if given."""
        shown = self.gauges(uid) if gauges is None else gauges
        return self._pages[uid].text(shown, self.router.replicas[uid].measures)

    def gauges(self, uid: str) -> Gauges:
        """What the pod `uid` shows: the values that were told, else its replica's."""
        replica, shown = self.router.replicas[uid], self.shown
        return Gauges(
            len(replica.waiting) if shown.queue is None else self._shares.get(uid, 0),
            shown.alone.get(uid, replica.running if shown.running is None else shown.running),
            replica.cache_use if shown.cache_use is None else shown.cache_use,
        )

    def report(self, now: float, sla: float, width: float) -> Report:
        """What its callers lived through until `now`."""
        self.router.advance(now)
        frame = Frame(now - self._start, sla, width)
        shifted = self.router.requests
        total = waits(shifted, Frame(now, sla, width, self._start))
        return Report(
            **places(shifted), now=frame.now, sla=sla, width=width, share_inside=total.share_inside,
            arrived=len(shifted), retried=self.router.retried, ended=self.router.ended, trace=self._trace, total=total,
            bins=by_bins(shifted, Frame(now, sla, width, self._start)),
        )  # fmt: skip

    def _trouble(self, uid: str) -> Trouble | None:
        return next((each for each in reversed(self.troubles) if each.hits(uid)), None)

    def _lose(self, uid: str, now: float) -> None:
        if self.fault(uid) is Fault.LINGER:
            self.ghosts[self.pods[uid].ip] = self.page(uid)
        self.router.leave(uid, now)
        del self._pages[uid]

    def _routable(self) -> list[Pod]:
        return sorted((pod for pod in self.pods.values() if pod.routable), key=lambda pod: pod.name)

    def _divide(self) -> None:
        routable = self._routable()
        each, rest = divmod(self.shown.queue or 0, len(routable) or 1)
        self._shares = {pod.uid: each + (index < rest) for index, pod in enumerate(routable)}
