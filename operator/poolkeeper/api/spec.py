"""The spec as users write it. These models are the one source of the CRD, its rules, the reference and the parser."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationError

from poolkeeper.api.batch import BATCH_RULES, Batch, unreplaced
from poolkeeper.api.capacity import Capacity, Drain
from poolkeeper.api.cost import COST_RULES, Cost
from poolkeeper.api.fields import MAX_REPLICAS, AutoDuration, Duration
from poolkeeper.api.peers import PeerRef
from poolkeeper.api.problems import problems, shown
from poolkeeper.api.refused import RefusedError
from poolkeeper.api.rules import Part, Rule
from poolkeeper.api.schedule import POOL_RULES, Forecast, Schedule
from poolkeeper.api.sources import MAX_SOURCES, Pods, Source
from poolkeeper.api.target import DEPLOYMENT, TargetRef, WorkloadKind
from poolkeeper.api.units import parse_duration
from poolkeeper.core import costing, model

ABOVE, BELOW = 5.0, 1.0
"""The thresholds where the spec gives none: the field's common default is 5 waiting per replica."""


class ScaleUp(Part):
    """When and how far the pool grows."""

    above: Annotated[float, Field(gt=0)] | None = None
    """Waiting requests above which it grows; every full `above` exceeded justifies one step. Absent: 5, and once it is
    known what a replica can do, at least as many as it works off within the SLA."""
    step: Annotated[int, Field(ge=1)] = 1
    """Replicas for each `above` exceeded."""
    max_step: Annotated[int, Field(ge=1)] = 4
    """The most replicas that may be on their way at once for the queue's sake."""
    delay: Duration = "0s"
    """How long the queue must stay above before the pool grows."""
    settle: Duration = "30s"
    """How long a replica that became ready still counts as on its way: it must work the queue down first."""


class ScaleDown(Part):
    """When and how far the pool shrinks."""

    below: Annotated[float, Field(ge=0)] | None = None
    """Waiting requests below which it may shrink. Absent: 1, and no more than `above`; where that is absent, too, a
    fifth of it."""
    step: Annotated[int, Field(ge=1)] | None = None
    """Replicas to take away at a time; absent: as many as the load allows, one where the load is unknown."""
    grace_period: Duration = "5m"
    """How long the queue must stay below without a break, for each step."""
    max_utilization_percent: Annotated[int, Field(ge=1, le=100)] | None = None
    """How busy the remaining replicas may be at most. Absent: as the load's learned margin allows; where the load is
    unknown 75, by running requests or KV cache."""
    idle_after: Duration | None = None
    """With minReplicas 0: how long nothing may wait or run before the last replica leaves, and then all that are left
    do. What runs must be told by a source: unknown is never idle. Absent: the last one leaves like any other."""


class OnOutage(Part):
    """What an outage of the metrics does. It never shrinks the pool."""

    after: Duration = "30s"
    """How long the metrics must be gone."""
    behavior: Literal["Hold", "AtLeast"] = "Hold"
    """Hold the size, or keep at least `replicas`."""
    replicas: Annotated[int, Field(ge=1, le=MAX_REPLICAS)] | None = None
    """The size to keep at least, with AtLeast."""

    RULES: ClassVar = (
        Rule(
            "self.behavior != 'AtLeast' || has(self.replicas)",
            lambda it: it.behavior != "AtLeast" or it.replicas is not None,
            "behavior AtLeast needs replicas",
        ),
    )


class Queue(Part):
    """Where demand is read and what it means."""

    combine: Literal["Sum", "Max"] = "Sum"
    """How several sources become one depth."""
    interval: Duration = "1s"
    """How often demand is looked at, from 100ms."""
    thresholds_per: Literal["Replica", "Pool"] = "Replica"
    """Replica: `above` counts for each ready replica, `below` for each that would remain. Pool: for the whole pool."""
    sources: Annotated[
        tuple[Source, ...],
        Field(strict=False, min_length=1, max_length=MAX_SOURCES, json_schema_extra={"list-map-key": "name"}),
    ] = (Source(name="pods", pods=Pods()),)
    """The sources; by default the pods' own pages."""
    scale_up: ScaleUp = Field(default_factory=ScaleUp)
    """When and how far the pool grows."""
    scale_down: ScaleDown = Field(default_factory=ScaleDown)
    """When and how far the pool shrinks."""
    slots_per_replica: Annotated[int, Field(ge=1)] | None = None
    """How many requests a replica runs at once; learned while there is a queue when absent."""
    on_outage: OnOutage = Field(default_factory=OnOutage)
    """What an outage of the metrics does."""

    RULES: ClassVar = (
        Rule(
            "!has(self.scaleDown.below)"
            " || self.scaleDown.below <= (has(self.scaleUp.above) ? self.scaleUp.above : 5.0)",
            lambda it: (it.scale_down.below or 0) <= (it.scale_up.above or ABOVE),
            "scaleDown.below must not be over scaleUp.above, which is 5 where it is absent",
        ),
        Rule(
            "duration(self.interval) >= duration('100ms') && duration(self.interval) <= duration('5m')",
            lambda it: 0.1 <= parse_duration(it.interval).total_seconds() <= 300,  # noqa: PLR2004  the rule's own bounds
            "interval must be from 100ms to 5m",
        ),
        Rule(
            "self.sources.all(a, self.sources.exists_one(b, b.name == a.name))",
            lambda it: len({source.name for source in it.sources}) == len(it.sources),
            "source names must differ",
        ),
    )


