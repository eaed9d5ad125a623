"""What the status, the conditions and the annotations say of a pool's money (R8): text, rounded here and nowhere else.

amounts          to the cent
rates            to the cent; under 1 to four decimals, or to two digits that say something
shares           whole percents, rounded down: 100 is told when it is reached
what is unknown  is left out: it is never 0
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from poolkeeper.api import names
from poolkeeper.api.shape import Shape, State
from poolkeeper.api.units import format_instant
from poolkeeper.core import economics
from poolkeeper.core.days import COMMITMENTS, OVERHEAD, Amount, Line
from poolkeeper.core.economics import Phase, UnitCost
from poolkeeper.core.prices import Quote
from poolkeeper.core.reasons import Reason
from poolkeeper.core.statement import Budgeted, Pricing, Statement
from poolkeeper.core.unusual import Unusual

Json = dict[str, Any]
CENT = Decimal("0.01")
WITHIN = {Reason.WITHIN_BUDGET, Reason.BUDGET_ALERT, Reason.BUDGET_FORECAST}
"""What is told of a budget that is not used up."""
LAST = (OVERHEAD, COMMITMENTS)
"""The lines that stand behind the tiers'."""


class SavingsStatus(Shape):
    """What was saved this month, by cause; negative where the pool cost more."""

    queue: str
    """By following the queue."""
    schedule: str
    """By the schedule's bounds."""
    spot: str
    """By machines that cost less because they can be reclaimed, and by commitments that are used."""


class BaselineStatus(Shape):
    """What savings are measured against."""

    replicas: str
    """How many replicas, all the time: given, or the mean of what was measured in Observe."""
    type: Literal["OnDemand", "Spot"]
    """On which machines."""
    month_to_date: str | None = None
    """What they would have cost this month."""


class BudgetStatus(Shape):
    """The month's budget."""

    monthly: str
    """What the month may cost."""
    used_percent: int | None = None
    """How much of it is used up."""
    expected_percent: int | None = None
    """How much of it is expected to be used up by the month's end."""
    state: str
    """How it stands: one of the reasons of the condition WithinBudget."""
    holds: bool | None = None
    """Whether it holds growth beyond the floor back. Only where it does."""
    lifted_until: Annotated[str, Field(json_schema_extra={"format": "date-time"})] | None = None
    """Until when somebody has lifted that."""


class UnusualStatus(Shape):
    """A day that cost far more, or far less, than days of its kind do."""

    day: Annotated[str, Field(json_schema_extra={"format": "date"})]
    """Which day."""
    cost: str
    """What it cost."""
    usual: str
    """What such a day costs."""
    percent: int
    """How far it is off."""
    drivers: list[str] = Field(default_factory=list)
    """What made it so."""


class TokensStatus(Shape):
    """What a million tokens cost this month."""

    all: str | None = None
    """Of tokens read and generated together."""
    prompt: str | None = None
    """Of tokens read, with their part of the cost."""
    generation: str | None = None
    """Of tokens generated, with the rest of it."""
    method: Literal["compute_time", "multiplier"] | None = None
    """How the cost is shared out between them: by the time that requests took, or by a fixed weight of 2.5 to 1."""


class UnitStatus(Shape):
    """What one of a unit cost over the last 24 hours."""

    name: str
    """The unit's name."""
    cost: str | None = None
    """What one of it cost."""
    margin: str | None = None
    """What was left of its revenue."""
    message: str | None = None
    """Why its cost is not known."""


class LineStatus(Shape):
    """What a tier costs now. Beside the tiers stand `overhead` (nodes beyond the replicas) and unused `commitments`."""

    name: str
    """The tier's name."""
    per_hour: str | None = None
    """What it costs an hour."""
    price: str | None = None
    """What one GPU of it costs an hour, before commitments."""
    source: str | None = None
    """Where that price is from, or what lacks one."""


