"""Curves over a few places, drawn by the report's own means, as SVG that stands alone in a page of Markdown."""

from collections.abc import Iterator, Mapping, Sequence
from xml.etree.ElementTree import Element, tostring

from poolkeeper.cli.markup import element
from poolkeeper.cli.report_plots import BOTTOM, HEIGHT, LEFT, RIGHT, WIDTH, Frame, axis, drawing, label

TOP = 100.0
COLOURS = ("#0b62c4", "#c2410c", "#15803d", "#7e22ce", "#a16207", "#be123c", "#64748b")
"""A page of Markdown brings no style sheet: the colours stand in the plot, dark enough on white."""
THICK, THIN = "3", "1.5"
SPACE = 120


def curves(places: Sequence[int], shares: Mapping[str, Sequence[float]], title: str) -> str:
    """Return a plot of shares in percent over places, the first curve the thickest; the places stand evenly."""
    frame = Frame(len(places) - 1, TOP)
    parts = list(axis(frame, TOP))
    parts += [
        label(frame.x(column), HEIGHT - 8, f"{place} s", end(column, len(places)))
        for column, place in enumerate(places)
    ]
    for number, (name, values) in reversed(list(enumerate(shares.items()))):
        parts += curve(frame, values, COLOURS[number], name, thick=number == 0)
    parts += legend(list(shares))
    drawn = drawing(title, f"{title}: {', '.join(shares)}.", parts)
    drawn.set("xmlns", "http://www.w3.org/2000/svg")
    drawn.set("font-size", "12")
    drawn.set("style", "background: white")
    for line in drawn.iter("line"):
        line.set("stroke", "#d4d4d8")
    return tostring(drawn, encoding="unicode")


def end(column: int, many: int) -> str:
    """Return which end of a label stands at its place, so that none is cut off."""
    return "start" if column == 0 else "end" if column == many - 1 else "middle"


def curve(frame: Frame, values: Sequence[float], colour: str, name: str, *, thick: bool) -> Iterator[Element]:
    """Yield a curve with its name, which is shown where a reader points at it."""
    points = " ".join(f"{frame.x(column)},{frame.y(value)}" for column, value in enumerate(values))
    shape = {"points": points, "fill": "none", "stroke": colour, "stroke-width": THICK if thick else THIN}
    yield element("polyline", shape, element("title", {}, name))


def legend(names: Sequence[str]) -> Iterator[Element]:
    """Yield the names in their colours, in the corner that falling curves leave free."""
    for number, name in enumerate(names):
        x, y = LEFT + 12 + SPACE * number, HEIGHT - BOTTOM - 12
        words = label(min(x, WIDTH - RIGHT - SPACE), y, name, "start")
        words.set("fill", COLOURS[number])
        words.set("font-weight", "bold")
        yield words
