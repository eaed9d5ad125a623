"""What a pool costs, as metrics. Amounts of money bear their currency as a label, and are absent where unknown."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from prometheus_client import CollectorRegistry, Gauge

from poolkeeper.api.money import has_price, knows_month
from poolkeeper.core.statement import Statement

Key = tuple[str, str]
Value = tuple[Gauge, tuple[str, ...], float | Decimal | None]

POOL = ("namespace", "pool")
CURRENCY = (*POOL, "currency")
TIER = (*CURRENCY, "tier")
CAUSE = (*CURRENCY, "cause")
LABEL = (*POOL, "key", "value")
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
        self.label = Gauge(
            "poolkeeper_pool_label", "1 for each label of the pool that costs go by.", LABEL, registry=registry
        )
        self._shown: defaultdict[Key, list[tuple[Gauge, tuple[str, ...]]]] = defaultdict(list)

    def told(self, key: Key, statement: Statement, borne: Mapping[str, str]) -> None:
        """Show a statement and the labels that the pool has borne, and nothing of those before."""
        self.forget(key)
        marks: list[Value] = [(self.label, label, 1) for label in borne.items()]
        for known, labels, value in (*self._amounts(statement), *self._others(statement), *marks):
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
