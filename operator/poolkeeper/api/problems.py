"""What is wrong with a spec, in words: the field, what would be right there, and what was given.

The API server says the rules alone; here their sentences name the numbers and the windows, too.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from poolkeeper.api.capacity import Capacity
from poolkeeper.core.cron import CronError, check
from poolkeeper.core.model import ON_DEMAND

Json = Mapping[str, Any]
Location = tuple[str | int, ...]

EXAMPLES = {
    "schedule": '{outside: {percent: 10}, windows: [{name: office, from: "08:00", to: "18:00"}]}',
    "outside": "{percent: 10}",
    "forecast": "{enabled: true}",
    "targetRef": "{name: chat}",
    "cost": '{budget: {monthly: "15000"}}',
    "budget": '{monthly: "15000"}',
    "baseline": "{replicas: 8}",
    "anomaly": "{percent: 20}",
    "pricePerGPUHour": '{on-demand: "3.00"}',
    "alertAtPercent": "[50, 80, 100]",
    "days": "Mon,Tue or Mon-Fri",
    "leadTime": "10m",
    "timeout": "10m",
    "history": "672h",
    "gracePeriod": "5m",
    "queueTime": "2s",
}
"""What is right in a field that is often given in another form."""
KINDS = {
    "model_type": "must be a mapping",
    "dict_type": "must be a mapping",
    "string_type": "must be text",
    "tuple_type": "must be a list",
}
"""What our library says of these in words of its own."""
CRON_FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")
NAMED = "must be lower-case letters, digits and hyphens, as in office-hours"
OBJECT = "must be a name alone: lower-case letters, digits, hyphens and dots, as in chat"
PATTERNS = {
    "name": NAMED,
    "server": NAMED,
    "currency": "must be three capital letters, as in EUR",
    "peerRef.name": OBJECT,
    "targetRef.name": OBJECT,
    "externalMetric.name": "must be one part of a path, as in jobs_waiting",
}
"""What a field's pattern means; where others of its name have another, with the field that it is in."""


def problems(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Return a sentence for each thing that is wrong, by the model that was to be read."""
    return [f"{shown(found['loc'])}: {given(words(found, model), found['input'])}" for found in causes(error)]


def causes(error: ValidationError) -> list[Json]:
    """Return the errors without the list that is too short only because its elements are wrong."""
    found = error.errors()
    inner = [one["loc"] for one in found if one["type"] != "too_short"]
    return [
        one
        for one in found
        if one["type"] != "too_short" or not any(loc[: len(one["loc"])] == one["loc"] for loc in inner)
    ]


def shown(location: Location) -> str:
    """Return a field's path: `spec.queue.sources[0].name`."""
    return "spec" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)


def words(found: Json, model: type[BaseModel]) -> str:
    """Return what would be right."""
    name = found["loc"][-1] if found["loc"] else ""
    kind, said = found["type"], str(found["msg"])
    if kind == "extra_forbidden":
        return "no such field" + meant(str(name), known(model, found["loc"][:-1]))
    if kind in KINDS:
        return KINDS[kind] + (f", as in {EXAMPLES[name]}" if name in EXAMPLES else "")
    if kind == "string_pattern_mismatch" and (meaning := pattern(found["loc"])):
        return meaning
    if kind == "value_error":
        told = "; ".join(detailed(one, found["input"]) for one in said.removeprefix("Value error, ").split("; "))
        return told + (field_of(found["input"]) if name in {"start", "end"} else "")
    return said.replace("Input should", "must").replace("String should", "must")


def pattern(location: Location) -> str:
    """Return what the pattern of a field means, empty where nobody has said it."""
    inside, name = (".".join(map(str, location[-length:])) for length in (2, 1))
    return PATTERNS.get(inside, PATTERNS.get(name, ""))


def given(said: str, value: object) -> str:
    """Return words with what was given, where that is one value and they do not tell it already."""
    simple = isinstance(value, str | int | float) and not isinstance(value, bool)
    told = isinstance(value, str) and repr(value) in said
    return f"{said} (got {value!r})" if simple and not told else said


