"""A pin as the status tells it: by whom, since when, and whether it counts (core/pin.py)."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from poolkeeper.api.shape import Shape, State
from poolkeeper.api.units import format_instant, parse_instant
from poolkeeper.core import pin
from poolkeeper.core.memory import Pin
from poolkeeper.core.observation import Pinned
from poolkeeper.core.reasons import Reason

Json = dict[str, Any]
Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
SCALE = "/scale"
"""Who wrote a field that nobody owns: all other writers are named."""
HOURS = f"{pin.COUNTS.total_seconds() / 3600:g} h"


class PinStatus(Shape):
    """The size that the pool itself was asked for, by `kubectl scale` or in its manifest."""

    replicas: int
    """The size."""
    by: str | None = None
    """The field manager that wrote it, as in `kubectl-edit`; `/scale` for `kubectl scale`, of which the API server
    keeps no name."""
    since: Instant
    """Since when it counts, or counted."""
    until: Instant
    """When it ceases, or ceased, to count."""
    counts: bool
    """Whether it counts."""


def pin_status(found: Pin, at: datetime) -> Json:
    """Return a pin as the status holds it."""
    made: Json = {"replicas": found.replicas, "since": stamp(found.since), "until": stamp(pin.until(found))}
    return made | ({"by": found.by} if found.by else {}) | {"counts": pin.in_force(found, at) is not None}


def pin_condition(found: Pin, at: datetime) -> State:
    """Return the condition that a pin makes, whether it counts or not."""
    asked = f"{found.replicas} by {found.by or 'somebody'}"
    if pin.in_force(found, at):
        return ("Pinned", "True", Reason.PINNED, f"{Reason.PINNED.sentence}: {asked}, until {stamp(pin.until(found))}")
    return ("Pinned", "False", Reason.PIN_ENDED, f"{Reason.PIN_ENDED.sentence}: {ended(found)}")


def ended(found: Pin) -> str:
    """Return what there is to say of a pin that counts no more, and what to do about it."""
    asked = f"{found.replicas} by {found.by or 'somebody'}"
    return f"{asked} counted for {HOURS}, until {stamp(pin.until(found))}; drop spec.replicas or use poolkeeper unpin"


def stamp(at: datetime) -> str:
    """Return an instant to the second."""
    return format_instant(at.replace(microsecond=0))


def writer(managed: Collection[Mapping[str, Any]]) -> tuple[str, datetime | None]:
    """Return who wrote `spec.replicas` by an object's managed fields, and when; empty and None where nothing tells.

    Of a write through `/scale` the API server keeps no time, and no name either where nobody owned the field before.
    """
    owners = [one for one in managed if "f:replicas" in ((one.get("fieldsV1") or {}).get("f:spec") or {})]
    newest = max(owners, key=lambda one: str(one.get("time") or ""), default={})
    at = newest.get("time")
    unnamed = SCALE if managed else ""
    return str(newest.get("manager") or unnamed), parse_instant(str(at)) if at else None


def pinned(replicas: int | None, metadata: Mapping[str, Any]) -> Pinned | None:
    """Return what a pool is asked for by its spec's `replicas` and its metadata."""
    return None if replicas is None else Pinned(replicas, *writer(metadata.get("managedFields") or ()))
