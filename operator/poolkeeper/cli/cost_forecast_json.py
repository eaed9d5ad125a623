"""What multiples of a load come to, as JSON: amounts to nine decimals, null where they are not known."""

from decimal import Decimal
from typing import Any

from poolkeeper.api.amounts import format_number
from poolkeeper.api.units import format_instant
from poolkeeper.cli.cost_forecast_text import DAY, Shown, percent, told
from poolkeeper.simulate.multiples import MONTH, Month, Multiple

Json = dict[str, Any]


def as_json(shown: Shown) -> Json:
    """Return the answer."""
    cost = told(shown)
    return {
        "name": (shown.body.get("metadata") or {}).get("name"),
        "currency": shown.currency,
        "asOf": format_instant(shown.asked.pricing.at),
        "monthDays": MONTH / DAY,
        "calendarMonth": f"{shown.month:%Y-%m}",
        "perReplica": shown.answer.per_replica,
        "loads": [multiple_json(shown, one) for one in shown.answer.multiples],
        "forecastMonthEnd": cost and cost["forecastMonthEnd"],
        "notes": list(shown.notes),
    }


def multiple_json(shown: Shown, one: Multiple) -> Json:
    """Return a multiple as JSON."""
    roomy = None if one.roomy is None else month_json(shown, one.roomy)
    given = {"load": one.load, "maxReplicas": shown.asked.spec.max_replicas}
    return given | month_json(shown, one.month) | {"needed": roomy}


def month_json(shown: Shown, month: Month) -> Json:
    """Return a month as JSON."""
    return {
        "peak": month.peak,
        "mostly": month.mostly,
        "mean": exact(month.mean),
        "gpuHours": exact(month.gpu_hours),
        "cost": exact(month.cost),
        "calendarMonthCost": exact(month.calendar),
        "perMillion": exact(month.per_million),
        "insidePercent": exact(percent(month.inside)),
        "heldPercent": exact(percent(month.held)),
        "cappedPercent": exact(percent(month.capped)),
        "budgetPercent": exact(shown.used(month)),
    }


def exact(number: Decimal | None) -> str | None:
    """Return a number to nine decimals, None where it is not known."""
    return None if number is None else format_number(number)
