"""A report's plots as SVG: no library draws them so small, and in the reader's own colours (decision record 0033).

Colours are classes, whose values the page has for a light and for a dark ground. Each plot is told in words, too.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import ceil, floor, log10
from xml.etree.ElementTree import Element

from poolkeeper.api.reported import Section
from poolkeeper.cli.markup import element
from poolkeeper.core.account import Past

WIDTH, HEIGHT = 960, 280
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 12, 28
WEEK = 7
WEEKS = 13
STEPS = 4
HUES = 6
"""How many colours there are for series."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where things stand in a plot: so many columns from the left to the right, values from 0 up to `top`."""

    columns: int
    top: float

    def x(self, column: float) -> float:
        """Return where a column begins."""
        return round(LEFT + (WIDTH - LEFT - RIGHT) * column / max(1, self.columns), 1)

    def y(self, value: float) -> float:
        """Return how far down a value stands."""
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self.top, 1)


def step_of(highest: float) -> float:
    """Return the distance of an axis' lines: 1, 2 or 5 times a power of ten.

    >>> step_of(930)
    500.0
    """
    raw = max(highest, 1.0) / STEPS
    power = 10.0 ** floor(log10(raw))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)


def framed(columns: int, highest: float) -> Frame:
    """Return a frame that holds so many columns, and values up to the highest."""
    step = step_of(highest)
    return Frame(columns, step * max(1, ceil(highest / step)))


def drawing(title: str, words: str, parts: Sequence[Element]) -> Element:
    """Return a plot with its name and what it shows in words."""
    told = [element("title", {}, title), element("desc", {}, words)]
    return element("svg", {"viewBox": f"0 0 {WIDTH} {HEIGHT}", "role": "img"}, *told, *parts)


def axis(frame: Frame, highest: float) -> Iterator[Element]:
    """Yield the lines of values, each with its number."""
    step = step_of(highest)
    for number in range(round(frame.top / step) + 1):
        y = frame.y(number * step)
        ends = {"x1": str(LEFT), "x2": str(WIDTH - RIGHT), "y1": str(y), "y2": str(y)}
        yield element("line", {"class": "grid", **ends})
        yield label(LEFT - 8, y + 4, f"{number * step:,.0f}", "end")


def label(x: float, y: float, text: str, anchor: str = "middle") -> Element:
    """Return words in a plot."""
    return element("text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}, text)


def bar(frame: Frame, column: int, low: float, high: float, hue: str, told: str) -> Element:
    """Return the bar of a column from one value up to another; `told` is shown where a reader points at it."""
    x, top, foot = frame.x(column), frame.y(high), frame.y(low)
    width = (WIDTH - LEFT - RIGHT) / max(1, frame.columns)
    box = {"x": f"{x + width * 0.1:.1f}", "y": f"{top:.1f}", "width": f"{width * 0.8:.1f}"}
    height = {"height": f"{max(0.0, foot - top):.1f}"}
    return element("rect", {"class": hue, **box, **height}, element("title", {}, told))


def days(part: Section) -> Element:
    """Return each day's cost, and what is expected of those to come."""
    past = part.history[-WEEKS * WEEK :]
    highest = max([float(one.cost) for one in past] + [float(one.high) for _, one in part.coming], default=1.0)
    frame = framed(len(past) + len(part.coming), highest)
    parts = [*axis(frame, highest), *months(frame, [one.on for one in past] + [on for on, _ in part.coming])]
    parts += [
        bar(frame, column, 0, float(one.cost), "hue0", f"{one.on}: {one.cost:,.2f}") for column, one in enumerate(past)
    ]
    parts += outlook(frame, part, len(past))
    ahead = f", and of the next {len(part.coming)} with its interval" if part.coming else ""
    return drawing("Cost by day", f"Cost of each of the last {len(past)} days in {part.currency}{ahead}.", parts)


def outlook(frame: Frame, part: Section, begin: int) -> Iterator[Element]:
    """Yield the band of what is expected, and the line in it."""
    if not part.coming:
        return
    middle = [(frame.x(begin + place + 0.5), one) for place, (_, one) in enumerate(part.coming)]
    upper = [f"{x},{frame.y(float(one.high))}" for x, one in middle]
    lower = [f"{x},{frame.y(float(one.low))}" for x, one in reversed(middle)]
    yield element("polygon", {"class": "band", "points": " ".join(upper + lower)})
    line = " ".join(f"{x},{frame.y(float(one.amount))}" for x, one in middle)
    yield element("polyline", {"class": "expected", "points": line})


def months(frame: Frame, dates: Sequence[date]) -> Iterator[Element]:
    """Yield the names of months under their first days."""
    for column, on in enumerate(dates):
        if on.day == 1:
            yield label(frame.x(column), HEIGHT - 8, f"{on:%b %Y}", "start")


def weeks(part: Section) -> Element:
    """Return the last weeks' costs, tier upon tier."""
    found = by_week(part.history)
    names = tiers(part)
    highest = max((float(sum(lines.values())) for _, lines in found), default=1.0)
    frame = framed(len(found), highest)
    parts = list(axis(frame, highest))
    for column, (monday, lines) in enumerate(found):
        parts += stack(frame, column, lines, names)
        parts.append(label(frame.x(column + 0.5), HEIGHT - 8, f"{monday:%d %b}"))
    words = f"Cost of each of the last {len(found)} weeks in {part.currency}: {', '.join(names)}."
    return drawing("Cost by week and tier", words, parts)


def tiers(part: Section) -> list[str]:
    """Return the names of the lines that cost anything in these weeks, the dearest first."""
    totals: defaultdict[str, Decimal] = defaultdict(Decimal)
    for _, lines in by_week(part.history):
        for name, cost in lines.items():
            totals[name] += cost
    return sorted((name for name in totals if totals[name]), key=lambda name: -totals[name])


def by_week(history: Sequence[Past]) -> list[tuple[date, dict[str, Decimal]]]:
    """Return the weeks with what each line cost in them, by their Monday, the last ones."""
    found: dict[date, dict[str, Decimal]] = {}
    for one in history:
        lines = found.setdefault(one.on - timedelta(days=one.on.weekday()), {})
        for name, _, cost in one.lines:
            lines[name] = lines.get(name, Decimal(0)) + cost
    return sorted(found.items())[-WEEKS:]


def stack(frame: Frame, column: int, lines: dict[str, Decimal], names: Sequence[str]) -> Iterator[Element]:
    """Yield a column's bars, one upon the other."""
    low = 0.0
    for place, name in enumerate(names):
        high = low + float(lines.get(name, 0))
        if high > low:
            yield bar(frame, column, low, high, f"hue{place % HUES}", f"{name}: {lines[name]:,.2f}")
        low = high
