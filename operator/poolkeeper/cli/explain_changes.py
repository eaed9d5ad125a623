"""How explain tells a change that somebody made: what, by which program, and when it was written."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from poolkeeper.api.journal_told import Change
from poolkeeper.api.pin import SCALE
from poolkeeper.api.units import parse_instant
from poolkeeper.cli.moment import brief

PROMPT = timedelta(minutes=1)
"""An operator that looks has heard of a change by then."""


def change(one: Change, place: ZoneInfo) -> str:
    """Return a change in words: what, by which program, and when where the operator heard of it later."""
    at = written_at(one)
    written = f", written {brief(at, place)}" if at and abs(one.at - at) > PROMPT else ""
    return f"{one.path}: {one.before} -> {one.after}, by {by(one)}{written}"


def written_at(one: Change) -> datetime | None:
    """Return when a change was written, None where Kubernetes keeps nothing of that."""
    try:
        return parse_instant(one.writer.at)
    except ValueError:
        return None


def by(one: Change) -> str:
    """Return by whom a field was written, as far as Kubernetes keeps it."""
    if one.path.startswith("price of"):
        return "the price book"
    writer = one.writer
    if writer.manager == SCALE:
        return "kubectl scale (/scale), of which no name is kept"
    operation = f" ({writer.operation})" if writer.operation else ""
    return f"{writer.manager}{operation}" if writer.manager else "somebody: nobody holds the field now"