class CostStatus(Shape):
    """What the pool costs, as it was at the last write; what is unknown is absent. Days and months are its zone's."""

    currency: str
    """The currency of all amounts."""
    as_of: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    """When that was."""
    per_hour: str | None = None
    """What an hour costs now."""
    month_to_date: str | None = None
    """What the calendar month has cost."""
    forecast_month_end: str | None = None
    """What the month is expected to cost in the end."""
    forecast_range: str | None = None
    """The range that should hold it nine times in ten."""
    savings_month_to_date: str | None = None
    """What was saved this month, against the baseline."""
    savings: SavingsStatus | None = None
    """The same by cause."""
    baseline: BaselineStatus | None = None
    """What savings are measured against."""
    budget: BudgetStatus | None = None
    """The month's budget. Only with one."""
    idle_percent: int | None = None
    """The share of the month's ready replica-hours with nothing to do."""
    unpriced_gpu_hours: Annotated[str | None, Field(alias="unpricedGPUHours")] = None
    """This month's GPU-hours of unknown price: they are in no amount."""
    uncounted_replica_hours: str | None = None
    """This month's replica-hours of which nobody knows how many GPUs they used: they are in no amount."""
    per_request: str | None = None
    """What a finished request cost this month."""
    per_million_tokens: TokensStatus | None = None
    """What a million tokens cost this month."""
    units: Annotated[list[UnitStatus], Field(json_schema_extra={"list-map-key": "name"})] = Field(default_factory=list)
    """What the spec's units cost. Only with such."""
    tiers: Annotated[list[LineStatus], Field(json_schema_extra={"list-map-key": "name"})] = Field(default_factory=list)
    """What each tier costs now, and the row of the price book that says so."""
    unusual: UnusualStatus | None = None
    """The last whole day, where that was far off."""


def cost_status(statement: Statement) -> Json:
    """Return a statement as the status has it."""
    hour, month, end = statement.hour, statement.month, statement.end
    known = knows_month(statement)
    told: Json = {
        "currency": statement.currency,
        "asOf": instant(statement.at),
        "perHour": rate(hour.cost) if is_known(hour) else None,
        "monthToDate": cents(month.cost) if known else None,
        "forecastMonthEnd": cents(end.amount) if end and known else None,
        "forecastRange": f"{cents(end.low)}\N{EN DASH}{cents(end.high)}" if end and known else None,
        "idlePercent": None if statement.idle is None else percent(Decimal(statement.idle)),
        "unpricedGPUHours": cents(month.unpriced) if month.unpriced else None,
        "uncountedReplicaHours": cents(month.uncounted) if month.uncounted else None,
        "tiers": list(tiers(statement)),
        "units": [unit(one) for one in statement.units] or None,
        "budget": budget(statement.budget, known=known) if statement.budget else None,
        "unusual": unusual(statement.unusual) if statement.unusual else None,
    }
    return present(told | savings(statement) | by_work(month))


def annotations(statement: Statement) -> dict[str, str]:
    """Return what a pool's annotations say of its money; a key that is not there has nothing to say."""
    told = cost_status(statement)
    return {key: told[field] for key, field in ANNOTATIONS.items() if field in told}


ANNOTATIONS = {
    names.COST_PER_HOUR: "perHour",
    names.COST_MONTH_TO_DATE: "monthToDate",
    names.COST_FORECAST_MONTH_END: "forecastMonthEnd",
    names.SAVINGS_MONTH_TO_DATE: "savingsMonthToDate",
}
"""Each annotation's key, and the field of status.cost that it repeats."""


def conditions(statement: Statement) -> Iterator[State]:
    """Yield the conditions about money."""
    yield _priced(statement.pricing)
    if statement.budget is not None:
        yield _within_budget(statement, statement.budget)


def _priced(pricing: Pricing) -> State:
    words = "" if pricing.reason is Reason.PRICED else worded(pricing.reason, pricing.detail)
    state = "True" if pricing.reason in {Reason.PRICED, Reason.PRICE_ASSUMED} else "False"
    return "Priced", state, pricing.reason, words


def _within_budget(statement: Statement, found: Budgeted) -> State:
    if not is_known(statement.month):
        return "WithinBudget", "Unknown", *_priced(statement.pricing)[2:]
    share = f"{percent(found.used)} % of {found.monthly:f} {statement.currency}"
    return "WithinBudget", "True" if found.reason in WITHIN else "False", found.reason, worded(found.reason, share)


def worded(reason: Reason, detail: str) -> str:
    """Return a reason's sentence with what there is to add."""
    return f"{reason.sentence}: {detail}" if detail else reason.sentence


