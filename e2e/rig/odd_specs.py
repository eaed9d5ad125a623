"""Specs that nobody means: drawn from the CRD's own schema, and good ones that were spoilt. By a seed, the same again.

    drawn     what the schema allows, whatever the rules over several fields say
    varied    a good spec with one field drawn anew: most of them pass the API server
    spoilt    a good spec with one to three places that hold something else, or that nobody knows
    huge      a good spec with a place that is as large, as deep or as long as it may be, and larger

The schema is Kubernetes' dialect: int-or-string, lists that are maps. docs/decisions/0061 says why no library draws it.
"""

import copy
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from poolkeeper.api import names
from poolkeeper.api.crd import structural
from poolkeeper.api.spec import Spec

Json = Any
Path_ = tuple[str | int, ...]

SAMPLES = Path(__file__).parents[2] / "manifests" / "samples"
MINIMAL: Mapping[str, Json] = {"targetRef": {"name": "chat"}, "minReplicas": 2, "maxReplicas": 8}
OFTEN = 0.2
"""How often a field that may be absent is there."""
MEGABYTE = 2**20

TEXTS = (
    *(
        "chat",
        "a",
        "a-b.c",
        "office",
        "spot",
        "on-demand",
        "http",
        "metrics",
        "waiting",
        "jobs:waiting",
        "_",
        "/",
        "..",
    ),
    *(
        "0s",
        "1ms",
        "30s",
        "1h30m",
        "99999h99999h99999h99999h",
        "auto",
        "5m",
        "336h",
        "-1s",
        "1.5h",
        "1h 30m",
        "forever",
    ),
    *("00:00", "08:00", "23:59", "24:00", "24:01", "8:00", "Mon-Fri", "Sat,Sun", "Sun-Mon", "Mon-Mon,Mon", "Mo", "Feb"),
    *("0 9 * * *", "0 9 * * Mon-Fri", "0 0 31 2 *", "61 9 * * *", "*/0 * * * *", "0 9 L * *", "a b c d e", "0 9 * * 8"),
    *("0-99999999999 * * * *", "0 9 29 2 1", "@ @ @ @ @", "59/1 0-5 1,2 * *", "0 9 * * 5#9", ", , , , ,", "- - - - -"),
    *("UTC", "Europe/Paris", "Australia/Lord_Howe", "Mars/Base", "Europe", "posixrules", "GMT+99", "A/../B", "UTC+1"),
    *("USD", "EUR", "XXX", "usd", "15000", "0.45", "0", "-5", "1e4", "1e400", "NaN", "Infinity", "٣", "1_000", "1,5"),
    *("99999999999999999999.999999", "2027-06-30", "2027-02-30", "0001-01-01", "9999-12-31", "2027-6-30", "1", "0.5"),
    *(
        "Deployment",
        "StatefulSet",
        "apps/v1",
        "",
        " ",
        "\n",
        "\0",
        "\u202e",
        "é模🐳",
        "%s%n{0}{{x}}${y}",
        "'; --",
        "a" * 300,
    ),
)
VALUES: tuple[Json, ...] = (
    *(None, True, False, 0, 1, -1, 2, 100, 10_000, 10_001, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), 10**30, 0.5, -0.0),
    *(1e-308, 1e308, [], {}, [[]], [None], [1, 1], {"": ""}, {"a": None}, {"name": "a"}, ["Pods", "Pods"], [100, 1]),
)


class Case(NamedTuple):
    """One spec, and how it came about."""

    kind: str
    spec: dict[str, Json]


class Place(NamedTuple):
    """A place in a spec, and what the schema says of it, None where it says nothing."""

    path: Path_
    schema: Mapping[str, Json] | None


@cache
def schema() -> Mapping[str, Json]:
    """Return the schema of a spec."""
    return structural(Spec)


@cache
def good() -> tuple[dict[str, Json], ...]:
    """Return the specs of all samples, and the least of all."""
    found = [one for path in sorted(SAMPLES.glob("*.yaml")) for one in yaml.safe_load_all(path.read_text())]
    return (dict(MINIMAL), *(one["spec"] for one in found if one["apiVersion"] == names.API_VERSION))


