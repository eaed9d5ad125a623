"""What is asked of `recommend`, and what it answers."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from poolkeeper.core.model import Limits, PoolSpec, Schedule


@dataclass(frozen=True, slots=True)
class Question:
    """Today's pool, and what a proposal is judged by.

    `per_replica` is the load that one replica carries, in the series' unit; None: `spec.max_replicas` carry the largest
    load that is no outlier. `startup` is how long a replica takes to become ready, `sla` how long a request may wait.
    `price` is that of one GPU for an hour, None: unknown; `gpus` are those of one replica. `kept` is the part of
    today's schedule that stays whatever is proposed.
    """

    spec: PoolSpec
    per_replica: float | None
    startup: timedelta
    sla: timedelta
    timezone: str = "UTC"
    price: Decimal | None = None
    gpus: int = 1
    kept: Schedule = field(default_factory=Schedule)


@dataclass(frozen=True, slots=True)
class Proposed:
    """A window as people say it: `Mon-Fri` from `08:00` to `18:00`, on the walls of the pool's zone.

    `end` is on the next day where it is not after `begin`; the end of a day is `24:00`.
    """

    name: str
    days: str
    begin: str
    end: str
    min_replicas: int
    max_replicas: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A week as it would have been: GPU-hours, their cost (None: no price), the share inside the SLA (0 to 1)."""

    gpu_hours: float
    cost: Decimal | None
    inside: float
    changes: float


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What the proposal did on days that it had not seen, and what today's pool did there.

    `proposed` was found in the other days, but for what one replica carries, and bursts are left out of all days;
    `unscheduled` is the same proposal without its windows, or the best pool without any where none are proposed; `days`
    says which days these are.
    """

    days: str
    today: Outcome
    unscheduled: Outcome
    proposed: Outcome


@dataclass(frozen=True, slots=True)
class Confidence:
    """How sure the proposal is: the share (0 to 1) of the ups and downs that the time of the week foretold."""

    words: str
    share: float


@dataclass(frozen=True, slots=True)
class Profile:
    """The week that was found: one entry for each half hour from Monday 00:00 on the zone's walls, in the load's unit.

    `usual` is the median over the weeks, `high` what is seldom exceeded; None where nothing was ever measured. With
    less than two weeks, days of one kind are taken together.
    `replicas` is what `high` needs.
    """

    usual: tuple[float | None, ...]
    high: tuple[float | None, ...]
    replicas: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The cheapest pool inside the SLA, beside today's; `helps`: its windows are better than none, `because` says why.

    Without `helps` there are no windows, and the rest is the best pool without any; where nothing was clearly better
    than today's pool that `stays` as it is, windows included. `outside` are the limits where no window is in force. The
    outcomes are per week, over the days that were lived.
    """

    windows: tuple[Proposed, ...]
    outside: Limits
    lead: timedelta
    min_replicas: int
    max_replicas: int
    scale_up_above: float
    scale_down_below: float
    today: Outcome
    proposed: Outcome
    held_out: HeldOut
    confidence: Confidence
    helps: bool
    stays: bool
    because: str
    profile: Profile
    per_replica: float
    notes: tuple[str, ...] = field(default=())
