"""What a soak's pools must have cost, by a watch of their pods and `tests/money_oracle`; and what the ledger says.

A pod is paid for from its binding to a node, which the API server tells to the second, until it is gone. Two questions:

    seen     was everything seen?  a watch of our own, until the pod was gone: a look a second may be late by UNSEEN
    billed   was that counted?     what each look was billed for, until a look did not find it: to the cent
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from money_oracle import Case, Known, Promise, Stay
from poolkeeper.api import ledger

LINES = ("on-demand", "spot")
UNSEEN = Fraction(2, 3600)
"""Hours for which the end, or the first pods, of a pool may go unseen: a look, and a second for the whole seconds."""
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Life:
    """A pool from its first look to its end."""

    uid: str
    name: str
    zone: str
    begin: datetime
    end: datetime


@dataclass(frozen=True)
class Rented:
    """A pod's stay on a node, of one GPU; `until` None: it is there."""

    app: str
    spot: bool
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True)
class Balance:
    """A pool's cost by the ledger, by our watch, and by what the looks were billed for; `allowed`: may go unseen."""

    name: str
    told: Decimal
    expected: Decimal
    allowed: Decimal
    billed: Decimal = Decimal(0)

    @property
    def off(self) -> Decimal:
        """By how much the ledger has more, negative: less."""
        return self.told - self.expected

    @property
    def miscounted(self) -> Decimal:
        """By how much the ledger has more than what the looks were billed for."""
        return self.told - self.billed

    @property
    def holds(self) -> bool:
        """Whether the difference is no more than what may go unseen, and a cent."""
        return abs(self.off) <= self.allowed + Decimal("0.01")


def billed(lines: Iterable[str], life: Life) -> list[Rented]:
    """Return the stays of a pool's pods as its looks were billed for them; each line: when, whose, what.

    What was there at the first look counts from then on; what is in the bill of no later look has ended at that.
    """
    found: dict[str, Rented] = {}
    told = [one for one in map(json.loads, lines) if one[1] == life.uid]
    for number, (text, _, bill) in enumerate(sorted(told)):
        at = datetime.fromisoformat(text)
        there = {uid for uid, _, _ in bill}
        for uid in [uid for uid, one in found.items() if one.until is None and uid not in there]:
            found[uid] = replace(found[uid], until=at)
        for uid, tier, since in bill:
            if uid not in found and tier in LINES:
                found[uid] = Rented(life.name, tier == "spot", datetime.fromisoformat(since) if number else at)
    return list(found.values())


def expected(life: Life, rented: Iterable[Rented], prices: Mapping[str, Decimal]) -> tuple[Fraction, Fraction]:
    """Return what a pool's pods cost in its life, and how much of that may go unseen."""
    stays = [_stay(life, one) for one in rented if one.app == life.name]
    stays = [one for one in stays if one.begin < one.end]
    rows = {kind: ((LONG_AGO, Fraction(price)),) for kind, price in prices.items()}
    nothing = Promise(0, Fraction(0), date.min)
    case = Case(stays, [Known(LONG_AGO, rows)], nothing, ZoneInfo(life.zone), life.begin, life.end)
    costs = case.costs()
    unseen = sum((UNSEEN * Fraction(prices[one.line]) for one in stays), Fraction(0))
    return sum((cost for (_, line), cost in costs.items() if line in LINES), Fraction(0)), unseen


def _stay(life: Life, one: Rented) -> Stay:
    line = "spot" if one.spot else "on-demand"
    return Stay(line, 1, max(one.since, life.begin), min(one.until or life.end, life.end), one.spot)


def told(configmaps: Iterable[Mapping[str, object]]) -> dict[str, Decimal]:
    """Return what the ledger's months say that each pool's replicas cost, by UID."""
    found: dict[str, Decimal] = {}
    for each in configmaps:
        for entry in ledger.entries(dict(each)):
            lines = [line for name, line in entry.day.amount.lines.items() if name in LINES]
            cost = sum((line.effective for line in lines), Decimal(0))
            found[entry.uid] = found.get(entry.uid, Decimal(0)) + cost
    return found


def balances(
    lives: Sequence[Life],
    rented: Sequence[Rented],
    prices: Mapping[str, Decimal],
    by_uid: Mapping[str, Decimal],
    bills: Sequence[str] = (),
) -> list[Balance]:
    """Return the balance of every pool that ever was."""
    found = []
    for life in lives:
        cost, unseen = expected(life, rented, prices)
        counted, _ = expected(life, billed(bills, life), prices)
        told = by_uid.get(life.uid, Decimal(0))
        found.append(Balance(life.name, told, _money(cost), _money(unseen), _money(counted)))
    return found


def _money(exact: Fraction) -> Decimal:
    return Decimal(exact.numerator) / Decimal(exact.denominator)