class Slo(Part):
    """The promise about waiting that no saving may break."""

    queue_time: Duration
    """How long a request may wait in the queue (or, where an engine has no such histogram, for its first token)."""
    objective_percent: Annotated[float, Field(gt=0, lt=100)] = 99
    """The share of requests, in percent, that must be inside."""


class Startup(Part):
    """How long a replica may take to become ready."""

    timeout: AutoDuration = "auto"
    """From scheduled to ready; `auto`: 1.5 x the measured 95th percentile, 10 minutes until three are known."""


class Spec(Part):
    """An InferencePool's spec."""

    target_ref: TargetRef | None = None
    """The workload whose replicas the pool sets."""
    template: dict[str, Any] | None = None
    """A pod template instead of a target: then the operator owns a Deployment of the pool's name."""
    mode: Literal["Active", "Observe", "Paused"] = "Active"
    """Active writes the target's size; Observe decides and explains only; Paused does nothing."""
    min_replicas: Annotated[int, Field(ge=0, le=MAX_REPLICAS)]
    """The floor."""
    max_replicas: Annotated[int, Field(ge=1, le=MAX_REPLICAS)]
    """The cap. What is found above it is never cut at once."""
    queue: Queue = Field(default_factory=Queue)
    """Where demand is read and what it means."""
    slo: Slo | None = None
    """The promise about waiting."""
    startup: Startup = Field(default_factory=Startup)
    """How long a replica may take to become ready."""
    deletion_policy: Literal["Orphan", "Delete"] = "Orphan"
    """What becomes of the Deployment of a `template` when the pool is deleted."""
    replicas: Annotated[int, Field(ge=0, le=MAX_REPLICAS)] | None = None
    """A pin, also by `kubectl scale ipool/NAME`: the size to have whatever the queue says, within the maxima. It counts
    for 4 hours, is ignored then, and that is said. Absent: the queue decides."""
    peer_ref: PeerRef | None = None
    """Another pool that this one is held beside, as prefill beside decode."""
    schedule: Schedule | None = None
    """Windows on the clock with bounds of their own."""
    forecast: Forecast | None = None
    """A floor learned from the load of the past weeks. Off without it."""
    lead: Literal["Auto", "Disabled"] = "Auto"
    """Auto: the size also follows the load, one start-up time ahead of it, once the engines' counters have told what a
    replica can do. Disabled: queue and schedule alone count."""
    batch: Batch | None = None
    """The work of the queue can wait: the pool runs where and when that is cheapest, and has it done by a deadline.
    Thresholds and lead do not count then."""
    capacity: Capacity | None = None
    """On which kinds of machines the replicas run. Without it, on the target's; given as `{}`, on spot where it can."""
    drain: Drain = Field(default_factory=Drain)
    """How replicas leave."""
    cost: Cost | None = None
    """How the pool's cost is counted, and what it may be. Without it, in USD at the price book's prices."""

    RULES: ClassVar = (
        *POOL_RULES,
        *COST_RULES,
        *BATCH_RULES,
        Rule(
            "has(self.targetRef) != has(self.template)",
            lambda it: (it.target_ref is None) != (it.template is None),
            "give either targetRef or template",
        ),
        Rule(
            "self.minReplicas <= self.maxReplicas",
            lambda it: it.min_replicas <= it.max_replicas,
            "minReplicas must not be over maxReplicas",
        ),
        Rule(
            "self.minReplicas > 0 || self.queue.sources.exists(source, !has(source.pods))",
            lambda it: it.min_replicas > 0 or any(source.pods is None for source in it.queue.sources),
            "minReplicas 0 needs a source besides pods: without pods there is nobody to ask",
        ),
        Rule(
            "!has(self.queue.onOutage.replicas) || self.queue.onOutage.replicas <= self.maxReplicas",
            lambda it: (it.queue.on_outage.replicas or 0) <= it.max_replicas,
            "queue.onOutage.replicas must not be over maxReplicas",
        ),
        Rule(
            "self.deletionPolicy == 'Orphan' || has(self.template)",
            lambda it: it.deletion_policy == "Orphan" or it.template is not None,
            "deletionPolicy Delete needs template: a target that the pool did not make is never deleted",
        ),
        Rule(
            "!has(self.targetRef) || self.targetRef.kind == 'Deployment' || !has(self.capacity)"
            " || !self.capacity.tiers.exists(tier, tier.type == 'Spot')",
            lambda it: it.kind is DEPLOYMENT or it.capacity is None or not it.capacity.has_spot,
            "a tier of type Spot needs a Deployment: any other kind is one whole, and may be on spot as a whole by what"
            " its own template asks of its nodes",
        ),
        Rule(
            "!has(self.targetRef) || self.targetRef.kind == 'Deployment' || !has(self.cost)"
            " || !has(self.cost.annotate) || !('Workload' in self.cost.annotate)",
            lambda it: it.kind is DEPLOYMENT or it.cost is None or "Workload" not in (it.cost.annotate or ()),
            "cost.annotate Workload needs a Deployment: of any other kind the operator may write the size alone",
        ),
    )

    @property
    def kind(self) -> WorkloadKind:
        """What kind of workload the pool scales; a `template` becomes a Deployment."""
        return self.target_ref.workload if self.target_ref else DEPLOYMENT

    @property
    def owns_workload(self) -> bool:
        """Whether the operator renders the Deployment itself."""
        return self.template is not None

    def to_core(self) -> model.PoolSpec:
        """Return the spec as the rules read it."""
        timeout = None if self.startup.timeout == "auto" else parse_duration(self.startup.timeout)
        guaranteed, tiers = (
            (model.Guaranteed(), (model.ON_DEMAND,)) if self.capacity is None else self.capacity.to_core()
        )
        return model.PoolSpec(
            min_replicas=self.min_replicas,
            max_replicas=self.max_replicas,
            mode=model.Mode(self.mode),
            queue=_queue(self.queue),
            slo=_slo(self.slo),
            startup_timeout=timeout,
            guaranteed=guaranteed,
            tiers=unreplaced(tiers) if self.batch else tiers,
            drain_deadline=parse_duration(self.drain.deadline),
            schedule=self.schedule.to_core(self.max_replicas) if self.schedule else None,
            forecast=self.forecast.to_core() if self.forecast else None,
            lead=self.lead == "Auto",
            batch=self.batch.to_core() if self.batch else None,
            cost=self.cost.to_core() if self.cost else costing.Costing(),
            tie=self.peer_ref.to_core() if self.peer_ref else None,
        )


