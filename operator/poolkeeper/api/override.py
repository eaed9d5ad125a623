"""An override: for a while some fields of a pool's spec are others, by an annotation that Git does not take back.

The annotation is JSON: `{"until": "2026-03-08T07:30:00Z", "by": "ann: launch", "spec": {"minReplicas": 6}}`. Its `spec`
is laid over the pool's, field by field (a list as a whole, null takes a field away); the outcome must be a good spec.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from poolkeeper.api.names import OVERRIDE
from poolkeeper.api.shape import Shape, State
from poolkeeper.api.spec import Spec, SpecError, parse_spec
from poolkeeper.api.units import format_instant, parse_instant
from poolkeeper.core.reasons import Reason

Json = dict[str, Any]
FIXED = {
    "targetRef": "is what the pool is",
    "template": "is what the pool is",
    "deletionPolicy": "is what the pool is",
    "replicas": "is for kubectl scale, which ends by itself",
}
"""What no override may touch."""
EXAMPLE = '{"until": "2026-03-08T07:30:00Z", "spec": {"minReplicas": 6}}'
LONGEST = 256
"""How much is told of what somebody wrote: it may be of any length."""
LENGTH, DEPTH, PROBLEMS = 8192, 32, 3
"""How long an override may be, and how deep its fields; how many of a refused one's problems are told."""
LASTS = timedelta(days=31)
"""How long `poolkeeper override` lets one last. By hand any end may be written: nothing tells when it began."""


@dataclass(frozen=True, slots=True)
class Override:
    """What somebody asked for: the `changes` of the spec, until when, who and why. `problem`: it cannot be accepted."""

    until: datetime | None = None
    by: str = ""
    changes: Json = field(default_factory=dict)
    problem: str = ""

    @property
    def text(self) -> str:
        """The annotation."""
        until = format_instant(self.until) if self.until else ""
        return json.dumps({"until": until, "by": self.by, "spec": self.changes}, sort_keys=True)


class OverrideStatus(Shape):
    """What is laid over the spec for a while."""

    until: Annotated[str | None, Field(json_schema_extra={"format": "date-time"})] = None
    """When it ends."""
    by: str | None = None
    """Who wrote it, and why."""
    summary: str
    """The fields and their values for now, or what is wrong with it."""


def read(text: str) -> Override | None:
    """Return an override as it was written, None where nothing was; one that cannot be read tells its `problem`."""
    if not text:
        return None
    if len(text) > LENGTH:
        return Override(problem=f"{OVERRIDE} has {len(text)} characters: at most {LENGTH} are read")
    try:
        raw = json.loads(text)
        until = parse_instant(raw["until"]).astimezone(UTC)
        by, changes = plain(str(raw.get("by", ""))), raw["spec"]
    except (ArithmeticError, AttributeError, KeyError, RecursionError, TypeError, ValueError):
        return Override(problem=f"{OVERRIDE} is {plain(text)!r}: write {EXAMPLE}")
    problem = senseless(changes)
    return Override(until, by, changes if not problem else {}, problem or fixed(changes))


def senseless(changes: object) -> str:
    """Return why something can be no changes of a spec; empty where it can."""
    if not isinstance(changes, dict) or not changes:
        return f"{OVERRIDE} changes nothing: its spec must hold fields"
    return f"{OVERRIDE} is nested over {DEPTH} deep" if is_deeper(changes, DEPTH) else ""


def is_deeper(found: object, depth: int) -> bool:
    """Return whether JSON is nested deeper than that."""
    if not isinstance(found, dict | list):
        return False
    inside = found.values() if isinstance(found, dict) else found
    return depth == 0 or any(is_deeper(one, depth - 1) for one in inside)


def fixed(changes: Mapping[str, Any]) -> str:
    """Return which field may not be touched, and why; empty where none is."""
    return next((f"spec.{name} cannot be overridden: it {why}" for name, why in FIXED.items() if name in changes), "")


def plain(text: str) -> str:
    """Return text as it may stand in an event: printable, and not too long."""
    return "".join(filter(str.isprintable, text))[:LONGEST]


def laid_over(raw: Mapping[str, Any], changes: Mapping[str, Any]) -> Json:
    """Return a spec's JSON with the changes in it."""
    made = {**raw}
    for name, value in changes.items():
        below = made.get(name)
        if value is None:
            made.pop(name, None)
        elif isinstance(value, Mapping):
            made[name] = laid_over(below if isinstance(below, Mapping) else {}, value)
        else:
            made[name] = value
    return made


def applied(raw: Mapping[str, Any], found: Override) -> tuple[Spec | None, Override]:
    """Return the spec with an override in it; None, and the override with its problem, where that cannot be."""
    if found.problem:
        return None, found
    try:
        return parse_spec(laid_over(raw, found.changes)), found
    except SpecError as error:
        return None, replace(found, problem=plain("; ".join(error.problems[:PROBLEMS])))


def in_force(found: Override | None, at: datetime) -> bool:
    """Return whether an override is to be told of: it has not ended."""
    return found is not None and (found.until is None or at < found.until)


def summary(found: Override) -> str:
    """Return what an override changes, or what is wrong with it: `minReplicas 6, queue.scaleUp.above 500`."""
    if found.problem:
        return f"refused: {plain(found.problem)}"
    return plain(", ".join(f"{path} {value}" for path, value in leaves(found.changes)))


def leaves(changes: Mapping[str, Any], inside: str = "") -> Iterator[tuple[str, str]]:
    """Yield the fields that are changed, and their values."""
    for name, value in changes.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, f"{inside}{name}.")
        else:
            yield f"{inside}{name}", value if isinstance(value, str) else json.dumps(value)


def override_status(found: Override) -> Json:
    """Return an override as the status holds it."""
    made: Json = {"until": format_instant(found.until)} if found.until else {}
    return made | ({"by": found.by} if found.by else {}) | {"summary": summary(found)}


def override_condition(found: Override) -> State:
    """Return the condition that an override makes."""
    if found.problem:
        return ("Overridden", "False", Reason.OVERRIDE_REFUSED, f"{Reason.OVERRIDE_REFUSED.sentence}: {found.problem}")
    return ("Overridden", "True", Reason.OVERRIDDEN, f"{Reason.OVERRIDDEN.sentence}: {told(found)}")


def told(found: Override) -> str:
    """Return an override in words: what, until when, by whom."""
    until = format_instant(found.until) if found.until else ""
    return f"{summary(found)}, until {until}" + (f", by {found.by}" if found.by else "")
