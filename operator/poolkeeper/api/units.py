"""Durations as Kubernetes writes them (GEP-2257: "1h30m", "500ms") and instants as RFC 3339."""

import re
from datetime import UTC, datetime, timedelta

DURATION_PATTERN = r"^([0-9]{1,5}(h|m|s|ms)){1,4}$"

_UNITS = {
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
_PART = re.compile(r"([0-9]{1,5})(ms|h|m|s)")


def parse_duration(text: str) -> timedelta:
    """Return the duration that a GEP-2257 string means.

    >>> parse_duration("1h30m")
    datetime.timedelta(seconds=5400)

    Raises:
        ValueError: it is no such string; the message says what would be.
    """
    if not re.fullmatch(DURATION_PATTERN, text):
        raise ValueError(f'{text!r} is no duration; write hours, minutes, seconds or milliseconds, as in "1h30m"')
    return sum((int(count) * _UNITS[unit] for count, unit in _PART.findall(text)), timedelta(0))


def format_duration(duration: timedelta) -> str:
    """Return the shortest GEP-2257 string for a duration, to the millisecond.

    >>> format_duration(timedelta(minutes=90))
    '1h30m'
    """
    rest, parts = round(duration / _UNITS["ms"]), []
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)):
        count, rest = divmod(rest, size)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts) or "0s"


def format_instant(instant: datetime) -> str:
    """Return an aware instant as RFC 3339 in UTC, to the microsecond where it has any."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_instant(text: str) -> datetime:
    """Return the instant that an RFC 3339 string means.

    Raises:
        ValueError: it is no such string, or it has no time zone.
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; write it as in 2026-03-08T07:30:00Z")
    return instant
