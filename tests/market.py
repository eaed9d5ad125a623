"""A pool on two tiers in a world that carries out what was decided: spot nodes come, are reclaimed, and run out."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from builders import at, loading, pod, published, reading
from poolkeeper.core.decide import decide
from poolkeeper.core.decision import Decision
from poolkeeper.core.memory import Memory
from poolkeeper.core.model import ON_DEMAND, CapacityType, Fallback, Guaranteed, PoolSpec, Recovery, Tier
from poolkeeper.core.observation import Observation, Pod, Target, Wait
from poolkeeper.core.plan import plan

SPOT = Tier(
    "spot",
    CapacityType.SPOT,
    fallback=Fallback(timedelta(minutes=2), 6),
    recovery=Recovery(timedelta(minutes=10), timedelta(minutes=5)),
)
TEN_PERCENT = Guaranteed(0, 10)


def spotted(**changes) -> PoolSpec:
    """Return the published case, 0 to 500 replicas, a tenth of them on on-demand and the rest on spot."""
    known = {"guaranteed": TEN_PERCENT, "tiers": (SPOT, ON_DEMAND), "max_replicas": 500, "min_replicas": 0}
    return published(**known | changes)


@dataclass
class Half:
    """One Deployment and its nodes: a pod gets one `node_wait` after it was made, and is ready `load` later."""

    tier: str
    replicas: int = 0
    available: bool = True
    node_wait: float = 20
    load: float = 60
    wait: Wait | None = None
    made: int = 0
    pods: dict[str, Pod] = field(default_factory=dict)
    ends: dict[str, float] = field(default_factory=dict)
    ours: bool = True

    def turn(self, seconds: float) -> None:
        """Let so much time have passed: nodes go and come, models load, the ReplicaSet makes good."""
        for uid in [uid for uid, end in self.ends.items() if end <= seconds]:
            self.ends.pop(uid)
            self.pods.pop(uid, None)
        self.pods = {uid: self._grown(one, seconds) for uid, one in self.pods.items()}
        self.control(seconds)

    def _grown(self, one: Pod, seconds: float) -> Pod:
        if one.scheduled_at is None and self.available and one.created_at <= at(seconds - self.node_wait):
            return replace(one, scheduled_at=at(seconds), wait=None)
        if one.scheduled_at is None:
            return replace(one, wait=self.wait)
        if one.ready_at is None and one.scheduled_at <= at(seconds - self.load):
            return replace(one, ready_at=at(seconds))
        return one

    def control(self, seconds: float, victims: Iterable[str] = ()) -> None:
        """Make and delete pods as the ReplicaSet controller does, `victims` with the lowest deletion cost."""
        costs = {name: place for place, name in enumerate(victims)}
        while len(self.pods) < self.replicas:
            self.made += 1
            one = loading(self.made, seconds, uid=f"{self.tier}-{self.made}", name=f"{self.tier}-{self.made}")
            self.pods[one.uid] = replace(one, scheduled_at=None)
        order = sorted(
            self.pods.values(),
            key=lambda one: (one.scheduled_at is not None, one.ready_at is not None, costs.get(one.name, len(costs))),
        )
        for one in order[: len(self.pods) - self.replicas]:
            del self.pods[one.uid]

    def fill(self, replicas: int) -> None:
        """Stand at so many replicas, ready for a day."""
        self.replicas = replicas
        for _ in range(replicas):
            self.made += 1
            uid = f"{self.tier}-{self.made}"
            self.pods[uid] = pod(self.made, uid=uid, name=uid)

    @property
    def ready(self) -> int:
        return sum(one.ready_at is not None for one in self.pods.values())

    def target(self) -> Target:
        pods = tuple(self.pods.values())
        return Target(self.replicas, uid="uid", pods=pods, tier=self.tier, ours=self.ours, writer="somebody")


class Market:
    """A pool that stands at its split, looked at every `step` seconds under a queue that asks for no change."""

    def __init__(self, spec: PoolSpec | None = None, on_demand: int = 1, spot: int = 9, step: float = 10) -> None:
        self.spec, self.step, self.seconds = spec or spotted(), step, 0.0
        self.memory = Memory()
        self.on_demand, self.spot = Half("on-demand"), Half("spot")
        self.on_demand.fill(on_demand)
        self.spot.fill(spot)
        self.decisions: list[Decision] = []
        self.waiting = 500.0
        self.extra: dict[str, object] = {}
        self.refused: set[str] = set()
        self.look()

    @property
    def asked(self) -> tuple[int, int]:
        """The replicas asked for: on-demand, spot."""
        return self.on_demand.replicas, self.spot.replicas

    @property
    def ready(self) -> int:
        return self.on_demand.ready + self.spot.ready

    @property
    def decision(self) -> Decision:
        return self.decisions[-1]

    def look(self) -> Decision:
        """Decide now, and carry it out."""
        siblings = (self.spot.target(),) if self.spot.replicas or self.spot.made else ()
        known = {"siblings": siblings, "readings": (reading(self.waiting, self.seconds),)}
        decision, self.memory = decide(
            self.spec, Observation(self.on_demand.target(), **known | self.extra), self.memory, at(self.seconds)
        )
        for resize in plan(self.spec, decision).resizes:
            half = {"on-demand": self.on_demand, "spot": self.spot}[resize.tier]
            half.replicas, half.ours = resize.after, True
            half.control(self.seconds, resize.victims)
        self.decisions.append(decision)
        return decision

    def run(self, seconds: float) -> "Market":
        """Let so much time pass."""
        until = self.seconds + seconds
        while self.seconds < until:
            self.seconds += self.step
            self.on_demand.turn(self.seconds)
            self.spot.turn(self.seconds)
            self.look()
        return self

    def reclaim(self, count: int, notice: float = 120) -> "Market":
        """Give so many spot pods notice: the readiest of those that have none."""
        free = [one for one in self.spot.pods.values() if not one.notice and one.scheduled_at]
        for one in free[:count]:
            self.spot.pods[one.uid] = replace(one, notice="SpotInterrupted: reclaimed")
            self.spot.ends[one.uid] = self.seconds + notice
        return self

    def stock_out(self, *, told: bool = True) -> "Market":
        """Let no spot node be had; `told`: the provisioner says so."""
        self.spot.available, self.spot.wait = False, Wait.STOCK_OUT if told else None
        return self

    def restock(self) -> "Market":
        self.spot.available, self.spot.wait = True, None
        return self

    def restart(self) -> "Market":
        """Forget what is not stored, as a restart does."""
        from poolkeeper.api import memo  # noqa: PLC0415  the laws of the core alone must not need the api

        grace = self.spec.queue.down.grace_period
        self.memory = memo.load(memo.dump(self.memory, grace, {}), at(self.seconds), at(self.seconds))
        return self
