"""A history made ready: what a proposal is found in, and what it is held against without having seen it.

history               found in, and lived                              held out
two weeks or more     all but the last week, lived: LIVED before it    the last week
four days or more     every second day                                 the days between
less                  refused: nothing could be held against days that it had not seen
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import StatisticsError, correlation, median
from zoneinfo import ZoneInfo

from poolkeeper.core.week import SLOT, slot
from poolkeeper.core.zones import zone
from poolkeeper.simulate.lives import LOOK, WEEK, Stretch
from poolkeeper.simulate.series import Series, SeriesError
from poolkeeper.simulate.weekly import GRAIN, Timed, Weekly, filled, learn, without_spikes

LIVED = timedelta(weeks=2)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
GROWN = 0.15
LEAST = timedelta(days=3, hours=12)
"""What counts as four days of load, holes apart."""
TWO_WEEKS = timedelta(days=13, hours=12)
"""What counts as two weeks: servers seldom keep the first hours."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A history without what cannot be load. `whole` is its week.

    `traffic` is all of it to live; in holes, and out of the ordinary, the usual load of the time of the week stands in.
    """

    series: Series
    place: ZoneInfo
    whole: Weekly
    traffic: tuple[Timed, ...]


@dataclass(frozen=True, slots=True)
class History:
    """`series` is the load; `whole` is its week, `fitted` the week of the days that a proposal may know.

    `search` are those days to live, `held_out` the others, `days` says which these are.
    """

    series: Series
    place: ZoneInfo
    whole: Weekly
    fitted: Weekly
    search: Stretch
    held_out: Stretch
    days: str

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.series.end - self.series.start


def prepared(series: Series, timezone: str) -> History:
    """Return a history made ready.

    Raises:
        SeriesError: there is no load in it, or too little.
        ValueError: there is no such zone.
    """
    found = cleaned(series, timezone)
    series, place, whole, traffic = found.series, found.place, found.whole, found.traffic
    if series.end - series.start >= TWO_WEEKS:
        return last_week_held_out(series, traffic, whole, place)
    return days_between_held_out(series, traffic, whole, place)


def cleaned(series: Series, timezone: str) -> Cleaned:
    """Return a history that can be lived through.

    Raises:
        SeriesError: there is no load in it, or too little.
        ValueError: there is no such zone.
    """
    place = zone(timezone)
    series = without_spikes(series.no_coarser_than(SLOT).resampled(LOOK)).trimmed(GRAIN)
    whole = learn(series, place)
    if not whole.largest:
        raise SeriesError("there is no load in this history")
    if len(series.known) * series.step < LEAST:
        raise SeriesError(too_little(series, place))
    return Cleaned(series, place, whole, filled(series, whole, place))


def too_little(series: Series, place: ZoneInfo) -> str:
    """Return how much there is, and what is the least."""
    known = len(series.known) * series.step
    much = f"{known / DAY:.1f} days" if known >= DAY else f"{known / HOUR:.1f} hours"
    first, last = (f"{at.astimezone(place):%F %H:%M %Z}" for at in (series.start, series.end))
    return f"there are {much} of load, from {first} to {last}: four days are the least, four weeks are good"


def last_week_held_out(series: Series, traffic: tuple[Timed, ...], whole: Weekly, place: ZoneInfo) -> History:
    """Return a history whose last week nothing is learned from."""
    last = series.end - WEEK
    fitted = learn(hidden(series, lambda at: at >= last), place)
    search = Stretch(between(traffic, last - LIVED, last), lambda _: True)
    held_out = Stretch(between(traffic, last - DAY, series.end), lambda at: at >= last)
    return History(series, place, whole, fitted, search, held_out, f"the last week, from {last.astimezone(place):%F}")


def days_between_held_out(series: Series, traffic: tuple[Timed, ...], whole: Weekly, place: ZoneInfo) -> History:
    """Return a history of which every second day is learned from."""
    first = series.start.astimezone(place).toordinal()

    def is_held_out(at: datetime) -> bool:
        return (at.astimezone(place).toordinal() - first) % 2 == 1

    fitted = learn(hidden(series, is_held_out), place)
    search = Stretch(traffic, lambda at: not is_held_out(at))
    return History(series, place, whole, fitted, search, Stretch(traffic, is_held_out), "every second day")


def hidden(series: Series, is_hidden: Callable[[datetime], bool]) -> Series:
    """Return a series with holes where it is hidden."""
    return replace(series, values=tuple(None if is_hidden(at) else value for at, value in series.points))


def between(traffic: tuple[Timed, ...], begin: datetime, end: datetime) -> tuple[Timed, ...]:
    """Return the traffic from one instant to another."""
    return (*(one for one in traffic[:-1] if begin <= one[0] < end), (end, 0.0))


@dataclass(frozen=True, slots=True)
class Foretold:
    """How the held-out days compare with the week that was learned from the others.

    `level` is how many times as much they saw; `share` how much of the variance of their load about its own level the
    time of the week foretold, from 0 to 1.
    """

    level: float
    share: float


def foretold(history: History) -> Foretold:
    """Return how well the week foretold the held-out days: the coefficient of determination of the best line."""
    usual, counts = history.fitted.usual, history.held_out.counts
    means, outliers = history.series.resampled(GRAIN).points, frozenset(history.whole.outliers)
    points = ((value, usual[slot(at, history.place)]) for at, value in means if counts(at) and at not in outliers)
    held = [(value, guess) for value, guess in points if value is not None and guess is not None]
    if len(held) < 2:  # noqa: PLR2004  two make a line
        return Foretold(1.0, 0.0)
    # hours that are usually silent tell of the pattern, and nothing of the level
    times = [value / guess for value, guess in held if guess]
    return Foretold(median(times) if times else 1.0, explained(held))


def explained(pairs: Sequence[tuple[float, float]]) -> float:
    """Return the share of the variance of the one that a rising line through the other explains."""
    values, guesses = zip(*pairs, strict=True)
    try:
        return float(max(0.0, correlation(values, guesses)) ** 2)
    except StatisticsError:  # one of them never changes
        return 0.0


def replaced(history: History | Cleaned) -> list[str]:
    """Return what was done to a history, and where the usual load stands in."""
    notes = list(history.series.notes)
    holes = 1 - len(history.series.known) / len(history.series.values)
    if holes:
        notes.append(
            f"{100 * holes:.1f} % of the history are holes; the usual load of their time of the week was lived there"
        )
    outliers = history.whole.outliers
    if outliers:
        first = outliers[0].astimezone(history.place)
        hours = len(outliers) * history.whole.grain / HOUR
        notes.append(f"{hours:.1f} h out of the ordinary were left out, the first on {first:%F %H:%M %Z}")
    return notes


def told(history: History, found: Foretold) -> list[str]:
    """Return what people should know of a history."""
    notes = replaced(history)
    if history.length < TWO_WEEKS:
        notes.append(
            f"{history.length / DAY:.0f} days are little to learn a week from, so days of one kind (Mon-Fri, Sat-Sun) "
            "were taken together: ask again after three weeks"
        )
    if abs(found.level - 1) > GROWN:
        notes.append(f"{history.days} saw {found.level:.2f} times the load of the days before: ask again soon")
    return notes
