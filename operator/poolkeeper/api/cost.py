"""The spec's parts about money (R8): prices, commitments, the baseline of savings, the budget, what is unusual.

Money is text: a number would pass through floating point on its way here, and lose cents.
"""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from poolkeeper.api.fields import KNOWN_ZONE, MAX_REPLICAS, Name, Zone
from poolkeeper.api.rules import Part, Rule, in_schema
from poolkeeper.core import costing
from poolkeeper.core.model import ON_DEMAND

MAX_COMMITMENTS, MAX_UNITS, MAX_PRICES, MAX_THRESHOLDS = 16, 16, 8, 16
MAX_GPUS, GPUS_LENGTH = 10_000, 12
DIGITS = "^[0-9]{1,12}([.][0-9]{1,9})?$"
GPUS = "^[0-9]{1,4}([.][0-9]{1,6})?$"
OVER_ZERO = "^[0-9.]*[1-9][0-9.]*$"


def _matches(*patterns: str) -> str:
    return " && ".join(f"self.matches('{pattern}')" for pattern in patterns)


def _is(text: object, *patterns: str) -> bool:
    return isinstance(text, str) and all(re.fullmatch(pattern, text) for pattern in patterns)


AMOUNT = Rule(
    _matches(DIGITS),
    lambda it: _is(it, DIGITS),
    'write an amount as a string of plain digits, as in "15000" or "0.45"',
)
AMOUNT_OVER_ZERO = Rule(
    _matches(DIGITS, OVER_ZERO),
    lambda it: _is(it, DIGITS, OVER_ZERO),
    'write an amount over 0 as a string of plain digits, as in "15000" or "0.45"',
)
GPU_COUNT = Rule(
    f"type(self) == int ? (self >= 1 && self <= {MAX_GPUS}) : ({_matches(GPUS, OVER_ZERO)})",
    lambda it: 1 <= it <= MAX_GPUS if isinstance(it, int) and not isinstance(it, bool) else _is(it, GPUS, OVER_ZERO),
    'write a number of GPUs over 0, a fraction as a string, as in 4 or "0.5"',
)


def _text(given: object) -> object:
    if isinstance(given, int | float):
        raise ValueError(AMOUNT.message)  # noqa: TRY004  pydantic takes ValueError for words
    return given


def _amount(text: str) -> str:
    return AMOUNT.kept(text)


def _amount_over_zero(text: str) -> str:
    return AMOUNT_OVER_ZERO.kept(text)


def _gpus(given: object) -> object:
    if isinstance(given, str) and len(given) > GPUS_LENGTH:
        raise ValueError(f"must have at most {GPUS_LENGTH} characters")
    return GPU_COUNT.kept(given)


def _date(text: str) -> str:
    try:
        if date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise ValueError(f"{text!r} is no date; write one, as in 2027-06-30")


Money = Annotated[
    str, BeforeValidator(_text), Field(max_length=24, json_schema_extra=in_schema(AMOUNT)), AfterValidator(_amount)
]
MoneyOverZero = Annotated[
    str,
    BeforeValidator(_text),
    Field(max_length=24, json_schema_extra=in_schema(AMOUNT_OVER_ZERO)),
    AfterValidator(_amount_over_zero),
]
Gpus = Annotated[
    int | str,
    BeforeValidator(_gpus),
    Field(json_schema_extra={"x-kubernetes-int-or-string": True, "maxLength": GPUS_LENGTH, **in_schema(GPU_COUNT)}),
]
Date = Annotated[str, Field(max_length=10, json_schema_extra={"format": "date"}), AfterValidator(_date)]
Percent = Annotated[int, Field(ge=1, le=1000)]


class Commitment(Part):
    """GPUs that are paid for whether they are used or not: reserved, or owned. They are used before others are."""

    gpus: Gpus
    """How many."""
    price_per_gpu_hour: Annotated[Money, Field(alias="pricePerGPUHour")]
    """What each of them costs an hour."""
    until: Date | None = None
    """The last day that they are paid for, as in `2027-06-30`. Without it, there is none."""

    def to_core(self) -> costing.Commitment:
        """Return the commitment as the rules read it."""
        until = date.fromisoformat(self.until) if self.until else None
        return costing.Commitment(Decimal(self.gpus), Decimal(self.price_per_gpu_hour), until)


class Baseline(Part):
    """What savings are measured against: so many replicas, all the time."""

    replicas: Annotated[int, Field(ge=1, le=MAX_REPLICAS)]
    """How many."""
    type: Literal["OnDemand", "Spot"] = "OnDemand"
    """On which machines."""

    def to_core(self) -> costing.Baseline:
        """Return the baseline as the rules read it."""
        return costing.Baseline(Decimal(self.replicas), self.type == "Spot")


