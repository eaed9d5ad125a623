"""A study's plots as SVG, over time: sizes and load, late requests, costs, the queue; colours are the page's."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from statistics import fmean
from xml.etree.ElementTree import Element

from poolkeeper.cli.markup import element
from poolkeeper.cli.report_plots import BOTTOM, HEIGHT, HUES, LEFT, RIGHT, WIDTH, Frame, drawing, framed, label, step_of
from poolkeeper.simulate.replay import Moment
from poolkeeper.simulate.study import Row

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
TICKS = 10
"""So many dates fit under a plot."""
SPANS = (HOUR / 12, HOUR / 4, HOUR, 3 * HOUR, 6 * HOUR, DAY, 2 * DAY, 7 * DAY, 28 * DAY)
NARROW = 0.1
SMOOTH = 240
"""So many means of the load are drawn: more are noise that hides the replicas."""
Points = Sequence[tuple[float, float]]


def sizes(row: Row, highest: float) -> Element:
    """Return the replicas of each tier, one upon the other, and the load as a line, on a scale up to the highest."""
    frame = over_time(row, highest)
    parts: list[Element] = []
    for place, tier in enumerate(tiers(row)):
        lower = [(when(row, one), below(one, row, place)) for one in row.moments]
        upper = [(when(row, one), below(one, row, place + 1)) for one in row.moments]
        parts.append(area(frame, stairs(lower), stairs(upper), f"area{place % HUES}", tier))
    loads = [((at - row.moments[0].at).total_seconds(), load) for at, load in smoothed(row, SMOOTH)]
    parts += [*grid(frame, highest, row), line(frame, loads, "ink", "load")]
    if several(row):
        parts.append(line(frame, stairs([(when(row, one), one.ready) for one in row.moments]), "ready", "ready"))
    return drawing("Replicas and load", f"Replicas by tier and the load in replicas, {row.policy}.", parts)


def largest(row: Row) -> float:
    """Return the most that a plot of replicas and load has to hold."""
    return max(*map(total, row.moments), *(load for _, load in smoothed(row, SMOOTH)))


def late(rows: Sequence[Row]) -> Element:
    """Return the share of late requests, of all until then, of several policies."""
    return lines(rows, [list(late_so_far(row)) for row in rows], "Late so far, percent")


def late_so_far(row: Row) -> Iterator[float]:
    """Yield the percentage of the requests that were late until each moment; the load weighs what came in between."""
    came = missed = 0.0
    for one in row.moments:
        came, missed = came + one.load, missed + one.load * one.late
        yield 100 * missed / came if came else 0.0


def cost(rows: Sequence[Row], currency: str) -> Element:
    """Return what several policies had cost at each time."""
    return lines(rows, [[float(one.cost) for one in row.moments] for row in rows], f"Cost so far, {currency}")


def waiting(row: Row) -> Element:
    """Return the queue of a policy."""
    return lines([row], [[one.waiting for one in row.moments]], "Requests waiting")


def lines(rows: Sequence[Row], values: Sequence[Sequence[float]], title: str) -> Element:
    """Return a figure of several policies over time, a line for each, the first on top."""
    highest = max(max(found) for found in values)
    frame = over_time(rows[0], highest)
    parts = list(grid(frame, highest, rows[0]))
    for place, (row, found) in reversed(list(enumerate(zip(rows, values, strict=True)))):
        points = [(when(row, one), value) for one, value in zip(row.moments, found, strict=True)]
        parts.append(line(frame, points, f"line{place % HUES}", row.policy))
    return drawing(title, f"{title} over time: {', '.join(row.policy for row in rows)}.", parts)


def smoothed(row: Row, columns: int) -> list[tuple[datetime, float]]:
    """Return the load, and since when, as means: not many more than there are columns to draw."""
    many = max(1, len(row.moments) // columns)
    parts = [row.moments[begin : begin + many] for begin in range(0, len(row.moments), many)]
    return [(part[0].at, fmean(one.load for one in part)) for part in parts]


def tiers(row: Row) -> list[str]:
    """Return the tiers that ever had a replica; the first of all where none had."""
    names = list(row.moments[0].sizes)
    return [name for name in names if any(one.sizes[name] for one in row.moments)] or names[:1]


def several(row: Row) -> bool:
    """Return whether there are tiers that differ: then what is asked for and what is ready may be far apart."""
    return len(row.moments[0].sizes) > 1


def total(moment: Moment) -> int:
    """Return the replicas of all tiers."""
    return sum(moment.sizes.values())


def below(moment: Moment, row: Row, place: int) -> float:
    """Return the replicas of so many tiers."""
    return float(sum(moment.sizes[name] for name in tiers(row)[:place]))


def when(row: Row, moment: Moment) -> float:
    """Return the seconds since the first moment."""
    return (moment.at - row.moments[0].at).total_seconds()


def over_time(row: Row, highest: float) -> Frame:
    """Return a frame whose columns are seconds."""
    return framed(max(1, round(when(row, row.moments[-1]))), highest)


def grid(frame: Frame, highest: float, row: Row) -> Iterator[Element]:
    """Yield the lines of values with their numbers, and the dates."""
    step = step_of(highest)
    for number in range(round(frame.top / step) + 1):
        y = frame.y(number * step)
        ends = {"x1": str(LEFT), "x2": str(WIDTH - RIGHT), "y1": str(y), "y2": str(y)}
        yield element("line", {"class": "grid", **ends})
        yield label(LEFT - 8, y + 4, f"{number * step:,g}", "end")
    yield from dates(frame, row)


def dates(frame: Frame, row: Row) -> Iterator[Element]:
    """Yield the dates or hours under a plot, at round times."""
    start, end = row.moments[0].at, row.moments[-1].at
    span = next((one for one in SPANS if (end - start) / one <= TICKS), SPANS[-1])
    form = "%d %b" if span >= DAY else "%H:%M" if end - start <= DAY else "%d %b %H:%M"
    at = first_after(start, span)
    while at <= end:
        x = frame.x((at - start).total_seconds())
        if LEFT * (1 + NARROW) < x < WIDTH - 3 * RIGHT:
            yield label(x, HEIGHT - 8, at.strftime(form))
            ends = {"x1": str(x), "x2": str(x), "y1": str(HEIGHT - BOTTOM), "y2": str(HEIGHT - BOTTOM + 4)}
            yield element("line", {"class": "grid", **ends})
        at += span


def first_after(start: datetime, span: timedelta) -> datetime:
    """Return the first round instant, counted from midnight, that is not before the start."""
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - (midnight - start) // span * span


def stairs(points: Points) -> Points:
    """Return points between which a value stays until the next."""
    found: list[tuple[float, float]] = []
    for at, value in points:
        if found:
            found.append((at, found[-1][1]))
        found.append((at, value))
    return found


def placed(frame: Frame, points: Points) -> str:
    """Return points as SVG has them."""
    return " ".join(f"{frame.x(at)},{frame.y(value)}" for at, value in points)


def line(frame: Frame, points: Points, colour: str, told: str) -> Element:
    """Return a line; `told` is shown where a reader points at it."""
    shape = {"class": f"trend {colour}", "points": placed(frame, points)}
    return element("polyline", shape, element("title", {}, told))


def area(frame: Frame, lower: Points, upper: Points, colour: str, told: str) -> Element:
    """Return what lies between two lines."""
    shape = {"class": colour, "points": f"{placed(frame, upper)} {placed(frame, lower[::-1])}"}
    return element("polygon", shape, element("title", {}, told))
