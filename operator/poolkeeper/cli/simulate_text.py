"""A study for people: a table for each pool and load, each policy beside the first and beside the bound."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
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
from poolkeeper.core.model import PoolSpec
from poolkeeper.simulate.study import Entry, Pool

NONE = "-"
SPARE = ("p50", "with starts", "p95", "cut off", "to first", "changes", "replica hours", "on-demand", "reclaims")
"""The columns that go first where there is no room."""
TOLD = ("--startup",)
"""Options that the words tell of anyway."""
UNITS = " %s"
"""What ends a figure and is said once for a spread."""
MOST_PLOTS = 3
WIDE = 1000
"""So many columns have room for each table."""
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LARGE = 100
LONG = 10
UNDER = "x bound under 1: less was served in time than the SLA asks."
"""Waits of so many seconds need no hundredths."""
WIDEST = 160
"""How wide a plot is at most: a pipe has no width of its own."""
Cell = Callable[[Entry], str]


def show(console: Console, shown: Shown) -> None:
    """Print a study."""
    found = shown.groups
    for group in found:
        console.print(Text(heading(group, shown), style="bold"))
        console.print(fitting(console, group))
        if any(below_bound(one) for one in group.entries):
            console.print(UNDER, style="dim")
        console.print()
        if len(found) <= MOST_PLOTS and group.plotted:
            console.print(
                Text.from_ansi(plot(group.plotted[0], min(WIDEST, console.width), colour=console.is_terminal))
            )
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
    starts = ", ".join(sorted({starting(pool) for pool in shown.pools}))
    return (
        f"from {shown.origin}{scaled}, bursts of seed {seed}{setting(shown)}; a replica starts in {starts} and has "
        f"{machine(shown.scene.engine)}. The bound is the fewest replica-hours that keep the SLA for whoever knows the "
        "future"
    )


def starting(pool: Pool) -> str:
    """Return how long a pool's replicas take to start."""
    return f"{format_duration(pool.startup)}{' in the median' if pool.setting.sigma else ''}"


def setting(shown: Shown) -> str:
    """Return what was given of spot, nodes and metrics, as it was written."""
    return "".join(f", {option} {text}" for option, text in shown.asked.given.items() if option not in TOLD)


def machine(engine: Engine) -> str:
    """Return what a replica has and can do."""
    return (
        f"{engine.slots} slots, {engine.prefill_rate:,.0f} prompt tokens a second, {engine.decode_rate:g} output "
        f"tokens a second alone and half of that at {engine.half_batch:g} at once, a cache of "
        f"{engine.cache_tokens:,.0f} tokens"
    )


def fitting(console: Console, group: Group) -> Table:
    """Return a table as wide as the console is, without what says least where there is no room."""
    for spared in range(len(SPARE) + 1):
        shown = table(group, frozenset(SPARE[:spared]))
        if console.measure(shown, options=console.options.update_width(WIDE)).maximum <= console.width:
            return shown
    return table(group, frozenset(SPARE), broken="\n")


def table(group: Group, spared: frozenset[str] = frozenset(), broken: str = " ") -> Table:
    """Return a pool's policies with one load, without the columns that are spared; `broken` parts what has changed."""
    found = [(name, cell) for name, cell in columns(group) if name not in spared]
    shown = plain("policy", *(name for name, _ in found))
    for column in shown.columns[1:]:
        column.justify = "right"
    for one in group.entries:
        shown.add_row(escape(one.policy.replace(" ", broken, 1)), *(cell(one) for _, cell in found))
    return shown


def columns(group: Group) -> list[tuple[str, Cell]]:
    """Return what is told of each policy."""
    first = group.first
    return [
        (f"cost {group.currency}", lambda one: amount(one.mean("cost"))),
        *(on_spot(group.pool.spec) if group.on_spot else ()),
        ("to first", lambda one: against(one, first)),
        (f"inside {format_duration(group.sla)}", lambda one: spread(one, "in_sla", share)),
        ("p50", lambda one: wait(one.mean("wait_p50"))),
        ("p95", lambda one: wait(one.mean("wait_p95"))),
        ("p99", lambda one: spread(one, "wait_p99", wait)),
        ("replica hours", lambda one: hours(one.mean("replica_hours"))),
        ("x bound", lambda one: spread(one, "cost_over_bound", ratio)),
        ("with starts", lambda one: ratio(one.mean("cost_over_bound_with_startup"))),
        ("changes", lambda one: count(one.mean("changes"))),
        ("cut off", lambda one: count(one.mean("cut_off"))),
    ]


def on_spot(spec: PoolSpec) -> Iterator[tuple[str, Cell]]:
    """Yield what is told of a pool that may be on spot: what each tier cost, how steady it was, what was reclaimed."""
    for tier in spec.tiers:
        yield tier.name, partial(tier_cost, tier=tier.name)
    yield "available", lambda one: spread(one, "available", share)
    yield "reclaims", lambda one: count(one.mean("reclaims"))


def tier_cost(one: Entry, tier: str) -> str:
    """Return what a tier cost; nothing where a variant has no such tier."""
    return amount(one.by_tier("cost_by_tier").get(tier, 0.0))


def below_bound(one: Entry) -> bool:
    """Return whether fewer hours were spent than serve all of it in time."""
    return one.mean("cost_over_bound") < 1


def spread(one: Entry, figure: str, words: Callable[[float], str]) -> str:
    """Return a figure; of several seeds the mean, and below it the least and the most, where they differ as told."""
    least, most = (words(found(one.values(figure))) for found in (min, max))
    bare = f"\n{least.rstrip(UNITS)}-{most.rstrip(UNITS)}" if least != most else ""
    return words(one.mean(figure)) + bare


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
