"""Queues that move all the time, by a seed, and the truth about them: what was shown from when to when."""

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Self

from chaos.evidence import Span
from chaos.members import Kind, Member
from fleet import FleetControl

LOW, HOLD, HIGH = 0, 500, 2500
LEVELS, WEIGHTS = (LOW, HOLD, HIGH), (6, 1, 3)
DWELL = (4.0, 25.0)
METRIC = "chaos_waiting"
TICK = 0.2


class Load:
    """Moves the queues of all members while a `with` block lasts; it rests while somebody holds `steady`."""

    def __init__(self, fleet: FleetControl, namespace: str, members: Iterable[Member], seed: int) -> None:
        self.members = tuple(members)
        self.breaks: dict[str, list[Span]] = defaultdict(list)
        self._fleet, self._namespace = fleet, namespace
        self._chance = random.Random(seed)  # noqa: S311  queues that can be repeated
        self._due = {member.name: 0.0 for member in self.members}
        self._levels = dict.fromkeys(self._due, (0.0, LOW))
        self._lock = threading.RLock()
        self._moving, self._ended = True, threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self._move, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()

    def level(self, member: Member) -> int:
        """Return how long a queue is now."""
        return self._levels[member.name][1]

    def show(self, member: Member, level: int) -> None:
        """Let a queue be so long; what it was before is over for sure when this returns."""
        with self._lock:
            self._close(member, time.time())
            if member.by_prometheus:
                self._fleet.gauge(METRIC, level, {"namespace": self._namespace, "pool": member.name})
            else:
                self._fleet.queue(f"{self._namespace}/{member.name}", level)
            self._levels[member.name] = time.time(), level

    def settle(self, choose: Callable[[Member], int]) -> None:
        """Let each queue be as long as `choose` says, and stay so until `move`."""
        with self._lock:
            self._moving = False
            for member in self.members:
                self.show(member, choose(member))

    def move(self) -> None:
        """Let them move again."""
        self._moving = True

    def spoiled(self, member: Member, span: Span) -> None:
        """Take in that a member's metric told nothing in a span."""
        self.breaks[member.name].append(span)

    def end(self) -> dict[str, list[Span]]:
        """Close the books, and return each member's breaks: queues that were not short, metrics that told nothing."""
        with self._lock:
            for member in self.members:
                self._close(member, time.time())
            return dict(self.breaks)

    def _close(self, member: Member, at: float) -> None:
        since, level = self._levels[member.name]
        if level != LOW and since:
            self.breaks[member.name].append(Span(since, at))
        self._levels[member.name] = at, level

    def _move(self) -> None:
        while not self._ended.wait(TICK):
            with self._lock:
                due = [one for one in self.members if self._moving and self._due[one.name] <= time.time()]
                for member in due:
                    self.show(member, self._chance.choices(LEVELS, WEIGHTS)[0])
                    self._due[member.name] = time.time() + self._chance.uniform(*DWELL)


def source(member: Member, namespace: str) -> dict[str, object]:
    """Return where a member's queue is read."""
    labels = {"pool": member.name}
    match member.kind:
        case Kind.SERIES:
            return {"name": "queue", "prometheus": {"metric": METRIC, "selector": labels, "maxAge": "5s"}}
        case Kind.QUERY | Kind.ZERO:
            query = f'{METRIC}{{namespace="{namespace}",pool="{member.name}"}}'
            return {"name": "queue", "prometheus": {"query": query}}
        case _:
            return {"name": "pods", "pods": {}}
