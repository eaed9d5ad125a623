"""Panels as one plain SVG, by the means and in the colours of the reports' plots.

A figure is its number, a bar gauge its bars, a time series its lines, with each one's newest value below.
"""

from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from itertools import accumulate
from xml.etree.ElementTree import Element, tostring

from poolkeeper.cli.markup import element
from poolkeeper.cli.report_plots import HUES
from poolkeeper.cli.simulate_plots import area, line
from screenshots.dashboard import Answered, Series
from screenshots.plots import EDGE, PLOT, TITLE, Box, axes, scaled, told, words

WIDTH, GAP = 800, 12
FIGURES = 3
"""How many figures stand side by side; of other panels, two."""
ROW = 16
SHOWN = 2 * HUES
"""How many series have a colour: those of the second round are dashed."""
STYLE = """
.ground { fill: var(--ground) } .panel { fill: var(--raised); stroke: var(--line) }
.title { fill: var(--ink); font-weight: 600; font-size: 11.5px } .figure { fill: var(--ink); font-size: 24px }
.name { fill: var(--ink); font-size: 11px } .axis { font-size: 10px }
.round1 { stroke-dasharray: 4 3 } rect.round1 { opacity: 0.5 }
text { font-family: system-ui, sans-serif }
"""


def picture(title: str, panels: Sequence[Answered], since: float, until: float) -> str:
    """Return the panels of a row of the dashboard as an SVG that stands alone, light or dark as its reader has it."""
    parts: list[Element] = []
    top = float(GAP)
    for several in shelves(panels):
        width = (WIDTH - GAP) / max(2, len(several)) - GAP
        high = max(height(one) for one in several)
        for place, one in enumerate(several):
            parts += drawn(one, Box(GAP + place * (width + GAP), top, width, since, until), high)
        top += high + GAP
    shape = {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {WIDTH} {top:.0f}", "role": "img"}
    ground = element("rect", {"class": "ground", "width": str(WIDTH), "height": f"{top:.0f}"})
    first = [element("title", {}, title), element("style", {}, style()), ground]
    return tostring(element("svg", shape, *first, *parts), "unicode")


def style() -> str:
    """Return the styles: those of the pages that have such plots, and our own."""
    pages = files("poolkeeper.cli")
    return "".join(pages.joinpath(f"{name}.css").read_text("utf-8") for name in ("report", "simulate")) + STYLE


def shelves(panels: Sequence[Answered]) -> Iterator[Sequence[Answered]]:
    """Yield the panels that stand side by side."""
    figures = [one for one in panels if one.panel.kind == "stat"]
    others = [one for one in panels if one.panel.kind != "stat"]
    for several, many in ((figures, FIGURES), (others, 2)):
        yield from (several[place : place + many] for place in range(0, len(several), many))


def height(one: Answered) -> float:
    """Return how high a panel is."""
    plot = {"stat": ROW, "bargauge": 0}.get(one.panel.kind, PLOT + ROW)
    return TITLE + plot + ROW * max(1, min(len(one.series), SHOWN + 1)) + EDGE


def drawn(one: Answered, box: Box, high: float) -> Iterator[Element]:
    """Yield a panel: its frame, its title and what its kind shows."""
    place = {"x": f"{box.left:.1f}", "y": f"{box.top:.1f}", "width": f"{box.width:.1f}", "height": f"{high:.1f}"}
    yield element("rect", {"class": "panel", "rx": "6", **place})
    yield words(box.left + EDGE, box.top + 19, one.title, "title")
    if one.series:
        yield from KINDS[one.panel.kind](one, box)
    else:
        yield words(box.left + EDGE, box.top + TITLE + ROW, "no data")


def figure(one: Answered, box: Box) -> Iterator[Element]:
    """Yield the newest value, large."""
    yield words(box.left + EDGE, box.top + TITLE + 24, told(one, one.series[0].last), "figure")


def bars(one: Answered, box: Box) -> Iterator[Element]:
    """Yield a bar for each series, under its name and value."""
    most = max(*(series.last for series in one.series), 1e-9)
    wide = box.width - 2 * EDGE
    for place, series in enumerate(one.series[:SHOWN]):
        down = box.top + TITLE + ROW * place
        length = max(0.0, wide * series.last / most)
        shape = {"x": f"{box.left + EDGE:.1f}", "y": f"{down:.1f}", "width": f"{length:.1f}", "height": str(ROW - 2)}
        yield element("rect", {"class": hue("area", place), **shape})
    yield from legend(one, box, box.top + TITLE)


def curves(one: Answered, box: Box) -> Iterator[Element]:
    """Yield the lines, one upon the other where they add up, with their axes and names."""
    shown = list(stacked(one.series)) if one.panel.stacked else list(one.series)
    values = [value for series in shown for _, value in series.points]
    plot, step = scaled(box, min(0.0, *values), max(0.0, *values))
    yield from axes(one, plot, step)
    for place, series in reversed(list(enumerate(shown))):
        if one.panel.stacked:
            foot = shown[place - 1].points if place else tuple((at, 0.0) for at, _ in series.points)
            yield area(plot, foot, series.points, hue("area", place), series.name)
        yield line(plot, series.points, hue("line", place), series.name)
    yield from legend(one, box, box.top + TITLE + PLOT + ROW + 4, swatch=10)


KINDS: dict[str, Callable[[Answered, Box], Iterator[Element]]] = {
    "stat": figure,
    "bargauge": bars,
    "timeseries": curves,
}


def stacked(series: Sequence[Series]) -> Iterator[Series]:
    """Yield each series with those before it added."""
    instants = sorted({at for one in series for at, _ in one.points})
    columns = [list(accumulate(dict(one.points).get(at, 0.0) for one in series)) for at in instants]
    for place, one in enumerate(series):
        yield Series(one.name, tuple((at, sums[place]) for at, sums in zip(instants, columns, strict=True)))


def legend(one: Answered, box: Box, top: float, swatch: float = 0) -> Iterator[Element]:
    """Yield each series' name and newest value, with its colour where there is room for a swatch."""
    for place, series in enumerate(one.series[:SHOWN]):
        down = top + ROW * place
        if swatch:
            shape = {"x": f"{box.left + EDGE:.1f}", "y": f"{down + 2:.1f}", "width": str(swatch), "height": str(swatch)}
            yield element("rect", {"class": hue("hue", place), **shape})
        yield words(box.left + EDGE + (swatch or 0) + 4, down + 11, series.name or "all", "name")
        yield words(box.left + box.width - EDGE - 4, down + 11, told(one, series.last), "name", "end")
    if len(one.series) > SHOWN:
        yield words(box.left + EDGE + 4, top + ROW * SHOWN + 11, f"and {len(one.series) - SHOWN} more", "name")


def hue(kind: str, place: int) -> str:
    """Return the class of what a series is drawn with."""
    return f"{kind}{place % HUES} round{place // HUES}"
