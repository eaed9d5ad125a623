"""A report's figures that stand out, its remarks, and how its amounts are written: for HTML and Markdown alike."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from poolkeeper.api.allocation import CENT, Group, rounded
from poolkeeper.api.report import share_saved
from poolkeeper.api.reported import Report, Row, Section, Sum
from poolkeeper.cli.cost_shown import TENTH, UNALLOCATED, price

NONE = "\N{EN DASH}"
MUCH = 100
"""From here on what is expected has no cents."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure that stands out: what it is, how much, and what to hold it against."""

    label: str
    value: str
    beside: str = ""


def facts(part: Section, about: Report) -> Iterator[Fact]:
    """Yield the figures of a currency that stand out."""
    whole, currency = part.total, part.currency
    yield Fact("Spend", f"{amount(whole.now.cost)} {currency}", against(whole, about))
    for one in part.sums:
        yield Fact(f"Expected in {one.days} days", f"{rough(one.expected.amount)} {currency}", off(one))
    saved = whole.now.savings
    if saved is not None:
        share = share_saved(whole.now)
        of = "" if share is None else f"{share:.0%} of what the baselines would have cost"
        yield Fact("Saved", f"{amount(saved)} {currency}", of)
    if whole.now.idle is not None:
        yield Fact("Idle", f"{whole.now.idle:.0%}", "of the ready replica-hours had nothing to do")
    if whole.now.per_million_tokens is not None:
        yield Fact("A million tokens", f"{price(whole.now.per_million_tokens):f} {currency}", "read and generated")


def against(row: Row, about: Report) -> str:
    """Return how the spend compares with the period before."""
    if row.trend is None:
        return f"nothing to compare with in {about.before.name}"
    return f"{row.trend:+.1%} a day against {about.before.name}"


def off(one: Sum) -> str:
    """Return a sum's interval, and how far off such forecasts were."""
    range_ = f"{rough(one.expected.low)} to {rough(one.expected.high)} nine times in ten"
    if one.error is None:
        return f"{range_}; too few days are known to test it"
    return f"{range_}; such forecasts were off by {one.error:.1%}"


def notes(part: Section) -> Iterator[str]:
    """Yield what is in no amount of a currency, or in it without having been seen."""
    whole = part.total.now.amount
    if whole.unpriced:
        yield f"{whole.unpriced.quantize(TENTH):,} GPU-hours have no price and are in no amount of {part.currency}."
    if whole.uncounted:
        hours = whole.uncounted.quantize(TENTH)
        yield f"{hours:,} replica-hours of an unknown number of GPUs are in no amount of {part.currency}."
    if whole.gap:
        yield f"{amount(whole.gap)} {part.currency} are of times when no operator looked: the last rate held."


def remarks(about: Report) -> Iterator[str]:
    """Yield what is to be said of the whole report."""
    if about.begins is None or not about.sections:
        yield f"The ledger has nothing of {about.period.name}."
    elif about.begins > about.period.first:
        yield f"The ledger begins on {about.begins}: the period is not whole."
    elif not about.is_compared:
        yield f"The ledger begins on {about.begins}: nothing can be compared with {about.before.name}."
    if about.lacking:
        yield f"The ledger has nothing of {', '.join(map(str, about.lacking))}: the period is not whole."
    since = about.aside.priced_since
    if since is not None:
        yield f"The newest price came into effect {(about.made - since).days} days before this report was made."
    else:
        yield "How old the prices are is not known: the price book could not be read, or its prices have no date."
    if about.aside.standings is None:
        yield "Shares inside the SLO and budgets are left out: they are in the pools' status, which could not be read."


def named(group: Group) -> str:
    """Return a group's name."""
    return UNALLOCATED if group.name is None else group.name


def amount(value: Decimal | None) -> str:
    """Return an amount to the cent; `?` where it is not known."""
    return "?" if value is None else f"{rounded([value], CENT)[0]:,}"


def rough(value: Decimal) -> str:
    """Return an amount that is expected: to the cent it would tell more than anybody knows."""
    return amount(value) if value < MUCH else f"{value:,.0f}"


def cents(values: Sequence[Decimal]) -> list[str]:
    """Return amounts to the cent that add up."""
    return [f"{value:,}" for value in rounded(values)]


def share(row: Row, part: Section) -> str:
    """Return a row's share of the whole."""
    whole = part.total.now.amount.cost
    return f"{row.now.amount.cost / whole:.0%}" if whole else NONE


def trend(row: Row) -> str:
    """Return how a row compares with the period before."""
    return NONE if row.trend is None else f"{row.trend:+.1%}"


def percent(value: int | None) -> str:
    """Return a percentage that may be unknown."""
    return NONE if value is None else f"{value} %"
