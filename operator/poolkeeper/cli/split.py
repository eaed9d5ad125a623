"""How a pool's split stands, in words: lines of `explain`."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from rich.markup import escape

from poolkeeper.api.units import format_duration, parse_instant

Json = dict[str, Any]

SHOWN = 5
"""How many names are told one by one."""


def whole(split: Json, now: datetime, told: Collection[str]) -> str:
    """Return how the split stands, in one line: what is lost and since when, and why unless that was `told`."""
    if split["reason"] == "AsExpected":
        return escape(split["detail"]) or "as it should be"
    why = f"[bold]{split['reason']}[/bold]"
    if split["reason"] not in told:
        why += f": {escape(': '.join(filter(None, (split['sentence'], split['detail']))))}"
    if not split["lost"]:
        return why
    since = f" for {ago(split['lostSince'], now)}" if split["lostSince"] else ""
    return f"{split['lost']} lost{since}; {why}"


def listed(names: list[str]) -> str:
    """Return the first names, and how many more there are."""
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def ago(instant: str, now: datetime) -> str:
    """Return how long ago something was, to the second."""
    return format_duration(timedelta(seconds=max(0, round((now - parse_instant(instant)).total_seconds()))))
