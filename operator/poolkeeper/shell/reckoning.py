"""What this process knows of one pool's money: what was said of it last, and what of that is still to be written.

    each look    the account goes on (core); nothing of it is read here
    each beat    review: the statement, what the status shows and stores, what is to be written besides
    each hour    the open day in the ledger; annotations of workloads and pods

Beats come every max(1 min, pools / 20 s), each pool at a phase of its own; one comes early, though not within a minute,
where a size was written or the spec has changed.
"""

import asyncio
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from poolkeeper.api import account as stored_account
from poolkeeper.api.money import ANNOTATIONS, annotations, cost_status
from poolkeeper.core.account import SETTLED, Account, Told, balance, file, settled
from poolkeeper.core.days import Day
from poolkeeper.core.economics import Count
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.statement import News, Reviewed, Statement, review
from poolkeeper.core.zones import zone
from poolkeeper.shell.backoff import Backoff

Json = dict[str, Any]

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PER_SECOND, AT_FIRST = 20, 100
"""So many pools may be reviewed each second; and so many where another process led before, for the first time."""
LIFTED = "lifted"
"""Beside the account: the last lifting of a budget that was told, so that no other process tells it again."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Beat:
    """Where `now` is on a pool's own grids: the number of its beat, and of its hour; `wait`: before the first."""

    now: datetime
    number: int = 0
    hour: int = 0
    wait: timedelta = timedelta(0)


