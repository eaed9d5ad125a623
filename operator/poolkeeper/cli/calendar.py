"""A calendar in the terminal: days across, hours down, the floor of each hour as a shade.

The numbers are the same with and without colour. A cap is written where it is under the pool's own. The hour of now is
marked beside its name, for the first day is today:

           Sat  Sun
             7    8*
    01:00 ░1-1 ░1-1
    02:00<░1-1    -
    03:00 ███4~███4
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil
from operator import itemgetter

from rich.style import Style
from rich.text import Text

from poolkeeper.api.calendar import HOURS, Calendar, Day, Hour, Mark, Shift

SHADES = " ░▒▓█"
COLOURS = ("#262626", "#00005f", "#005f87", "#0087af", "#00afaf", "#5fd7af", "#afd787", "#ffff87")
"""From no replica to the largest floor: of the 256 that terminals have, told apart without seeing red or green."""
BRIGHT = 3
"""From here on, the numbers are dark."""
WEEK, FORTNIGHT = 7, 14
MARGIN, NARROWEST = 6, 4

NOW = "<"
MEANINGS = {
    Mark.TWICE: "the clock shows this hour twice, or a part of it",
    Mark.SHORT: "the clock skips this hour, or a part of it",
    Mark.LEAD: "pre-warming in this hour: the coming floor counts already",
    Mark.PART: "the bounds change within the hour: the largest floor is shown",
}


@dataclass(frozen=True, slots=True)
class Brush:
    """How hours are written: so many columns wide, shaded in steps up to the largest floor of the calendar."""

    width: int
    top: int
    colour: bool

    def paint(self, one: Hour) -> Text:
        """Return an hour: its numbers on its shade, and its mark."""
        if one.floor is None:
            return Text(one.label.rjust(self.width) + " ")
        shades = len(COLOURS) if self.colour else len(SHADES)
        level = ceil((shades - 1) * one.floor / max(1, self.top))
        style = Style(color="#000000" if level >= BRIGHT else "#ffffff", bgcolor=COLOURS[level]) if self.colour else ""
        painted = Text(one.label.rjust(self.width, " " if self.colour else SHADES[level]), style)
        return Text.assemble(painted, (one.mark or " ", "bold"))


def draw(made: Calendar, width: int, *, colour: bool) -> Iterator[Text]:
    """Yield the lines of a calendar in a terminal so many columns wide, its legend last."""
    hours = [hour for day in made.days for hour in day.hours]
    labels = max(len(hour.label) for hour in hours)
    brush = Brush(max(NARROWEST, labels + 1), max(hour.floor or 0 for hour in hours), colour)
    count = columns(width, brush.width + 1)
    for begin in range(0, len(made.days), count):
        yield from block(made.days[begin : begin + count], brush, None if begin else made.hour)
        yield Text()
    yield from legend(made, brush)


def columns(width: int, one: int) -> int:
    """Return how many days stand side by side: two weeks, one week, or what there is room for."""
    room = max(1, (width - MARGIN) // one)
    return next((whole for whole in (FORTNIGHT, WEEK) if whole <= room), room)


def block(days: Sequence[Day], brush: Brush, now: int | None) -> Iterator[Text]:
    """Yield the lines of days side by side; `now` is the hour to be marked on the first."""
    months = [f"{day.date:%b}" if day is days[0] or day.date.day == 1 else "" for day in days]
    yield heading(months, brush)
    yield heading([f"{day.date:%a} " for day in days], brush)
    yield heading([f"{day.date.day}{'*' if day.shifted else ' '}" for day in days], brush)
    for number in range(HOURS):
        cells = (brush.paint(day.hours[number]) for day in days)
        yield trimmed(f"{number:02}:00{NOW if number == now else ' '}", *cells)


def heading(words: Iterable[str], brush: Brush) -> Text:
    """Return a line over the days."""
    return trimmed(" " * MARGIN, *(word.rjust(brush.width + 1) for word in words))


def trimmed(*parts: str | Text) -> Text:
    """Return parts in a line that does not end in blanks."""
    line = Text.assemble(*parts)
    line.rstrip()
    return line


def legend(made: Calendar, brush: Brush) -> Iterator[Text]:
    """Yield what the shades, the marks and the stars of this calendar mean."""
    hours = [hour for day in made.days for hour in day.hours]
    floors = {(hour.floor, hour.label): hour for hour in hours if hour.floor is not None}
    shown = [replace(floors[key], mark=None) for key in sorted(floors, key=itemgetter(0))]
    yield trimmed("replicas  ", Text(" ").join(map(brush.paint, shown)))
    yield Text(f"          a floor alone: up to the pool's own {made.cap}; two numbers: floor and cap")
    yield Text(f"{NOW.ljust(10)}the hour of now, on the first day")
    marks = {hour.mark for hour in hours}
    yield from (Text(f"{mark.ljust(10)}{MEANINGS[mark]}") for mark in Mark if mark in marks)
    yield from (Text(f"{'*'.ljust(10)}{told(shift)}") for shift in made.shifts)


def told(shift: Shift) -> str:
    """Return a clock change in words."""
    way = "forward" if shift.after > shift.before else "back"
    other = "" if shift.after.date() == shift.before.date() else f" of {dated(shift.after)}"
    said = f"{dated(shift.before)}: clocks go {way} at {shift.before:%H:%M}, to {shift.after:%H:%M}{other}"
    return said + (f"; empty on that day: {', '.join(shift.lost)}" if shift.lost else "")


def dated(at: datetime) -> str:
    """Return a day as people say it."""
    return f"{at:%a} {at.day} {at:%b}"
