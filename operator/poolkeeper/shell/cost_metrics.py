"""What a pool costs, as metrics. Amounts of money bear their currency as a label, and are absent where unknown."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain

from prometheus_client import CollectorRegistry, Gauge

from poolkeeper.api.money import has_price, knows_month
from poolkeeper.core.economics import Phase, method, per_million_tokens, per_request
from poolkeeper.core.statement import Statement

Key = tuple[str, str]
Value = tuple[Gauge, tuple[str, ...], float | Decimal | None]

POOL = ("namespace", "pool")
CURRENCY = (*POOL, "currency")
TIER = (*CURRENCY, "tier")
CAUSE = (*CURRENCY, "cause")
REQUEST = (*CURRENCY, "cost_basis", "period")
TOKENS = (*CURRENCY, "cost_basis", "phase", "allocation_method", "period")
UNIT = (*CURRENCY, "unit")
LABEL = (*POOL, "key", "value")
PERIODS = "the day so far, and the month to date"
ALLOCATION = "allocation"
"""OpenCost's `cost_basis` of what adds up to the bill, idle time included; ours is no other."""
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""Where the price book says nothing, a price has held from here on."""


class CostMetrics:
    """The gauges, set once for each statement."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, words: str, labels: tuple[str, ...] = POOL) -> Gauge:
            return Gauge(f"poolkeeper_pool_cost_{name}", words, labels, registry=registry)

        self.per_hour = gauge("per_hour", "What an hour costs now: each tier, overhead, unused commitments.", TIER)
        self.month = gauge("month_to_date", "What the calendar month has cost.", CURRENCY)
        self.month_end = gauge("month_end_expected", "What the month is expected to cost in the end.", CURRENCY)
        self.saved = gauge("savings_month_to_date", "What the month has saved against the baseline, by cause.", CAUSE)
        self.budget = gauge("budget_monthly", "The month's budget.", CURRENCY)
        self.used = gauge("budget_used_ratio", "How much of the month's budget is used up, 1 being all.")
        self.expected = gauge("budget_expected_ratio", "How much of it is expected to be used up in the end.")
        self.holds = gauge("budget_holds", "1 while a budget that is used up holds growth back, else 0.")
        self.unpriced = gauge("unpriced_gpus", "GPUs in use whose price is unknown: they are in no amount.")
        self.idle = gauge("idle_ratio", "Share of the month's ready replica-hours with nothing to do.")
        self.price_age = gauge("price_age_seconds", "Time since the oldest price in use came into effect.")
        self.unusual = gauge("unusual_ratio", "How far the last whole day was off; absent where it was as usual.")
        self.per_request = gauge("per_request", f"What a request cost, idle time included; {PERIODS}.", REQUEST)
        self.per_million_tokens = gauge(
            "per_million_tokens", f"What a million tokens cost, all where `phase` is empty; {PERIODS}.", TOKENS
        )
        self.per_unit = gauge("per_unit", "What one of a unit of the spec cost over the last 24 hours.", UNIT)
        self.unit_margin = gauge("unit_margin", "What of its revenue that left; absent where that is not given.", UNIT)
        self.label = Gauge(
            "poolkeeper_pool_label", "1 for each label of the pool that costs go by.", LABEL, registry=registry
        )
        self._shown: defaultdict[Key, list[tuple[Gauge, tuple[str, ...]]]] = defaultdict(list)

    def told(self, key: Key, statement: Statement, borne: Mapping[str, str]) -> None:
        """Show a statement and the labels that the pool has borne, and nothing of those before."""
        self.forget(key)
        marks: list[Value] = [(self.label, label, 1) for label in borne.items()]
        told = (self._amounts(statement), self._work(statement), self._others(statement), marks)
        for known, labels, value in chain.from_iterable(told):
            if value is not None:
                known.labels(*key, *labels).set(float(value))
                self._shown[key].append((known, labels))

    def forget(self, key: Key) -> None:
        """Drop the series of a pool, by their names: to look for them takes longer the more pools there are."""
        for known, labels in self._shown.pop(key, ()):
            known.remove(*key, *labels)

    def _amounts(self, statement: Statement) -> Iterator[Value]:
        currency, month, end = (statement.currency,), statement.month, statement.end
        for tier, line in statement.hour.lines.items():
            yield self.per_hour, (*currency, tier), line.effective if has_price(line) else None
        if knows_month(statement):
            yield self.month, currency, month.cost
            yield self.month_end, currency, end.amount if end else None
        if month.savings.baseline is not None:
            saved = month.savings
            for cause, amount in (("queue", saved.queue), ("schedule", saved.schedule), ("spot", saved.spot)):
                yield self.saved, (*currency, cause), amount
        if statement.budget is not None:
            yield self.budget, currency, statement.budget.monthly

    def _work(self, statement: Statement) -> Iterator[Value]:
        basis = (statement.currency, ALLOCATION)
        for period, amount in (("day", statement.day), ("month", statement.month)):
            yield self.per_request, (*basis, period), per_request(amount)
            for phase in Phase:
                way = method(amount.use).value if phase else ""
                yield self.per_million_tokens, (*basis, phase.value, way, period), per_million_tokens(amount, phase)
        for unit in statement.units:
            yield self.per_unit, (statement.currency, unit.name), unit.cost
            yield self.unit_margin, (statement.currency, unit.name), unit.margin

    def _others(self, statement: Statement) -> Iterator[Value]:
        budget = statement.budget
        if budget is not None:
            yield self.used, (), budget.used if knows_month(statement) else None
            yield self.expected, (), budget.expected
            yield self.holds, (), int(budget.holds)
        yield self.unpriced, (), statement.hour.unpriced
        yield self.idle, (), statement.idle
        yield self.price_age, (), price_age(statement)
        yield self.unusual, (), statement.unusual.percent / 100 if statement.unusual else None


def price_age(statement: Statement) -> float | None:
    """Return the age of the oldest price in use in seconds, None where none has a date."""
    rows = (quote.row for _, quote in statement.pricing.quotes)
    begun = [row.since for row in rows if row is not None and row.since > ALWAYS]
    return (statement.at - min(begun)).total_seconds() if begun else None
