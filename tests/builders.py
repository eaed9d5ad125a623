"""Values for tests: say only what the test is about, the rest is a healthy pool of two idle replicas."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from poolkeeper.core.days import Amount, Line
from poolkeeper.core.decide import decide
from poolkeeper.core.decision import Decision
from poolkeeper.core.memory import Memory
from poolkeeper.core.model import Per, PoolSpec, Queue, ScaleDown, ScaleUp
from poolkeeper.core.observation import Observation, Pod, PodSample, Reading, Target
from poolkeeper.core.plan import plan
from poolkeeper.core.prices import Quote
from poolkeeper.core.statement import Pricing, Statement

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LONG_AGO = START - timedelta(days=1)

BODY = {
    "metadata": {
        "namespace": "inference",
        "name": "chat",
        "uid": "uid-1",
        "generation": 1,
        "creationTimestamp": "2026-03-02T12:00:00Z",
    },
    "spec": {"targetRef": {"name": "chat"}, "minReplicas": 2, "maxReplicas": 8},
}
"""A pool's object as the API server has it."""


def at(seconds: float) -> datetime:
    """Return the instant so many seconds after the test's start."""
    return START + timedelta(seconds=seconds)


def published(**changes) -> PoolSpec:
    """Return the published case: up above 1000, down below 100 for the whole pool, 5 minutes of grace, 2 to 8."""
    queue = {
        "thresholds_per": Per.POOL,
        "up": ScaleUp(above=1000),
        "down": ScaleDown(below=100),
    } | changes.pop("queue", {})
    return PoolSpec(**{"min_replicas": 2, "max_replicas": 8, "queue": Queue(**queue)} | changes)


def pod(number: int, **changes) -> Pod:
    """Return a pod that has been ready for a day."""
    known = {"created_at": LONG_AGO, "scheduled_at": LONG_AGO, "ready_at": LONG_AGO, "template": "t1"}
    return Pod(**{"uid": f"uid-{number}", "name": f"chat-{number}"} | known | changes)


def loading(number: int, since: float, **changes) -> Pod:
    """Return a pod that was scheduled so many seconds after the start, and loads its model."""
    times = {"created_at": at(since), "scheduled_at": at(since), "ready_at": None}
    return pod(number, **times | changes)


def target(replicas: int = 2, **changes) -> Target:
    """Return a target whose replicas are all ready and were written by us."""
    pods = tuple(pod(number) for number in range(replicas))
    return Target(**{"replicas": replicas, "writer": "poolkeeper", "ours": True, "pods": pods} | changes)


def reading(waiting: float | None, seconds: float = 0, **changes) -> Reading:
    """Return a whole reading of a source that knows one number."""
    return Reading(**{"source": "edge", "at": at(seconds), "waiting": waiting} | changes)


def sample(number: int, waiting: float, **changes) -> PodSample:
    """Return one pod's answer."""
    return PodSample(uid=f"uid-{number}", waiting=waiting, **changes)


def seen(waiting: float | None = 500, seconds: float = 0, **changes) -> Observation:
    """Return a look at a healthy pool of two with this queue."""
    known = {"target": target(), "readings": (reading(waiting, seconds),)}
    return Observation(**known | changes)


def statement(**changes) -> Statement:
    """Return the money of a pool that has spot and on-demand, all of it priced."""
    lines = {
        "spot": Line(Decimal(1), Decimal(4), listed=Decimal(12), contracted=Decimal("3.6"), effective=Decimal("3.6")),
        "on-demand": Line(Decimal(1), Decimal(4), listed=Decimal(12), contracted=Decimal(12), effective=Decimal(12)),
    }
    quotes = (
        ("spot", Quote(Decimal("0.90"), words="line 3 of prices")),
        ("on-demand", Quote(Decimal("3.00"), words="line 2 of prices")),
    )
    money = {"at": at(0), "currency": "USD", "first": START.date().replace(day=1), "pricing": Pricing(quotes=quotes)}
    return Statement(**money | {"hour": Amount(lines), "month": Amount(lines)} | changes)


def is_stuck(decision: Decision) -> bool:
    """Return whether replicas are overdue, by the trail's stage about starts."""
    return any(stage.facts["overdue"] for stage in decision.trail if stage.name == "startup")


class Rig:
    """A pool in a world that carries out each plan at once; new pods load for so many seconds."""

    def __init__(self, spec: PoolSpec, replicas: int = 2, load: float = 60) -> None:
        self.spec, self.load, self.memory = spec, load, Memory()
        self.writer = {"writer": "poolkeeper", "ours": True}
        self.made = 0
        self.pods: list[tuple[Pod, float]] = []
        self.resize(replicas, -86400)

    @property
    def size(self) -> int:
        return len(self.pods)

    def resize(self, size: int, seconds: float) -> None:
        """Make pods or delete the newest."""
        for _ in range(size - self.size):
            self.made += 1
            self.pods.append((loading(self.made, seconds), seconds + self.load))
        del self.pods[size:]

    def write(self, size: int, seconds: float) -> None:
        """Let somebody else write the target's replicas."""
        self.resize(size, seconds)
        self.writer = {"writer": "kubectl", "ours": False}

    def target(self, seconds: float) -> Target:
        pods = tuple(replace(pod, ready_at=at(ready)) if ready <= seconds else pod for pod, ready in self.pods)
        return Target(self.size, pods=pods, **self.writer)

    def look(self, seconds: float, *readings: Reading, **changes) -> Decision:
        """Decide at this second, and carry it out."""
        found = Observation(self.target(seconds), readings, **changes)
        decision, self.memory = decide(self.spec, found, self.memory, at(seconds))
        for resize in plan(self.spec, decision).resizes:
            self.resize(resize.after, seconds)
            self.writer = {"writer": "poolkeeper", "ours": True}
        return decision

    def queue(self, seconds: float, waiting: float, **changes) -> Decision:
        """Look at a queue of this length, measured now."""
        return self.look(seconds, reading(waiting, seconds), **changes)

    def run(self, seconds: Iterable[float], waiting: float, **changes) -> list[int]:
        """Return the sizes while the queue stays at this length."""
        return [self.queue(second, waiting, **changes).size for second in seconds]