def cases(chance: random.Random) -> Iterator[Case]:
    """Yield specs without end, of all kinds."""
    while True:
        kind = chance.choices(("drawn", "varied", "spoilt", "huge"), (3, 4, 4, 0.2))[0]
        yield Case(kind, MAKERS[kind](chance))


def drawn(chance: random.Random) -> dict[str, Json]:
    """Return what the schema allows, with a target or a template as a rule."""
    spec: dict[str, Json] = draw(schema(), chance)
    if chance.random() < 1 - OFTEN:
        spec.pop("template", None)
        spec.setdefault("targetRef", {"name": "chat"})
        spec["minReplicas"] = min(spec["minReplicas"], spec["maxReplicas"])
    return spec


def varied(chance: random.Random) -> dict[str, Json]:
    """Return a good spec with one field drawn anew."""
    spec = copy.deepcopy(chance.choice(good()))
    known = [place for place in places(spec, schema()) if place.path and place.schema]
    path, known_as = chance.choice(known)
    put(spec, path, draw(known_as or {}, chance))
    return spec


def spoilt(chance: random.Random) -> dict[str, Json]:
    """Return a good spec with one to three places spoilt."""
    spec = copy.deepcopy(chance.choice(good()))
    for _ in range(chance.randint(1, 3)):
        path = chance.choice([place.path for place in places(spec, schema()) if place.path])
        chance.choice((_replaced, _renamed, _removed, _doubled))(spec, path, chance)
    return spec


def huge(chance: random.Random) -> dict[str, Json]:
    """Return a good spec with one place that is far too large."""
    return dict(MINIMAL) | chance.choice(HUGE)(chance)


def draw(node: Mapping[str, Json], chance: random.Random) -> Json:
    """Return something that a node of the schema allows; a rule may still forbid it."""
    if "enum" in node:
        return chance.choice(node["enum"])
    if node.get("x-kubernetes-int-or-string"):
        return chance.choice((chance.choice((0, 1, 8, 8000, 65_535, 65_536)), chance.choice(TEXTS)))
    return DRAWERS[node["type"]](node, chance)


def text(node: Mapping[str, Json], chance: random.Random) -> str:
    """Return one of the known texts that the node's pattern and bounds allow; where there is none, any."""
    return chance.choice(texts(node.get("pattern", ""), node.get("minLength", 0), node.get("maxLength", MEGABYTE)))


@cache
def texts(pattern: str, least: int, most: int) -> Sequence[str]:
    """Return the known texts of such a form."""
    fit = [one for one in TEXTS if least <= len(one) <= most and re.search(pattern, one)]
    return fit or TEXTS


def places(value: Json, node: Mapping[str, Json] | None, path: Path_ = ()) -> Iterator[Place]:
    """Yield every place in a spec, from the whole to its leaves."""
    yield Place(path, node)
    known = node or {}
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(
                inner, known.get("properties", {}).get(key, known.get("additionalProperties")), (*path, key)
            )
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, known.get("items"), (*path, index))


def put(spec: Json, path: Path_, value: Json) -> None:
    """Put something in a place; a place that is gone with one around it stays gone."""
    holder = _holder(spec, path)
    if holder is not None:
        holder[path[-1]] = value


def _object(node: Mapping[str, Json], chance: random.Random) -> Json:
    required, properties = node.get("required", ()), node.get("properties", {})
    made = {key: draw(inner, chance) for key, inner in properties.items() if key in required or chance.random() < OFTEN}
    if isinstance(node.get("additionalProperties"), dict):
        made |= {chance.choice(TEXTS): draw(node["additionalProperties"], chance) for _ in range(chance.randint(0, 2))}
    if node.get("x-kubernetes-preserve-unknown-fields"):
        made |= {chance.choice(TEXTS): chance.choice(VALUES) for _ in range(chance.randint(0, 2))}
    return made


def _array(node: Mapping[str, Json], chance: random.Random) -> Json:
    least = node.get("minItems", 0)
    return [draw(node["items"], chance) for _ in range(chance.randint(least, max(least, 2)))]


