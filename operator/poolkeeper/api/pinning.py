"""Does a pod spec require the on-demand nodes of a provider, and how to make it. Pods are specs as JSON holds them.

Only the provider's own labels and taints are judged: whatever else a pod asks for, a spot node may have it.
"""

import json
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from itertools import chain, combinations
from typing import Any

from poolkeeper.api.providers import CAPACITY_KEYS, Label, Provider, Taint

Json = dict[str, Any]

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"

_CHOSEN_TAINTS = {"cloud.google.com/gke-spot"}  # whoever makes a node pool on GKE may leave it out: it keeps nobody off


def is_pinned(pod: Mapping[str, Any], provider: Provider) -> bool:
    """Return whether no spot node of the provider could take the pod: one that bears any of its spot labels."""
    return not any(_takes(pod, node, provider) for node in _spot_nodes(provider))


def on_demand(provider: Provider) -> list[Json]:
    """Return the match expressions that only nodes which nobody reclaims fulfil."""
    if not provider.on_demand:  # NotIn holds where the label is absent, too
        return [{"key": key, "operator": "NotIn", "values": [value]} for key, value in provider.spot]
    values: dict[str, list[str]] = {}
    for key, value in provider.on_demand:
        values.setdefault(key, []).append(value)
    return [{"key": key, "operator": "In", "values": given} for key, given in values.items()]


def spot(provider: Provider) -> list[Json]:
    """Return the match expressions that only spot nodes fulfil."""
    key, value = provider.spot[0]
    return [{"key": key, "operator": "In", "values": [value]}]


def require_on_demand(pod: Mapping[str, Any], provider: Provider) -> Json:
    """Return the pod with on-demand in place of whatever it requires of the provider's own labels."""
    return _require(pod, own_keys(provider), on_demand(provider))


def require_spot(pod: Mapping[str, Any], provider: Provider) -> Json:
    """Return the pod with spot in place of whatever it requires of any provider's labels.

    What pins a target under one provider may be there beside another's pin: no spot node has it.
    """
    return _require(pod, CAPACITY_KEYS, spot(provider))


def patch(pod: Mapping[str, Any], provider: Provider) -> Json:
    """Return the strategic merge patch that pins a Deployment of this pod: its own requirements stay."""
    change: Json = {"affinity": {"nodeAffinity": {REQUIRED: _required(pod, own_keys(provider), on_demand(provider))}}}
    gone = {key: None for key in pod.get("nodeSelector") or {} if key in own_keys(provider)}
    return {"spec": {"template": {"spec": change | ({"nodeSelector": gone} if gone else {})}}}


def advice(namespace: str, name: str, pod: Mapping[str, Any], provider: Provider) -> str:
    """Return what to do about a Deployment that is not pinned: a command, with the patch as JSON."""
    text = json.dumps(patch(pod, provider), separators=(",", ":"))
    command = f"kubectl --namespace {namespace} patch deployment {name} --patch '{text}'"
    return f"put this change into its manifest in Git: {command}"


def tolerates(pod: Mapping[str, Any], taint: Taint) -> bool:
    """Return whether the pod may run in spite of the taint."""
    return any(_tolerated(taint, toleration) for toleration in pod.get("tolerations") or ())


def own_keys(provider: Provider) -> set[str]:
    """Return the label keys by which the provider tells spot from on-demand."""
    return {key for key, _ in (*provider.spot, *provider.on_demand)}


def _spot_nodes(provider: Provider) -> Iterator[dict[str, str]]:
    """Yield the labels of every spot node there can be."""
    counts = range(1, len(provider.spot) + 1)
    borne: chain[tuple[Label, ...]] = chain.from_iterable(combinations(provider.spot, count) for count in counts)
    return (dict(labels) for labels in borne)


def _takes(pod: Mapping[str, Any], node: Mapping[str, str], provider: Provider) -> bool:
    keys = own_keys(provider)
    if any(taint.key not in _CHOSEN_TAINTS and not tolerates(pod, taint) for taint in provider.taints):
        return False
    if any(node.get(key) != value for key, value in (pod.get("nodeSelector") or {}).items() if key in keys):
        return False
    terms = _terms(pod)
    return not terms or any(_matches(term, node, keys) for term in terms)


def _terms(pod: Mapping[str, Any]) -> list[Json]:
    affinity = (pod.get("affinity") or {}).get("nodeAffinity") or {}
    return (affinity.get(REQUIRED) or {}).get("nodeSelectorTerms") or []


def _matches(term: Mapping[str, Any], node: Mapping[str, str], keys: set[str]) -> bool:
    """Return whether a term may match; one that asks for nothing matches nothing, as Kubernetes has it."""
    asked = term.get("matchExpressions") or []
    own = (one for one in asked if one["key"] in keys)
    something = bool(asked or term.get("matchFields"))
    return something and all(_OPERATORS[one["operator"]](node.get(one["key"]), one.get("values") or []) for one in own)


def _compared(found: str | None, values: Sequence[str], holds: Callable[[int, int], bool]) -> bool:
    try:
        return found is not None and holds(int(found), int(values[0]))
    except ValueError:
        return False


_OPERATORS: Mapping[str, Callable[[str | None, Sequence[str]], bool]] = {
    "In": lambda found, values: found in values,
    "NotIn": lambda found, values: found not in values,
    "Exists": lambda found, _: found is not None,
    "DoesNotExist": lambda found, _: found is None,
    "Gt": lambda found, values: _compared(found, values, int.__gt__),
    "Lt": lambda found, values: _compared(found, values, int.__lt__),
}


def _require(pod: Mapping[str, Any], keys: Container[str], expressions: Sequence[Json]) -> Json:
    """Return the pod with `expressions` in place of whatever it requires of the labels with these keys."""
    selector = pod.get("nodeSelector") or {}
    kept = {key: value for key, value in selector.items() if key not in keys}
    rest = {key: value for key, value in pod.items() if key != "nodeSelector"}
    affinity = rest.get("affinity") or {}
    node = {**(affinity.get("nodeAffinity") or {}), REQUIRED: _required(pod, keys, expressions)}
    return {**rest, **({"nodeSelector": kept} if kept else {}), "affinity": {**affinity, "nodeAffinity": node}}


def _required(pod: Mapping[str, Any], keys: Container[str], expressions: Sequence[Json]) -> Json:
    """Return the required node affinity: `expressions` in each term, as terms are alternatives."""
    made: list[Json] = []
    for term in _terms(pod) or [{"matchExpressions": list(expressions)}]:
        asked = term.get("matchExpressions") or []
        others = [one for one in asked if one["key"] not in keys]
        changed = {**term, "matchExpressions": [*others, *expressions]} if term else {}  # nothing stays nothing
        made += [changed] if changed not in made else []
    return {"nodeSelectorTerms": made}


def _tolerated(taint: Taint, toleration: Mapping[str, Any]) -> bool:
    if toleration.get("effect") not in {None, "", taint.effect}:
        return False
    exists = toleration.get("operator") == "Exists"
    if exists and not toleration.get("key"):
        return True
    same_value = exists or (toleration.get("operator") in _EQUAL and toleration.get("value", "") == taint.value)
    return toleration.get("key") == taint.key and same_value


_EQUAL = {None, "", "Equal"}
