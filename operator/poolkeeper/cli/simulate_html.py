"""A study as one HTML page: no script, nothing fetched, light or dark as its reader has it."""

from collections.abc import Iterator
from importlib.resources import files
from xml.etree.ElementTree import Element

from poolkeeper.cli import simulate_plots as plots
from poolkeeper.cli.markup import element, page
from poolkeeper.cli.report_html import STYLE, figure, table, tile
from poolkeeper.cli.report_plots import HUES
from poolkeeper.cli.report_tables import Table
from poolkeeper.cli.report_words import Fact
from poolkeeper.cli.simulate_shown import Group, Shown
from poolkeeper.cli.simulate_text import (
    UNDER,
    against,
    amount,
    basis,
    below_bound,
    columns,
    heading,
    ratio,
    share,
    wait,
)
from poolkeeper.simulate.study import OURS, Entry, Row

OWN_STYLE = "simulate.css"
COMPARED = 6
"""So many policies fit into a plot: one for each colour."""


def html(shown: Shown) -> str:
    """Return the page."""
    title = f"What {', '.join(dict.fromkeys(pool.name for pool in shown.pools))} would have cost"
    styles = "".join(files("poolkeeper.cli").joinpath(name).read_text(encoding="utf-8") for name in (STYLE, OWN_STYLE))
    head = element(
        "head",
        {},
        element("meta", {"charset": "utf-8"}),
        element("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        element("meta", {"name": "color-scheme", "content": "light dark"}),
        element("title", {}, title),
        element("style", {}, styles),
    )
    sections = (section(group, shown) for group in shown.groups)
    main = element("main", {}, element("h1", {}, title), *sections, footer(shown))
    return page(element("html", {"lang": "en"}, head, element("body", {}, main)))


def footer(shown: Shown) -> Element:
    """Return what all of it rests on."""
    items = [element("li", {}, words) for words in (f"Made by poolkeeper simulate {basis(shown)}.", *shown.notes)]
    return element("footer", {}, element("ul", {"class": "quiet"}, *items))


def section(group: Group, shown: Shown) -> Element:
    """Return all that is told of one pool with one load."""
    tiles = element("div", {"class": "tiles"}, *(tile(fact) for fact in facts(group)))
    told = element("p", {"class": "quiet"}, heading(group, shown))
    heads = [element("h2", {}, group.title)] if len(shown.groups) > 1 else []
    return element("section", {}, *heads, told, tiles, table(compared(group)), *left_out(group), *figures(group))


def left_out(group: Group) -> Iterator[Element]:
    """Yield which policies are plotted, where there are too many for all."""
    if len(group.plotted) > COMPARED:
        names = ", ".join(row.policy for row in group.plotted[:COMPARED])
        yield element("p", {"class": "quiet"}, f"Plotted are the first {COMPARED} of {len(group.plotted)}: {names}.")


def facts(group: Group) -> Iterator[Fact]:
    """Yield the figures that stand out."""
    first = group.first
    other = rival(group)
    others = f"{other.policy} {against(other, first)}" if other else ""
    yield Fact(f"Cost, {group.currency}", amount(first.mean("cost")), others)
    if group.on_spot:
        yield from on_spot(group)
    yield Fact("Started in time", share(first.mean("in_sla")), f"p99 waits {wait(first.mean('wait_p99'))}")
    bound = f"with paid starts {ratio(first.mean('cost_over_bound_with_startup'))}"
    yield Fact("Times the bound", ratio(first.mean("cost_over_bound")), bound)
    yield Fact("Changes of size", f"{first.mean('changes'):,.0f}", f"{first.mean('cut_off'):,.0f} requests cut off")


def on_spot(group: Group) -> Iterator[Fact]:
    """Yield what stands out of a pool that may be on spot."""
    first = group.first
    costs = first.by_tier("cost_by_tier")
    tiers = [tier.name for tier in group.pool.spec.tiers]
    reclaims = f"{first.mean('reclaims'):,.0f} reclaims"
    parts = " + ".join(amount(costs.get(tier, 0.0)) for tier in tiers)
    yield Fact(" + ".join(tiers), parts, f"{group.currency}; {reclaims}")
    least = f"of the time {group.pool.spec.min_replicas} or more ready"
    yield Fact("Available", share(first.mean("available")), least)


def rival(group: Group) -> Entry | None:
    """Return the policy that ours stands beside: the first that is no variant of ours, else the first variant."""
    others = group.entries[1:]
    return next((one for one in others if one.policy.split()[0] != OURS), others[0] if others else None)


def figures(group: Group) -> Iterator[Element]:
    """Yield the plots with their captions and keys: ours, all of them beside each other, then each of the others."""
    rows = group.plotted[:COMPARED]
    if not rows:
        return
    highest = max(map(plots.largest, rows))
    yield of_tiers(rows[0], highest)
    key = [(f"hue{place % HUES}", row.policy) for place, row in enumerate(rows)]
    yield figure("Late so far, percent of the requests", key, plots.late(rows))
    yield figure(f"Cost so far, {group.currency}", key, plots.cost(rows, group.currency))
    yield figure("Requests waiting", [("hue0", rows[0].policy)], plots.waiting(rows[0]))
    yield from (of_tiers(row, highest) for row in rows[1:])


def of_tiers(row: Row, highest: float) -> Element:
    """Return the plot of one policy's replicas and load."""
    key = [(f"area{place % HUES}", name) for place, name in enumerate(plots.tiers(row))]
    key.append(("ink", "load, in replicas"))
    if plots.several(row):
        key.append(("ready", "ready"))
    return figure(f"Replicas and load, {row.policy}", key, plots.sizes(row, highest))


def compared(group: Group) -> Table:
    """Return the table of all policies."""
    found = columns(group)
    rows = tuple((one.policy, *(cell(one) for _, cell in found)) for one in group.entries)
    note = "The bound knows the future; with starts, it also pays for each start-up, or bridges a gap for less."
    note += f" {UNDER}" if any(map(below_bound, group.entries)) else ""
    return Table("All policies", ("Policy", *(name for name, _ in found)), rows, note)
