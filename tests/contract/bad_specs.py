"""Specs that break one rule each: the bounds straight from the schema, the rules over several fields by hand.

A bound that is added to a model gets its case by itself; a rule that is added to RULES has none, and a test says so.
"""

import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

from poolkeeper.api.crd import structural
from poolkeeper.api.spec import Spec

Json = dict[str, Any]
Path = tuple[str | int, ...]


class Bad(NamedTuple):
    """A spec that breaks one rule: at which field, and what both refusals must say.

    `sooner` is what the API server says in place of it where another of its checks comes first.
    """

    name: str
    spec: Json
    field: str
    said: tuple[str, ...] = ()
    sooner: tuple[str, ...] = ()


MINIMAL: Json = {"targetRef": {"name": "chat"}, "minReplicas": 2, "maxReplicas": 8}
FULL: Json = {
    "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "chat"},
    "mode": "Observe",
    "minReplicas": 2,
    "maxReplicas": 8,
    "queue": {
        "combine": "Max",
        "interval": "500ms",
        "thresholdsPer": "Pool",
        "sources": [
            {"name": "pods", "pods": {"engine": "vllm", "port": 8000}},
            {
                "name": "edge",
                "prometheus": {"server": "eu", "metric": "waiting", "selector": {"app": "chat"}, "maxAge": "1m"},
            },
            {"name": "raw", "prometheus": {"query": "sum(waiting)", "freshness": "max(timestamp(waiting))"}},
        ],
        "scaleUp": {"above": 1000, "step": 1, "maxStep": 1, "delay": "5s", "settle": "1m30s"},
        "scaleDown": {"below": 99.5, "step": 2, "gracePeriod": "10m", "maxUtilizationPercent": 60},
        "slotsPerReplica": 64,
        "onOutage": {"after": "1m", "behavior": "AtLeast", "replicas": 4},
    },
    "slo": {"queueTime": "2s", "objectivePercent": 99.5},
    "startup": {"timeout": "15m"},
    "capacity": {
        "guaranteed": {"base": 1, "percentAboveBase": 10},
        "tiers": [
            {
                "name": "cheap",
                "type": "Spot",
                "provider": "karpenter",
                "fallback": {"after": "1m", "maxReplicas": 6},
                "recovery": {"after": "1h", "backoff": "90s"},
            },
            {"name": "kept", "type": "OnDemand"},
        ],
    },
    "drain": {"deadline": "30s"},
}
SPLIT: Json = MINIMAL | {"capacity": {}}
TEMPLATE: Json = {
    "template": {"spec": {"containers": [{"name": "engine", "image": "vllm:1"}]}},
    "minReplicas": 1,
    "maxReplicas": 2,
    "deletionPolicy": "Delete",
}
GOOD = {"minimal": MINIMAL, "full": FULL, "split": SPLIT, "template": TEMPLATE}

ON_DEMAND: Json = {"name": "on-demand", "type": "OnDemand"}
SPOT: Json = {"name": "spot", "type": "Spot"}

WRONG_TYPES = {"string": 7, "integer": "7", "number": "7", "object": "x", "array": "x"}
LIMITS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "maxProperties")


def bounds() -> Iterator[Bad]:
    """Yield a spec for each bound of each field, by the schema's own words."""
    for path, node in _fields((), structural(Spec)):
        for keyword, value, said in _violations(node):
            yield Bad(f"{shown(path)} {keyword}", _with(path, value), shown(path), said)
        for name in node.get("required", ()):
            missing = (*path, name)
            yield Bad(f"{shown(missing)} required", _without(missing), shown(missing))


def shown(path: Path) -> str:
    """Return a path as messages show it: spec.queue.sources[0].name."""
    return "spec" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


def _fields(path: Path, node: Json) -> Iterator[tuple[Path, Json]]:
    """Yield each field with its schema; of a list, the element in FULL that has the field's parent."""
    yield path, node
    for name, child in node.get("properties", {}).items():
        if _holds(path):
            yield from _fields((*path, name), child)
    if isinstance(node.get("additionalProperties"), dict):
        yield (*path, "app"), node["additionalProperties"]
    for index in range(2 if "items" in node else 0):
        yield from _fields((*path, index), node["items"])


