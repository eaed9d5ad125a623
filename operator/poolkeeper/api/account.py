"""What must survive of a pool's account (R8): Account <-> status.memory.account.

    at, rented, setting     the meter, as of its last change; young: who had just begun then
    days, month             sums that are not in the ledger yet, and those of the month that are
    past                    one line for each day that is over: its date, cost, gap, and each line's GPU-hours and cost
    told, measured          what must not be told twice; what savings are measured against
    currency                what all amounts are in
    spentAt                 since when the budget holds the pool back, so that the first look after a restart does, too

Sums are stored to nine decimals. The past is there for what is usual, not to be added up: it has four.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

from poolkeeper.api import amounts
from poolkeeper.api.amounts import dump_place, format_number, load_place
from poolkeeper.api.units import format_instant, parse_instant
from poolkeeper.core.account import Account, Measured, Month, Past, Told
from poolkeeper.core.costing import Baseline
from poolkeeper.core.days import ZERO, Day
from poolkeeper.core.meter import Meter, young
from poolkeeper.core.rates import Rental, Rented, Setting

Json = dict[str, Any]
T = TypeVar("T")

FOUR = Decimal("1e-4")
UNKNOWN = "?"
"""What stands behind the cost of a day that is not known whole."""
AHEAD = timedelta(hours=1)
"""Servers' clocks may differ by this much; what is further ahead was stored before the time was set back."""
ON_MACHINES = 3
"""Of how many days that are not filed the machines are stored: where the ledger cannot be written, they are many."""
KEPT = 2048
"""Of how many accounts the JSON is kept: it is asked for at each look and changes now and then, its past once a day."""