def beat(uid: str, pools: int, now: datetime) -> Beat:
    """Return where `now` is on the grids of one of so many pools."""
    phase = zlib.crc32(uid.encode()) / 2**32
    period = max(MINUTE, timedelta(seconds=pools / PER_SECOND))
    number, hour = ((now - EPOCH + phase * grid) // grid for grid in (period, HOUR))
    return Beat(now, number, hour, phase * timedelta(seconds=pools / AT_FIRST))


@dataclass(slots=True)
class Reckoning:
    """A pool's money as far as it was said.

    `shown` is status.cost, `stored` the account in status.memory; `owed`: that must be written although nothing else
    has changed. `annotations` are the pool's that tell of money, as last seen or written. To be written besides:
    `news`, `unwritten` annotations of the pool, `days` of the ledger, and those of its workloads while `is_marking`;
    `marked` is where these are and what they bear, by UID. `filed` days the ledger has, and the account does not know
    it yet; `former` days are of an account in another currency, and for the ledger alone, `parted` all such that this
    process has seen. `lifted` names the lifting that was told. `counts` are the last counts of the pool's units.
    """

    statement: Statement | None = None
    shown: Json | None = None
    stored: Json = field(default_factory=dict)
    owed: bool = False
    news: list[News] = field(default_factory=list)
    days: tuple[Day, ...] = ()
    filed: tuple[Day, ...] = ()
    former: dict[str, tuple[Day, ...]] = field(default_factory=dict)
    parted: dict[str, tuple[Day, ...]] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    unwritten: dict[str, str | None] = field(default_factory=dict)
    is_marking: bool = False
    marked: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    lifted: str = ""
    counts: Mapping[str, Count] = field(default_factory=dict)
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    event_rest: Backoff = field(default_factory=Backoff)
    annotation_rest: Backoff = field(default_factory=Backoff)
    ledger_rest: Backoff = field(default_factory=Backoff)
    workload_rest: Backoff = field(default_factory=Backoff)
    _mark: object = None
    _told: Told = field(default_factory=Told)
    _lifted: str = ""
    _beat: int = 0
    _hour: int | None = None
    _began: datetime | None = None
    _is_hurried: bool = False

    def begin(self, status: Json, account: Account, at: Beat) -> None:
        """Begin to lead a pool: what was stored is what is shown, until the first beat."""
        self.shown = status.get("cost")
        self.stored = (status.get("memory") or {}).get("account") or {}
        self.lifted = self._lifted = str(self.stored.get(LIFTED, "")) if isinstance(self.stored, dict) else ""
        self._mark, self._hour = (mark(account), self._lifted), at.hour if self.shown else None
        self._began = at.now
        self._told = account.told

    def hurry(self) -> None:
        """Let the next beat come early: a size was written, or the spec has changed."""
        self._is_hurried = True

    def stated(self, status: Json) -> None:
        """Take in that a status was written, and with it what is stored."""
        self.owed = self.owed and (status.get("memory") or {}).get("account") is not self.stored

    @property
    def is_pending(self) -> bool:
        """Whether anything is to be written besides the status."""
        return bool(self.news or self.unwritten or self.is_unfiled or self.is_marking)

    @property
    def is_unfiled(self) -> bool:
        """Whether the ledger is to have days."""
        return bool(self.days or self.former)

    def may_be_due(self, now: datetime) -> bool:
        """Return whether the last review is long enough ago, whatever the beat: this is asked at each look."""
        return self.statement is None or now - self.statement.at >= MINUTE

    def is_due(self, at: Beat) -> bool:
        """Return whether it is time to review the account."""
        if self.statement is None:
            return self.shown is None or self._began is None or at.now - self._began >= at.wait
        return self.may_be_due(at.now) and (self._is_hurried or at.number != self._beat)

    def review(self, account: Account, spec: PoolSpec, at: Beat, lifted_until: datetime | None) -> Reviewed:
        """Review the account, and note what is to be written of that.

        The first review of a pool that another process led shows nothing yet: all pools would be written at once. And
        it waits for its turn: all pools would be reviewed at once.
        """
        is_taken_over = self.statement is None and self.shown is not None
        reviewed = review(account, spec, at.now, lifted_until, self.counts)
        self.statement = reviewed.statement
        self.news.extend(reviewed.news)
        self._beat, self._is_hurried = at.number, False
        if not is_taken_over:
            self.shown = cost_status(reviewed.statement)
            wanted = annotations(reviewed.statement)
            changed = [key for key in ANNOTATIONS if wanted.get(key) != self.annotations.get(key)]
            self.unwritten = {key: wanted.get(key) for key in changed}
            self.store(reviewed.account, spec, at.now)
            self._note_due(reviewed.account, spec, at)
        return reviewed

    def store(self, account: Account, spec: PoolSpec, now: datetime) -> None:
        """Have the account stored as of now, but not that something was told before it was."""
        if not self.news:
            self._told, self._lifted = account.told, self.lifted
        account = replace(account, told=self._told)
        found = mark(account), self._lifted
        self.owed |= found != self._mark
        self._mark, self.stored = found, stored_account.dump(balance(account, spec, now))
        if self._lifted:
            self.stored = {**self.stored, LIFTED: self._lifted}

    def _note_due(self, account: Account, spec: PoolSpec, at: Beat) -> None:
        """Note which days the ledger is to have: those that are over at once, the open one every hour."""
        today, hourly = today_of(spec, at.now), self._hour != at.hour
        self._hour = at.hour
        self.is_marking |= hourly
        known = {day.on for day in self.days}
        self.days = tuple(day for day in settled(account, at.now) if hourly or day.on < today or day.on in known)

    def written(self, days: tuple[Day, ...]) -> None:
        """Take in that days were written, each whole; what they have come to since is to be written again."""
        self.days = tuple(day for day in self.days if day not in days)
        self.filed += days

    def part(self, account: Account, currency: str, now: datetime) -> Account:
        """Return the account to go on with in a currency: where that is another, what the old one has is filed apart.

        One that comes back to a currency of before goes on with the days that this had: the ledger has them whole.
        """
        if account.currency in {"", currency}:
            return account
        self.former[account.currency] = self.parted[account.currency] = settled(account, now)
        self.days, self.filed = (), ()
        self.former.pop(currency, None)
        if currency not in self.parted:
            return account  # it begins anew with the next change
        days = self.parted.pop(currency)
        return Account(days=days, measured=account.measured, counting=account.counting, currency=currency)

    def settle(self, account: Account, spec: PoolSpec, now: datetime) -> Account:
        """Return the account without the days that the ledger has for good: no write of another leader is under way."""
        if not self.filed:
            return account
        filed, self.filed = self.filed, ()
        return file(account, filed, today_of(spec, now - SETTLED))


def mark(account: Account) -> object:
    """Return what of an account must not be forgotten; that a rental goes on is no news."""
    known = account.meter
    turned = (known.at, known.rented) if known.rented else ()
    return (turned, account.days, account.month, account.past, account.told, account.measured)


def today_of(spec: PoolSpec, now: datetime) -> date:
    """Return the day it is in the zone whose days count."""
    return now.astimezone(zone(spec.cost.timezone)).date()