def _integer(node: Mapping[str, Json], chance: random.Random) -> int:
    least, most = node.get("minimum", 0), node.get("maximum", 2**63 - 1)
    return chance.choice((least, most, chance.randint(least, min(most, least + 10)), chance.randint(least, most)))


def _number(node: Mapping[str, Json], chance: random.Random) -> float:
    least, most = node.get("minimum", 0), node.get("maximum", 1e308)
    return chance.choice((least + 1e-9, least + 0.5, most - 0.5, chance.uniform(least, most)))


DRAWERS: Mapping[str, Callable[..., Json]] = {
    "object": _object,
    "array": _array,
    "string": text,
    "integer": _integer,
    "number": _number,
    "boolean": lambda _, chance: chance.random() < 0.5,
}
MAKERS = {"drawn": drawn, "varied": varied, "spoilt": spoilt, "huge": huge}


def _replaced(spec: Json, path: Path_, chance: random.Random) -> None:
    put(spec, path, copy.deepcopy(chance.choice(chance.choice((TEXTS, VALUES)))))


def _renamed(spec: Json, path: Path_, chance: random.Random) -> None:
    holder = _holder(spec, path)
    if isinstance(holder, dict):
        holder[f"{path[-1]}{chance.choice(('', 's', 'é', '.x', '/y'))}"] = holder.pop(path[-1])


def _removed(spec: Json, path: Path_, _: random.Random) -> None:
    holder = _holder(spec, path)
    if holder is not None:
        del holder[path[-1]]


def _doubled(spec: Json, path: Path_, chance: random.Random) -> None:
    holder = _holder(spec, path)
    if isinstance(holder, list):
        holder += [copy.deepcopy(holder[int(path[-1])])] * chance.choice((1, 1, 40, 200))


def _holder(spec: Json, path: Path_) -> Json:
    """Return what holds a place, None where that, or the place, is gone."""
    found = spec
    for step in path[:-1]:
        if not _has(found, step):
            return None
        found = found[step]
    return found if _has(found, path[-1]) else None


def _has(found: Json, step: str | int) -> bool:
    if isinstance(found, dict):
        return step in found
    return isinstance(found, list) and isinstance(step, int) and step < len(found)


def nested(depth: int) -> Json:
    """Return maps and lists, one in the other, so deep."""
    made: Json = 1
    for level in range(depth):
        made = [made] if level % 2 else {"a": made}
    return made


def _templated(content: Json) -> dict[str, Json]:
    return {
        "targetRef": None,
        "template": {"spec": {"containers": [{"name": "engine", "image": "vllm:1"}], "x": content}},
    }


def _windows(chance: random.Random) -> dict[str, Json]:
    count = chance.choice((32, 33, 10_000))
    made = [{"name": f"w{number}", "from": "08:00", "to": "18:00", "minReplicas": 4} for number in range(count)]
    return {"schedule": {"windows": made}}


HUGE = (
    _windows,
    lambda chance: _templated(nested(chance.choice((28, 40, 200, 1200, 5000, 9000)))),
    lambda chance: _templated("x" * chance.choice((MEGABYTE // 2, MEGABYTE))),
    lambda chance: _templated(["x"] * chance.choice((10_000, 200_000))),
    lambda chance: {
        "queue": {"sources": [{"name": "raw", "prometheus": {"query": "x" * chance.choice((4096, MEGABYTE))}}]}
    },
    lambda chance: {"targetRef": {"name": "a" * chance.choice((253, 254, MEGABYTE))}},
    lambda _: {"cost": {"pricePerGPUHour": {f"tier-{number}": "1" for number in range(10_000)}}},
    lambda _: {
        "queue": {
            "sources": [{"name": "m", "prometheus": {"metric": "m", "selector": dict.fromkeys(TEXTS, "é" * 256)}}]
        }
    },
    lambda _: {
        "schedule": {
            "windows": [{"name": "w", "start": "0 9 " + ",".join(map(str, range(1, 32))) + " * *", "end": "0 9 * * *"}]
        }
    },
    lambda _: {"unknown" * 1000: nested(50)},
)