class Same:
    """A value that is the same as another if their parts are the same objects, whatever they hold."""

    def __init__(self, value: Any, *parts: object) -> None:  # noqa: ANN401  see `_dump` and `_pasts`
        self.value, self.parts = value, parts

    def __hash__(self) -> int:
        return hash(tuple(map(id, self.parts)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and all(one is two for one, two in zip(self.parts, other.parts, strict=True))


def dump(account: Account) -> Json:
    """Return what to store of an account, nothing where it was never metered. It is not to be changed."""
    known = account.meter
    summed = (account.days, account.month, account.past, account.told, account.measured)
    others = (account.spent_at, account.currency)
    return (
        _dump(Same(account, known.at, known.rented, known.setting, known.billed, *summed, *others))
        if known.at is not None
        else {}
    )


@lru_cache(KEPT)
def _dump(known: Same) -> Json:
    account: Account = known.value
    meter = account.meter
    return _given(
        at=format_instant(meter.at) if meter.at else None,
        rented=_rented(meter.rented),
        setting=_setting(meter.setting),
        young=sorted(young(meter)),
        days=dict(_days(account.days)),
        month=_month(account.month),
        past=_pasts(Same(account.past, account.past)),
        told=_told(account.told),
        measured=_measured(account.measured),
        spentAt=format_instant(account.spent_at) if account.spent_at else None,
        currency=account.currency,
    )


def load(stored: Any, now: datetime) -> Account:  # noqa: ANN401  whatever the store holds
    """Return the account that was stored; an empty one where nothing was, or its sums cannot be read.

    What besides them cannot be read is forgotten by itself.
    """
    return _part(lambda found: _load(found, now), stored or None, Account())


def _part(read: Callable[[Any], T], stored: Any, empty: T) -> T:  # noqa: ANN401  whatever the store holds
    """Return a part of what was stored, an empty one where it is not there or cannot be read."""
    try:
        return empty if stored is None else read(stored)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        return empty


def _load(stored: Mapping[str, Any], now: datetime) -> Account:
    at = parse_instant(stored["at"])
    meter = Meter(
        at=at if at <= now + AHEAD else now,
        rented=tuple(_read_rented(stored.get("rented", ()))),
        setting=_read_setting(stored.get("setting", {})),
        young=frozenset(map(str, stored.get("young", ()))),
    )
    days = {date.fromisoformat(on): amounts.load(amount) for on, amount in stored.get("days", {}).items()}
    return Account(
        meter=meter,
        days=tuple(Day(on, days[on]) for on in sorted(days)),
        month=_read_month(stored.get("month", {})),
        past=_part(_read_pasts, stored.get("past"), ()),
        told=_part(_read_told, stored.get("told"), Told()),
        measured=_part(_read_measured, stored.get("measured"), Measured()),
        spent_at=_part(parse_instant, stored.get("spentAt"), None),
        currency=str(stored.get("currency", "")),
    )


def _given(**parts: Any) -> Json:  # noqa: ANN401  JSON of any kind
    """Return the parts that hold something."""
    return {key: part for key, part in parts.items() if part}


def _rental(rental: Rental) -> Json:
    gpus = None if rental.gpus is None else format_number(rental.gpus)
    parts = rental.parts if rental.parts > 1 else None
    return _given(tier=rental.tier, place=dump_place(rental.place), gpus=gpus, parts=parts)


def _read_rental(stored: Mapping[str, Any], node: str = "") -> Rental:
    gpus = Decimal(stored["gpus"]) if "gpus" in stored else None
    return Rental(stored["tier"], load_place(stored.get("place", {})), gpus, node, int(stored.get("parts", 1)))


def _rented(rented: Rented) -> list[Json]:
    """Return rentals that differ by their machine alone as one, with how many there are on each."""
    kinds: defaultdict[Rental, dict[str, int]] = defaultdict(dict)
    for rental, count in rented:
        kinds[replace(rental, node="")][rental.node] = count
    return [_rental(kind) | {"nodes": nodes} for kind, nodes in kinds.items()]


def _read_rented(stored: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Rental, int]]:
    for kind in stored:
        for node, count in kind["nodes"].items():
            yield _read_rental(kind, node), int(count)


def _setting(setting: Setting) -> Json:
    baseline = setting.baseline
    given = None if baseline is None else {"replicas": format_number(baseline.replicas), "spot": baseline.spot}
    cap = {} if setting.cap is None else {"cap": setting.cap}
    return _given(baseline=given, unit=_rental(setting.unit) if setting.unit else None) | cap


def _read_setting(stored: Mapping[str, Any]) -> Setting:
    given, cap = stored.get("baseline"), stored.get("cap")
    return Setting(
        baseline=Baseline(Decimal(given["replicas"]), bool(given["spot"])) if given else None,
        cap=None if cap is None else int(cap),
        unit=_read_rental(stored["unit"]) if "unit" in stored else None,
    )


def _days(days: Sequence[Day]) -> Iterator[tuple[str, Json]]:
    """Yield what days have come to, on which machines only of the newest."""
    for left, day in zip(range(len(days), 0, -1), days, strict=True):
        amount = day.amount if left <= ON_MACHINES else replace(day.amount, machines={})
        yield day.on.isoformat(), amounts.dump(amount)


def _month(month: Month) -> Json:
    return {"first": month.first.isoformat(), **amounts.dump(month.amount)} if month.first else {}


def _read_month(stored: Mapping[str, Any]) -> Month:
    return Month(date.fromisoformat(stored["first"]), amounts.load(stored)) if stored else Month()


@lru_cache(KEPT)
def _pasts(known: Same) -> list[str]:
    return [_past(one) for one in known.value]


def _past(one: Past) -> str:
    lines = (f" {name} {_short(gpu_hours)} {_short(cost)}" for name, gpu_hours, cost in one.lines)
    unknown = "" if one.whole else UNKNOWN
    return f"{one.on} {_short(one.cost)}{unknown} {_short(one.gap)}" + "".join(lines)


def _read_pasts(lines: Sequence[str]) -> tuple[Past, ...]:
    return tuple(map(_read_past, lines))


def _read_past(line: str) -> Past:
    on, cost, gap, *rest = line.split()
    lines = zip(rest[::3], map(Decimal, rest[1::3]), map(Decimal, rest[2::3]), strict=True)
    known = cost.removesuffix(UNKNOWN)
    return Past(date.fromisoformat(on), Decimal(known), tuple(lines), Decimal(gap), whole=known == cost)


def _short(number: Decimal) -> str:
    return format_number(number.quantize(FOUR, context=amounts.DIGITS))


def _told(told: Told) -> Json:
    month, judged = (None if on is None else on.isoformat() for on in (told.month, told.judged))
    return _given(month=month, thresholds=list(told.thresholds), judged=judged)


def _read_told(stored: Mapping[str, Any]) -> Told:
    month, judged = (date.fromisoformat(stored[key]) if key in stored else None for key in ("month", "judged"))
    return Told(month, tuple(map(str, stored.get("thresholds", ()))), judged)


def _measured(measured: Measured) -> Json:
    replica_hours = format_number(measured.replica_hours) if measured.hours else None
    hours = format_number(measured.hours) if measured.hours else None
    return _given(replicaHours=replica_hours, hours=hours, frozen=measured.frozen)


def _read_measured(stored: Mapping[str, Any]) -> Measured:
    return Measured(
        replica_hours=Decimal(stored.get("replicaHours", ZERO)),
        hours=Decimal(stored.get("hours", ZERO)),
        frozen=bool(stored.get("frozen")),
    )
