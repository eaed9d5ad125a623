"""What there is to say of a pool's money at one instant (R8), and what of that is news.

rates.py      what an hour costs          spending.py   where the month and the next 90 days will end
account.py    what the month has cost     budget.py     which thresholds that reaches
prices.py     what has no price           unusual.py    a day that is far off
economics.py  what a request, tokens and units cost
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType

from poolkeeper.core import account as accounts
from poolkeeper.core import budget as budgets
from poolkeeper.core import economics, spending, unusual
from poolkeeper.core.account import Account, Past
from poolkeeper.core.budget import Basis, Threshold
from poolkeeper.core.costing import Baseline, Enforce
from poolkeeper.core.days import NOTHING, OVERHEAD, Amount, month_of, total
from poolkeeper.core.economics import Count, UnitCost
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.prices import Quote
from poolkeeper.core.rates import charge
from poolkeeper.core.reasons import Reason
from poolkeeper.core.spending import Expected
from poolkeeper.core.unusual import Unusual
from poolkeeper.core.zones import zone

CENT = Decimal("0.01")
NOT_COUNTED: Mapping[str, Count] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class News:
    """Something that is told once, as an event: `key` names it within the pool, for good."""

    key: str
    reason: Reason
    words: str


@dataclass(frozen=True, slots=True)
class Pricing:
    """Whether all has a price, and the quote of each tier that is in use."""

    reason: Reason = Reason.PRICED
    detail: str = ""
    quotes: tuple[tuple[str, Quote], ...] = ()


@dataclass(frozen=True, slots=True)
class Budgeted:
    """The month's budget. `used` and `expected` (by the month's end) are shares of it, 1 being all.

    `holds`: it is used up and holds the pool back; `lifted_until`: somebody lifted that.
    """

    monthly: Decimal
    used: Decimal
    expected: Decimal | None
    reason: Reason
    holds: bool = False
    lifted_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """A pool's money. `hour` is what an hour costs now, `month` what the month that began on `first` has cost.

    `end` is where that month will end, None while nothing can be said; `budget` None: there is none; `unusual` the last
    day that was far off, None where it was not; `idle` the share of the month's ready replica-hours with nothing to do.
    `day` is what the day so far has come to, `units` what those of the spec cost over the last 24 hours.
    """

    at: datetime
    currency: str
    first: date
    hour: Amount
    month: Amount
    end: Expected | None = None
    baseline: Baseline | None = None
    pricing: Pricing = field(default_factory=Pricing)
    budget: Budgeted | None = None
    unusual: Unusual | None = None
    idle: float | None = None
    day: Amount = NOTHING
    units: tuple[UnitCost, ...] = ()


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What there is to say, the account that remembers that it was said, and what of it is news."""

    statement: Statement
    account: Account
    news: tuple[News, ...] = ()


def review(
    account: Account,
    spec: PoolSpec,
    now: datetime,
    lifted_until: datetime | None = None,
    counts: Mapping[str, Count] = NOT_COUNTED,
) -> Reviewed:
    """Return a pool's statement at `now`, and what is news since the account was last reviewed.

    `lifted_until`: until when somebody has lifted what a used-up budget holds back. `counts` are units', by name.
    """
    place = zone(spec.cost.timezone)
    today = now.astimezone(place).date()
    settled = accounts.balance(account, spec, now)
    hour, month = accounts.per_hour(account, now), accounts.month_to_date(settled, now, today)
    past = accounts.history(settled, today)
    day = total(one.amount for one in settled.days if one.on == today)
    end = spending.month_end(past, month, hour, now, place)
    odd = unusual.judge(past, spec.cost.anomaly_percent, spec.cost.currency) if account.meter.tariff else None
    lifted = lifted_until if lifted_until is not None and now < lifted_until else None
    statement = Statement(
        at=now,
        currency=spec.cost.currency,
        first=month_of(today),
        hour=hour,
        month=month,
        end=end,
        baseline=accounts.baseline_of(spec, account.measured),
        pricing=pricing(account, hour, now),
        budget=budgeted(spec, month, end, today, lifted),
        unusual=odd,
        idle=month.use.idle_hours / month.use.ready_hours if month.use.ready_hours else None,
        day=day,
        units=economics.unit_costs(spec.cost.units, counts, economics.last_day(past, day, now, place)),
    )
    return told(statement, account, spec, past, today)


