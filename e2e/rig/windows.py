"""Windows that begin or end in a minute or so: a cron has no seconds, so all that a test waits for is at one instant.

    long ago -------- now -- AT ------- later
    until(AT)         in force          over
    since(AT)                           in force
    window(AT)        in force          in force

Moments are seconds of the monotonic clock, as in a record.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Json = dict[str, Any]

FAR = timedelta(minutes=30)


def whole_minute(after: float) -> datetime:
    """Return the first whole minute that is at least so many seconds away."""
    earliest = datetime.now(UTC) + timedelta(seconds=after)
    return earliest.replace(second=0, microsecond=0) + timedelta(minutes=1)


def moment(at: datetime) -> float:
    """Return an instant on the monotonic clock."""
    return time.monotonic() + (at - datetime.now(UTC)).total_seconds()


def cron(at: datetime, zone: str = "UTC") -> str:
    """Return the expression that fires at an instant, on the wall of a zone."""
    wall = at.astimezone(ZoneInfo(zone))
    return f"{wall.minute} {wall.hour} {wall.day} {wall.month} *"


def window(name: str, at: datetime, **limits: object) -> Json:
    """Return a window that is in force long before and long after an instant."""
    return {"name": name, "start": cron(at - FAR), "end": cron(at + FAR), **limits}


def until(name: str, at: datetime, **limits: object) -> Json:
    """Return a window that is in force and ends at an instant."""
    return {"name": name, "start": cron(at - FAR), "end": cron(at), **limits}


def since(name: str, at: datetime, zone: str = "UTC", **limits: object) -> Json:
    """Return a window that begins at an instant."""
    return {"name": name, "start": cron(at, zone), "end": cron(at + FAR, zone), **limits}


def schedule(*windows: Mapping[str, Any], **rest: object) -> Json:
    """Return a schedule that leads into nothing, unless told otherwise."""
    return {"leadTime": "0s", "windows": [dict(window) for window in windows], **rest}
