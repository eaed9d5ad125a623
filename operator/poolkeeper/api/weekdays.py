"""Days and hours as people write them (`Mon-Fri`, `08:00`) -> the days' numbers and cron expressions."""

import re

WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MIDNIGHT = "24:00"
"""The end of a day, which is the next one's 00:00."""
HOUR_PATTERN = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"

_DAY = f"({'|'.join(WEEK)})"
DAYS_PATTERN = rf"^{_DAY}(-{_DAY})?(,{_DAY}(-{_DAY})?)*$"

Days = tuple[int, ...]
"""Days of the week, ascending; Monday is 0."""


def check_days(text: str) -> None:
    """Refuse what names no days.

    Raises:
        ValueError: with what would be right.
    """
    if not re.fullmatch(DAYS_PATTERN, text):
        raise ValueError(f"{text!r} are no days; write Mon, Tue, Wed, Thu, Fri, Sat or Sun, as in Mon-Fri or Mon,Wed")


def check_hour(text: str) -> None:
    """Refuse what is no time of day.

    Raises:
        ValueError: with what would be right.
    """
    if not re.fullmatch(HOUR_PATTERN, text):
        raise ValueError(f"{text!r} is no time of day; write hours and minutes, as in 08:00")


def parse_days(text: str | None) -> Days:
    """Return the days that a text names, all of them without one; a range may go over the week's end.

    >>> parse_days("Fri-Mon")
    (0, 4, 5, 6)
    """
    if text is None:
        return tuple(range(len(WEEK)))
    found: set[int] = set()
    for part in text.split(","):
        ends = [WEEK.index(name) for name in part.split("-")]
        first, last = ends[0], ends[-1]
        found |= {(first + step) % len(WEEK) for step in range((last - first) % len(WEEK) + 1)}
    return tuple(sorted(found))


def ends_next_day(start: str, end: str) -> bool:
    """Return whether hours that begin at `start` end on the day after."""
    return end <= start or end == MIDNIGHT


def cron(days: Days, hour: str, *, later: bool = False) -> str:
    """Return the cron expression of an hour on these days, or on those after them.

    >>> cron((4, 5), "06:30", later=True)
    '30 6 * * Sat,Sun'
    """
    hours, minutes = ("00", "00") if hour == MIDNIGHT else hour.split(":")
    names = [WEEK[day] for day in sorted({(day + later) % len(WEEK) for day in days})]
    return f"{int(minutes)} {int(hours)} * * {'*' if len(names) == len(WEEK) else ','.join(names)}"
