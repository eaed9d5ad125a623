"""A measured spot market of two weeks, replayed through the functions that the operator decides by.

The trace tells every 10 minutes how many of 16 instances could be had in a zone. Here it is the number that a pool may
hold: what it holds beyond that is reclaimed with 30 s of notice, and more cannot be had. A launch takes a minute and
ends with a node or, where there is none, with the provisioner's refusal; then the model loads for three minutes.
On-demand can always be had. A replica under notice does not count as ready, and is paid until it ends.

Time jumps to the next tick of the trace, the next thing to happen in the world, or the next look that a decision
announces. The world is that of the laws in tests/, with machines that can be counted.
"""

import csv
import gzip
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests"))  # the world that the laws are tested in

from spot_account import Account, Moment, Row, account, together

from builders import START
from market import SPOT, Half, Market, spotted
from poolkeeper.core.model import ON_DEMAND, Fallback, PoolSpec, Recovery, Tier
from poolkeeper.core.observation import Pod, Wait
from poolkeeper.core.plan import plan

TRACE = "spot_gcp_h100x16_2025-10"
ZONES = ("us-central1-a", "us-east4-a", "us-east5-a", "us-central1-c")
STEP = 600.0
WANTED = 10
NOTICE, LAUNCH, LOAD = 30.0, 60.0, 180.0
LOOK_AGAIN = 1.0


def tier(after: float, recovery: float, backoff: float) -> Tier:
    """Return a spot tier with these timers, in minutes."""
    times = [timedelta(minutes=minutes) for minutes in (after, recovery, backoff)]
    return replace(SPOT, fallback=Fallback(times[0]), recovery=Recovery(*times[1:]))


@dataclass(frozen=True)
class Policy:
    """A way to hold the pool: its tiers, with their timers."""

    name: str
    tiers: tuple[Tier, ...]

    @property
    def spec(self) -> PoolSpec:
        """The pool of it: ten replicas, one of them guaranteed."""
        return spotted(min_replicas=WANTED, max_replicas=WANTED, tiers=self.tiers)


BASELINE = Policy("all on-demand", (ON_DEMAND,))
POLICIES = (
    BASELINE,
    Policy("spot, no fallback", (replace(SPOT, fallback=Fallback(max_replicas=0)), ON_DEMAND)),
    Policy("instant fallback and return", (tier(0, 0, 0), ON_DEMAND)),
    Policy("ours (2m, 10m, 5m)", (tier(2, 10, 5), ON_DEMAND)),
    Policy("ours, patient (2m, 30m, 30m)", (tier(2, 30, 30), ON_DEMAND)),
)


