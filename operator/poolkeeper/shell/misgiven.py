"""What is wrong with a file of the administrator's, in words. Nothing of its values but a kind: they may be secrets."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from poolkeeper.api.problems import known, meant

Models = Mapping[str, type[BaseModel]]
MAPPING = "must be a mapping"
SAID = {"missing": "missing", "dict_type": MAPPING, "model_type": MAPPING, "model_attributes_type": MAPPING}
"""What our library says of these in words of its own."""


def problems(error: ValidationError, models: Models, name: str = "") -> str:
    """Return a sentence for each thing that is wrong with what has this name.

    `models`: what was to be read, by the kind that the file gives; by "" where there is but one.
    """
    found = error.errors(include_input=False, include_url=False)
    return "; ".join(f"{place(one, models, name) or 'it'}: {right(one, models)}" for one in found)


def place(found: Mapping[str, Any], models: Models, name: str) -> str:
    """Return the path of a field as the file has it: `default.tls.caFile`."""
    kind = ["kind"] if found["type"].startswith("union_tag") else []
    return ".".join(filter(None, [name, *map(str, inner(found, models)), *kind]))


def inner(found: Mapping[str, Any], models: Models) -> tuple[str | int, ...]:
    """Return where a field is, without the kind that our library puts before it."""
    location: tuple[str | int, ...] = found["loc"]
    return location[1:] if location and location[0] in models else location


def right(found: Mapping[str, Any], models: Models) -> str:
    """Return what would be right."""
    kind, said = found["type"], str(found["msg"])
    if kind.startswith("union_tag"):
        return "".join(of_kinds(found.get("ctx", {}), models))
    if kind == "extra_forbidden":
        location = inner(found, models)
        model = models[str(found["loc"][0])] if location != found["loc"] else models[""]
        return "no such field" + meant(str(location[-1]), known(model, location[:-1]))
    said = SAID.get(kind, said).removeprefix("Value error, ")
    return said.replace("Input should", "must").replace("String should", "must")


def of_kinds(context: Mapping[str, Any], models: Models) -> Iterator[str]:
    """Yield which kinds there are, and the one that was given."""
    yield f"must be {' or '.join(map(repr, models))}"
    if "tag" in context:
        yield f" (got {context['tag']!r})"
