"""A HorizontalPodAutoscaler's metric -> what it measures, or why that cannot be read.

Source: `staging/src/k8s.io/api/autoscaling/v2/types.go` of Kubernetes 1.36.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from poolkeeper.api.quantities import parse_quantity
from poolkeeper.cli.migration.outcome import Json, carried, differs, left
from poolkeeper.cli.migration.places import DEFAULT
from poolkeeper.cli.migration.signals import PODS, POOL, REPLICA, Signal, waits
from poolkeeper.cli.migration.triggers import VALID, Reading


def read(place: int, metric: Json, namespace: str) -> Reading:
    """Return what a metric of a HorizontalPodAutoscaler in this namespace measures."""
    kind = metric["type"]
    path = f"metrics[{place}] {kind}"
    body = metric.get(f"{kind[0].lower()}{kind[1:]}") or {}
    if kind == "Pods":
        return of_pods(path, body, namespace)
    return READERS[kind](path, body) if kind in READERS else Reading(None, (left(path, "unknown here"),))


def of_pods(path: str, body: Json, namespace: str) -> Reading:
    """Return a number of each pod: an engine's queue, else a metric in Prometheus."""
    name, target = body["metric"]["name"], amount(path, body)
    if waits(name):
        words = f"{name} is the engines' own queue: the pods are asked for it every second, without an adapter"
        return Reading(Signal(path, "pods", PODS, target), (differs(path, words),))
    labels = (body["metric"].get("selector") or {}).get("matchLabels") or {}
    chosen = {"selector": labels} if labels else {}
    source = {"prometheus": {"metric": name, **chosen}}
    words = (
        f"read from the Prometheus that the operator knows as {DEFAULT}, past the adapter: its series must be called "
        f"{name} there and bear namespace and pod"
    )
    chosen_by = ",".join(f'{label}="{value}"' for label, value in {"namespace": namespace, **labels}.items())
    summed = f"sum({name}{{{chosen_by}}})"
    return Reading(Signal(path, called(name), source, target, summed=summed), (differs(path, words),))


def external(path: str, body: Json) -> Reading:
    """Return a number of the external metrics API."""
    metric, kind = body["metric"], (body.get("target") or {}).get("type")
    selector = metric.get("selector") or {}
    chosen = {"selector": selector["matchLabels"]} if selector.get("matchLabels") else {}
    notes = [carried(path, "the same number, asked for through the same API (source externalMetric)")]
    if selector.get("matchExpressions"):
        notes.append(left(f"{path} selector.matchExpressions", "write them as labels, or as a query of Prometheus"))
    source = {"externalMetric": {"name": metric["name"], **chosen}}
    signal = Signal(path, called(metric["name"]), source, amount(path, body), POOL if kind == "Value" else REPLICA)
    return Reading(signal, tuple(notes))


def of_object(path: str, body: Json) -> Reading:
    """Return why an object's metric is not read."""
    about = body.get("describedObject") or {}
    shown = f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}"
    words = (
        f"the custom metric {body['metric']['name']} of {shown} is not asked for: write its query as source prometheus"
    )
    return Reading(None, (left(path, words),))


def resource(path: str, body: Json) -> Reading:
    """Return why a resource is not read."""
    words = f"{body.get('name')} says nothing of a GPU's queue: the pods' own pages are read instead (source pods)"
    return Reading(None, (left(path, words),))


def called(name: str) -> str:
    """Return a source's name for a metric's."""
    made = name.lower().replace("_", "-").replace(":", "-").replace(".", "-")[:63].strip("-")
    return made if VALID.fullmatch(made) else "metric"


def amount(path: str, body: Json) -> Decimal:
    """Return a target.

    Raises:
        ValueError: it is none; the words name its field.
    """
    target = body.get("target") or {}
    text = str(target.get("averageValue") or target.get("value") or "")
    try:
        found = parse_quantity(text)
    except ValueError as error:
        raise ValueError(f"{path} target: {error}") from error
    if found <= 0:
        raise ValueError(f"{path} target: {text!r} must be over 0")
    return found


READERS: Mapping[str, Callable[[str, Json], Reading]] = {
    "External": external,
    "Object": of_object,
    "Resource": resource,
    "ContainerResource": resource,
}
"""Who reads which type of metric, those of pods apart: they need the namespace."""
