"""An audit for spreadsheets, mail and browsers: CSV with exact figures, Markdown, and HTML that fetches nothing."""

import csv
from collections.abc import Iterator
from importlib.resources import files
from io import StringIO
from xml.etree.ElementTree import Element

from poolkeeper.api.units import format_instant
from poolkeeper.cli.audit_finding import Audit, Finding, facts, pending, summary
from poolkeeper.cli.audit_json import workload
from poolkeeper.cli.audit_text import HEADINGS, WORDS, cells
from poolkeeper.cli.markup import element, page
from poolkeeper.cli.report_markdown import line

TITLE = "Who has the GPUs"
STYLE = "report.css"
COLUMNS = (
    *("namespace", "kind", "name", "team", "manager", "replicas", "ready", "gpus", "capacity"),
    *("state", "busy", "lastRequest", "month", "assumed", "savesLeast", "savesMost", "method", "why"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would run."""


def as_csv(about: Audit) -> str:
    """Return a row for each workload; empty where something is unknown."""
    made = StringIO()
    sheet = csv.writer(made, lineterminator="\n")
    sheet.writerow(COLUMNS)
    for one in about.findings:
        told = workload(one)
        saves = told["saves"] or {}
        told |= {"savesLeast": saves.get("least"), "savesMost": saves.get("most")}
        sheet.writerow([safe(told[column]) for column in COLUMNS])
    return made.getvalue()


def safe(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def as_markdown(about: Audit) -> str:
    """Return the text."""
    rule = tuple("---" if place in WORDS else "---:" for place in range(len(HEADINGS)))
    rows = [line((*cells(one, about), "; ".join(facts(one)))) for one in about.findings]
    table = "\n".join([line((*HEADINGS, "")), line((*rule, "---")), *rows])
    said = "\n".join(f"- {words}" for words in remarks(about))
    return "\n\n".join([f"# {TITLE}", " ".join(summary(about)), table, said]) + "\n"


def remarks(about: Audit) -> Iterator[str]:
    """Yield what is to be said of all of it."""
    for name, why in pending(about.findings):
        yield f"waits for a node: {name}: {why}"
    yield about.looked
    yield from about.notes
    for words in about.skipped:
        yield f"not read: {words}"
    yield f"Made by poolkeeper audit at {format_instant(about.at.replace(microsecond=0))}; nothing was changed."


def as_html(about: Audit) -> str:
    """Return the page."""
    head = element(
        "head",
        {},
        element("meta", {"charset": "utf-8"}),
        element("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        element("meta", {"name": "color-scheme", "content": "light dark"}),
        element("title", {}, TITLE),
        element("style", {}, files("poolkeeper.cli").joinpath(STYLE).read_text(encoding="utf-8")),
    )
    said = [element("li", {}, words) for words in remarks(about)]
    parts = [element("p", {}, words) for words in summary(about)]
    footer = element("footer", {}, element("ul", {"class": "quiet"}, *said))
    main = element("main", {}, element("h1", {}, TITLE), *parts, table(about), footer)
    return page(element("html", {"lang": "en"}, head, element("body", {}, main)))


def table(about: Audit) -> Element:
    """Return the workloads as a table."""
    headings = (element("th", cell_class(place), name) for place, name in enumerate((*HEADINGS, "what is known")))
    rows = (row(one, about) for one in about.findings)
    inside = (element("thead", {}, element("tr", {}, *headings)), element("tbody", {}, *rows))
    return element("div", {"class": "block wide"}, element("table", {}, *inside))


def row(one: Finding, about: Audit) -> Element:
    """Return one workload."""
    texts = (*cells(one, about), "; ".join(facts(one)))
    first, *rest = texts
    found = (element("td", cell_class(place), cell) for place, cell in enumerate(rest, start=1))
    return element("tr", {}, element("th", {"scope": "row"}, first), *found)


def cell_class(place: int) -> dict[str, str]:
    """Return how a column's cells are set."""
    return {"class": "words"} if place in WORDS or place == len(HEADINGS) else {}