def meant(name: str, names: Iterable[str]) -> str:
    """Return which field was probably meant, empty where none is like it."""
    by_lower = {one.lower(): one for one in names}
    close = get_close_matches(name.lower(), by_lower, n=1)
    return f"; did you mean {by_lower[close[0]]}?" if close else ""


def known(model: type[BaseModel], location: Location) -> list[str]:
    """Return the names of the fields at a place in a model."""
    for part in location:
        if isinstance(part, str):
            model = next(inside(field.annotation) for field in model.model_fields.values() if field.alias == part)
    return [str(field.alias) for field in model.model_fields.values()]


def inside(annotation: Any) -> type[BaseModel]:  # noqa: ANN401  a type of any form
    """Return the model in a type such as `Window | None` or `tuple[Window, ...]`."""
    waiting = [annotation]
    while not (isinstance(waiting[0], type) and issubclass(waiting[0], BaseModel)):
        waiting += getattr(waiting.pop(0), "__args__", ())
    return waiting[0]


def field_of(expression: str) -> str:
    """Return which field of a cron expression is wrong, empty where none is by itself."""
    fields = expression.split()
    for number, name in enumerate(CRON_FIELDS if len(fields) == len(CRON_FIELDS) else ()):
        try:
            check(" ".join(["*"] * number + [fields[number]] + ["*"] * (len(CRON_FIELDS) - number - 1)))
        except CronError:
            return f"; look at the {name}, {fields[number]!r}"
    return ""


def detailed(sentence: str, raw: Any) -> str:  # noqa: ANN401  JSON of any kind
    """Return a rule's sentence with what breaks it, where that can be told."""
    found = DETAILS.get(sentence)
    return f"{sentence} ({'; '.join(found(raw))})" if found else sentence


def over(raw: Json) -> Iterator[str]:
    """Yield the bounds that contradict each other, and the window that they are of."""
    whose = f"window {raw['name']}: " if "name" in raw else ""
    yield f"{whose}{raw['minReplicas']} is over {raw['maxReplicas']}"


def over_cap(raw: Json) -> Iterator[str]:
    """Yield which bounds of the schedule are over the pool's cap."""
    schedule, cap = raw["schedule"], raw["maxReplicas"]
    parts = [(f"window {one['name']}", one) for one in schedule.get("windows", ())]
    for whose, limits in [*parts, ("outside", schedule.get("outside") or {})]:
        for name in ("minReplicas", "maxReplicas"):
            if (limits.get(name) or 0) > cap:
                yield f"{whose}: {name} {limits[name]} is over {cap}"


def repeated(raw: Json) -> Iterator[str]:
    """Yield the names that several windows have."""
    counts = Counter(window["name"] for window in raw["windows"])
    return (name for name, count in counts.items() if count > 1)


def boundless(raw: Json) -> Iterator[str]:
    """Yield the windows that have no bounds."""
    bare = (one for one in raw["windows"] if all(one.get(name) is None for name in BOUNDS))
    return (f"window {one['name']}" for one in bare)


def strange(raw: Json) -> Iterator[str]:
    """Yield the names that have a price and are no tier's, and those that are."""
    capacity = Capacity.model_validate(raw["capacity"]) if raw.get("capacity") is not None else None
    tiers = [tier.name for tier in capacity.tiers] if capacity else [ON_DEMAND.name]
    wrong = (name for name in raw["cost"]["pricePerGPUHour"] if name not in tiers)
    yield f"{', '.join(wrong)} is none of {', '.join(tiers)}"


BOUNDS = ("percent", "minReplicas", "maxReplicas")
DETAILS: Mapping[str, Callable[[Json], Iterator[str]]] = {
    "minReplicas must not be over maxReplicas": over,
    "minReplicas must not be over maxReplicas here": over,
    "no minReplicas or maxReplicas of the schedule may be over the pool's maxReplicas": over_cap,
    "window names must differ": repeated,
    "cost.pricePerGPUHour must name tiers of capacity.tiers, or on-demand where there is no capacity": strange,
    "without outside, a window without minReplicas, maxReplicas or percent does nothing: give one": boundless,
}
"""What more can be said than a rule's own sentence, from the JSON that breaks it."""
