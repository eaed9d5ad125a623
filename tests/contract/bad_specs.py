"""Specs that break one rule each: the bounds straight from the schema, the rules over several fields by hand.

A bound that is added to a model gets its case by itself; a rule that is added to RULES has none, and a test says so.
"""

import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

from poolkeeper.api.cost import AMOUNT_OVER_ZERO, GPU_COUNT
from poolkeeper.api.crd import structural
from poolkeeper.api.sources import PORT
from poolkeeper.api.spec import Spec

Json = dict[str, Any]
Path = tuple[str | int, ...]


class Bad(NamedTuple):
    """A spec that breaks one rule: at which field, and what both refusals must say.

    `sooner` is what the API server says in place of it where another of its checks comes first, or names it otherwise.
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
    "replicas": 4,
    "peerRef": {"name": "decode", "minPercent": 25, "maxPercent": 200},
    "queue": {
        "combine": "Max",
        "interval": "500ms",
        "thresholdsPer": "Pool",
        "sources": [
            {
                "name": "pods",
                "pods": {
                    "engine": "vllm",
                    "port": 8000,
                    "tls": {"caSecretRef": {"name": "scrape", "key": "ca.crt"}, "serverName": "chat"},
                    "tokenSecretRef": {"name": "scrape", "key": "token"},
                },
            },
            {
                "name": "edge",
                "prometheus": {"server": "eu", "metric": "waiting", "selector": {"app": "chat"}, "maxAge": "1m"},
            },
            {"name": "raw", "prometheus": {"query": "sum(waiting)", "freshness": "max(timestamp(waiting))"}},
            {
                "name": "picker",
                "endpointPicker": {
                    "inferencePoolRef": {"name": "chat"},
                    "port": 9090,
                    "tls": {"caSecretRef": {"name": "picker", "key": "ca.crt"}, "serverName": "picker"},
                    "tokenSecretRef": {"name": "picker", "key": "token"},
                },
            },
            {"name": "broker", "externalMetric": {"name": "jobs_waiting", "selector": {"queue": "chat"}}},
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
    "schedule": {
        "timezone": "America/New_York",
        "leadTime": "5m",
        "windows": [
            {"name": "office", "days": "Mon-Fri", "from": "08:00", "to": "18:00", "minReplicas": 4, "maxReplicas": 8},
            {"name": "launch", "start": "0 9 24 11 *", "end": "0 21 L * *", "percent": 100, "priority": 10},
        ],
        "outside": {"percent": 10, "force": True},
    },
    "forecast": {"enabled": False, "quantile": 0.5, "history": "336h"},
    "batch": {
        "deadline": "07:00",
        "window": {"days": "Mon-Fri", "from": "22:00", "to": "06:00"},
        "timezone": "Europe/Paris",
        "jobTime": "30s",
    },
    "cost": {
        "currency": "EUR",
        "timezone": "Europe/Paris",
        "gpusPerReplica": "0.5",
        "pricePerGPUHour": {"cheap": "0.90", "kept": "3"},
        "commitments": [
            {"gpus": 4, "pricePerGPUHour": "1.90", "until": "2027-06-30"},
            {"gpus": "2.5", "pricePerGPUHour": "0"},
        ],
        "baseline": {"replicas": 8, "type": "Spot"},
        "budget": {"monthly": "15000", "alertAtPercent": [80, 100, 120], "enforce": "HoldScaleUp"},
        "anomaly": {"percent": 30},
        "units": [
            {"name": "order", "query": "sum(increase(orders_total[1d]))", "revenue": "0.45"},
            {"name": "user", "server": "eu", "query": "users"},
        ],
        "annotate": ["Workload", "Pods"],
    },
}
SPLIT: Json = MINIMAL | {"capacity": {}}
TEMPLATE: Json = {
    "template": {"spec": {"containers": [{"name": "engine", "image": "vllm:1"}]}},
    "minReplicas": 1,
    "maxReplicas": 2,
    "deletionPolicy": "Delete",
}
NIGHTS_OFF: Json = MINIMAL | {
    "schedule": {
        "windows": [{"name": "night", "from": "22:00", "to": "06:00", "minReplicas": 0, "maxReplicas": 0}],
        "outside": {"minReplicas": 4},
    },
    "forecast": {},
}
PRICES: Json = {"gpusPerReplica": 8, "pricePerGPUHour": {"on-demand": "3"}, "budget": {"monthly": "1"}}
GOOD = {
    "minimal": MINIMAL,
    "full": FULL,
    "split": SPLIT,
    "template": TEMPLATE,
    "nights off": NIGHTS_OFF,
    "free of cost": MINIMAL | {"cost": {}},
    "priced": MINIMAL | {"cost": PRICES},
    "nightly": MINIMAL | {"batch": {"deadline": "6h", "window": {"start": "0 22 * * *", "end": "0 6 * * *"}}},
    "spot priced": SPLIT | {"cost": {"pricePerGPUHour": {"spot": "0.9"}}},
}

ON_DEMAND: Json = {"name": "on-demand", "type": "OnDemand"}
SPOT: Json = {"name": "spot", "type": "Spot"}

WINDOW: Json = {"name": "office", "from": "08:00", "to": "18:00", "minReplicas": 4}
CRONS: Json = {"name": "launch", "start": "0 9 * * *", "end": "0 21 * * *", "minReplicas": 4}
KINDS: dict[str, Json] = {
    "pods": {"pods": {}},
    "days": WINDOW,
    "type": {"type": "OnDemand"},
    "until": {"gpus": 1, "pricePerGPUHour": "1"},
    "revenue": {"query": "x"},
}
"""A field that tells the elements of a list apart, and an element that is right."""

KEYS = {"selector": "app", "pricePerGPUHour": "kept"}
"""A key of each map in FULL."""
WRONG_TYPES = {"string": 7, "integer": "7", "number": "7", "object": "x", "array": "x"}
LIMITS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "maxProperties")


def bounds() -> Iterator[Bad]:
    """Yield a spec for each bound of each field, by the schema's own words."""
    for path, node in _fields((), structural(Spec)):
        for keyword, value, said in _violations(node):
            bad = Bad(f"{shown(path)} {keyword}", _with(path, value), shown(path), said)
            by_key = keyword == "rule" and path[-2] in KEYS  # of a map's value, CEL alone writes its key in brackets
            yield bad._replace(sooner=(f"{shown(path[:-1])}[{path[-1]}]", *said)) if by_key else bad
        for name in node.get("required", ()) if _holds(path) else ():
            missing = (*path, name)
            yield Bad(f"{shown(missing)} required", _without(missing), shown(missing))