def pricing(account: Account, hour: Amount, now: datetime) -> Pricing:
    """Return whether all that is rented at `now` has a price, and from where."""
    tariff, rented = account.meter.tariff, account.meter.rented
    if tariff is None:
        return Pricing()
    quotes: dict[str, Quote] = {}
    for rental, _ in rented:
        found = charge(tariff, rental, now)
        quotes[rental.tier] = max(quotes.get(rental.tier, found), found, key=doubt)
    shown = tuple(quotes.items())
    uncounted = sorted({rental.tier for rental, _ in rented if rental.gpus is None and rental.tier != OVERHEAD})
    if uncounted:
        return Pricing(Reason.GPUS_UNKNOWN, ", ".join(uncounted), shown)
    unknown = {tier for tier, line in hour.lines.items() if line.unpriced}
    assumed = {tier for tier, found in shown if found.assumed}
    reason = Reason.PRICE_UNKNOWN if unknown else Reason.PRICE_ASSUMED if assumed else Reason.PRICED
    detail = "; ".join(f"{tier}: {found.words}" for tier, found in shown if tier in (unknown or assumed))
    return Pricing(reason, detail, shown)


def doubt(found: Quote) -> tuple[bool, bool]:
    """Return how doubtful a quote is: unknown before assumed."""
    return found.price is None, found.assumed


def budgeted(
    spec: PoolSpec, month: Amount, end: Expected | None, today: date, lifted: datetime | None
) -> Budgeted | None:
    """Return how the month's budget stands, None without one."""
    budget = spec.cost.budget
    if budget is None:
        return None
    used = budgets.share(month.cost, budget)
    expected = None if end is None else budgets.share(end.amount, budget)
    soon = expected if today.day >= budgets.FORECAST_FROM else None
    holding = used >= 1 and budget.enforce is Enforce.HOLD_SCALE_UP
    found = budgets.reached(budget, month.cost, end, today)
    reason = budgets.standing(used, soon, found, lifted=holding and lifted is not None)
    return Budgeted(budget.monthly, used, expected, reason, holding and lifted is None, lifted)


def told(statement: Statement, account: Account, spec: PoolSpec, past: tuple[Past, ...], today: date) -> Reviewed:
    """Return a statement with what of it is news, and the account that knows."""
    known, budget, news = account.told, spec.cost.budget, [*news_of_day(statement, account)]
    if budget is not None and statement.budget is not None:
        found = budgets.reached(budget, statement.month.cost, statement.end, today)
        fresh = budgets.untold(known, budget, found, today)
        news.extend(news_of_threshold(statement, statement.budget, threshold) for threshold in budgets.highest(fresh))
        known = replace(known, month=month_of(today), thresholds=budgets.remembered(known, budget, found, today))
    if past and account.meter.tariff:
        known = replace(known, judged=past[-1].on)
    return Reviewed(statement, account if known == account.told else replace(account, told=known), tuple(news))


def news_of_day(statement: Statement, account: Account) -> Iterator[News]:
    """Yield the unusual day, where it has not been told."""
    odd, judged = statement.unusual, account.told.judged
    if odd is None or (judged is not None and odd.on <= judged):
        return
    usual = f"{odd.cost.quantize(CENT)} {statement.currency} where {odd.usual.quantize(CENT)} is usual"
    because = f": {'; '.join(odd.drivers)}" if odd.drivers else ""
    yield News(f"unusual/{odd.on}", Reason.SPENDING_UNUSUAL, f"{odd.on} cost {usual}, {odd.percent:+} %{because}")


def news_of_threshold(statement: Statement, budget: Budgeted, threshold: Threshold) -> News:
    """Return a threshold as news."""
    whole = f"of the {budget.monthly:f} {statement.currency} for {statement.first:%Y-%m}"
    key = f"budget/{statement.first:%Y-%m}/{threshold.percent}/{threshold.basis}/{budget.monthly.normalize():f}"
    if threshold.basis is Basis.FORECAST and statement.end is not None:
        ends = f"the month is expected to end at {statement.end.amount.quantize(CENT)}"
        return News(key, Reason.BUDGET_FORECAST, f"{ends}, {budget.expected or 0:.0%} {whole}")
    reason = Reason.BUDGET_EXCEEDED if threshold.percent >= budgets.ALL else Reason.BUDGET_ALERT
    return News(key, reason, f"{statement.month.cost.quantize(CENT)}, {budget.used:.0%} {whole}, is used up")
