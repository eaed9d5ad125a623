"""A study for people: a table for each pool and load, each policy beside the first and beside the bound."""

from collections.abc import Callable
from datetime import timedelta
from math import isfinite

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from poolkeeper.api.units import format_duration
from poolkeeper.cli.explain import plain
from poolkeeper.cli.simulate_plot import plot
from poolkeeper.cli.simulate_shown import Group, Shown
from poolkeeper.core.engine import Engine
from poolkeeper.simulate.study import Entry

NONE = "-"
MOST_PLOTS = 3
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LARGE = 100
LONG = 10
"""Waits of so many seconds need no hundredths."""
Cell = Callable[[Entry], str]


def show(console: Console, shown: Shown) -> None:
    """Print a study."""
    found = shown.groups
    for group in found:
        console.print(Text(heading(group, shown), style="bold"))
        console.print(table(group))
        console.print()
        if len(found) <= MOST_PLOTS and group.plotted:
            console.print(Text.from_ansi(plot(group.plotted[0], console.width, colour=console.is_terminal)))
            console.print()
    console.print(basis(shown), style="dim", markup=False)


def heading(group: Group, shown: Shown) -> str:
    """Return what a table is about: the pool, how much came, and the draws that it is a mean of."""
    first = group.first
    lasted = len(shown.trace.bins) * shown.trace.width
    words = f"{group.title}: {first.mean('requests'):,.0f} requests in {long(lasted)}"
    several = f"; means of {len(first.rows)} seeds (least-most)"
    return words + (several if len(first.rows) > 1 else "")


def long(lasted: timedelta) -> str:
    """Return a time in days, or in hours where it is short."""
    return f"{lasted / DAY:.3g} days" if lasted >= 2 * DAY else f"{lasted / HOUR:.3g} hours"


def basis(shown: Shown) -> str:
    """Return what all of it rests on."""
    seed = shown.entries[0].rows[0].seed
    scaled = f", scaled to a peak of {shown.scene.peak_replicas:g} replicas" if shown.scene.peak_replicas else ""
    starts = ", ".join(sorted({format_duration(pool.startup) for pool in shown.pools}))
    return (
        f"from {shown.origin}{scaled}, bursts of seed {seed}; a replica starts in {starts} and has "
        f"{machine(shown.scene.engine)}. The bound is the fewest replica-hours that keep the SLA for whoever knows the "
        "future"
    )


def machine(engine: Engine) -> str:
    """Return what a replica has and can do."""
    return (
        f"{engine.slots} slots, {engine.prefill_rate:,.0f} prompt tokens a second, {engine.decode_rate:g} output "
        f"tokens a second alone and half of that at {engine.half_batch:g} at once, a cache of "
        f"{engine.cache_tokens:,.0f} tokens"
    )


def table(group: Group) -> Table:
    """Return a pool's policies with one load."""
    found = columns(group)
    shown = plain("policy", *(name for name, _ in found))
    for column in shown.columns[1:]:
        column.justify = "right"
    for one in group.entries:
        shown.add_row(escape(one.policy), *(cell(one) for _, cell in found))
    return shown


def columns(group: Group) -> list[tuple[str, Cell]]:
    """Return what is told of each policy."""
    first = group.first
    return [
        (f"cost {group.currency}", lambda one: spread(one, "cost", amount)),
        (f"to {first.policy}", lambda one: against(one, first)),
        (f"inside {format_duration(group.sla)}", lambda one: spread(one, "in_sla", share)),
        ("p50", lambda one: spread(one, "wait_p50", wait)),
        ("p95", lambda one: spread(one, "wait_p95", wait)),
        ("p99", lambda one: spread(one, "wait_p99", wait)),
        ("replica-hours", lambda one: spread(one, "replica_hours", hours)),
        ("x bound", lambda one: spread(one, "cost_over_bound", ratio)),
        ("x bound with starts", lambda one: spread(one, "cost_over_bound_with_startup", ratio)),
        ("changes", lambda one: spread(one, "changes", count)),
        ("cut off", lambda one: spread(one, "cut_off", count)),
    ]


def spread(one: Entry, figure: str, words: Callable[[float], str]) -> str:
    """Return a figure; of several seeds the mean, the least and the most, where they differ as they are told."""
    mean, values = words(one.mean(figure)), one.values(figure)
    least, most = words(min(values)), words(max(values))
    return mean if least == most else f"{mean} ({least}-{most})"


def against(one: Entry, first: Entry) -> str:
    """Return how much dearer a policy is than the first one."""
    if one is first:
        return ""
    cost, base = one.mean("cost"), first.mean("cost")
    return f"{100 * (cost / base - 1):+.1f} %" if base else NONE


def amount(value: float) -> str:
    """Return money; cents while they count."""
    return f"{value:,.0f}" if value >= LARGE else f"{value:,.2f}"


def share(value: float) -> str:
    """Return a share; what is not all is not told as all."""
    percent = 100 * value
    return f"{min(percent, 99.99) if percent < LARGE else percent:.2f} %"


def wait(value: float) -> str:
    """Return a wait."""
    return f"{value:,.0f}s" if value >= LONG else f"{value:.2f}s"


def hours(value: float) -> str:
    """Return replica-hours."""
    return f"{value:,.0f}" if value >= LARGE else f"{value:,.1f}"


def ratio(value: float) -> str:
    """Return how often the bound goes into it."""
    return f"{value:.3f}" if isfinite(value) else NONE


def count(value: float) -> str:
    """Return a number of events."""
    return f"{value:,.0f}"
