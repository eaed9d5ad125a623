"""What a schedule makes of a pool at an instant and after it, as JSON: `poolkeeper schedule -o json`."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from poolkeeper.api.units import format_instant
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.schedule import Bounds, Transition, ahead, transitions

Json = dict[str, Any]


def coming(spec: PoolSpec, now: datetime, span: timedelta) -> list[Transition]:
    """Return the transitions after `now` within a span, or the first one where there is none in that time."""
    if spec.schedule is None:
        return []
    return list(ahead(spec.schedule, now, now + span)) or list(islice(transitions(spec.schedule, now), 1))


def outlook(found: Bounds, upcoming: Iterable[Transition]) -> Json:
    """Return the bounds in force and the transitions to come; the instants are RFC 3339 in UTC."""
    return {
        "in_force": found.window,
        "min": found.floor,
        "max": found.cap,
        "lead": found.lead,
        "next": [transition(one) for one in upcoming],
    }


def transition(one: Transition) -> Json:
    """Return when which window starts or ends."""
    return {"at": format_instant(one.at), "window": one.window, "edge": one.edge.value}
