"""fields.md: every field of the spec and the status, from the same schema that the API server is given."""

import json
from collections.abc import Iterator
from typing import Any

from poolkeeper.api.crd import structural
from poolkeeper.api.spec import Spec
from poolkeeper.api.status import Status
from poolkeeper.api.units import DURATION_PATTERN
from reference.markdown import code, headed, table

Schema = dict[str, Any]

INTRO = """An `InferencePool` is a resource of `poolkeeper.io/v1alpha1`. In commands it is called `ipool`, because the
Gateway API inference extension has a kind of the same name: `kubectl get ipool`, `kubectl explain ipool.spec`.

Durations are strings such as `30s`, `5m`, `1h30m` or `500ms`; money is a string of plain digits such as `"15000"` or
`"0.45"`. A field whose meaning ends in "Not supported yet" is known and refused: it is never ignored."""

NOT_YET = "is not supported yet"


def page() -> str:
    """Return the page."""
    return headed("Fields", INTRO, [*objects("spec", structural(Spec)), *objects("status", structural(Status))])


def objects(path: str, node: Schema) -> Iterator[str]:
    """Yield a section for this object, then one for each object inside it."""
    yield section(path, node)
    for name, child in node.get("properties", {}).items():
        inner, at = (child.get("items", {}), f"{path}.{name}[]") if "items" in child else (child, f"{path}.{name}")
        if "properties" in inner:
            yield from objects(at, inner)


def section(path: str, node: Schema) -> str:
    """Return an object's heading, its fields and its rules."""
    required = node.get("required", ())
    rows = [row(name, child, required=name in required) for name, child in node["properties"].items()]
    parts = [
        f"## `{path}`",
        node.get("description", ""),
        table(("field", "type", "default", "bounds", "meaning"), rows),
    ]
    return "\n\n".join([part for part in parts if part] + rules(node))


def row(name: str, node: Schema, *, required: bool) -> list[str]:
    """Return a field's line."""
    words = " ".join(node.get("description", "").split())
    return [code(name), kind(node), "required" if required else default(node), "; ".join(bounds(node)), words]


def kind(node: Schema) -> str:
    """Return a field's type in words."""
    if node.get("x-kubernetes-int-or-string"):
        return "integer or string"
    if "enum" in node:
        return " or ".join(code(value) for value in node["enum"])
    if "items" in node:
        key = node.get("x-kubernetes-list-map-keys")
        several = "" if "enum" in node["items"] else "s"
        return f"list of {kind(node['items'])}{several}" + (f" by `{key[0]}`" if key else "")
    if node["type"] == "object" and "additionalProperties" in node:
        return f"map of {kind(node['additionalProperties'])}s"
    if DURATION_PATTERN in node.get("pattern", ""):
        return "duration or `auto`" if "auto" in node["pattern"] else "duration"
    return {"date-time": "time", "date": "date"}.get(node.get("format", ""), str(node["type"]))


def default(node: Schema) -> str:
    """Return a field's default; an object's fields have their own."""
    given = node.get("default")
    if given is None or "properties" in node or given in ({}, []):
        return ""
    return code(given if isinstance(given, str) else json.dumps(given))


def bounds(node: Schema) -> Iterator[str]:
    """Yield what a value must keep within."""
    for key, exclusive, words in (
        ("minimum", "exclusiveMinimum", ("at least", "above")),
        ("maximum", "exclusiveMaximum", ("at most", "below")),
    ):
        if key in node:
            yield f"{words[bool(node.get(exclusive))]} {node[key]}"
    for key in ("maxItems", "maxProperties"):
        if key in node:
            yield f"at most {node[key]} entries"
    if node.get("maxLength", 0) > len(DURATION_PATTERN):
        yield f"at most {node['maxLength']} characters"
    if "pattern" in node and DURATION_PATTERN not in node["pattern"]:
        yield code(node["pattern"])
    if "properties" not in node:
        yield from (rule["message"] for rule in node.get("x-kubernetes-validations", ()))


def rules(node: Schema) -> list[str]:
    """Return the rules over several fields, in the words that a rejected object is answered with."""
    told = [rule["message"] for rule in node.get("x-kubernetes-validations", ())]
    kept = [message for message in told if not message.endswith(NOT_YET)]
    return ["Rules:\n\n" + "\n".join(f"- {message}" for message in kept)] if kept else []
