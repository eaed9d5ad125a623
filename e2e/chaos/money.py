"""Money is exact (R8): the ledger against the pods that were watched, each from its node to its end, at the true price.

    bound to a node                gone                 seen to be gone
    |------------ paid for ---------|- - - - over - - - -|         a pod that goes while nobody looks counts until then
    stored            bound    gone      killed   looked again
    |                   |- under -|                       |         one that came and went in between is not counted
    pool made         bound              killed   looked again, nothing stored
                        |-------------- under -------------|        the first account comes within a minute

Both are what the operator says of itself beforehand, docs/decisions/0034; beyond them nothing may be missing and
nothing be too much. All prices are for a GPU and an hour, in cents here; a pod has one GPU.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from chaos.evidence import Span, Write, Wrong

PRICES = {"on-demand": 3600.0, "spot": 1800.0}
"""Cents for an hour: one for each second, and half of one on spot."""
UNSEEN = 2.0
"""Seconds of a pod that may go unseen at either end: the API tells whole seconds, and a look is a second away."""
HOUR = 3600.0
TELLING = 10

Key = tuple[str, str]
"""A pool, and a tier."""


@dataclass(frozen=True)
class Stay:
    """A pod's time on its node."""

    pool: str
    tier: str
    begin: float
    end: float


@dataclass(frozen=True)
class Looks:
    """Who could see what went: when a leader looked at the pods, and by when each pool's account was stored last.

    `begun` are the instants at which a process began to lead.
    """

    sights: Sequence[Span]
    begun: Sequence[float]
    stored: Mapping[str, Sequence[float]]

    def seen(self, at: float) -> float:
        """Return the first moment from an instant on at which a leader looked."""
        return min((max(at, span.begin) for span in self.sights if span.end > at), default=float("inf"))

    def again(self, pool: str, at: float) -> tuple[float, float]:
        """Return what was stored before an instant, and when somebody last began from that after it; 0, 0: nobody.

        Who was killed before an account was stored leaves nothing: the next one begins from the same.
        """
        for begun in sorted(self.begun, reverse=True):
            stored = max((one for one in self.stored.get(pool, ()) if one <= begun), default=0.0)
            if stored <= at <= begun:
                return stored, self.seen(begun)
        return 0.0, 0.0

    def anew(self, pool: str, before: float) -> float:
        """Return when somebody last began with no account at all, before an instant; 0: nobody."""
        first = min(self.stored.get(pool, ()), default=float("inf"))
        return max((self.seen(one) for one in self.begun if one < min(first, before)), default=0.0)


@dataclass(frozen=True)
class Account:
    """What pods cost in cents, and by how much the ledger may be over or under that."""

    due: float = 0.0
    over: float = 0.0
    under: float = 0.0

    def __add__(self, other: "Account") -> "Account":
        return Account(self.due + other.due, self.over + other.over, self.under + other.under)


@dataclass(frozen=True)
class Line:
    """A pool's money on one tier: what its pods came to, and what the ledger has of it, in cents.

    Pools and tiers are held apart: what is too much of one hides nothing that another lacks.
    """

    pool: str
    tier: str
    account: Account
    filed: float

    @property
    def off(self) -> float:
        """By how much the ledger is over what is due, below zero where it is under."""
        return self.filed - self.account.due

    @property
    def beyond(self) -> float:
        """By how much it is off more than is stated."""
        return max(0.0, self.off - self.account.over, -self.off - self.account.under)

    @property
    def tells(self) -> bool:
        """Whether what is stated is small enough, a tenth, for the ledger to be held to the rest."""
        return TELLING * (self.account.over + self.account.under) < self.account.due


def reckon(stays: Iterable[Stay], looks: Looks, until: float) -> dict[Key, Account]:
    """Return what each pool's pods on each tier came to by an instant."""
    found: dict[Key, Account] = {}
    for stay in stays:
        key = stay.pool, stay.tier
        found[key] = found.get(key, Account()) + _account(stay, looks, until)
    return found


def _account(stay: Stay, looks: Looks, until: float) -> Account:
    cents, due, over = PRICES[stay.tier] / HOUR, Span(stay.begin, min(stay.end, until)).seconds, 0.0
    under = max(0.0, looks.anew(stay.pool, stay.end) - stay.begin)
    if stay.end < until:
        stored, again = looks.again(stay.pool, stay.end)
        over = min(until, max(looks.seen(stay.end), again)) - stay.end
        under = due if stay.begin >= stored and again else under
    return Account(cents * due, cents * (over + 2 * UNSEEN), cents * (under + 2 * UNSEEN))


def filed(configmaps: Iterable[Mapping[str, object]]) -> dict[Key, float]:
    """Return what the ledger says that each pool's replicas on each tier cost, in cents; nodes' overhead is no tier."""
    found: dict[Key, float] = {}
    for one in configmaps:
        data: dict[str, str] = one.get("data") or {}  # type: ignore[assignment]
        pool = json.loads(data["pool"])["name"] if "pool" in data else ""
        for day in (json.loads(text) for key, text in data.items() if key != "pool"):
            for tier in PRICES:
                cost = 100 * float(Decimal(day.get("tiers", {}).get(tier, {}).get("cost", "0")))
                found[pool, tier] = found.get((pool, tier), 0.0) + cost
    return found


def ruled(pools: Iterable[str], accounts: Mapping[Key, Account], ledger: Mapping[Key, float]) -> list[Line]:
    """Return the lines of all tiers of pools, those with them on which there was nothing."""
    keys = [(pool, tier) for pool in pools for tier in PRICES]
    return [Line(*key, accounts.get(key, Account()), ledger.get(key, 0.0)) for key in keys]


def check(lines: Iterable[Line], at: float) -> list[Wrong]:
    """Return the lines that are off by more than is said of them, and by how much."""
    return [_wrong(line, at) for line in lines if line.beyond]


def _wrong(line: Line, at: float) -> Wrong:
    what = "counted twice" if line.off > 0 else "lost"
    words = f"{line.beyond:.1f} cents {what}: {line.filed:.1f} in the ledger, {line.account.due:.1f} due"
    return Wrong(f"money {what}", f"{line.pool} on {line.tier}", at, words)


def stored(writes: Iterable[Write]) -> dict[str, list[float]]:
    """Return as of when accounts were stored in the pools' status, by pool."""
    found: dict[str, list[float]] = {}
    for one in writes:
        account = one.made.get("status", {}).get("memory", {}).get("account", {}) if one.done else {}
        if one.resource == "inferencepools/status" and "at" in account:
            found.setdefault(one.name, []).append(datetime.fromisoformat(account["at"]).timestamp())
    return found