def shown(path: Path) -> str:
    """Return a path as messages show it: spec.queue.sources[0].name."""
    return "spec" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


def _fields(path: Path, node: Json) -> Iterator[tuple[Path, Json]]:
    """Yield each field with its schema; of a list, the elements in FULL that have the field's parent."""
    yield path, node
    for name, child in node.get("properties", {}).items():
        if _holds(path):
            yield from _fields((*path, name), child)
    if isinstance(node.get("additionalProperties"), dict) and _holds(path):
        yield (*path, KEYS[path[-1]]), node["additionalProperties"]
    for index in range(_length(path) if "items" in node else 0):
        yield from _fields((*path, index), node["items"])


def _length(path: Path) -> int:
    """Return how many elements a list has in FULL; of one that is not there, two are looked at."""
    found: Any = FULL
    for part in path if _holds(path) else ():
        found = found[part]
    return len(found) if isinstance(found, list) else 2


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
    if node.get("format") == "date":
        yield "format", "2027-02-30", ()
    if "properties" not in node:
        for rule in node.get("x-kubernetes-validations", ()):
            yield "rule", "no such!", (rule["message"],)


def _beyond(keyword: str, limit: float, node: Json) -> object:
    over = {
        "minimum": limit if node.get("exclusiveMinimum") else limit - 1,
        "maximum": limit if node.get("exclusiveMaximum") else limit + 1,
    }
    if keyword in over:
        return over[keyword]
    count = int(limit) + (1 if keyword.startswith("max") else -1)
    if keyword.endswith("Items"):
        return [_element(node["items"], index) for index in range(count)]
    if keyword == "maxProperties":
        return {f"n{index}": "x" for index in range(count)}
    return _text(count, node.get("pattern", ""))


def _element(node: Json, index: int) -> object:
    """Return an element of a list that differs from its others where it has to."""
    fields = node.get("properties")
    if fields is None:
        return node["enum"][0] if "enum" in node else node["minimum"] + index
    kind = next(kind for field, kind in KINDS.items() if field in fields)
    return kind | ({"name": f"n{index}"} if "name" in fields else {})


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


def _schedule(**fields: object) -> Json:
    return MINIMAL | {"schedule": fields}


def _window(like: Json = WINDOW, **fields: object) -> Json:
    return _schedule(windows=[{key: value for key, value in (like | fields).items() if value is not None}])


def _batch(**fields: object) -> Json:
    return MINIMAL | {"batch": {"deadline": "6h"} | fields}


def _cost(**fields: object) -> Json:
    return MINIMAL | {"cost": fields}


def _rule(field: str, message: str, spec: Json) -> Bad:
    return Bad(f"{field}: {message}", spec, field, (message,))


_TIERS, _TIER = "spec.capacity", "spec.capacity.tiers[0]"
_WINDOW, _OUTSIDE = "spec.schedule.windows[0]", "spec.schedule.outside"
_SOURCE, _PROMETHEUS = "spec.queue.sources[0]", "spec.queue.sources[0].prometheus"
ONE_OF = "give exactly one of pods, prometheus, endpointPicker, externalMetric, redis, rabbitMq"

