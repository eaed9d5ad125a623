"""pydantic models -> crds/inferencepools.yaml: a structural OpenAPI schema, CEL rules, defaults, printer columns."""

from collections.abc import Iterator
from typing import Any, get_args

import yaml
from pydantic import BaseModel

from poolkeeper.api import names
from poolkeeper.api.rules import Part
from poolkeeper.api.spec import Spec
from poolkeeper.api.status import Status

Schema = dict[str, Any]

DROPPED = ("title", "additionalProperties", "$defs")
COLUMNS = (
    ("Mode", "string", ".spec.mode", "Active, Observe or Paused"),
    ("Desired", "integer", ".status.desiredReplicas", "The size that was decided"),
    ("Max", "integer", ".spec.maxReplicas", "The cap"),
    ("Ready", "integer", ".status.readyReplicas", "Replicas that are ready"),
    ("SLO", "string", ".status.slo", "Share of requests of the last hour inside the SLO"),
    ("$/h", "string", ".status.cost.perHour", "What an hour costs now, in the pool's currency"),
    ("Month", "string", ".status.cost.monthToDate", "What the calendar month has cost, in the pool's currency"),
    ("Reason", "string", ".status.reason", "Why the pool has the size it has"),
    ("Age", "date", ".metadata.creationTimestamp", ""),
)
WIDE = (
    ("Split", "string", ".status.split", "The tiers: ready/asked, what is lost, what covers for another tier"),
    ("Window", "string", ".status.schedule.window", "The schedule's window in force"),
    ("Pin", "integer", ".spec.replicas", "The size that the pool itself was asked for"),
    ("Override", "string", ".status.override.summary", "What is laid over the spec for a while"),
    ("Peer", "string", ".status.peer.summary", "The bounds that a peer gives, and its size"),
    ("Currency", "string", ".status.cost.currency", "The currency of what it costs"),
)
"""What `kubectl get -o wide` adds at the end."""


SCALE = {
    "specReplicasPath": ".spec.replicas",
    "statusReplicasPath": ".status.replicas",
    "labelSelectorPath": ".status.selector",
}
"""What `kubectl scale` writes: a pin."""


def definition() -> Schema:
    """Return the CustomResourceDefinition."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": names.RESOURCE},
        "spec": {
            "group": names.GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": names.KIND,
                "listKind": f"{names.KIND}List",
                "plural": names.PLURAL,
                "singular": names.SINGULAR,
                "shortNames": [names.SHORT],
                "categories": [names.CATEGORY],
            },
            "versions": [_version()],
        },
    }


def manifest() -> str:
    """Return the CustomResourceDefinition as YAML."""
    head = "# Generated from operator/poolkeeper/api by `poolkeeper crd`. Do not edit.\n"
    return head + yaml.safe_dump(definition(), sort_keys=False, width=120)


def _version() -> Schema:
    return {
        "name": names.VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}, "scale": SCALE},
        "additionalPrinterColumns": [
            *(_column(*column) for column in COLUMNS),
            *(_column(*column) | {"priority": 1} for column in WIDE),
        ],
        "schema": {
            "openAPIV3Schema": {
                "type": "object",
                "description": "Keeps a GPU inference workload exactly as large as its queue needs.",
                "required": ["spec"],
                "properties": {"spec": structural(Spec), "status": structural(Status)},
            }
        },
    }


def _column(name: str, kind: str, path: str, description: str) -> Schema:
    column = {"name": name, "type": kind, "jsonPath": path}
    return column | ({"description": description} if description else {})


def structural(model: type[BaseModel]) -> Schema:
    """Return a model's schema as Kubernetes wants it: no references, no unions, rules as CEL."""
    whole = model.model_json_schema(by_alias=True)
    rules = {part.__name__: part for part in _parts(model)}
    return _node(whole, whole.get("$defs", {}), rules, model.__name__)


def _parts(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for field in model.model_fields.values():
        for found in _models(field.annotation):
            yield from _parts(found)


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def _node(node: Schema, known: Schema, rules: dict[str, type[BaseModel]], name: str = "") -> Schema:
    """Return one node of the schema, its references resolved and its nulls gone."""
    if "$ref" in node:
        name = node["$ref"].rsplit("/", 1)[1]
        node = known[name] | {key: value for key, value in node.items() if key != "$ref"}
    if "anyOf" in node:
        node = _without_null(node)
        if "$ref" in node:
            return _node(node, known, rules)
    made = {key: value for key, value in node.items() if key not in DROPPED}
    _translate(made)
    if "properties" in made:
        made["properties"] = {
            key: _defaulted(
                _node(value, known, rules), optional=key not in made.get("required", ()) and "anyOf" not in value
            )
            for key, value in made["properties"].items()
        }
    if "items" in made:
        made["items"] = _node(made["items"], known, rules)
    if isinstance(node.get("additionalProperties"), dict):
        made["additionalProperties"] = _node(node["additionalProperties"], known, rules)
    elif node.get("additionalProperties") is True:
        made["x-kubernetes-preserve-unknown-fields"] = True
    return made | _cel(rules.get(name))


def _defaulted(child: Schema, *, optional: bool) -> Schema:
    """Return a property that stands with all its defaults when it is absent: rules judge defaults as they stand."""
    if not optional or "properties" not in child or "default" in child:
        return child
    return {
        "default": {key: inner["default"] for key, inner in child["properties"].items() if "default" in inner}
    } | child


def _without_null(node: Schema) -> Schema:
    """Return a node that may be null, or is an int-or-string, without its union."""
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    if node.get("x-kubernetes-int-or-string"):
        return rest | {"anyOf": node["anyOf"]}
    only: Schema = next(option for option in node["anyOf"] if option.get("type") != "null")
    return only | rest


def _translate(made: Schema) -> None:
    """Turn JSON Schema 2020 into OpenAPI 3.0 as Kubernetes reads it."""
    if "default" in made:
        made["default"] = _sparse(made["default"])
        if made["default"] is None:
            del made["default"]
    for bound, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if bound in made:
            made[limit], made[bound] = made[bound], True
    if "x-kubernetes-int-or-string" in made:
        made.pop("type", None)
    if "list-map-key" in made:
        made["x-kubernetes-list-type"], made["x-kubernetes-list-map-keys"] = "map", [made.pop("list-map-key")]


def _sparse(value: object) -> object:
    """Return a default without its nulls: Kubernetes has none."""
    if isinstance(value, dict):
        return {key: _sparse(inner) for key, inner in value.items() if inner is not None}
    return [_sparse(inner) for inner in value] if isinstance(value, list | tuple) else value


def _cel(part: type[BaseModel] | None) -> Schema:
    if part is None or not issubclass(part, Part) or not part.RULES:
        return {}
    return {"x-kubernetes-validations": [{"rule": rule.cel, "message": rule.message} for rule in part.RULES]}