def load(path: Path) -> dict[str, list[int]]:
    """Return how many instances could be had in each zone, tick by tick; where ticks are missing, the last one stands.

    Raises:
        OSError: the file cannot be read.
        KeyError: it has no such columns.
    """
    zones: dict[str, list[int]] = {}
    with gzip.open(path, "rt", newline="") as lines:
        for row in csv.DictReader(lines):
            ticks = zones.setdefault(row["zone"], [])
            place, available = int(float(row["second"]) // STEP), int(row["available"])
            ticks += [ticks[-1] if ticks else available] * (place - len(ticks))
            ticks.append(available)
    return zones


def compare(zones: Mapping[str, Sequence[int]]) -> Iterator[Row]:
    """Yield what each policy comes to in each zone, then in all of them together."""
    played = {policy: {zone: play(policy, ticks) for zone, ticks in zones.items()} for policy in POLICIES}
    for zone in zones:
        yield from (Row.of(zone, policy.name, played[policy][zone], played[BASELINE][zone]) for policy in POLICIES)
    whole = {policy: together(list(accounts.values())) for policy, accounts in played.items()}
    yield from (Row.of("together", policy.name, whole[policy], whole[BASELINE]) for policy in POLICIES)


def play(policy: Policy, ticks: Sequence[int]) -> Account:
    """Return what a policy comes to in one zone."""
    return account(list(Replay(policy, ticks).play()), WANTED, STEP * len(ticks))


@dataclass
class Stocked(Half):
    """A half whose machines run out: `stock` can be had in all, as many as now since `restocked`."""

    stock: int = 0
    restocked: float = 0
    free: int = 0

    @property
    def held(self) -> list[Pod]:
        """The pods on machines that stay."""
        return [one for one in self.pods.values() if one.scheduled_at and not one.notice]

    def launched(self, one: Pod) -> float:
        """Return when the launch of a pod's machine ends, whether there is one or not."""
        return max(since_start(one.created_at), self.restocked) + self.node_wait

    def turn(self, seconds: float) -> None:
        """Let so much time have passed; machines go to who waits longest."""
        self.free = self.stock - len(self.held)
        super().turn(seconds)

    def _grown(self, one: Pod, seconds: float) -> Pod:
        if one.scheduled_at is None:
            over = self.launched(one) <= seconds
            self.available = over and self.free > 0
            self.free -= self.available
            self.wait = Wait.STOCK_OUT if over else None
        return super()._grown(one, seconds)


class Replay(Market):
    """A pool of ten in one zone, played from the first tick to the end of the last."""

    spot: Stocked

    def __init__(self, policy: Policy, ticks: Sequence[int]) -> None:
        spot = 0 if policy.spec.spot is None else WANTED - 1
        super().__init__(policy.spec, WANTED - spot, spot)
        self.ticks, self.end, self.writes = ticks, STEP * len(ticks), 0
        self.on_demand.node_wait, self.on_demand.load = LAUNCH, LOAD
        self.spot = Stocked("spot", node_wait=LAUNCH, load=LOAD)
        self.spot.fill(spot)

    def play(self) -> Iterator[Moment]:
        """Yield what stands from each moment on."""
        while self.seconds < self.end:
            if self.seconds % STEP == 0:
                self.tick(self.ticks[int(self.seconds // STEP)])
            self.on_demand.turn(self.seconds)
            self.spot.turn(self.seconds)
            before = self.writes
            self.writes += len(plan(self.spec, self.look()).resizes)
            yield self.moment()
            del self.decisions[:-1]
            self.seconds = self.seconds + LOOK_AGAIN if self.writes > before else min(self.ahead())

    def tick(self, available: int) -> None:
        """Let so many instances be had from now on; what is held beyond them gets its notice."""
        if available > self.spot.stock:
            self.spot.restocked = self.seconds
        self.spot.stock = available
        self.reclaim(max(0, len(self.spot.held) - available), NOTICE)

    def moment(self) -> Moment:
        """Return what stands now."""
        halves = (self.on_demand, self.spot)
        ready = sum(one.ready_at is not None and not one.notice for half in halves for one in half.pods.values())
        paid = [sum(one.scheduled_at is not None for one in half.pods.values()) for half in halves]
        return Moment(self.seconds, ready, paid[0], paid[1], self.writes)

    def ahead(self) -> Iterator[float]:
        """Yield the seconds at which there is something to see, all of them after now."""
        now = self.seconds
        yield STEP * (now // STEP + 1)
        yield from (second for second in self.spot.ends.values() if second > now)
        if self.decision.until is not None:
            yield since_start(self.decision.until)
        for half in (self.on_demand, self.spot):
            yield from (second for one in half.pods.values() for second in due(half, one) if second > now)


def due(half: Half, one: Pod) -> Iterator[float]:
    """Yield when a pod gets its machine, or is ready."""
    if one.scheduled_at is None:
        yield half.launched(one) if isinstance(half, Stocked) else since_start(one.created_at) + half.node_wait
    elif one.ready_at is None:
        yield since_start(one.scheduled_at) + half.load


def since_start(instant: datetime) -> float:
    """Return the seconds from the start of the world."""
    return (instant - START).total_seconds()
