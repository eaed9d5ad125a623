"""The meter: rates integrated over time, exactly, in closed form between two changes (R8).

    what was seen       since ------ at the last change ----------- now
    a rental that is there, was there            all of it at the rate that held
    one that came in between          its own part, from its `since` on
    one that came before, seen late   the same, and the difference that it makes from its `since` to the last change
    one that is another now           what it was until its `since`, what it is from then on
    one that is over when it is told  the difference that it makes from its `since` to its `until`
    one that is gone                  until it was seen to be gone

A rate holds until a price changes or a day ends; there, time is cut. After a restart the last stored rate is taken to
have held until then: the meter does not know better, and the amount says how much of it that was. What is stored has
the UIDs of young rentals alone: others that began before LATE are taken to be the ones that were there.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from poolkeeper.core.days import BLIND, NOTHING, OVERHEAD, Amount, Day, Line, hours, noted
from poolkeeper.core.prices import Book
from poolkeeper.core.rates import Rental, Rented, Setting, Tariff, ends, rates, whole

LATE = timedelta(minutes=1)
"""How long ago a rental may have begun that was not seen at the last change."""


@dataclass(frozen=True, slots=True)
class Billed:
    """One rental that is paid for, told by its `uid`, from `since` on.

    `until` is given where it is over when it is told: nobody knew before whose it was. It counts once, as a whole.
    """

    uid: str
    rental: Rental
    since: datetime
    until: datetime | None = None


Arrival = tuple[Billed, Rental | None]
"""A rental that was not seen before, and what it was at the last change; None: it is one more."""


@dataclass(frozen=True, slots=True)
class Bill:
    """All that is paid for at one look, and the book that prices it."""

    items: tuple[Billed, ...] = ()
    book: Book = field(default_factory=Book)


@dataclass(frozen=True, slots=True)
class Meter:
    """What has been rented since the last change, `at`; None: nothing was ever metered.

    `setting` is what savings are counted by, `young` are the UIDs of what had just begun when it was stored. What
    follows is of this process alone: what was seen (None: nothing yet), the tariff that holds, and until when its rates
    do.
    """

    at: datetime | None = None
    rented: Rented = ()
    setting: Setting = field(default_factory=Setting)
    young: frozenset[str] = frozenset()
    billed: tuple[Billed, ...] | None = None
    tariff: Tariff | None = None
    until: datetime | None = None


def rests(meter: Meter, billed: tuple[Billed, ...], setting: Setting, tariff: Tariff, now: datetime) -> bool:
    """Return whether all is as it was at the last change, so that nothing need be counted."""
    known = meter.tariff
    return (
        meter.until is not None
        and now < meter.until
        and known is not None
        and known.book is tariff.book
        and known.costing is tariff.costing
        and meter.billed == billed
        and (meter.setting.baseline, meter.setting.cap) == (setting.baseline, setting.cap)
    )


def turn(
    meter: Meter, billed: tuple[Billed, ...], setting: Setting, tariff: Tariff, now: datetime
) -> tuple[Meter, tuple[Day, ...]]:
    """Return the meter after what was seen at `now`, and what the time since its last change came to, day by day."""
    rented = count(billed)
    unit = whole(rented) or meter.setting.unit
    after = Meter(now, rented, replace(setting, unit=unit), frozenset(), billed, tariff, ends(tariff, now))
    if meter.at is None or now <= meter.at:
        return (after if meter.at is None else replace(after, at=meter.at)), ()
    begun, held = meter.at, meter.tariff or tariff
    fresh = unseen(meter, billed, begun)
    days: tuple[Day, ...] = ()
    for begin, end, what in courses(meter.rented, fresh, begun, now):
        days = added(days, integral(held, what, meter.setting, begin, end))
    days = added(days, belated(meter, fresh, held, begun))
    if meter.billed is None and now - begun > BLIND:
        days = tuple(replace(day, amount=replace(day.amount, gap=day.amount.cost)) for day in days)
    return after, days


def due(meter: Meter, now: datetime) -> tuple[Day, ...]:
    """Return what the time since the last change has come to by now, if nothing has changed since."""
    if meter.at is None or meter.tariff is None or now <= meter.at:
        return ()
    return added((), integral(meter.tariff, meter.rented, meter.setting, meter.at, now))


def count(billed: tuple[Billed, ...]) -> Rented:
    """Return rentals, and how many of each there are."""
    return tuple(Counter(one.rental for one in billed if one.until is None).items())


def young(meter: Meter) -> frozenset[str]:
    """Return the UIDs of rentals that began LATE before the last change at most: others as old may be yet unseen."""
    if meter.billed is None or meter.at is None:
        return meter.young
    since = meter.at - LATE
    return frozenset(one.uid for one in meter.billed if one.since > since)


def unseen(meter: Meter, billed: tuple[Billed, ...], begun: datetime) -> tuple[Arrival, ...]:
    """Return the rentals that were not as they are at the last change, at `begun`, oldest first.

    One that began LATE before that, or earlier, was there all the time as something else, and counts from now on.
    """
    known = {one.uid: one.rental for one in meter.billed or ()}
    left = Counter(dict(meter.rented) if meter.billed is None else {})
    found: list[Arrival] = []
    for one in sorted(billed, key=lambda one: one.since):
        if one.until is not None:
            is_news = one.uid not in known and one.until > (begun if meter.billed is None else begun - LATE)
            found += [(one, None)] if is_news else []
        elif left[one.rental] > 0 and (one.since <= begun - LATE or one.uid in meter.young):
            left[one.rental] -= 1
        elif known.get(one.uid) != one.rental and one.since > begun - LATE:
            found.append((one, known.get(one.uid) or overhead(left, one.rental)))
    return tuple(found)


def overhead(left: Counter[Rental], rental: Rental) -> Rental | None:
    """Take from what was stored what a node had beyond its replicas, where now it has this; None: it had nothing."""
    same = (one for one in left if left[one] > 0 and (one.tier, one.node) == (OVERHEAD, rental.node))
    found = next(same, None) if rental.tier == OVERHEAD and rental.node else None
    if found is not None:
        left[found] -= 1
    return found


def courses(
    what: Rented, fresh: tuple[Arrival, ...], begin: datetime, now: datetime
) -> Iterator[tuple[datetime, datetime, Rented]]:
    """Yield what was rented from when until when, since the last change: what came in between was added as it came."""
    for one, before in fresh:
        if one.until is not None:
            continue
        if begin < one.since < now:
            yield begin, one.since, what
            begin = one.since
        if one.since < now:
            what = joined(what, one.rental, before)
    yield begin, now, what


def joined(rented: Rented, rental: Rental, before: Rental | None = None) -> Rented:
    """Return what is rented, and one more, in the place of what it was before."""
    found = Counter(dict(rented))
    found[rental] += 1
    if before is not None:
        found[before] -= 1
    return tuple((+found).items())


def belated(meter: Meter, fresh: tuple[Arrival, ...], tariff: Tariff, begun: datetime) -> Iterator[Day]:
    """Yield the difference that rentals make which had begun before the last change, or were over when they were told.

    Besides them, what is rented is taken to have been what it was at the last change: so commitments cover them once.
    """
    what = meter.rented
    for one, before in fresh:
        end = one.until or begun
        if one.since < end:
            more = joined(what, one.rental, before)
            for rented, sign in ((more, Decimal(1)), (what, Decimal(-1))):
                for day in integral(tariff, rented, meter.setting, one.since, end):
                    yield Day(day.on, scaled(day.amount, sign))
            what = more


def integral(tariff: Tariff, rented: Rented, setting: Setting, begin: datetime, end: datetime) -> Iterator[Day]:
    """Yield what a stretch of time comes to, cut where rates change and days end."""
    while begin < end:
        until = min(end, ends(tariff, begin))
        amount = rates(tariff, rented, setting, begin)
        if amount is not NOTHING:
            yield Day(begin.astimezone(tariff.zone).date(), scaled(amount, hours(until - begin)))
        begin = until


def scaled(amount: Amount, factor: Decimal) -> Amount:
    """Return an amount times a factor; use is counted, not metered, and stays out of it."""
    lines: dict[str, Line] = {name: line * factor for name, line in amount.lines.items()}
    parts = {machine: part * factor for machine, part in amount.machines.items()}
    return Amount(lines, amount.savings * factor, gap=amount.gap * factor, machines=parts)


def added(days: tuple[Day, ...], more: Iterator[Day]) -> tuple[Day, ...]:
    """Return days with others added to them."""
    for day in more:
        days = noted(days, day.on, day.amount)
    return days