class Budget(Part):
    """What a calendar month may cost."""

    monthly: MoneyOverZero
    """The amount, in the pool's currency."""
    alert_at_percent: Annotated[tuple[Percent, ...], Field(strict=False, max_length=MAX_THRESHOLDS)] = (50, 80, 100)
    """Shares of it, in percent. Each is told once a month: when that is spent, and when it is expected to be."""
    enforce: Literal["Alert", "HoldScaleUp"] = "Alert"
    """What happens once it is used up. HoldScaleUp: the pool grows no more beyond its floor."""

    RULES: ClassVar = (
        Rule(
            "self.alertAtPercent.isSorted()"
            " && self.alertAtPercent.all(one, self.alertAtPercent.exists_one(other, other == one))",
            lambda it: list(it.alert_at_percent) == sorted(set(it.alert_at_percent)),
            "alertAtPercent must rise from one to the next",
        ),
    )

    def to_core(self) -> costing.Budget:
        """Return the budget as the rules read it."""
        return costing.Budget(Decimal(self.monthly), self.alert_at_percent, costing.Enforce(self.enforce))


class Anomaly(Part):
    """When a day is unusual."""

    percent: Percent = 20
    """How far its cost must be off what days of its kind cost, in percent."""


class Unit(Part):
    """What the pool is there for, such as an order or a user: its cost is told for one of them."""

    name: Name
    """The unit's name, in the status, metrics and reports."""
    query: Annotated[str, Field(min_length=1, max_length=4096)]
    """A PromQL query for how many there were in the last day; it must give exactly one element."""
    server: Name = "default"
    """The server's name in the operator's configuration. A pool holds no URL."""
    revenue: Money | None = None
    """What one of them earns, in the pool's currency: then its margin is told, too."""

    def to_core(self) -> costing.Unit:
        """Return the unit as the rules read it."""
        return costing.Unit(self.name, self.query, self.server, Decimal(self.revenue) if self.revenue else None)


class Cost(Part):
    """How the pool's cost is counted, and what it may be. Without prices here, those of the price book count."""

    currency: Annotated[str, Field(pattern="^[A-Z]{3}$", max_length=3)] = "USD"
    """The currency of all amounts here, as ISO 4217 has it. Prices of the price book in another do not count."""
    timezone: Zone = "UTC"
    """The IANA zone whose days and months count, as in `America/New_York`."""
    gpus_per_replica: Gpus | None = None
    """How many GPUs a replica uses, where that is a group all of it; a fraction as a string, as in `"0.5"`. Without it,
    what its pods ask for."""
    price_per_gpu_hour: Annotated[dict[str, Money], Field(alias="pricePerGPUHour", max_length=MAX_PRICES)] = Field(
        default_factory=dict
    )
    """What a GPU costs an hour, by the tier's name (`on-demand` without `capacity`), over the price book."""
    commitments: Annotated[tuple[Commitment, ...], Field(strict=False, max_length=MAX_COMMITMENTS)] = ()
    """GPUs that are paid for anyway, in the order in which they are used."""
    baseline: Baseline | None = None
    """What savings are measured against. Without it, the size that was measured in mode Observe."""
    budget: Budget | None = None
    """What a calendar month may cost."""
    anomaly: Anomaly = Field(default_factory=Anomaly)
    """When a day is unusual."""
    units: Annotated[
        tuple[Unit, ...], Field(strict=False, max_length=MAX_UNITS, json_schema_extra={"list-map-key": "name"})
    ] = ()
    """What the pool is there for."""
    annotate: Annotated[tuple[Literal["Workload", "Pods"], ...], Field(strict=False, max_length=2)] = ()
    """What besides the pool bears its cost as annotations, renewed hourly: its Deployments, and their pods."""

    RULES: ClassVar = (
        KNOWN_ZONE,
        Rule(
            "self.units.all(a, self.units.exists_one(b, b.name == a.name))",
            lambda it: len({unit.name for unit in it.units}) == len(it.units),
            "unit names must differ",
        ),
    )

    def to_core(self) -> costing.Costing:
        """Return how cost is counted as the rules read it."""
        return costing.Costing(
            currency=self.currency,
            timezone=self.timezone,
            gpus_per_replica=None if self.gpus_per_replica is None else Decimal(self.gpus_per_replica),
            prices={tier: Decimal(price) for tier, price in self.price_per_gpu_hour.items()},
            commitments=tuple(one.to_core() for one in self.commitments),
            baseline=self.baseline.to_core() if self.baseline else None,
            budget=self.budget.to_core() if self.budget else None,
            anomaly_percent=self.anomaly.percent,
            units=tuple(unit.to_core() for unit in self.units),
        )


def _prices_tiers(spec: Any) -> bool:  # noqa: ANN401  the Spec, which is built on this file
    tiers = {tier.name for tier in spec.capacity.tiers} if spec.capacity else {ON_DEMAND.name}
    return spec.cost is None or tiers.issuperset(spec.cost.price_per_gpu_hour)


COST_RULES = (
    Rule(
        "!has(self.cost) || !has(self.cost.pricePerGPUHour) || self.cost.pricePerGPUHour.all(name,"
        f" has(self.capacity) ? self.capacity.tiers.exists(tier, tier.name == name) : name == '{ON_DEMAND.name}')",
        _prices_tiers,
        "cost.pricePerGPUHour must name tiers of capacity.tiers, or on-demand where there is no capacity",
    ),
)
"""The rules of a spec about its cost."""
