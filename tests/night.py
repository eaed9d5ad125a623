"""A pool on spot and on-demand whose queue is work that can wait: replicas do jobs, and give back what they lose."""

from dataclasses import replace
from datetime import time, timedelta

from builders import at, published, reading
from market import SPOT, Half, Market
from poolkeeper.core.model import ON_DEMAND, Batch, Fallback, Guaranteed, PoolSpec, Tier
from poolkeeper.core.observation import Reading

SPOT_ALONE = replace(SPOT, fallback=Fallback(max_replicas=0))
JOB = timedelta(seconds=60)
TONIGHT = Batch(daily=time(18, 0), job_time=JOB)
"""Due six hours after the tests' start."""


def batched(batch: Batch = TONIGHT, tiers: tuple[Tier, ...] = (SPOT_ALONE, ON_DEMAND), **changes) -> PoolSpec:
    """Return a pool of up to 20 replicas, all of them on spot while that is good enough."""
    known = {"min_replicas": 0, "max_replicas": 20, "guaranteed": Guaranteed(), "startup_timeout": timedelta(minutes=5)}
    return published(**known | {"batch": batch, "tiers": tiers} | changes)


class Night(Market):
    """Such a pool in its world; so many jobs wait at its start."""

    def __init__(self, spec: PoolSpec, jobs: float, *, job: timedelta = JOB, told: bool = True) -> None:
        self.left, self.job, self.told = jobs, job.total_seconds(), told
        self.hours = {"on-demand": 0.0, "spot": 0.0}
        super().__init__(spec, on_demand=0, spot=0)

    def sight(self) -> Reading:
        """Return what a broker tells."""
        running = min(self.left, self.ready)
        return reading(self.left - running, self.seconds, running=running if self.told else None)

    def look(self):
        """Let what is ready have worked since the look before, and decide."""
        ready = sum(self.serving(half) for half in (self.on_demand, self.spot))
        self.left = max(0.0, self.left - ready * self.step / self.job)
        for half in (self.on_demand, self.spot):
            self.hours[half.tier] += len(half.pods) * self.step / 3600
        self.extra["readings"] = (self.sight(),)
        return super().look()

    @staticmethod
    def serving(half: Half) -> int:
        return sum(one.ready_at is not None and not one.notice for one in half.pods.values())

    def until(self, second: float) -> "Night":
        """Let the time pass until a second."""
        self.run(second - self.seconds)
        return self

    def done_at(self, last: float) -> float:
        """Return the second at which nothing is left."""
        while self.left and self.seconds < last:
            self.run(self.step)
        return self.seconds


__all__ = ["JOB", "TONIGHT", "Night", "at", "batched"]
