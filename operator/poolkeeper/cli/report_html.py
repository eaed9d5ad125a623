"""A report as one HTML page: no script, nothing fetched, light or dark as its reader has it, and fit to be printed."""

from collections.abc import Iterator
from importlib.resources import files
from xml.etree.ElementTree import Element

from poolkeeper.api.reported import Report, Section
from poolkeeper.api.units import format_instant
from poolkeeper.cli import report_plots as plots
from poolkeeper.cli.markup import element, page
from poolkeeper.cli.report_tables import Table, tables
from poolkeeper.cli.report_words import Fact, facts, notes, remarks

STYLE = "report.css"


def html(about: Report) -> str:
    """Return the page."""
    heading = f"What pools cost in {about.period.name}"
    head = element(
        "head",
        {},
        element("meta", {"charset": "utf-8"}),
        element("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        element("meta", {"name": "color-scheme", "content": "light dark"}),
        element("title", {}, heading),
        element("style", {}, files("poolkeeper.cli").joinpath(STYLE).read_text(encoding="utf-8")),
    )
    sections = (section(part, about) for part in about.sections)
    main = element("main", {}, element("h1", {}, heading), subtitle(about), *sections, footer(about))
    return page(element("html", {"lang": "en"}, head, element("body", {}, main)))


def subtitle(about: Report) -> Element:
    """Return which days and clusters it is about."""
    period, clusters = about.period, ", ".join(about.clusters) or "none"
    return element("p", {"class": "quiet"}, f"{period.first} to {period.last} · cluster {clusters}")


def footer(about: Report) -> Element:
    """Return what is to be said of all of it, and when it was made."""
    made = (
        f"Made by poolkeeper report at {format_instant(about.made.replace(microsecond=0))} from the operator's ledger."
    )
    items = [element("li", {}, remark) for remark in (*remarks(about), made)]
    return element("footer", {}, element("ul", {"class": "quiet"}, *items))


def section(part: Section, about: Report) -> Element:
    """Return all that is told in one currency."""
    found = list(tables(part, about))
    several = [element("h2", {}, part.currency)] if len(about.sections) > 1 else []
    tiles = [tile(fact) for fact in facts(part, about)]
    doubts = [element("p", {"class": "doubt"}, note) for note in notes(part)]
    pictures = list(figures(part))
    shown = [table(one) for one in found]
    return element("section", {}, *several, element("div", {"class": "tiles"}, *tiles), *doubts, *pictures, *shown)


def tile(fact: Fact) -> Element:
    """Return a figure that stands out."""
    beside = [element("span", {"class": "quiet"}, fact.beside)] if fact.beside else []
    value = element("strong", {}, fact.value)
    return element("div", {"class": "tile"}, element("span", {}, fact.label), value, *beside)


def figures(part: Section) -> Iterator[Element]:
    """Yield the plots with their captions and keys."""
    ahead = [("expected", "expected"), ("band", "nine times in ten")] if part.coming else []
    yield figure(f"Cost by day, {part.currency}", [("hue0", "cost"), *ahead], plots.days(part))
    names = plots.tiers(part)
    if names:
        series = [(f"hue{place % plots.HUES}", name) for place, name in enumerate(names)]
        yield figure(f"Cost by week and tier, {part.currency}", series, plots.weeks(part))


def figure(caption: str, series: list[tuple[str, str]], drawn: Element) -> Element:
    """Return a plot with its caption and what its colours mean."""
    items = [element("li", {}, swatch(colour), f" {name}") for colour, name in series]
    told = element("figcaption", {}, element("b", {}, caption), element("ul", {"class": "key"}, *items))
    return element("figure", {}, told, element("div", {"class": "wide", "tabindex": "0"}, drawn))


def swatch(colour: str) -> Element:
    """Return a patch of a series' colour."""
    patch = element("rect", {"class": colour, "width": "12", "height": "12"})
    return element("svg", {"viewBox": "0 0 12 12", "class": "swatch", "aria-hidden": "true"}, patch)


def table(found: Table) -> Element:
    """Return a table that says what each of its cells belongs to."""
    head = [element("th", kind(found, place) | {"scope": "col"}, name) for place, name in enumerate(found.columns)]
    rows = [row(found, number) for number in range(len(found.rows))]
    body = [element("thead", {}, element("tr", {}, *head)), element("tbody", {}, *rows)] if rows else []
    note = [element("p", {"class": "quiet"}, found.note)] if found.note else []
    caption = element("caption", {}, found.title)
    shown = element("div", {"class": "wide", "tabindex": "0"}, element("table", {}, caption, *body))
    return element("div", {"class": "block"}, shown, *note)


def row(found: Table, number: int) -> Element:
    """Return a row; the last of some is the sum of the others."""
    name, *cells = found.rows[number]
    is_total = found.totals and number == len(found.rows) - 1
    told = [element("td", kind(found, place), text) for place, text in enumerate(cells, start=1)]
    return element("tr", {"class": "total"} if is_total else {}, element("th", {"scope": "row"}, name), *told)


def kind(found: Table, place: int) -> dict[str, str]:
    """Return how a column is set: numbers stand on the right."""
    return {"class": "words"} if place == 0 or place in found.words else {}