class SpecError(RefusedError, ValueError):
    """A spec that cannot be accepted: every problem, each with its field and what would be right."""


def parse_spec(raw: Mapping[str, Any]) -> Spec:
    """Return the spec of an InferencePool's JSON.

    Raises:
        SpecError: it breaks the schema or a rule; each problem names its field.
    """
    try:
        return Spec.model_validate(raw)
    except ValidationError as error:
        raise SpecError(problems(error, Spec)) from error


def unknown_fields(raw: Mapping[str, Any]) -> list[str]:
    """Return the paths in a spec's JSON that no field of ours has: what a plain POST prunes in silence."""
    try:
        Spec.model_validate(raw)
    except ValidationError as error:
        return [shown(found["loc"]) for found in error.errors() if found["type"] == "extra_forbidden"]
    return []


def _queue(queue: Queue) -> model.Queue:
    outage, below = queue.on_outage, queue.scale_down.below
    above = ABOVE if queue.scale_up.above is None else queue.scale_up.above
    return model.Queue(
        sources=tuple(source.to_core() for source in queue.sources),
        combine=model.Combine(queue.combine),
        interval=parse_duration(queue.interval),
        thresholds_per=model.Per(queue.thresholds_per),
        up=model.ScaleUp(
            above=above,
            step=queue.scale_up.step,
            max_step=queue.scale_up.max_step,
            delay=parse_duration(queue.scale_up.delay),
            settle=parse_duration(queue.scale_up.settle),
        ),
        down=model.ScaleDown(
            below=min(BELOW, above) if below is None else below,
            step=queue.scale_down.step,
            grace_period=parse_duration(queue.scale_down.grace_period),
            max_utilization_percent=queue.scale_down.max_utilization_percent,
            idle_after=parse_duration(queue.scale_down.idle_after) if queue.scale_down.idle_after else None,
        ),
        slots_per_replica=queue.slots_per_replica,
        widened=queue.scale_up.above is None and below is None,
        on_outage=model.OnOutage(
            parse_duration(outage.after), model.OutageBehavior(outage.behavior), outage.replicas or 0
        ),
    )


def _slo(slo: Slo | None) -> model.Slo | None:
    return None if slo is None else model.Slo(parse_duration(slo.queue_time), slo.objective_percent)
