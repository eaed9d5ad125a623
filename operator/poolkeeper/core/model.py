"""What a pool should be: PoolSpec and its parts, already defaulted and validated by api.spec."""

from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum

from poolkeeper.core.costing import Costing


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
class SecretKey:
    """A key of a Secret in the pool's own namespace."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Transport:
    """How a pod's page is asked for: over TLS or not, whom to trust as whom, with which bearer token."""

    tls: bool = False
    ca: SecretKey | None = None
    server_name: str = ""
    verify: bool = True
    token: SecretKey | None = None


@dataclass(frozen=True, slots=True)
class PodsSource:
    """Queue depth read from the pods' own metrics pages."""

    name: str = "pods"
    engine: str = "auto"
    port: str | int = "http"
    transport: Transport = Transport()


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


@dataclass(frozen=True, slots=True)
class PickerSource:
    """Queue depth read from the endpoint picker of an InferencePool of the Gateway API inference extension."""

    name: str
    pool: str
    port: str | int = "metrics"
    transport: Transport = Transport()


@dataclass(frozen=True, slots=True)
class ExternalSource:
    """Queue depth read from the external metrics API."""

    name: str
    metric: str
    selector: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class RedisSource:
    """Queue depth read from a named Redis: a list's length, or with a `group` the stream's lag for it."""

    name: str
    server: str
    key: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class RabbitSource:
    """Queue depth read from a named RabbitMQ."""

    name: str
    server: str
    queue: str
    vhost: str = "/"


Source = PodsSource | PrometheusSource | PickerSource | ExternalSource | RedisSource | RabbitSource
OutsideSource = PickerSource | ExternalSource | RedisSource | RabbitSource
"""What is asked for by itself, for one pool."""


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
    """R2: a queue under `below` without a break for `grace_period` takes one `step` away.

    Without a `step` it is what the load allows, one replica where that is unknown. Survivors are at most
    `max_utilization_percent` busy; None: as busy as the load's margin allows, 75 percent where it is unknown. With
    `idle_after` the last replica leaves when nothing has waited or run for so long, and not before (idle.py).
    """

    below: float = 1
    step: int | None = None
    grace_period: timedelta = timedelta(minutes=5)
    max_utilization_percent: int | None = None
    idle_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class OnOutage:
    """R3: what happens once the metrics have been gone for `after`."""

    after: timedelta = timedelta(seconds=30)
    behavior: OutageBehavior = OutageBehavior.HOLD
    replicas: int = 0


@dataclass(frozen=True, slots=True)
class Queue:
    """Where demand is read, and what it means.

    `widened`: nobody has chosen the thresholds, so that a queue which is worked off within the SLA is none.
    """

    sources: tuple[Source, ...] = (PodsSource(),)
    combine: Combine = Combine.SUM
    interval: timedelta = timedelta(seconds=1)
    thresholds_per: Per = Per.REPLICA
    up: ScaleUp = field(default_factory=ScaleUp)
    down: ScaleDown = field(default_factory=ScaleDown)
    slots_per_replica: int | None = None
    widened: bool = True
    on_outage: OnOutage = field(default_factory=OnOutage)


@dataclass(frozen=True, slots=True)
class Slo:
    """R11: the share of requests, in percent, whose time in the queue is at most `queue_time`."""

    queue_time: timedelta
    objective_percent: float = 99


class CapacityType(StrEnum):
    """How a machine is bought: kept until it is given back, or reclaimable at any moment."""

    ON_DEMAND = "OnDemand"
    SPOT = "Spot"


@dataclass(frozen=True, slots=True)
class Guaranteed:
    """R7: what is held where nothing is reclaimed: `base` replicas, and a share of those above it."""

    base: int = 0
    percent_above_base: int = 0


@dataclass(frozen=True, slots=True)
class Fallback:
    """R7: other tiers take over what this one lacks: without a notice after `after`, at most `max_replicas`."""

    after: timedelta = timedelta(minutes=2)
    max_replicas: int | None = None


@dataclass(frozen=True, slots=True)
class Recovery:
    """R7: what was taken over goes back once replicas are ready for `after`, not before `backoff` after a reclaim."""

    after: timedelta = timedelta(minutes=10)
    backoff: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Tier:
    """One kind of capacity. `provider`: whose labels, taints and events tell of it, or `auto`."""

    name: str
    type: CapacityType
    provider: str = "auto"
    fallback: Fallback = field(default_factory=Fallback)
    recovery: Recovery = field(default_factory=Recovery)


IN_TIME = timedelta(seconds=2)
"""How long a request may wait where the spec does not promise anything else."""
ON_DEMAND = Tier("on-demand", CapacityType.ON_DEMAND)


@dataclass(frozen=True, slots=True)
class Limits:
    """The smallest and the largest size, None: the pool's own. `force`: what is over the cap goes at once (R5)."""

    floor: int | None = None
    cap: int | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """R5: limits that hold from a firing of `start` to one of `end`, both cron expressions."""

    name: str
    start: str
    end: str
    limits: Limits = field(default_factory=Limits)
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Schedule:
    """R5: windows on the clock of an IANA zone. `outside` holds where no window is in force.

    `lead_time`: how long before a window its floor counts already; None: as long as the pool's replicas take to start.
    """

    windows: tuple[Window, ...] = ()
    timezone: str = "UTC"
    lead_time: timedelta | None = None
    outside: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Batch:
    """Work that can wait: due at a time of each day (`daily`), or so long after it came (`within`), one of the two.

    Clocks are those of an IANA zone. Outside of `window` nothing runs unless it must; without one, no hours are
    cheaper than others. `job_time` is how long one replica takes for a job; None: learned.
    """

    daily: time | None = None
    within: timedelta = timedelta(0)
    timezone: str = "UTC"
    window: Window | None = None
    job_time: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """The learned floor: the size that the `quantile` of the load `history` saw at this time of the week needs."""

    quantile: float = 0.9
    history: timedelta = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Tie:
    """Roles: the pool that this one is held beside, and between which shares of it, in percent (peer.py)."""

    name: str
    min_percent: int = 0
    max_percent: int | None = None


@dataclass(frozen=True, slots=True)
class PoolSpec:
    """One pool. `startup_timeout` None means: learned from the pool's own starts (R4).

    `lead`: the size also follows the load, ahead of it (lead.py). `tiers` stand in order of preference;
    `drain_deadline` is how long a shrink waits for an idle replica (R6). `batch`: the work can wait, and what is
    needed to have it done in time takes the place of thresholds and lead (batch.py).
    """

    min_replicas: int
    max_replicas: int
    mode: Mode = Mode.ACTIVE
    queue: Queue = field(default_factory=Queue)
    slo: Slo | None = None
    startup_timeout: timedelta | None = None
    guaranteed: Guaranteed = field(default_factory=Guaranteed)
    tiers: tuple[Tier, ...] = (ON_DEMAND,)
    drain_deadline: timedelta = timedelta(minutes=2)
    schedule: Schedule | None = None
    forecast: Forecast | None = None
    lead: bool = True
    batch: Batch | None = None
    cost: Costing = field(default_factory=Costing)
    tie: Tie | None = None

    @property
    def sla(self) -> timedelta:
        """How long a request may wait to be in time."""
        return self.slo.queue_time if self.slo else IN_TIME

    @property
    def spot(self) -> Tier | None:
        """The tier that may be reclaimed, None without one."""
        return next((tier for tier in self.tiers if tier.type is CapacityType.SPOT), None)
