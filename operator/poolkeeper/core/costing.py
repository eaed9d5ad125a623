"""What the spec says about money (R8): prices, commitments, the baseline of savings, the budget, what is unusual."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Enforce(StrEnum):
    """What a budget that is used up does: it is told, or the pool grows no more beyond its floor."""

    ALERT = "Alert"
    HOLD_SCALE_UP = "HoldScaleUp"


@dataclass(frozen=True, slots=True)
class Commitment:
    """GPUs that are paid for whether they are used or not, each at this price an hour, until that day has ended."""

    gpus: Decimal
    price: Decimal
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Baseline:
    """What savings are measured against: this many replicas, all the time, on machines of this capacity type."""

    replicas: Decimal
    spot: bool = False


@dataclass(frozen=True, slots=True)
class Budget:
    """What a calendar month may cost. Each of the percentages is told once a month."""

    monthly: Decimal
    alert_at_percent: tuple[int, ...] = (50, 80, 100)
    enforce: Enforce = Enforce.ALERT


@dataclass(frozen=True, slots=True)
class Unit:
    """What the pool is there for, counted by a query; `revenue` is what one of them earns, for its margin."""

    name: str
    query: str
    server: str = "default"
    revenue: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Costing:
    """How a pool's cost is counted. Days and months are those of the IANA zone `timezone`.

    `gpus_per_replica` None: read from the pods. `prices`: for a GPU and an hour, by tier, over the price book.
    `anomaly_percent` is how far a day may be off before it is told.
    """

    currency: str = "USD"
    timezone: str = "UTC"
    gpus_per_replica: Decimal | None = None
    prices: Mapping[str, Decimal] = field(default_factory=dict, hash=False)
    commitments: tuple[Commitment, ...] = ()
    baseline: Baseline | None = None
    budget: Budget | None = None
    anomaly_percent: int = 20
    units: tuple[Unit, ...] = ()
