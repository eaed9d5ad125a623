"""Periods that are reported on: whole weeks and months that are over."""

from dataclasses import dataclass
from datetime import date, timedelta

from poolkeeper.core.days import month_of

DAY = timedelta(days=1)
WEEK = 7 * DAY


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, from `first` to `last`, and what people call them."""

    first: date
    last: date
    name: str

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    def holds(self, on: date) -> bool:
        """Return whether a day is one of its own."""
        return self.first <= on <= self.last


def week_before(on: date) -> Period:
    """Return the last week, Monday to Sunday, that is over on a day.

    >>> week_before(date(2026, 11, 23)).name
    'week 47 of 2026'
    """
    monday = on - timedelta(days=on.weekday()) - WEEK
    year, week, _ = monday.isocalendar()
    return Period(monday, monday + 6 * DAY, f"week {week} of {year}")


def month_before(on: date) -> Period:
    """Return the last calendar month that is over on a day.

    >>> month_before(date(2026, 11, 23)).name
    'October 2026'
    """
    last = month_of(on) - DAY
    return Period(month_of(last), last, f"{last:%B %Y}")