def _holds(path: Path) -> bool:
    found: Any = FULL
    for part in path:
        if isinstance(found, dict) and part not in found:
            return False
        found = found[part]
    return True


def _violations(node: Json) -> Iterator[tuple[str, object, tuple[str, ...]]]:
    """Yield (keyword, a value that breaks it, what the refusal must name)."""
    kind = node.get("type", "")
    yield "type", WRONG_TYPES.get(kind, [7]), ()
    for keyword in LIMITS:
        if keyword in node:
            limit = node[keyword]
            yield keyword, _beyond(keyword, limit, node), (f"{limit:,}".replace(",", ""),)
    if "enum" in node:
        yield "enum", "Nonsense", tuple(node["enum"])
    if "pattern" in node:
        yield "pattern", "no such!", ()


def _beyond(keyword: str, limit: float, node: Json) -> object:
    over = {
        "minimum": limit if node.get("exclusiveMinimum") else limit - 1,
        "maximum": limit if node.get("exclusiveMaximum") else limit + 1,
    }
    if keyword in over:
        return over[keyword]
    count = int(limit) + (1 if keyword.startswith("max") else -1)
    if keyword.endswith("Items"):
        kind: Json = {"pods": {}} if "pods" in node["items"]["properties"] else {"type": "OnDemand"}
        return [kind | {"name": f"n{index}"} for index in range(count)]
    if keyword == "maxProperties":
        return {f"n{index}": "x" for index in range(count)}
    return _text(count, node.get("pattern", ""))