def is_known(amount: Amount) -> bool:
    """Return whether any of what an amount is for has a price; nothing at all is known to cost nothing."""
    return not amount.lines or any(has_price(line) for line in amount.lines.values())


def knows_month(statement: Statement) -> bool:
    """Return whether any of the month has a price; before anything has come together, the hour tells."""
    return is_known(statement.month if statement.month.lines else statement.hour)


def has_price(line: Line) -> bool:
    """Return whether any of a line's GPUs has a price."""
    return line.gpu_hours > line.unpriced


def tiers(statement: Statement) -> Iterator[Json]:
    """Yield what each line costs an hour, and what priced it: tiers by name, then the overhead and commitments."""
    lines, quotes = statement.hour.lines, dict(statement.pricing.quotes)
    for name in sorted({*lines, *quotes}, key=lambda one: (one in LAST, one)):
        line = lines.get(name, Line())
        known = {"perHour": rate(line.effective) if has_price(line) else None}
        yield present({"name": name, **known, **priced(quotes.get(name, Quote()))})


def priced(quote: Quote) -> Json:
    """Return a price, and where it is from."""
    return {"price": None if quote.price is None else rate(quote.price), "source": quote.words or None}


def savings(statement: Statement) -> Json:
    """Return what was saved, and against what; nothing where there is no baseline."""
    baseline, saved = statement.baseline, statement.month.savings
    if baseline is None:
        return {}
    kind = "Spot" if baseline.spot else "OnDemand"
    against = {"replicas": f"{baseline.replicas.quantize(CENT).normalize():f}", "type": kind}
    if saved.baseline is None:
        return {"baseline": against}
    return {
        "savingsMonthToDate": cents(saved.total),
        "savings": {"queue": cents(saved.queue), "schedule": cents(saved.schedule), "spot": cents(saved.spot)},
        "baseline": against | {"monthToDate": cents(saved.baseline)},
    }


def budget(found: Budgeted, *, known: bool) -> Json:
    """Return how the budget stands; `known`: something of the month has a price."""
    return present(
        {
            "monthly": f"{found.monthly:f}",
            "usedPercent": percent(found.used) if known else None,
            "expectedPercent": percent(found.expected) if known and found.expected is not None else None,
            "state": found.reason.value,
            "holds": True if found.holds else None,
            "liftedUntil": instant(found.lifted_until),
        }
    )


def unusual(found: Unusual) -> Json:
    """Return the day that was far off."""
    money = {"cost": cents(found.cost), "usual": cents(found.usual)}
    return {"day": found.on.isoformat(), **money, "percent": found.percent, "drivers": list(found.drivers)}


def by_work(month: Amount) -> Json:
    """Return what a request and a million tokens cost; nothing where none were counted, or a part has no price."""
    each = economics.per_request(month)
    tokens = {phase.name.lower(): economics.per_million_tokens(month, phase) for phase in Phase}
    told = present({name: None if cost is None else rate(cost) for name, cost in tokens.items()})
    return {
        "perRequest": None if each is None else rate(each),
        "perMillionTokens": told | {"method": economics.method(month.use).value} if told else None,
    }


def unit(found: UnitCost) -> Json:
    """Return what one of a unit cost, or why that is not known."""
    known = {"cost": found.cost, "margin": found.margin}
    told = {field: None if amount is None else rate(amount) for field, amount in known.items()}
    return present({"name": found.name, **told, "message": found.words or None})


def cents(amount: Decimal) -> str:
    """Return an amount to the cent."""
    return f"{amount:.2f}" if amount.quantize(CENT) else "0.00"


def rate(amount: Decimal) -> str:
    """Return what one of something costs: to the cent, under 1 to four decimals or to two digits that are not 0."""
    return f"{amount:.{max(4, 1 - amount.adjusted())}f}" if amount and abs(amount) < 1 else cents(amount)


def percent(share: Decimal) -> int:
    """Return a share as a whole percentage that is reached."""
    return int((100 * share).to_integral_value(ROUND_FLOOR))


def instant(at: datetime | None) -> str | None:
    """Return an instant to the second, None where there is none."""
    return None if at is None else format_instant(at.replace(microsecond=0))


def present(told: Json) -> Json:
    """Return what there is to tell, without what is unknown."""
    return {key: value for key, value in told.items() if value is not None}
