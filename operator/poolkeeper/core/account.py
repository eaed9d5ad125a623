"""A pool's account: what its meter has come to, day by day, since the month began and in the weeks before (R8).

    meter ---> days ---------------------> month, past
               the open one, and closed    what was filed: the ledger has it for good
               ones that are not filed

A day is added to the month and to the past once, when it is filed; what is written of it is always its whole amount. So
nothing is counted twice: whoever takes over begins at the last account that was stored, and writes the same day again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from poolkeeper.core import meter
from poolkeeper.core.costing import Baseline, Enforce
from poolkeeper.core.days import NOTHING, OVERHEAD, ZERO, Amount, Day, Use, hours, month_of, noted, total
from poolkeeper.core.meter import Bill, Meter
from poolkeeper.core.model import Mode, PoolSpec
from poolkeeper.core.rates import Setting, rates, tariff_of
from poolkeeper.core.use import Counting

PAST = timedelta(days=98)
"""How far back days are remembered, one by one, for the forecast and for what is usual."""
SETTLED = timedelta(minutes=5)
"""How long a day must be over before it is filed: till then it is written again, over what a leader before might."""


@dataclass(frozen=True, slots=True)
class Past:
    """A day that is over: what it cost, and each line's GPU-hours and cost. `gap` and `whole` are an Amount's."""

    on: date
    cost: Decimal
    lines: tuple[tuple[str, Decimal, Decimal], ...] = ()
    gap: Decimal = ZERO
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Month:
    """What was filed of a calendar month, told by its first day."""

    first: date | None = None
    amount: Amount = NOTHING


@dataclass(frozen=True, slots=True)
class Told:
    """What was told already: thresholds of the `month` (as "80 Actual of 15000"), and the last day that was judged."""

    month: date | None = None
    thresholds: tuple[str, ...] = ()
    judged: date | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """The size that was measured in Observe, for savings: replica-hours over hours. `frozen` at the first Active.

    `observing`: so it was at the meter's last change. That is of this process alone.
    """

    replica_hours: Decimal = ZERO
    hours: Decimal = ZERO
    frozen: bool = False
    observing: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """A pool's account. `days` are the open day and closed ones that are not filed yet, oldest first.

    All amounts are of one `currency`, empty: none yet. `past` are the filed days, oldest first, PAST at most.
    `spent_at` is when the budget is used up if all stays as it is, None: not before the meter's next change; what was
    stored counts until it is known anew. `counting` is of this process alone.
    """

    meter: Meter = field(default_factory=Meter)
    days: tuple[Day, ...] = ()
    month: Month = field(default_factory=Month)
    past: tuple[Past, ...] = ()
    told: Told = field(default_factory=Told)
    measured: Measured = field(default_factory=Measured)
    counting: Counting = field(default_factory=Counting)
    spent_at: datetime | None = None
    currency: str = ""


def keep(account: Account, spec: PoolSpec, bill: Bill, cap: int | None, now: datetime) -> Account:
    """Return the account after a look at what is paid for; the same where nothing has changed.

    `cap` is the schedule's where that is narrower than the pool's own.
    """
    tariff, setting = tariff_of(spec, bill.book), Setting(baseline_of(spec, account.measured), cap)
    if meter.rests(account.meter, bill.items, setting, tariff, now):
        return account
    account = in_currency(account, spec.cost.currency)
    begun = account.meter.at
    turned, days = meter.turn(account.meter, bill.items, setting, tariff, now)
    after = replace(
        account,
        meter=turned,
        days=posted(account, days, tariff.zone),
        measured=observed(account.measured, spec, account.meter, now - begun if begun else timedelta(0)),
        counting=replace(account.counting, use=Use()),
    )
    return replace(after, spent_at=spent_at(after, spec, now))


def in_currency(account: Account, currency: str) -> Account:
    """Return an account in a currency: another one begins anew, for amounts of two currencies are never added."""
    if account.currency in {"", currency}:
        return account if account.currency else replace(account, currency=currency)
    return Account(measured=account.measured, counting=account.counting, currency=currency)


def untargeted(account: Account) -> Account:
    """Return the account of a pool whose target is gone: it has no replicas, and that saves nothing."""
    known = account.meter
    if known.setting.unit is None:
        return account
    return replace(account, meter=replace(known, setting=replace(known.setting, unit=None)))


def posted(account: Account, metered: Iterable[Day], place: ZoneInfo) -> tuple[Day, ...]:
    """Return the days that are not filed with what was metered, and with what was counted since the last change.

    What a filed day lacks is added to the day after it: the ledger has it for good.
    """
    first = account.past[-1].on + timedelta(days=1) if account.past else date.min
    days, begun, counted = account.days, account.meter.at, account.counting.use
    for day in metered:
        days = noted(days, max(first, day.on), day.amount)
    if begun is None or counted == Use():
        return days
    return noted(days, max(first, begun.astimezone(place).date()), Amount(use=counted))


def baseline_of(spec: PoolSpec, measured: Measured) -> Baseline | None:
    """Return what savings are measured against: the spec's, else what was measured in Observe once that is over."""
    if spec.cost.baseline is not None:
        return spec.cost.baseline
    return Baseline(measured.replica_hours / measured.hours) if measured.frozen and measured.hours else None


