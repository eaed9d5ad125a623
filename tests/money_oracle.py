"""What a pool costs, reckoned another way: in fractions, interval by interval, from who was there when.

Nothing of the core is used here. A stay is one replica (or the rest of a node) from its beginning until it was seen to
be gone; a book tells the price of a GPU of each kind from an instant on, and was known from an instant on.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

QUARTER = timedelta(minutes=15)
"""Midnights everywhere are at a quarter of an hour of UTC, or were since 1972."""

Costs = dict[tuple[date, str], Fraction]


@dataclass(frozen=True)
class Stay:
    """GPUs that a line has, from `begin` until `end`. Of spot, nothing is covered by commitments."""

    line: str
    gpus: int
    begin: datetime
    end: datetime
    spot: bool = False


@dataclass(frozen=True)
class Known:
    """The prices known from an instant on: for each kind, (since, price of a GPU)."""

    at: datetime
    prices: Mapping[str, Sequence[tuple[datetime, Fraction]]]

    def price(self, kind: str, at: datetime) -> Fraction | None:
        """Return the newest price that has come into effect; spot's is on-demand's where there is none."""
        fitting = [(since, price) for since, price in self.prices.get(kind, ()) if since <= at]
        if fitting:
            return max(fitting)[1]
        return self.price("on-demand", at) if kind == "spot" else None


@dataclass(frozen=True)
class Promise:
    """GPUs paid for whether used or not, through a day."""

    gpus: int
    price: Fraction
    until: date


@dataclass(frozen=True)
class Case:
    """All that there is to know."""

    stays: Sequence[Stay]
    books: Sequence[Known]
    promise: Promise
    place: ZoneInfo
    begin: datetime
    end: datetime

    def cuts(self) -> list[datetime]:
        """Return every instant at which something may change, in order."""
        found = {self.begin, self.end}
        found |= {at for stay in self.stays for at in (stay.begin, stay.end)}
        found |= {book.at for book in self.books}
        found |= {since for book in self.books for rows in book.prices.values() for since, _ in rows}
        found |= set(midnights(self.place, self.begin, self.end))
        return sorted(at for at in found if self.begin <= at <= self.end)

    def costs(self) -> Costs:
        """Return what each line cost on each day."""
        made: Costs = defaultdict(Fraction)
        cuts = self.cuts()
        for begin, end in pairwise(cuts):
            lasted = Fraction((end - begin) // timedelta(microseconds=1), 3_600_000_000)
            for line, rate in self.rates(begin).items():
                made[begin.astimezone(self.place).date(), line] += rate * lasted
        return made

    def rates(self, at: datetime) -> dict[str, Fraction]:
        """Return what each line costs by the hour at an instant."""
        book = max((one for one in self.books if one.at <= at), key=lambda one: one.at)
        gpus = self.gpus(at)
        free = self.promise.gpus if at.astimezone(self.place).date() <= self.promise.until else 0
        rates: dict[str, Fraction] = {}
        for line in ("on-demand", "overhead"):
            used = min(free, gpus[line])
            free -= used
            rates[line] = used * self.promise.price + (gpus[line] - used) * (book.price("on-demand", at) or 0)
        rates["spot"] = gpus["spot"] * (book.price("spot", at) or Fraction(0))
        rates["commitments"] = free * self.promise.price
        return rates

    def gpus(self, at: datetime) -> dict[str, int]:
        """Return each line's GPUs at an instant."""
        found: dict[str, int] = defaultdict(int)
        for stay in self.stays:
            if stay.begin <= at < stay.end:
                found[stay.line] += stay.gpus
        return found


def midnights(place: ZoneInfo, begin: datetime, end: datetime) -> Iterable[datetime]:
    """Yield where a zone's date changes, found by looking at every quarter of an hour."""
    at = begin.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while at < end:
        if at.astimezone(place).date() != (at + QUARTER).astimezone(place).date():
            yield at + QUARTER
        at += QUARTER