def _text(length: int, pattern: str) -> str:
    """Return a text of this length that keeps the pattern where it can: the length alone shall be wrong."""
    return "99999ms" * (length // 7) + "9" * (length % 7 - 1) + "s" if "ms" in pattern and length > 1 else "a" * length


def _with(path: Path, value: object) -> Json:
    spec = copy.deepcopy(FULL)
    if not path:
        return value  # type: ignore[return-value]  a spec that is no object
    parent: Any = spec
    for part in path[:-1]:
        parent = parent[part]
    parent[path[-1]] = value
    return spec


def _without(path: Path) -> Json:
    spec = _with(path, None)
    parent: Any = spec
    for part in path[:-1]:
        parent = parent[part]
    del parent[path[-1]]
    return spec


def _queue(**fields: object) -> Json:
    return MINIMAL | {"queue": fields}


def _source(**fields: object) -> Json:
    return _queue(sources=[{"name": "edge", **fields}])


def _prometheus(**fields: object) -> Json:
    return _source(prometheus=fields)


def _tiers(*tiers: Json) -> Json:
    return MINIMAL | {"capacity": {"tiers": list(tiers)}}


def _spot(**fields: object) -> Json:
    return _tiers({"name": "spot", "type": "Spot", **fields}, ON_DEMAND)


def _rule(field: str, message: str, spec: Json) -> Bad:
    return Bad(f"{field}: {message}", spec, field, (message,))


_LATER = ("replicas", "schedule", "cost")
_TIERS, _TIER = "spec.capacity", "spec.capacity.tiers[0]"
_SOURCE, _PROMETHEUS = "spec.queue.sources[0]", "spec.queue.sources[0].prometheus"

RULES = (
    *(
        _rule("spec", f"{field} is not supported yet", MINIMAL | {field: 3 if field == "replicas" else {}})
        for field in _LATER
    ),
    _rule("spec", "give either targetRef or template", {"minReplicas": 1, "maxReplicas": 2}),
    _rule("spec", "give either targetRef or template", TEMPLATE | {"targetRef": {"name": "chat"}}),
    _rule("spec", "minReplicas must not be over maxReplicas", MINIMAL | {"minReplicas": 9}),
    _rule(
        "spec",
        "minReplicas 0 needs a source besides pods: without pods there is nobody to ask",
        MINIMAL | {"minReplicas": 0},
    ),
    _rule(
        "spec",
        "queue.onOutage.replicas must not be over maxReplicas",
        _queue(onOutage={"behavior": "AtLeast", "replicas": 9}),
    ),
    _rule(
        "spec",
        "deletionPolicy Delete needs template: a target that the pool did not make is never deleted",
        MINIMAL | {"deletionPolicy": "Delete"},
    ),
    _rule("spec.queue", "scaleDown.below must not be over scaleUp.above", _queue(scaleDown={"below": 6})),
    _rule("spec.queue", "interval must be from 100ms to 5m", _queue(interval="99ms")),
    _rule("spec.queue", "interval must be from 100ms to 5m", _queue(interval="5m1s")),
    _rule(
        "spec.queue", "source names must differ", _queue(sources=[{"name": "a", "pods": {}}, {"name": "a", "pods": {}}])
    )._replace(sooner=("spec.queue.sources[1]", "Duplicate value")),
    _rule("spec.queue.onOutage", "behavior AtLeast needs replicas", _queue(onOutage={"behavior": "AtLeast"})),
    _rule(_SOURCE, "endpointPicker is not supported yet", _source(endpointPicker={})),
    _rule(_SOURCE, "externalMetric is not supported yet", _source(externalMetric={})),
    _rule(_SOURCE, "give exactly one of pods, prometheus", _source()),
    _rule(_SOURCE, "give exactly one of pods, prometheus", _source(pods={}, prometheus={"metric": "waiting"})),
    _rule(_PROMETHEUS, "give either metric or query", _prometheus(metric="waiting", query="waiting")),
    _rule(_PROMETHEUS, "give either metric or query", _prometheus()),
    _rule(
        _PROMETHEUS,
        "freshness belongs to query; with metric, maxAge does its work",
        _prometheus(metric="waiting", freshness="x"),
    ),
    _rule(
        _PROMETHEUS,
        "selector belongs to metric; put the labels into the query",
        _prometheus(query="waiting", selector={"app": "chat"}),
    ),
    *(
        _rule(_TIERS, "give exactly one tier of type OnDemand: it is the target itself", _tiers(*tiers))
        for tiers in ((SPOT,), (ON_DEMAND, ON_DEMAND | {"name": "more"}))
    ),
    _rule(
        _TIERS, "more than one tier of type Spot is not supported yet", _tiers(SPOT, SPOT | {"name": "more"}, ON_DEMAND)
    ),
    _rule(_TIERS, "a third tier is not supported yet", _tiers(SPOT, SPOT | {"name": "more"}, ON_DEMAND)),
    _rule(
        _TIERS,
        "put the tier of type Spot before the one of type OnDemand: after it, nothing would ever run on spot",
        _tiers(ON_DEMAND, SPOT),
    ),
    _rule(_TIERS, "tier names must differ", _tiers(SPOT | {"name": "on-demand"}, ON_DEMAND))._replace(
        sooner=("spec.capacity.tiers[1]", "Duplicate value")
    ),
    _rule(_TIER, "the name spot is for a tier of type Spot", _tiers(ON_DEMAND | {"name": "spot"})),
    *(
        _rule(
            _TIER,
            "provider, fallback and recovery belong to the tier of type Spot",
            _tiers(ON_DEMAND | {field: value}),
        )
        for field, value in (("provider", "auto"), ("fallback", {}), ("recovery", {}))
    ),
    _rule(f"{_TIER}.fallback", "after must be at most 1h", _spot(fallback={"after": "1h1s"})),
    _rule(f"{_TIER}.recovery", "after must be at most 24h", _spot(recovery={"after": "24h1s"})),
    _rule(f"{_TIER}.recovery", "backoff must be at most 24h", _spot(recovery={"backoff": "25h"})),
    _rule("spec.drain", "deadline must be at most 1h", MINIMAL | {"drain": {"deadline": "61m"}}),
)
