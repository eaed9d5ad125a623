"""A HorizontalPodAutoscaler's metric -> what it measures, or why that cannot be read.

Source: `staging/src/k8s.io/api/autoscaling/v2/types.go` of Kubernetes 1.36.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from poolkeeper.api.quantities import parse_quantity
from poolkeeper.cli.migration.matchers import Home, are_of, labelled
from poolkeeper.cli.migration.outcome import Json, Note, carried, differs, left
from poolkeeper.cli.migration.places import DEFAULT
from poolkeeper.cli.migration.signals import PODS, POOL, REPLICA, Signal, waits
from poolkeeper.cli.migration.triggers import VALID, Reading


def read(place: int, metric: Json, home: Home) -> Reading:
    """Return what a metric of this workload's HorizontalPodAutoscaler measures."""
    kind = metric["type"]
    path = f"metrics[{place}] {kind}"
    body = metric.get(f"{kind[0].lower()}{kind[1:]}") or {}
    if kind == "Pods":
        return of_pods(path, body, home)
    return READERS[kind](path, body) if kind in READERS else Reading(None, (left(path, "unknown here"),))


def of_pods(path: str, body: Json, home: Home) -> Reading:
    """Return a number of each pod: an engine's queue, else a metric in Prometheus."""
    name, target = metric_name(path, body), amount(path, body)
    selector = body["metric"].get("selector") or {}
    labels, notes = selector.get("matchLabels") or {}, expressions(path, selector)
    if waits(name) and not notes and are_of(labelled(labels), home):
        words = f"{name} is the engines' own queue: the pods are asked for it every second, without an adapter"
        return Reading(Signal(path, "pods", PODS, target), (differs(path, words),))
    chosen = {"selector": labels} if labels else {}
    source = {"prometheus": {"metric": name, **chosen}}
    words = (
        f"read from the Prometheus that the operator knows as {DEFAULT}, past the adapter: its series must be called "
        f"{name} there and bear namespace and pod"
    )
    chosen_by = ",".join(f'{label}="{value}"' for label, value in {"namespace": home.namespace, **labels}.items())
    summed = f"sum({name}{{{chosen_by}}})"
    return Reading(Signal(path, called(name), source, target, summed=summed), (differs(path, words), *notes))


def external(path: str, body: Json) -> Reading:
    """Return a number of the external metrics API."""
    name, kind = metric_name(path, body), (body.get("target") or {}).get("type")
    selector = body["metric"].get("selector") or {}
    chosen = {"selector": selector["matchLabels"]} if selector.get("matchLabels") else {}
    notes = [carried(path, "the same number, asked for through the same API (source externalMetric)")]
    notes += expressions(path, selector)
    source = {"externalMetric": {"name": name, **chosen}}
    signal = Signal(path, called(name), source, amount(path, body), POOL if kind == "Value" else REPLICA)
    return Reading(signal, tuple(notes))


def of_object(path: str, body: Json) -> Reading:
    """Return why an object's metric is not read."""
    about = body.get("describedObject") or {}
    shown = f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}"
    words = (
        f"the custom metric {metric_name(path, body)} of {shown} is not asked for: write its query as source prometheus"
    )
    return Reading(None, (left(path, words),))


def resource(path: str, body: Json) -> Reading:
    """Return why a resource is not read."""
    words = f"{body.get('name')} says nothing of a GPU's queue: the pods' own pages are read instead (source pods)"
    return Reading(None, (left(path, words),))


def metric_name(path: str, body: Json) -> str:
    """Return the name of a metric.

    Raises:
        ValueError: there is none, as in versions before autoscaling/v2.
    """
    found = (body.get("metric") or {}).get("name")
    if not found:
        raise ValueError(f"{path} metric.name: it is missing; autoscaling/v2 has it there")
    return str(found)


def expressions(path: str, selector: Json) -> list[Note]:
    """Return a note where a selector is more than labels."""
    if not selector.get("matchExpressions"):
        return []
    return [left(f"{path} selector.matchExpressions", "write them as labels, or as a query of Prometheus")]


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
