"""What the operator writes while nothing happens, by the API server's own audit log.

Two crowds at once, each pool on a Deployment of 3 replicas, min 2, max 8, above 1,000 and below 100 waiting in the
whole pool, all else default. One has a constant queue of 500: no write is the aim. The other has noise round `below`:
every value, from 60 to 140, stands for a random while, 1 s on average in the quickest pool and 20 s in the slowest. At
most two writes a minute a pool are the aim. The lease and its renewals are not counted; events, sizes, statuses are.
"""

import argparse
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from statistics import median

from crowd import Crowd
from figures import save
from stage import Stage, boot, leave_with, say, wait_until
from usage import usage

from rig import audit

CONSTANT = 500
NOISE = (60, 140)
DWELL = (1.0, 20.0)
REPLICAS = 3
SETTLE = 35.0
REPORT = 30.0


@dataclass(frozen=True)
class Writes:
    """Writes of all pools together, and a minute in one pool: half of the pools' at most, and any pool's at most."""

    pools: int
    writes: int
    median: float
    max: float

    def line(self, name: str, remark: str) -> str:
        """Return them as one line."""
        return (
            f"{name:<9} {self.pools} pools  {self.writes} writes  "
            f"a minute a pool: median {self.median:.2f}  max {self.max:.2f}   ({remark})"
        )


def counted(names: Sequence[str], writes: Counter[str], seconds: float) -> Writes:
    """Return the writes by pool as rates."""
    rates = [round(60 * writes[name] / seconds, 3) for name in names]
    return Writes(len(names), writes.total(), median(rates), max(rates))


def owner(name: str) -> str:
    """Return the pool that an object of a write is for: pools and Deployments bear its name, events begin with it."""
    return name.partition(".")[0]


def dwells(names: Sequence[str]) -> dict[str, float]:
    """Return how long a value stands on average, in seconds: evenly from the quickest pool to the slowest."""
    least, most = DWELL
    steps = max(1, len(names) - 1)
    return {name: least * (most / least) ** (index / steps) for index, name in enumerate(names)}


class Noise:
    """Queues that cross `below` at random, each at its own pace."""

    def __init__(self, crowd: Crowd, seed: int) -> None:
        self._crowd = crowd
        self._chance = random.Random(seed)  # noqa: S311  a benchmark that can be repeated
        self._dwells = dwells(crowd.names)
        self._due = dict.fromkeys(crowd.names, 0.0)

    def go_on(self, until: float) -> None:
        """Make noise until then, by the monotonic clock."""
        while (now := time.monotonic()) < until:
            for name in [name for name, due in self._due.items() if due <= now]:
                self._crowd.show(name, self._chance.randint(*NOISE))
                self._due[name] = now + self._chance.expovariate(1 / self._dwells[name])
            time.sleep(0.1)


def run(pools: int, seconds: float, seed: int) -> dict[str, Writes]:
    """Measure both crowds side by side."""
    with boot(gpus=pools * 2 * (REPLICAS + 1), audit=True) as stage:
        crowds = {name: Crowd(stage, name, pools, replicas=REPLICAS) for name in ("constant", "noise")}
        for crowd in crowds.values():
            crowd.deploy()
            for name in crowd.names:
                crowd.show(name, CONSTANT)
        with stage.operator() as operator:
            for crowd in crowds.values():
                crowd.create_pools()
            settled = time.monotonic() + SETTLE
            say(f"at rest for {SETTLE:.0f} s, until the pods have settled")
            wait_until(lambda: time.monotonic() > settled, "the pods have settled", SETTLE + 5)
            before = usage(operator.pid)
            since = rest(Noise(crowds["noise"], seed), seconds)
            print(f"\noperator  {usage(operator.pid).line(before, seconds)}")
            return {name: of_crowd(stage, crowd, since, seconds) for name, crowd in crowds.items()}


def rest(noise: Noise, seconds: float) -> datetime:
    """Let the time pass, with noise; return when it began."""
    since, began, passed = datetime.now(UTC), time.monotonic(), 0.0
    while passed < seconds:
        passed = min(seconds, passed + REPORT)
        noise.go_on(began + passed)
        say(f"{passed:.0f} of {seconds:.0f} s have passed")
    return since


def of_crowd(stage: Stage, crowd: Crowd, since: datetime, seconds: float) -> Writes:
    """Return what the operator wrote for a crowd, and print of what kinds it was."""
    found = [one for one in audit.requests(stage.cluster, stage.account.user) if one.writes and one.at >= since]
    mine = [one for one in found if one.namespace == crowd.namespace]
    kinds = Counter(f"{one.verb} {one.resource}" for one in mine)
    if kinds:
        print(f"{crowd.namespace:<9} " + ", ".join(f"{count} x {kind}" for kind, count in kinds.items()))
    return counted(crowd.names, Counter(owner(one.name) for one in mine), seconds)


def main() -> int:
    """Run the benchmark; figures are printed, not judged."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pools", type=int, default=20, help="how many pools of each kind (20)")
    parser.add_argument("--seconds", type=float, default=300, help="how long to rest (300)")
    parser.add_argument("--seed", type=int, default=1, help="of the noise (1)")
    given = parser.parse_args()
    measured = run(given.pools, given.seconds, given.seed)
    print(measured["constant"].line("constant", "aim: 0 writes"))
    print(measured["noise"].line("noise", "aim: at most 2 a minute a pool"))
    content = {"seconds": given.seconds, **{name: asdict(one) for name, one in measured.items()}}
    print(f"-> {save('bench-rest', content)}")
    return 0


if __name__ == "__main__":
    leave_with(main)
