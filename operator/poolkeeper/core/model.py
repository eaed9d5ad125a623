"""What a pool should be: PoolSpec and its parts, already defaulted and validated by api.spec."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum


class Mode(StrEnum):
    """What the operator may do with a pool."""

    ACTIVE = "Active"
    OBSERVE = "Observe"
    PAUSED = "Paused"


class Combine(StrEnum):
    """How the depths of several sources become one."""

    SUM = "Sum"
    MAX = "Max"


class Per(StrEnum):
    """What a threshold counts for: one replica, or the pool as a whole."""

    REPLICA = "Replica"
    POOL = "Pool"


class OutageBehavior(StrEnum):
    """What an outage of the metrics does to the size: it never shrinks, and may be lifted to a number."""

    HOLD = "Hold"
    AT_LEAST = "AtLeast"


@dataclass(frozen=True, slots=True)
class PodsSource:
    """Queue depth read from the pods' own metrics pages."""

    name: str = "pods"
    engine: str = "auto"
    port: str | int = "http"


@dataclass(frozen=True, slots=True)
class PrometheusSource:
    """Queue depth read from a named Prometheus: `metric` and `selector`, or one raw `query`."""

    name: str
    server: str = "default"
    metric: str | None = None
    selector: tuple[tuple[str, str], ...] = ()
    query: str | None = None
    freshness: str | None = None
    max_age: timedelta = timedelta(seconds=30)


Source = PodsSource | PrometheusSource


@dataclass(frozen=True, slots=True)
class ScaleUp:
    """R1: every full `above` that the queue exceeds justifies one `step`, at most `max_step` at once."""

    above: float = 5
    step: int = 1
    max_step: int = 4
    delay: timedelta = timedelta(0)
    settle: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class ScaleDown:
    """R2: a queue under `below` without a break for `grace_period` takes one `step` away."""

    below: float = 1
    step: int = 1
    grace_period: timedelta = timedelta(minutes=5)
    max_utilization_percent: int = 75


@dataclass(frozen=True, slots=True)
class OnOutage:
    """R3: what happens once the metrics have been gone for `after`."""

    after: timedelta = timedelta(seconds=30)
    behavior: OutageBehavior = OutageBehavior.HOLD
    replicas: int = 0


@dataclass(frozen=True, slots=True)
class Queue:
    """Where demand is read, and what it means."""

    sources: tuple[Source, ...] = (PodsSource(),)
    combine: Combine = Combine.SUM
    interval: timedelta = timedelta(seconds=1)
    thresholds_per: Per = Per.REPLICA
    up: ScaleUp = field(default_factory=ScaleUp)
    down: ScaleDown = field(default_factory=ScaleDown)
    slots_per_replica: int | None = None
    on_outage: OnOutage = field(default_factory=OnOutage)


@dataclass(frozen=True, slots=True)
class Slo:
    """R11: the share of requests, in percent, whose time in the queue is at most `queue_time`."""

    queue_time: timedelta
    objective_percent: float = 99


@dataclass(frozen=True, slots=True)
class PoolSpec:
    """One pool. `startup_timeout` None means: learned from the pool's own starts (R4)."""

    min_replicas: int
    max_replicas: int
    mode: Mode = Mode.ACTIVE
    queue: Queue = field(default_factory=Queue)
    slo: Slo | None = None
    startup_timeout: timedelta | None = None
