"""The systems that `bench/peers.py` puts side by side, and how each is told of a pool.

All want one replica for 100 waiting requests, from 2 to 8, and read the same gauge: KEDA by an AverageValue of 100,
ours by `above: 100` per replica. "Hardened" is KEDA as an expert writes it who has lived through an outage.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from crowd import METRIC
from stage import Stage

from keda import running
from keda.programs import ensure
from rig.manifests import pool

Json = dict[str, Any]

LEAST, MOST, EACH = 2, 8, 100
RULE = {"thresholdsPer": "Replica", "scaleUp": {"above": EACH}, "scaleDown": {"below": EACH // 2}}
HARDENED = {"fallback": {"failureThreshold": 3, "replicas": 4, "behavior": "currentReplicasIfHigher"}}


class Place(NamedTuple):
    """Where a pool is, and the Prometheus that knows its queue."""

    namespace: str
    name: str
    prometheus: str


@dataclass(frozen=True)
class System:
    """One way to size pools: its title, what says how, what tells that it has taken hold of a pool, and how it runs.

    `run` yields the process ids of its own programs by their names.
    """

    title: str
    made: Callable[[Place], Json]
    kind: str
    settled: Callable[[Json], bool]
    run: Callable[[Stage], AbstractContextManager[dict[str, int]]]
    by_prometheus: bool = True


def direct(place: Place) -> Json:
    """Return a pool whose pods are asked."""
    return pool(place.name, RULE)


def through_prometheus(place: Place) -> Json:
    """Return a pool whose queue Prometheus knows."""
    source = {"metric": METRIC, "selector": {"pool": place.name}}
    return pool(place.name, {**RULE, "sources": [{"name": "queue", "prometheus": source}]})


def scaled_object(place: Place) -> Json:
    """Return a ScaledObject with nothing set that need not be."""
    return _scaled_object(place, {}, {})


def hardened(place: Place) -> Json:
    """Return a ScaledObject that takes an empty answer for an error, and holds what it has after three of them."""
    return _scaled_object(place, HARDENED, {"ignoreNullValues": "false"})


def _scaled_object(place: Place, more: Json, metadata: Json) -> Json:
    query = f'sum({METRIC}{{namespace="{place.namespace}",pool="{place.name}"}})'
    trigger = {"serverAddress": place.prometheus, "query": query, "threshold": str(EACH), **metadata}
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": place.name},
        "spec": {
            "scaleTargetRef": {"name": place.name},
            "minReplicaCount": LEAST,
            "maxReplicaCount": MOST,
            "triggers": [{"type": "prometheus", "metadata": trigger}],
            **more,
        },
    }


def is_read(found: Json) -> bool:
    """Tell whether the operator has read a pool's queue."""
    return _is_true(found, "MetricsAvailable")


def is_driven(found: Json) -> bool:
    """Tell whether a HorizontalPodAutoscaler has read its metric, and scales by it."""
    return _is_true(found, "ScalingActive") and bool(found["status"].get("currentMetrics"))


def _is_true(found: Json, kind: str) -> bool:
    conditions = found.get("status", {}).get("conditions") or ()
    return any(one["type"] == kind and one["status"] == "True" for one in conditions)


@contextmanager
def _ours(stage: Stage) -> Iterator[dict[str, int]]:
    with stage.operator() as operator:
        yield {"poolkeeper": operator.pid}


@contextmanager
def _keda(stage: Stage) -> Iterator[dict[str, int]]:
    with running.running(stage.cluster, ensure()) as names:
        yield {name: stage.cluster.programs.pids()[name] for name in names}


_POOL, _AUTOSCALER = "InferencePool", "HorizontalPodAutoscaler"
SYSTEMS = {
    "direct": System("ours, pods asked", direct, _POOL, is_read, _ours, by_prometheus=False),
    "prometheus": System("ours, through Prometheus", through_prometheus, _POOL, is_read, _ours),
    "keda": System("KEDA + HPA, defaults", scaled_object, _AUTOSCALER, is_driven, _keda),
    "keda-hardened": System("KEDA + HPA, hardened", hardened, _AUTOSCALER, is_driven, _keda),
}


def prepare(names: Iterable[str]) -> None:
    """Build what these systems need, before any time is measured.

    Raises:
        controlplane.build.BuildError: it cannot be built.
    """
    if any(SYSTEMS[name].run is _keda for name in names):
        ensure()
