"""A study in the terminal: a pool's size and its load over time. plotext takes a while that other commands need not."""

from collections.abc import Sequence
from datetime import datetime

from poolkeeper.cli.simulate_plots import SPANS, first_after, smoothed, total
from poolkeeper.simulate.study import Row

HEIGHT = 16
WIDEST = 140
TICKS = 6


def plot(row: Row, width: int, *, colour: bool) -> str:
    """Return a plot as lines of text: what was needed, and what was there, in replicas."""
    import plotext  # type: ignore[import-untyped]

    figure = plotext.figure
    figure.clear.all()
    figure.theme("colorless" if not colour else "default")
    figure.canvas("default")
    figure.plot_size(min(width, WIDEST), HEIGHT)
    figure.title(f"{row.policy}: replicas (line) and load in replicas (dots)")
    figure.legend(active=False)
    loads = smoothed(row, min(width, WIDEST))
    figure.draw(
        figure.signal([at.timestamp() for at, _ in loads], [load for _, load in loads], marker="braille").lines(
            active=True
        )
    )
    seconds = [one.at.timestamp() for one in row.moments]
    figure.draw(figure.signal(seconds, [total(one) for one in row.moments], marker="hd").lines(active=True))
    places = ticks(row.moments[0].at, row.moments[-1].at)
    figure.ruler("x").ticks([at.timestamp() for at in places], [at.strftime("%a %d %H:%M") for at in places])
    return str(figure.build().string(colorless=not colour))


def ticks(start: datetime, end: datetime) -> Sequence[datetime]:
    """Return some round instants between two."""
    span = next((one for one in SPANS if (end - start) / one <= TICKS), SPANS[-1])
    first = first_after(start, span)
    return [first + number * span for number in range((end - first) // span + 1)]
