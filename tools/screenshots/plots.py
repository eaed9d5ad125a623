"""Where a panel and its values stand, and how values are written in the panel's unit."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from xml.etree.ElementTree import Element

from poolkeeper.cli.markup import element
from poolkeeper.cli.report_plots import Frame, label, step_of
from screenshots.dashboard import Answered

EDGE, TITLE, PLOT, INDENT = 12, 30, 110, 50
MINUTE = 60
DAY = 86400
FINE = 1e6
"""An axis of a report begins at 1: these are for values that are so many times smaller."""


@dataclass(frozen=True, slots=True)
class Box:
    """Where a panel stands, and which instants its lines are about."""

    left: float
    top: float
    width: float
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Plot(Frame):
    """A plot in a box: instants across, values from `low` up to `top`."""

    box: Box
    low: float

    def x(self, column: float) -> float:
        """Return where an instant is."""
        wide = self.box.width - INDENT - EDGE
        return round(self.box.left + INDENT + wide * (column - self.box.since) / (self.box.until - self.box.since), 1)

    def y(self, value: float) -> float:
        """Return how far down a value stands."""
        return round(self.box.top + TITLE + PLOT * (self.top - value) / (self.top - self.low), 1)


def scaled(box: Box, low: float, high: float) -> tuple[Plot, float]:
    """Return a plot that holds values from `low` up to `high`, and the distance of its lines."""
    high = high if high > low else low + 1
    step = step_of((high - low) * FINE) / FINE
    return Plot(1, step * max(1, ceil(high / step)), box, -step * ceil(-low / step)), step


def axes(one: Answered, plot: Plot, step: float) -> Iterator[Element]:
    """Yield the lines of values with their numbers, and the minutes."""
    ends = {"x1": f"{plot.x(plot.box.since)}", "x2": f"{plot.x(plot.box.until)}"}
    for number in range(round((plot.top - plot.low) / step) + 1):
        y = plot.y(plot.low + number * step)
        yield element("line", {"class": "grid", **ends, "y1": str(y), "y2": str(y)})
        yield words(plot.box.left + INDENT - 4, y + 3, plain(told(one, plot.low + number * step)), "axis", "end")
    for minute in range(int((plot.box.until - plot.box.since) / MINUTE) + 1):
        yield words(plot.x(plot.box.since + minute * MINUTE), plot.y(plot.low) + 13, f"{minute} min", "axis")


def told(one: Answered, value: float) -> str:
    """Return a value in the panel's unit."""
    decimals = int(one.panel.format.get("decimals", 2))
    match one.panel.format["unit"]:
        case "percentunit":
            return f"{100 * value:.{decimals}f} %"
        case "s":
            return f"{value / DAY:.1f} days" if value >= DAY else f"{value:.0f} s"
        case "none":
            return f"{value:,.{decimals}f}"
        case _:
            return plain(f"{value:,.{decimals}f}")


def plain(number: str) -> str:
    """Return a number without the zeros at its end."""
    return number.rstrip("0").rstrip(".") if "." in number else number


def words(x: float, y: float, text: str, kind: str = "name", anchor: str = "start") -> Element:
    """Return words of a kind."""
    made = label(x, y, text, anchor)
    made.set("class", kind)
    return made
