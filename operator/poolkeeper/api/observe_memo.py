"""What must survive of Observe's figures: the ones that were told last <-> status.memory.observe.

total     hours priced  ours  theirs  checked: all numbers of Sums in their order
days      the same for each day, after its date
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from math import isfinite
from typing import Any

from poolkeeper.api.fields import MAX_REPLICAS
from poolkeeper.api.units import format_instant, parse_instant
from poolkeeper.core.memory import Counterfactual
from poolkeeper.core.observed import Checked, Day, Figures, Side, Sums

Json = dict[str, Any]
KEPT = 1024
"""Of how many figures the JSON is kept: it is asked for at each look and changes once an hour."""


def dump(known: Counterfactual) -> Json:
    """Return what to store, nothing where nothing was told. It is not to be changed."""
    return _dump(known.told) if known.told else {}


@lru_cache(KEPT)
def _dump(told: Figures) -> Json:
    made: Json = {
        "since": format_instant(told.since),
        "at": format_instant(told.at),
        "currency": told.currency,
        "capacity": _short(told.capacity),
        "measured": told.measured,
        "total": _sums(told.total),
        "days": [f"{one.on} {_sums(one.sums)}" for one in told.days],
    }
    made |= {"until": format_instant(told.until)} if told.until else {}
    return made | ({"size": told.size} if told.size is not None else {})


def load(stored: Any, now: datetime) -> Counterfactual:  # noqa: ANN401  whatever the store holds
    """Return what was stored; nothing where nothing was, or nothing that can be read."""
    try:
        told = _load(stored, now) if stored else None
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        told = None
    return Counterfactual(told, told)


def _load(stored: Mapping[str, Any], now: datetime) -> Figures:
    return Figures(
        since=parse_instant(stored["since"]),
        at=min(now, parse_instant(stored["at"])),
        until=parse_instant(stored["until"]) if "until" in stored else None,
        total=_read_sums(stored["total"].split()),
        days=tuple(_read_day(*line.split()) for line in stored["days"]),
        size=min(MAX_REPLICAS, int(stored["size"])) if "size" in stored else None,
        capacity=_number(stored["capacity"]),
        measured=bool(stored["measured"]),
        currency=str(stored["currency"]),
    )


def _number(stored: Any) -> float:  # noqa: ANN401  whatever the store holds
    """Return a number that is one.

    Raises:
        ValueError: it is none, or endless, or less than nothing.
    """
    found = float(stored)
    if not (isfinite(found) and found >= 0):
        raise ValueError(f"{stored} is no number from 0 on")
    return found


def _sums(sums: Sums) -> str:
    numbers = (sums.hours, sums.priced, *sums.ours, *sums.theirs, *sums.checked)
    return " ".join(_short(number) for number in numbers)


def _short(number: float | Decimal) -> str:
    return f"{number:.9g}"


def _read_day(on: str, *numbers: str) -> Day:
    return Day(date.fromisoformat(on), _read_sums(numbers))


def _read_sums(numbers: Any) -> Sums:  # noqa: ANN401  whatever the store holds
    hours, priced, *rest = numbers
    sides = _read_side(*rest[:5]), _read_side(*rest[5:10])
    return Sums(float(hours), float(priced), *sides, Checked(*map(float, rest[10:])))


def _read_side(replica_hours: str, cost: str, came: str, inside: str, changes: str) -> Side:
    return Side(float(replica_hours), Decimal(cost), float(came), float(inside), int(changes))
