"""A month of a pool that is metered: who rents what when, what the book says, and operators that come and go.

    lives       replicas, and rests of nodes, each seen a little after it began and gone when it is gone
    books       versions of the price book, each from when it is read
    shifts      when an operator looks: one after the other, with nobody there in between

    look -> keep -> store (the status) and write (the ledger), each of which may not happen before a crash

What a look saw counts if it was stored: `durable` are those looks. A leader's last write to the ledger may come after
the first of its successor. Round midnight there are looks every minute, as there are in truth: so a day that is over
is stored before it is filed.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

from money_oracle import Case, Known, Promise, Stay, midnights
from poolkeeper.api import account as stored_account
from poolkeeper.api import ledger
from poolkeeper.api.ledger import Entry
from poolkeeper.core import account as accounts
from poolkeeper.core.account import SETTLED, Account
from poolkeeper.core.costing import Commitment, Costing
from poolkeeper.core.days import OVERHEAD, Day
from poolkeeper.core.meter import Bill, Billed
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.prices import Book, Place, Row
from poolkeeper.core.rates import Rental

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MACHINE = 8
"""The GPUs of a spot machine, whose price is that of all of them."""

PLACES = {
    "on-demand": Place("aws", "us-east-1", "us-east-1a", gpu="NVIDIA-H100"),
    "spot": Place("aws", "us-east-1", "us-east-1b", instance="p5.48xlarge", spot=True, node_gpus=Decimal(MACHINE)),
    OVERHEAD: Place("aws", "us-east-1", "us-east-1a", gpu="NVIDIA-H100"),
}
GPUS = {"on-demand": 2, "spot": 1, OVERHEAD: 3}


@dataclass(frozen=True)
class Life:
    """One rental, from `begin` until `end`; it is not seen before `shown`."""

    uid: str
    line: str
    begin: datetime
    shown: datetime
    end: datetime

    @property
    def billed(self) -> Billed:
        return Billed(self.uid, Rental(self.line, PLACES[self.line], Decimal(GPUS[self.line])), self.begin)


@dataclass(frozen=True)
class Shift:
    """An operator, from its first look to its last, and how it ends."""

    begin: datetime
    end: datetime
    stores: bool = True
    writes: bool = True
    lingers: bool = False


@dataclass(frozen=True)
class World:
    """All that will be. `looks` are those that there would be if somebody were always there."""

    spec: PoolSpec
    lives: Sequence[Life]
    books: Sequence[tuple[Known, Book]]
    shifts: Sequence[Shift]
    looks: Sequence[datetime]

    def bill(self, now: datetime) -> Bill:
        items = tuple(life.billed for life in self.lives if life.shown <= now < life.end)
        return Bill(items, next(book for known, book in reversed(self.books) if known.at <= now))


@dataclass
class History:
    """What came of a world: what is stored, what the ledger says, and the looks that count."""

    stored: dict = field(default_factory=dict)
    stored_at: datetime | None = None
    months: dict[str, dict[str, str]] = field(default_factory=dict)
    durable: list[datetime] = field(default_factory=list)
    firsts: list[datetime] = field(default_factory=list)
    account: Account = field(default_factory=Account)

    def write(self, entries: Sequence[Entry]) -> None:
        """Write days as a merge patch does: key by key."""
        for entry in entries:
            name = ledger.configmap_name(entry.day.on.replace(day=1), entry.uid)
            self.months.setdefault(name, {}).update(ledger.data(entry))

    def days(self) -> dict[date, Day]:
        found = (ledger.entries({"metadata": {"name": name}, "data": data}) for name, data in self.months.items())
        return {entry.day.on: entry.day for month in found for entry in month}


def live(world: World) -> History:
    """Return what comes of a world."""
    history, late = History(), ()
    for shift in world.shifts:
        late = serve(world, shift, history, late)
    return history


def serve(world: World, shift: Shift, history: History, late: Sequence[Entry]) -> Sequence[Entry]:
    """Let an operator work; return what it has still to write when its successor is there already."""
    history.account = stored_account.load(history.stored, shift.begin)
    history.durable = [at for at in history.durable if history.stored_at and at <= history.stored_at]
    history.firsts.append(shift.begin)
    moments = [shift.begin, *(at for at in world.looks if shift.begin < at < shift.end), shift.end]
    for now in moments:
        history.account = accounts.keep(history.account, world.spec, world.bill(now), None, now)
        history.durable.append(now)
        if now < shift.end:
            work(world, history, now)
        history.write(late)
        late = ()
    if shift.stores:
        store(world, history, shift.end)
    left = entries(world, accounts.settled(history.account, shift.end))
    if shift.writes and not shift.lingers:
        history.write(left)
    return left if shift.lingers else ()


def work(world: World, history: History, now: datetime) -> None:
    """Store and write what is due, as the operator does: the ledger first, so that a day is filed that is in it."""
    if history.stored_at and now - history.stored_at < MINUTE:
        return
    days = accounts.settled(history.account, now)
    history.write(entries(world, days))
    history.account = accounts.file(history.account, days, today(world, now - SETTLED))
    store(world, history, now)


def store(world: World, history: History, now: datetime) -> None:
    stored = stored_account.dump(accounts.balance(history.account, world.spec, now))
    history.stored, history.stored_at = json.loads(json.dumps(stored)), now


def entries(world: World, days: Sequence[Day]) -> list[Entry]:
    cost = world.spec.cost
    return [Entry("prod", "inference", "chat", "uid-1", cost.currency, cost.timezone, {}, day) for day in days]


def today(world: World, now: datetime) -> date:
    return now.astimezone(ZoneInfo(world.spec.cost.timezone)).date()


def known_to(world: World, history: History) -> Case:
    """Return what the looks that count let anybody know."""
    durable = history.durable
    return Case(
        stays=[stay for life in world.lives if (stay := stay_of(life, durable))],
        books=list({known.at: known for known in (told(known, history) for known, _ in world.books) if known}.values()),
        promise=promise_of(world.spec),
        place=ZoneInfo(world.spec.cost.timezone),
        begin=durable[0],
        end=durable[-1],
    )


def told(known: Known, history: History) -> Known | None:
    """Return prices from when they count: the look that saw them, or all the absence before an operator's first."""
    first = min((at for at in history.durable if at >= known.at), default=None)
    if first is None or first not in history.firsts:
        return None if first is None else replace(known, at=first)
    return replace(known, at=max((at for at in history.durable if at < first), default=first))


