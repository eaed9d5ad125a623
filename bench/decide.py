"""What one call of decide() costs, in microseconds of processor time: pools at rest, looked at every second.

Samples change at each look, and lie between the thresholds (the queue is worked down, the replicas are busy); who is
ready, and what is paid for, stays. Each pool is as large as it may be, and so nothing moves. The observations are made
before the clock runs. Figures are printed, not judged.
"""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from statistics import median

from figures import save
from stage import leave_with

from poolkeeper.core.decide import decide
from poolkeeper.core.memory import Memory
from poolkeeper.core.meter import Bill, Billed
from poolkeeper.core.model import (
    ON_DEMAND,
    CapacityType,
    Forecast,
    Guaranteed,
    Limits,
    PoolSpec,
    Queue,
    ScaleDown,
    Schedule,
    Slo,
    Tier,
    Window,
)
from poolkeeper.core.observation import Observation, Pod, PodSample, Reading, Target
from poolkeeper.core.prices import Place
from poolkeeper.core.rates import Rental

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LONG_AGO = START - timedelta(days=1)
LOOKS = 1000
PATIENT = ScaleDown(max_utilization_percent=90, grace_period=timedelta(hours=1))
"""The clock runs at each look, and never fires."""
ROUNDS = 15
OFFICE = Schedule((Window("office", "0 8 * * Mon-Fri", "0 18 * * Mon-Fri", Limits(floor=4)),), "America/New_York")


@dataclass(frozen=True)
class Case:
    """A pool at rest: so many replicas, `spot` of them reclaimable, and whether somebody tells what is paid for."""

    name: str
    spec: PoolSpec
    replicas: int = 8
    spot: int = 0
    waiting: int = 2
    billed: bool = False

    def observations(self) -> Iterator[tuple[Observation, datetime]]:
        """Yield what each look sees, and when."""
        keeper, spot = workload("on-demand", self.replicas - self.spot), workload("spot", self.spot)
        bill = bill_of(keeper) if self.billed else None
        for number in range(LOOKS):
            at = START + timedelta(seconds=number)
            samples = tuple([sample(pod, self.waiting, number) for pod in (*keeper.pods, *spot.pods)])
            reading = Reading("pods", at, pods=samples)
            yield Observation(keeper, (reading,), siblings=(spot,) if self.spot else (), bill=bill), at


@dataclass(frozen=True)
class Row:
    """Microseconds a call: the best round, and the median one."""

    case: str
    best: float
    median: float


CASES = (
    Case("defaults, 8 replicas", PoolSpec(2, 8)),
    Case("defaults, 40 replicas", PoolSpec(2, 40), replicas=40),
    Case("defaults, nothing waits", PoolSpec(2, 8, queue=Queue(down=PATIENT)), waiting=0),
    Case("slo", PoolSpec(2, 8, slo=Slo(timedelta(seconds=2)))),
    Case(
        "spot, 2 and 6 replicas",
        PoolSpec(2, 8, guaranteed=Guaranteed(2), tiers=(Tier("spot", CapacityType.SPOT), ON_DEMAND)),
        spot=6,
    ),
    Case("schedule and forecast", PoolSpec(2, 8, schedule=OFFICE, forecast=Forecast())),
    Case("bill", PoolSpec(2, 8), billed=True),
)


def workload(tier: str, size: int) -> Target:
    """Return a tier's workload; all its replicas are ready."""
    pods = [
        Pod(f"uid-{tier}-{number}", f"chat-{tier}-{number}", LONG_AGO, LONG_AGO, LONG_AGO, template="t1")
        for number in range(size)
    ]
    return Target(size, "uid-1", "poolkeeper", ours=True, pods=tuple(pods), tier=tier)


def sample(pod: Pod, waiting: int, number: int) -> PodSample:
    """Return what a pod tells at a look: so many requests wait, forty or so run."""
    done = float(number)
    return PodSample(
        pod.uid,
        waiting=waiting,
        running=40 + number % 7,
        kv_usage=0.5 + number % 5 / 100,
        inside=done,
        finished=done,
        requests=done,
        prompt_tokens=1000 * done,
        generation_tokens=200 * done,
    )


def bill_of(target: Target) -> Bill:
    """Return the machines of a workload's replicas."""
    rental = Rental(target.tier, Place("aws", "us-east-1", "", "p5.4xlarge"), Decimal(1))
    return Bill(tuple([Billed(pod.uid, rental, LONG_AGO) for pod in target.pods]))


def spent(spec: PoolSpec, looks: list[tuple[Observation, datetime]]) -> float:
    """Return the microseconds of a call, of all looks in a row that a pool has behind it."""
    memory = Memory()
    begun = time.process_time_ns()
    for seen, now in looks:
        _, memory = decide(spec, seen, memory, now)
    return (time.process_time_ns() - begun) / 1000 / len(looks)


def main() -> int:
    """Measure, print, save."""
    looks = {case: list(case.observations()) for case in CASES}
    spans: dict[str, list[float]] = {case.name: [] for case in CASES}
    for _ in range(ROUNDS):  # in turn, so that what else the machine does slows none of them alone
        for case in CASES:
            spans[case.name].append(spent(case.spec, looks[case]))
    rows = [Row(name, round(min(found), 1), round(median(found), 1)) for name, found in spans.items()]
    for row in rows:
        print(f"{row.case:<24} {row.best:7.1f} us a call   (median {row.median:.1f})")
    print(f"-> {save('bench-decide', {'rows': [asdict(row) for row in rows]})}")
    return 0


if __name__ == "__main__":
    leave_with(main)
