"""What a proposal changes of today's pool, and what of it stays."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from poolkeeper.cli.question import Today
from poolkeeper.cli.recommended_pool import is_weekly
from poolkeeper.core.model import Limits
from poolkeeper.simulate.proposal import Recommendation

Json = dict[str, Any]

ABSENT = "-"


class Change(NamedTuple):
    """A field of the spec, as it is and as it would be."""

    field: str
    today: str
    proposed: str


def changes(today: Json | None, proposed: Json) -> list[Change]:
    """Return what differs between two pools, field by field; a window is one field."""
    before = dict(fields("", (today or {"spec": {}})["spec"]))
    after = dict(fields("", proposed["spec"]))
    found = (Change(name, before.get(name, ABSENT), after.get(name, ABSENT)) for name in before | after)
    return [one for one in found if one.today != one.proposed]


def fields(path: str, value: object) -> Iterator[tuple[str, str]]:
    """Yield the fields that a part of a spec comes to, and what they hold."""
    if isinstance(value, dict) and path != "schedule.outside":
        for name, part in value.items():
            yield from fields(f"{path}.{name}" if path else name, part)
    elif path == "schedule.windows" and isinstance(value, list):
        yield from ((f"window {one['name']}", words(one)) for one in value)
    else:
        yield path, words(value) if isinstance(value, dict) else str(value)


def words(part: Json) -> str:
    """Return a mapping in a line, a window without its name."""
    return ", ".join(f"{name} {value}" for name, value in part.items() if name != "name")


def kept_told(today: Today, found: Recommendation) -> Iterator[str]:
    """Yield which of today's windows stay, and which the proposal takes the place of."""
    if found.stays:
        return
    kept = [f"window {one.name}" for one in today.kept.windows]
    kept += ["outside"] if today.kept.outside != Limits() else []
    if kept:
        yield f"of today's schedule stays what a usual week cannot tell about: {', '.join(kept)}"
    weekly = [f"window {one['name']}" for one in today.windows if is_weekly(one)]
    if weekly:
        yield f"of today's schedule goes what the proposal takes the place of: {', '.join(weekly)}"
