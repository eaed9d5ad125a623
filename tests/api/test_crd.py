from pathlib import Path

import yaml

from poolkeeper.api.crd import definition, manifest
from poolkeeper.api.spec import parse_spec

FILE = Path(__file__).parents[2] / "crds" / "inferencepools.yaml"


def schema(*path):
    node = definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    for name in path:
        node = node["items"] if name == "[]" else node["properties"][name]
    return node


def nodes(node):
    yield node
    for value in node.values() if isinstance(node, dict) else node:
        if isinstance(value, dict | list):
            yield from nodes(value)


def test_the_file_is_what_the_models_say():
    assert FILE.read_text() == manifest(), "run `make crds`"


def test_the_short_name_is_not_the_gateway_extensions():
    assert definition()["spec"]["names"]["shortNames"] == ["ipool"]


def test_nothing_is_left_that_kubernetes_does_not_know():
    foreign = {"$ref", "$defs", "const", "title", "list-map-key"}
    assert not any(foreign & set(node) for node in nodes(definition()) if isinstance(node, dict))


def test_no_default_is_null():
    assert not any("default" in node and node["default"] is None for node in nodes(definition()) if "type" in node)


def test_the_schemas_defaults_are_the_parsers():
    parsed = parse_spec({"targetRef": {"name": "chat"}, "minReplicas": 1, "maxReplicas": 1})
    assert schema("spec", "queue")["default"] == parsed.queue.model_dump(
        by_alias=True, exclude_none=True, mode="json", exclude_defaults=False
    ) | {"sources": [{"name": "pods", "pods": {"engine": "auto", "port": "http"}}]}


def test_an_open_bound_is_written_as_openapi_has_it():
    above = schema("spec", "queue", "scaleUp", "above")
    assert (above["minimum"], above["exclusiveMinimum"]) == (0, True)


def test_a_port_may_be_a_name_or_a_number():
    assert schema("spec", "queue", "sources", "[]", "pods", "port")["x-kubernetes-int-or-string"]


def test_sources_are_a_map_by_name():
    assert schema("spec", "queue", "sources")["x-kubernetes-list-map-keys"] == ["name"]


def test_conditions_are_a_map_by_type():
    assert schema("status", "conditions")["x-kubernetes-list-map-keys"] == ["type"]


def test_the_manifest_is_yaml():
    assert yaml.safe_load(manifest()) == definition()
