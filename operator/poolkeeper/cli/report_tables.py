"""A report's tables, the same for HTML and Markdown. Amounts are rounded so that they add up."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from poolkeeper.api.allocation import Group
from poolkeeper.api.report import UNUSUAL_PERCENT
from poolkeeper.api.reported import Report, Section, Standing
from poolkeeper.cli.cost_shown import TENTH, UNALLOCATED, price
from poolkeeper.cli.report_words import NONE, amount, cents, named, percent, rough, share, trend
from poolkeeper.core.days import ZERO

TOP = 10


@dataclass(frozen=True, slots=True)
class Table:
    """A table. The first column names its rows, `words` are more columns of text. `totals`: the last row adds up."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    words: frozenset[int] = frozenset()
    totals: bool = False


def tables(part: Section, about: Report) -> Iterator[Table]:
    """Yield the tables of a currency; one with nothing in it is not there."""
    yield spend(part, about)
    if about.by != "pool":
        yield top(part)
    yield by_tier(part)
    if part.total.now.savings is not None:
        yield savings(part, about)
    if part.sums:
        yield outlook(part)
    yield unusual(part)
    if part.overheads:
        yield overheads(part, about)
    if found := tuple(budgets(part, about)):
        columns = ("Pool", "Budget", "Used", "Expected", "State")
        yield Table("Budgets of this month, as of now", columns, found, words=frozenset({4}))


def spend(part: Section, about: Report) -> Table:
    """Return where the money went."""
    all_rows = [*part.groups, part.total]
    costs = [*cents([row.now.amount.cost for row in part.groups]), amount(part.total.now.cost)]
    rows = tuple(
        (named(row.now), cost if row.now.cost is not None else "?", share(row, part), trend(row), *work(row.now))
        for row, cost in zip(all_rows, costs, strict=True)
    )
    columns = (about.by.removeprefix("label:").capitalize(), f"Cost {part.currency}", "Share", "Trend", *WORK)
    note = f"Trend: the cost of a day against {about.before.name}."
    return Table(f"Spend by {about.by}", columns, rows, note, totals=True)


WORK = ("GPU-hours", "Idle", "A million tokens")


def work(group: Group) -> tuple[str, str, str]:
    """Return what a group did with its cost."""
    tokens = group.per_million_tokens
    return (
        f"{group.gpu_hours.quantize(TENTH):,}",
        NONE if group.idle is None else f"{group.idle:.0%}",
        NONE if tokens is None else f"{price(tokens):f}",
    )


def top(part: Section) -> Table:
    """Return the dearest pools."""
    rows = tuple(
        (named(row.now), amount(row.now.cost), share(row, part), trend(row), *work(row.now)) for row in part.pools[:TOP]
    )
    columns = ("Pool", f"Cost {part.currency}", "Share", "Trend", *WORK)
    more = len(part.pools) - len(rows)
    return Table("Top pools", columns, rows, f"{more} more are not shown." if more else "")


def by_tier(part: Section) -> Table:
    """Return what each tier came to; beside the tiers, overhead and unused commitments."""
    listed = [group.listed for group in part.tiers]
    costs = cents([group.amount.cost for group in part.tiers])
    rows = tuple(
        (named(group), cost, amount(on_demand), f"{group.gpu_hours.quantize(TENTH):,}")
        for group, cost, on_demand in zip(part.tiers, costs, listed, strict=True)
    )
    columns = ("Tier", f"Cost {part.currency}", "At on-demand's price", "GPU-hours")
    return Table("Spend by tier", columns, rows)


def savings(part: Section, about: Report) -> Table:
    """Return what was saved, pool by pool and by cause, beside what requests had of it."""
    found = [row.now for row in part.pools if row.now.savings is not None]
    told = zip(*map(cents, zip(*map(by_cause, found), strict=True)), strict=True)
    standings = about.aside.standings
    rows = [(named(group), *causes, slo(group, standings or {})) for group, causes in zip(found, told, strict=True)]
    whole = (named(part.total.now), *map(amount, by_cause(part.total.now)), NONE)
    columns = ("Pool", "Baseline", "Queue", "Schedule", "Spot", "Saved", "Inside SLO")
    inside = "of the last hour, as of now" if standings is not None else "not in the ledger, and no pool could be asked"
    note = f"Spot: also commitments that were used. Negative: the pool cost more. Inside SLO: {inside}."
    return Table("Savings against the baselines, by cause", columns, (*rows, whole), note, totals=True)


def by_cause(group: Group) -> tuple[Decimal, ...]:
    """Return the baseline's cost, what each cause saved, and all of it."""
    saved = group.amount.savings
    return (saved.baseline or ZERO, saved.queue, saved.schedule, saved.spot, saved.total)


def slo(group: Group, standings: Mapping[str, Standing]) -> str:
    """Return the share of a pool's requests inside its SLO."""
    return standings.get(group.name or "", Standing()).slo or NONE


def outlook(part: Section) -> Table:
    """Return what is expected of the days to come."""
    rows = tuple(
        (
            f"{one.days} days",
            *map(rough, (one.expected.amount, one.expected.low, one.expected.high)),
            NONE if one.error is None else f"{one.error:.1%}",
        )
        for one in part.sums
    )
    columns = ("Next", f"Expected {part.currency}", "Low", "High", "Error")
    note = (
        "Low and high: the interval that should hold nine of ten outcomes. Error: how far off forecasts of so many "
        "days were that are made in the same way on the days that the ledger has."
    )
    return Table("Outlook", columns, rows, note)


def unusual(part: Section) -> Table:
    """Return the days that were far off, and why."""
    rows = tuple(
        (
            one.pool,
            f"{one.day.on:%a} {one.day.on}",
            amount(one.day.cost),
            amount(one.day.usual),
            f"{one.day.percent:+} %",
            "; ".join(one.day.drivers) or NONE,
        )
        for one in part.odd
    )
    columns = ("Pool", "Day", f"Cost {part.currency}", "Usual", "Off", "Driven by")
    note = f"Days off by more than {UNUSUAL_PERCENT} %, and by more than such days differ among themselves."
    return Table("Unusual days", columns, rows, note if rows else f"None. {note}", words=frozenset({1, 5}))


def overheads(part: Section, about: Report) -> Table:
    """Return what is paid besides the pools."""
    rows = tuple(
        (one.overhead.name, UNALLOCATED if name is None else name, text)
        for one in part.overheads
        for (name, _), text in zip(one.parts, cents([value for _, value in one.parts]), strict=True)
    )
    columns = ("Overhead", about.by.removeprefix("label:").capitalize(), f"Amount {part.currency}")
    note = "Overheads are in no sum above; pools bear them by what they cost."
    return Table("Overheads", columns, rows, note, words=frozenset({1}))


def budgets(part: Section, about: Report) -> Iterator[tuple[str, ...]]:
    """Yield how the pools' budgets stand."""
    standings = about.aside.standings or {}
    for row in part.pools:
        found = standings.get(row.now.name or "", Standing()).budget
        if found:
            shares = (percent(found.get("usedPercent")), percent(found.get("expectedPercent")))
            yield named(row.now), amount(Decimal(found["monthly"])), *shares, str(found["state"])