def stay_of(life: Life, durable: Sequence[datetime]) -> Stay | None:
    """Return a life as it is known: until it was seen to be gone; None if nobody saw it."""
    seen = [at for at in durable if life.shown <= at < life.end]
    if not seen:
        return None
    begin = max(life.begin, durable[0])
    end = min((at for at in durable if at > seen[-1]), default=durable[-1])
    return Stay(life.line, GPUS[life.line], begin, end)


def promise_of(spec: PoolSpec) -> Promise:
    one = spec.cost.commitments[0]
    return Promise(int(one.gpus), Fraction(one.price), one.until)


def make(seed: int, place: str, start: datetime) -> World:
    """Return a month, never the same for two seeds or places; it begins at an instant of no roundness."""
    chance = Random(f"{place} {seed}")  # noqa: S311  no secret
    start += chance.random() * HOUR
    end = start + 30 * DAY
    zone = ZoneInfo(place)
    lives = tuple(alive(chance, start, end))
    shifts = tuple(shifts_of(chance, start, end, tuple(midnights(zone, start + DAY, end - DAY))))
    books = tuple(books_of(chance, start, end, shifts))
    news = [at for life in lives for at in (life.shown, life.end)] + [known.at for known, _ in books]
    seen = [at + chance.random() * 3 * SECOND for at in news]
    rounds = [start + number * 53 * MINUTE for number in range(30 * DAY // (53 * MINUTE))]
    beats = [night + number * MINUTE for night in midnights(zone, start, end) for number in range(8)]
    promise = Commitment(Decimal(4), Decimal("1.90"), (start + 20 * DAY).date())
    cost = Costing(timezone=place, commitments=(promise,))
    return World(PoolSpec(2, 99, cost=cost), lives, books, shifts, sorted({*seen, *rounds, *beats}))


def alive(chance: Random, start: datetime, end: datetime) -> Iterator[Life]:
    """Yield rentals that come one to three at a time and stay for minutes or days."""
    at, number = start - HOUR, 0
    while at < end:
        line = chance.choice(["on-demand", "on-demand", "spot", "spot", OVERHEAD])
        for _ in range(chance.randint(1, 3)):
            number += 1
            begin = at + chance.random() * 2 * SECOND
            shown = begin + chance.random() * 5 * SECOND
            yield Life(f"{line}-{number}", line, begin, shown, shown + chance.expovariate(1 / 20) * HOUR + MINUTE)
        at += chance.expovariate(1 / 4) * HOUR


def shifts_of(chance: Random, start: datetime, end: datetime, nights: Sequence[datetime]) -> Iterator[Shift]:
    """Yield operators that go at any time, most of them round midnight, and are away for seconds or for hours."""
    leaves = {start + chance.random() * 29 * DAY for _ in range(8)}
    leaves |= {night + chance.uniform(-20, 400) * SECOND for night in chance.sample(nights, 8)}
    begin = start
    for leave in sorted(leaves):
        if leave > begin + HOUR:
            lingers = chance.random() < 1 / 2
            away = (
                chance.uniform(5, 60) * SECOND
                if lingers
                else chance.choice([SECOND, MINUTE, HOUR]) * chance.uniform(1, 5)
            )
            yield Shift(begin, leave, chance.random() < 1 / 2, chance.random() < 1 / 2, lingers)
            begin = leave + away
    yield Shift(begin, end)


def books_of(chance: Random, start: datetime, end: datetime, shifts: Sequence[Shift]) -> Iterator[tuple[Known, Book]]:
    """Yield books that are read at any time, some while no operator is there; not all have a price for spot."""
    aways = [one.end + chance.random() * (two.begin - one.end) for one, two in pairwise(shifts)]
    read = {start + chance.random() * 29 * DAY for _ in range(6)} | set(chance.sample(aways, 3))
    for number, at in enumerate([start - DAY, *sorted(read)]):
        early = at - DAY if number else start - 30 * DAY
        changes = [early, *(start + chance.random() * 30 * DAY for _ in range(4))]
        kinds = ("on-demand",) if chance.random() < 1 / 4 else ("on-demand", "spot")
        prices = {kind: [(since, Fraction(chance.randint(50, 500), 100)) for since in changes] for kind in kinds}
        yield Known(at, prices), Book(tuple(rows_of(prices)), "prices")


def rows_of(prices: dict[str, list[tuple[datetime, Fraction]]]) -> Iterator[Row]:
    for kind, changes in prices.items():
        for since, price in changes:
            exact, spot = Decimal(price.numerator) / price.denominator, kind == "spot"
            yield Row(exact, "USD", since, gpu="NVIDIA-H100", spot=spot)
            yield Row(exact * MACHINE, "USD", since, region="us-east-1", instance="p5.48xlarge", spot=spot)