def observed(measured: Measured, spec: PoolSpec, before: Meter, lasted: timedelta) -> Measured:
    """Return the size measured in Observe, with the time since the last change; it is over at the first Active."""
    if measured.frozen:
        return measured
    if measured.observing and before.billed is not None and lasted > timedelta(0):
        replicas = sum((Decimal(count) / one.parts for one, count in before.rented if one.tier != OVERHEAD), ZERO)
        measured = replace(
            measured,
            replica_hours=measured.replica_hours + replicas * hours(lasted),
            hours=measured.hours + hours(lasted),
        )
    frozen = spec.mode is Mode.ACTIVE and measured.hours > 0
    return replace(measured, frozen=frozen, observing=spec.mode is Mode.OBSERVE)


def settled(account: Account, now: datetime) -> tuple[Day, ...]:
    """Return the days that are not filed, as they are by now."""
    tariff = account.meter.tariff
    return posted(account, meter.due(account.meter, now), tariff.zone) if tariff else account.days


def balance(account: Account, spec: PoolSpec, now: datetime) -> Account:
    """Return the account as it is to be stored: all that has come together by now is in it.

    So whoever takes over knows until when somebody looked, and what was counted at the prices of that time.
    """
    known = account.meter
    if known.at is None or known.tariff is None or now <= known.at:
        return account
    return replace(
        account,
        meter=replace(known, at=now),
        days=settled(account, now),
        measured=observed(account.measured, spec, known, now - known.at),
        counting=replace(account.counting, use=Use()),
    )


def month_to_date(account: Account, now: datetime, zone_day: date) -> Amount:
    """Return what the month of `zone_day`, today in the pool's zone, has come to by now."""
    first = month_of(zone_day)
    filed = account.month.amount if account.month.first == first else NOTHING
    return total([filed, *(day.amount for day in settled(account, now) if month_of(day.on) == first)])


def per_hour(account: Account, now: datetime) -> Amount:
    """Return what an hour comes to at the rates that hold now."""
    known = account.meter
    return rates(known.tariff, known.rented, known.setting, now) if known.tariff else NOTHING


def spent_at(account: Account, spec: PoolSpec, now: datetime) -> datetime | None:
    """Return when the month's budget is used up at the present rate; None: not before the meter's next change."""
    budget, known = spec.cost.budget, account.meter
    if budget is None or budget.enforce is not Enforce.HOLD_SCALE_UP or known.tariff is None or known.until is None:
        return None
    left = budget.monthly - month_to_date(account, now, now.astimezone(known.tariff.zone).date()).cost
    if left <= 0:
        return now
    rate = per_hour(account, now).cost
    if not rate or left / rate > hours(known.until - now):
        return None
    return now + timedelta(hours=float(left / rate))


def file(account: Account, filed: Iterable[Day], today: date) -> Account:
    """Return the account after closed days were written to the ledger: they move to the month and to the past.

    A day that has changed since it was written stays, and so does one that is not over or that the meter has not left.
    """
    known = account.meter
    left = known.at.astimezone(known.tariff.zone).date() if known.at and known.tariff else date.min
    done = {day.on for day in filed if day in account.days and day.on < min(today, left)}
    if not done:
        return account
    month, gone = account.month, [day for day in account.days if day.on in done]
    for day in gone:
        month = in_month(month, day)
    past = sorted([*account.past, *map(past_of, gone)], key=lambda one: one.on)
    kept = tuple(day for day in account.days if day.on not in done)
    return replace(account, days=kept, month=month, past=tuple(one for one in past if today - one.on <= PAST))


def in_month(month: Month, day: Day) -> Month:
    """Return the month with a day added: one of a later month begins that, one of an earlier changes nothing."""
    first = month_of(day.on)
    amount = replace(day.amount, machines={})  # the ledger has them
    if month.first is None or first > month.first:
        return Month(first, amount)
    return replace(month, amount=month.amount + amount) if first == month.first else month


def past_of(day: Day) -> Past:
    """Return what to remember of a day that is over."""
    lines = day.amount.lines.items()
    shown = tuple((name, line.gpu_hours, line.effective) for name, line in lines)
    return Past(day.on, day.amount.cost, shown, day.amount.gap, day.amount.whole)


def history(account: Account, today: date) -> tuple[Past, ...]:
    """Return all days that are over, filed or not, oldest first; one in between that rented nothing cost nothing."""
    known = {one.on: one for one in (*account.past, *(past_of(day) for day in account.days if day.on < today))}
    first = min(known, default=today)
    days = (first + timedelta(days=number) for number in range((today - first).days))
    return tuple(known.get(day) or Past(day, ZERO) for day in days)
