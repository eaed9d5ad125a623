"""What the status and `explain` say of the clock: the window in force, what comes next, and the learned floor (R5)."""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field

from poolkeeper.api.calendar import transition
from poolkeeper.api.shape import Shape
from poolkeeper.api.units import format_instant
from poolkeeper.core.forecast import NO_OUTLOOK, Outlook
from poolkeeper.core.schedule import Bounds

Json = dict[str, Any]
Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
SECOND = timedelta(seconds=1)


class NextTransition(Shape):
    """When a window begins or ends next."""

    at: Instant
    """When that is."""
    window: str
    """Which window."""
    edge: str
    """`start` or `end`."""


class ScheduleStatus(Shape):
    """The bounds in force by the schedule."""

    window: str | None = None
    """The window in force. Absent: none is."""
    lead: str | None = None
    """The window that is coming and whose floor counts already."""
    floor: int
    """The floor in force."""
    cap: int
    """The cap in force."""
    next: NextTransition | None = None
    """The next beginning or end of a window."""
    leads_at: Instant | None = None
    """When the next lead time begins, as it was known at the last write: with `auto` it moves."""


class ForecastStatus(Shape):
    """The floor that was learned, as it was at the last write."""

    replicas: int
    """The floor; 0: there is none."""
    reason: str
    """What lacks, for machines."""
    message: str = ""
    """What lacks, for people."""


def schedule_status(found: Bounds) -> Json:
    """Return the bounds as the status holds them."""
    leads_at = format_instant(found.leads_at.replace(microsecond=0)) if found.leads_at else None
    upcoming = transition(found.next) if found.next else None
    told = {"window": found.window, "lead": found.lead, "next": upcoming, "leadsAt": leads_at}
    return {"floor": found.floor, "cap": found.cap, **{key: value for key, value in told.items() if value is not None}}


def forecast_status(found: Outlook) -> Json:
    """Return the learned floor as the status holds it."""
    return {"replicas": found.replicas, "reason": found.reason.value, "message": found.detail}


def explained_bounds(found: Bounds) -> Json:
    """Return the bounds in force, and what the clock does next; `leadTime` in seconds."""
    return {
        "window": found.window,
        "lead": found.lead,
        "floor": found.floor,
        "cap": found.cap,
        "force": found.force,
        "leadTime": found.lead_time / SECOND,
        "leadsTo": format_instant(found.leads_to) if found.leads_to else None,
        "leadsAt": format_instant(found.leads_at) if found.leads_at else None,
        "next": transition(found.next) if found.next else None,
    }


def explained_outlook(found: Outlook) -> Json | None:
    """Return the learned floor, None where none is asked for."""
    return None if found == NO_OUTLOOK else forecast_status(found) | {"sentence": found.reason.sentence}
