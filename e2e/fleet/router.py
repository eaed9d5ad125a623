"""Least-loaded routing to a workload's ready pods, and what becomes of requests when there is none or one dies."""

from collections import deque
from collections.abc import Collection, Iterator

from fleet.engine import Profile, Replica
from fleet.request import Request


class Router:
    """Sends each request to the ready replica with the fewest in it; of equals, to the one that has had the fewest.

    While no replica is ready requests are held here, in order of arrival. A replica that goes cuts off what it held;
    with `retry` those go back to the head of what is held, else they are lost. `requests` are all that came so far.
    """

    def __init__(self, profile: Profile, *, retry: bool = False) -> None:
        self.profile = profile
        self.retry = retry
        self.replicas: dict[str, Replica] = {}
        self.requests: list[Request] = []
        self.held: deque[Request] = deque()
        self.retried = 0
        self._routable: list[str] = []
        self._routed: dict[str, int] = {}
        self._coming: Iterator[Request] = iter(())
        self._next: Request | None = None

    @property
    def ended(self) -> bool:
        """Nothing more comes and nothing is left to do."""
        return self._next is None and not self.held and not any(each.load for each in self.replicas.values())

    def expect(self, coming: Iterator[Request]) -> None:
        """Take requests from `coming`, in order of arrival, when their time has come; replaces what was expected."""
        self._coming = coming
        self._next = next(coming, None)

    def join(self, uid: str, now: float) -> None:
        """A pod is there; it is sent nothing until it is routable."""
        self.replicas[uid] = Replica(self.profile, now)
        self._routed[uid] = 0

    def leave(self, uid: str, now: float) -> None:
        """A pod is gone at `now`, and what it held with it."""
        replica = self.replicas.pop(uid)
        replica.advance(now)
        self._routable = [each for each in self._routable if each != uid]
        lost = replica.requests()
        for request in lost:
            self._cut_off(request)
        if self.retry:
            self.held.extendleft(reversed(lost))
            self._release(now)

    def route_to(self, uids: Collection[str], now: float) -> None:
        """From `now` on only the replicas `uids` are sent requests; they get at once what was held."""
        self._routable = [uid for uid in self.replicas if uid in uids]
        self._release(now)

    @property
    def unused(self) -> bool:
        """No request ever came and none is expected."""
        return self._next is None and not self.requests

    def advance(self, now: float) -> None:
        """Let requests arrive and replicas work until `now`."""
        self._arrive_until(now)
        for replica in self.replicas.values():
            replica.advance(now)

    def advanced(self, uid: str, now: float) -> Replica:
        """The replica `uid` as it is at `now`; the others may lag behind, so that a scrape of many stays cheap."""
        self._arrive_until(now)
        replica = self.replicas[uid]
        replica.advance(now)
        return replica

    def _arrive_until(self, now: float) -> None:
        while self._next is not None and self._next.arrival <= now:
            self._arrive(self._next)
            self._next = next(self._coming, None)

    def _arrive(self, request: Request) -> None:
        self.requests.append(request)
        self.held.append(request)
        self._release(request.arrival)

    def _release(self, now: float) -> None:
        while self.held and self._routable:
            self._send(self.held.popleft(), now)

    def _send(self, request: Request, now: float) -> None:
        for uid in self._routable:
            self.replicas[uid].advance(now)
        uid = min(self._routable, key=lambda each: (self.replicas[each].load, self._routed[each]))
        self._routed[uid] += 1
        self.replicas[uid].submit(request, now)

    def _cut_off(self, request: Request) -> None:
        if self.retry:
            self.retried += 1
            request.forget_progress()
        else:
            request.cut_off = True


def later(requests: Iterator[Request], start: float) -> Iterator[Request]:
    """The same requests, `start` seconds later."""
    for request in requests:
        request.arrival += start
        yield request
