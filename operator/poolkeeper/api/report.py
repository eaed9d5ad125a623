"""What a report says of a week or a month (R8), from the ledger's days: pure, and shown elsewhere.

spend       by group, with the trend against the period before, day by day; currencies are never added
outlook     the days to come, with their interval, and how far off such forecasts were on these days
savings     by cause, against the baselines, beside what requests had of it
unusual     the period's days that were far off, pool by pool, and what drove them
doubts      hours without a price, times when nobody looked, a ledger that begins too late
"""

from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from poolkeeper.api.allocation import Group, allocate, in_cluster, pool_name
from poolkeeper.api.ledger import Entry
from poolkeeper.api.overheads import Spread, spread
from poolkeeper.api.periods import DAY, Period
from poolkeeper.api.reported import Aside, Odd, Report, Row, Rows, Section, Standing, Sum
from poolkeeper.core import spending
from poolkeeper.core.account import PAST, Past, past_of
from poolkeeper.core.costing import Costing
from poolkeeper.core.days import NOTHING, ZERO, Amount, Day
from poolkeeper.core.unusual import Unusual, judge

Json = dict[str, Any]

HORIZONS = (30, 90)
"""For how many days together the outlook is told."""
UNUSUAL_PERCENT = Costing().anomaly_percent
"""How far a day may be off: the ledger does not know what a pool says of itself."""


def report(entries: Sequence[Entry], periods: tuple[Period, Period], by: str, made: datetime, aside: Aside) -> Report:
    """Return the report on the first of two periods, compared with the second.

    Raises:
        ValueError: there is no such kind of groups.
    """
    period, before = periods
    known = [entry for entry in entries if entry.day.on <= period.last]
    plain = Report(
        period=period,
        before=before,
        by=by,
        made=made,
        clusters=tuple(sorted({entry.cluster for entry in known})),
        days=frozenset(entry.day.on for entry in known),
        sections=(),
        aside=aside,
    )
    currencies = sorted({entry.currency for entry in known if period.holds(entry.day.on)})
    return replace(plain, sections=tuple(section(known, one, plain) for one in currencies))


def section(known: Sequence[Entry], currency: str, about: Report) -> Section:
    """Return what is told in one currency."""
    mine = [entry for entry in known if entry.currency == currency]
    now = [entry for entry in mine if about.period.holds(entry.day.on)]
    before = [entry for entry in mine if about.before.holds(entry.day.on)] if about.is_compared else []
    history = days_of(mine, about.period.last, about.days)
    found = tuple(sums(history))
    return Section(
        currency=currency,
        total=total(now, before, about),
        groups=rows(now, before, about.by, about),
        pools=rows(now, before, "pool", about),
        tiers=groups(now, "tier"),
        history=history,
        coming=spending.coming(recent(history), about.period.last + DAY, HORIZONS[-1]) if found else (),
        sums=found,
        odd=tuple(odd_days(mine, about)),
        overheads=tuple(spreads(now, currency, about)),
    )


def spreads(now: Sequence[Entry], currency: str, about: Report) -> Iterator[Spread]:
    """Yield what is paid besides the pools in the period, spread over them by what they cost."""
    period = about.period
    for one in about.aside.overheads:
        if one.currency == currency:
            yield spread(one, now, now, about.by, (period.first, period.last))


def groups(entries: Sequence[Entry], by: str) -> tuple[Group, ...]:
    """Return the groups of entries of one currency."""
    return tuple(group for found in allocate(entries, by) for group in found.groups)


def rows(now: Sequence[Entry], before: Sequence[Entry], by: str, about: Report) -> Rows:
    """Return the groups of the period beside what they were in the one before."""
    known = {group.name: group for group in groups(before, by)}
    return tuple(row(group, known.get(group.name), about) for group in groups(now, by))


def total(now: Sequence[Entry], before: Sequence[Entry], about: Report) -> Row:
    """Return all groups together."""
    whole, earlier = (next((found.total for found in allocate(some, "pool")), None) for some in (now, before))
    return row(whole or Group("total", NOTHING), earlier, about)


def row(group: Group, before: Group | None, about: Report) -> Row:
    """Return a group beside what it was."""
    if before is None or not before.amount.cost:
        return Row(group, before)
    days, earlier = about.counted(about.period), about.counted(about.before)
    daily = (group.amount.cost / days) / (before.amount.cost / earlier)
    return Row(group, before, float(daily) - 1)


def days_of(entries: Sequence[Entry], last: date, known: Container[date]) -> tuple[Past, ...]:
    """Return the days of entries until a last one, put together, oldest first.

    One without entries cost nothing, but where the ledger has nothing of it at all (it is not `known`): nobody knows.
    """
    days: dict[date, Amount] = defaultdict(lambda: NOTHING)
    for entry in entries:
        days[entry.day.on] += replace(entry.day.amount, machines={})
    first = min(days, default=last + DAY)
    every = (first + number * DAY for number in range((last - first).days + 1))
    return tuple(past_of(Day(on, days[on])) if on in days else Past(on, ZERO, whole=on in known) for on in every)


def recent(history: tuple[Past, ...]) -> tuple[Past, ...]:
    """Return the days that a forecast is made from: as many as the operator remembers."""
    return history[-PAST.days :]


def sums(history: tuple[Past, ...]) -> Iterator[Sum]:
    """Yield what the next days come to together, for each horizon; nothing where days that cost anything are rare."""
    spent = [past.cost > 0 for past in recent(history) if past.whole]
    known = spending.outlook(recent(history), HORIZONS[-1])
    if known is None or 2 * sum(spent) < len(spent):
        return
    for days in HORIZONS:
        expected = spending.around(ZERO, sum(known.costs[:days]), known.together(days))
        yield Sum(days, expected, spending.backtest(history, days))


def odd_days(entries: Sequence[Entry], about: Report) -> Iterator[Odd]:
    """Yield the days of the period that were far off, pool by pool, the furthest first."""
    pools: defaultdict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        pools[entry.cluster, entry.uid].append(entry)
    found = [Odd(titled(own[-1], about), day) for own in pools.values() for day in unusual(own, about)]
    yield from sorted(found, key=lambda one: -abs(one.day.cost - one.day.usual))


def titled(entry: Entry, about: Report) -> str:
    """Return a pool's name, with its cluster's where there are several."""
    return in_cluster(entry, pool_name) if len(about.clusters) > 1 else pool_name(entry)


def unusual(entries: Sequence[Entry], about: Report) -> Iterator[Unusual]:
    """Yield the days of the period on which a pool was far off."""
    history = days_of(entries, max(entry.day.on for entry in entries), about.days)
    for place, day in enumerate(history, start=1):
        if about.period.holds(day.on):
            found = judge(recent(history[:place]), UNUSUAL_PERCENT, entries[-1].currency)
            if found is not None:
                yield found


def share_saved(group: Group) -> Decimal | None:
    """Return what was saved as a share of the baseline's cost; None where there is no baseline."""
    saved = group.amount.savings
    return saved.total / saved.baseline if saved.baseline else None


def standing(pool: Json) -> tuple[str, Standing]:
    """Return a pool's name, and what its status says as of now."""
    metadata, status = pool["metadata"], pool.get("status") or {}
    budget = (status.get("cost") or {}).get("budget")
    return f"{metadata['namespace']}/{metadata['name']}", Standing(status.get("slo"), budget)