RULES = (
    _rule("spec.peerRef", "peerRef needs minPercent or maxPercent, or both", MINIMAL | {"peerRef": {"name": "decode"}}),
    _rule(
        "spec.peerRef",
        "minPercent must not be over maxPercent",
        MINIMAL | {"peerRef": {"name": "decode", "minPercent": 80, "maxPercent": 50}},
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
    *(
        _rule(
            "spec",
            "a tier of type Spot needs a Deployment: any other kind is one whole, and may be on spot as a whole by what"
            " its own template asks of its nodes",
            MINIMAL | {"targetRef": {"kind": kind, "name": "chat"}, "capacity": {}},
        )
        for kind in ("StatefulSet", "LeaderWorkerSet", "Rollout")
    ),
    _rule(
        "spec",
        "cost.annotate Workload needs a Deployment: of any other kind the operator may write the size alone",
        MINIMAL | {"targetRef": {"kind": "StatefulSet", "name": "chat"}, "cost": {"annotate": ["Workload"]}},
    ),
    *(
        _rule(
            "spec.targetRef",
            "leave apiVersion out, or give that of the kind: apps/v1 Deployment, apps/v1 StatefulSet,"
            " leaderworkerset.x-k8s.io/v1 LeaderWorkerSet, argoproj.io/v1alpha1 Rollout",
            MINIMAL | {"targetRef": {"name": "chat"} | wrong},
        )
        for wrong in ({"apiVersion": "argoproj.io/v1alpha1"}, {"kind": "LeaderWorkerSet", "apiVersion": "apps/v1"})
    ),
    _rule(
        "spec.queue",
        "scaleDown.below must not be over scaleUp.above, which is 5 where it is absent",
        _queue(scaleDown={"below": 6}),
    ),
    _rule(f"{_SOURCE}.redis", "give either list or stream", _source(redis={})),
    _rule(f"{_SOURCE}.redis", "stream and group belong together", _source(redis={"stream": "jobs"})),
    _rule("spec.queue", "interval must be from 100ms to 5m", _queue(interval="99ms")),
    _rule("spec.queue", "interval must be from 100ms to 5m", _queue(interval="5m1s")),
    _rule(
        "spec.queue", "source names must differ", _queue(sources=[{"name": "a", "pods": {}}, {"name": "a", "pods": {}}])
    )._replace(sooner=("spec.queue.sources[1]", "Duplicate value")),
    _rule("spec.queue.onOutage", "behavior AtLeast needs replicas", _queue(onOutage={"behavior": "AtLeast"})),
    *(
        _rule(
            f"{_SOURCE}.rabbitMq",
            "neither queue nor vhost may be . or ..: in the management API's address they name another place",
            _source(rabbitMq={"queue": "jobs"} | wrong),
        )
        for wrong in ({"queue": "."}, {"vhost": ".."})
    ),
    _rule(_SOURCE, ONE_OF, _source()),
    _rule(_SOURCE, ONE_OF, _source(pods={}, prometheus={"metric": "waiting"})),
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
            "the names overhead and commitments are for lines of the cost beside those of tiers",
            _tiers(ON_DEMAND | {"name": name}),
        )
        for name in ("overhead", "commitments")
    ),
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
    _rule("spec.schedule", "give at least one window, or outside", _schedule()),
    _rule("spec.schedule", "window names must differ", _schedule(windows=[WINDOW, WINDOW]))._replace(
        sooner=("spec.schedule.windows[1]", "Duplicate value")
    ),
    _rule("spec.schedule", "leadTime must be at most 24h", _schedule(windows=[WINDOW], leadTime="25h")),
    *(
        _rule(
            "spec.schedule",
            "no IANA time zone; write one, as in America/New_York or UTC",
            _schedule(windows=[WINDOW], timezone=zone),
        )
        for zone in ("Mars/Base", "america/new_york")
    ),
    _rule(
        "spec.schedule",
        "without outside, a window without minReplicas, maxReplicas or percent does nothing: give one",
        _window(minReplicas=None),
    ),
    _rule(_OUTSIDE, "give minReplicas, maxReplicas or percent", _schedule(outside={})),
    *(
        _rule(
            field,
            "percent is floor and cap at once: give it, or minReplicas and maxReplicas",
            spec,
        )
        for field, spec in (
            (_WINDOW, _window(percent=10)),
            (_OUTSIDE, _schedule(outside={"percent": 10, "maxReplicas": 4})),
        )
    ),
    _rule(_WINDOW, "minReplicas must not be over maxReplicas here", _window(maxReplicas=3)),
    _rule(_WINDOW, "force takes away what is above a cap: give maxReplicas or percent", _window(force=True)),
    *(
        _rule(_WINDOW, "give from and to, or start and end", _window(like, **changes))
        for like, changes in (
            (WINDOW, {"from": None}),
            (WINDOW, {"to": None}),
            (WINDOW, {"from": None, "to": None}),
            (CRONS, {"start": None}),
            (CRONS, {"end": None}),
            (WINDOW, CRONS),
        )
    ),
    _rule(
        _WINDOW, "days belongs to from and to; put the days into the cron expressions", _window(CRONS, days="Mon-Fri")
    ),
    _rule(_WINDOW, "from and to are the same; from 00:00 to 24:00 is the whole day", _window(to="08:00")),
    *(
        _rule("spec", "no minReplicas or maxReplicas of the schedule may be over the pool's maxReplicas", spec)
        for spec in (
            _window(minReplicas=9),
            _window(maxReplicas=9),
            _schedule(outside={"minReplicas": 9}),
            _schedule(outside={"maxReplicas": 9}),
        )
    ),
    *(
        _rule(
            "spec",
            "minReplicas 0 in the schedule needs a source besides pods, or maxReplicas 0 too: "
            "without pods there is nobody to ask for more",
            spec,
        )
        for spec in (_window(minReplicas=0), _schedule(outside={"minReplicas": 0, "maxReplicas": 1}))
    ),
    *(
        _rule("spec.forecast", "history must be from 336h to 1344h", MINIMAL | {"forecast": {"history": history}})
        for history in ("335h", "1345h")
    ),
    _rule("spec.batch", "deadline must be a time of day, or longer than 0s", _batch(deadline="0s")),
    _rule("spec.batch", "jobTime must be longer than 0s", _batch(jobTime="0s")),
    _rule(
        "spec.batch",
        "jobTime must be shorter than a deadline that is a duration",
        _batch(deadline="1h", jobTime="2h"),
    ),
    _rule("spec.batch", "no IANA time zone; write one, as in America/New_York or UTC", _batch(timezone="Mars/Base")),
    _rule("spec.batch.window", "give from and to, or start and end", _batch(window={"from": "22:00"})),
    _rule(
        "spec.batch.window",
        "days belongs to from and to; put the days into the cron expressions",
        _batch(window={"start": "0 1 * * *", "end": "0 5 * * *", "days": "Mon"}),
    ),
    _rule(
        "spec.batch.window",
        "from and to are the same; from 00:00 to 24:00 is the whole day",
        _batch(window={"from": "01:00", "to": "01:00"}),
    ),
    _rule(
        "spec",
        "work that can wait needs no floor: give either batch or forecast",
        _batch() | {"forecast": {"enabled": True}},
    ),
    *(
        _rule(
            "spec",
            "cost.pricePerGPUHour must name tiers of capacity.tiers, or on-demand where there is no capacity",
            capacity | {"cost": {"pricePerGPUHour": {"on-demand": "3", name: "1"}}},
        )
        for capacity, name in ((MINIMAL, "spot"), (SPLIT, "cheap"))
    ),
    *(
        _rule(
            "spec.cost.budget",
            "alertAtPercent must rise from one to the next",
            _cost(budget={"monthly": "15000", "alertAtPercent": percents}),
        )
        for percents in ([80, 50], [50, 50, 80])
    ),
    _rule("spec.cost", "no IANA time zone; write one, as in America/New_York or UTC", _cost(timezone="Mars/Base")),
    _rule(
        "spec.cost",
        "unit names must differ",
        _cost(units=[{"name": "order", "query": "x"}, {"name": "order", "query": "y"}]),
    )._replace(sooner=("spec.cost.units[1]", "Duplicate value")),
)

FIELDS = tuple(
    _rule(f"spec.cost.{field}", message, _cost(**cost))
    for field, message, cost in (
        ("budget.monthly", AMOUNT_OVER_ZERO.message, {"budget": {"monthly": "0.00"}}),
        ("budget.monthly", AMOUNT_OVER_ZERO.message, {"budget": {"monthly": "-5"}}),
        ("budget.monthly", AMOUNT_OVER_ZERO.message, {"budget": {"monthly": "1e4"}}),
        ("budget.monthly", AMOUNT_OVER_ZERO.message, {"budget": {"monthly": "5\n"}}),
        ("gpusPerReplica", GPU_COUNT.message, {"gpusPerReplica": 0}),
        ("gpusPerReplica", GPU_COUNT.message, {"gpusPerReplica": "0.0"}),
        ("gpusPerReplica", GPU_COUNT.message, {"gpusPerReplica": 10_001}),
    )
) + tuple(_rule(f"{_SOURCE}.pods.port", PORT.message, _source(pods={"port": port})) for port in (0, 65_536, "8000"))
