"""Is there a node for each replica of the maximum: labels, taints, GPUs, and spot where spot is asked for?"""

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from poolkeeper.api.pinning import REQUIRED
from poolkeeper.api.providers import CAPACITY_KEYS, PROVIDERS, is_spot
from poolkeeper.api.quantities import parse_quantity
from poolkeeper.cli import room
from poolkeeper.cli.checks.finding import Finding, note, wrong
from poolkeeper.cli.checks.known import Json, PoolSeen, labels
from poolkeeper.cli.checks.pods import ROLLS, patched
from poolkeeper.shell.views import Requirement

BLOCKING = ("NoSchedule", "NoExecute")
TRANSIENT = ("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/")
LEAVING = frozenset(
    (
        "karpenter.sh/disrupted",
        "karpenter.sh/unregistered",
        "ToBeDeletedByClusterAutoscaler",
        *(key for one in PROVIDERS for key in one.reclaim_taints),
    )
)
"""What a node bears that is about to go, or to come: another of its kind takes its place (DESIGN.md, 4)."""


def check(seen: PoolSeen) -> Iterator[Finding]:
    """Yield why replicas would wait for a node."""
    if "nodes" in seen.known.unread or not seen.pod:
        return
    gpu, each = devices(seen)
    if not each:
        return
    pod = either_half(seen)
    suitable = [one for one in seen.known.of("nodes") if selected(pod, one) and holds(one, gpu)]
    yield from spots(seen)
    if not suitable:
        words = f"no node has {gpu} and the labels that {seen.shown} asks for"
        yield note("nodes", words, "every replica waits unless an autoscaler makes nodes")
        return
    tolerated = [one for one in suitable if not untolerated(pod, one)]
    if not tolerated:
        yield tainted(seen, suitable)
        return
    yield from counted(seen, tolerated, gpu, each)


def devices(seen: PoolSeen) -> tuple[str, Decimal]:
    """Return the extended resource that a pod asks for most of, and how many."""
    asked = room.requests(seen.template)
    found = {name.removeprefix("requests."): amount for name, amount in asked.items() if name.startswith("requests.")}
    extended = {name: amount for name, amount in found.items() if "/" in name}
    return max(extended.items(), key=lambda one: one[1], default=("", Decimal(0)))


def counted(seen: PoolSeen, nodes: Iterable[Json], gpu: str, each: Decimal) -> Iterator[Finding]:
    """Yield that the nodes that there are have not enough for the maximum."""
    fit = sum(int(allocatable(one, gpu) // each) for one in nodes if not (one.get("spec") or {}).get("unschedulable"))
    if fit < seen.spec.max_replicas:
        words = f"those that suit {seen.shown} hold {fit} replicas of {each:f} {gpu}, maxReplicas is"
        why = "more wait unless an autoscaler makes nodes"
        fix = f"add nodes, or set spec.maxReplicas: {max(fit, 1)}"
        yield note("nodes", f"{words} {seen.spec.max_replicas}", why, fix)


def tainted(seen: PoolSeen, nodes: list[Json]) -> Finding:
    """Return that every node that would suit bears a taint that is not tolerated, with what lets pods onto one.

    A taint of spot nodes is left to the half that is on spot: the target itself must not tolerate it (R7).
    """
    barring = [tuple(dict.fromkeys(map(mark, untolerated(either_half(seen), one)))) for one in nodes]
    fewest = min(barring, key=len)
    if all(set(fewest) <= set(one) for one in barring):
        words = f"all {len(nodes)} that would suit {seen.shown} bear the taint {shown(fewest)}"
    else:
        alternatives = " or ".join(map(shown, dict.fromkeys(barring)))
        words = f"each of the {len(nodes)} that would suit {seen.shown} bears a taint: {alternatives}"
    made = [{"key": key, "operator": "Exists", "effect": effect} for key, effect in fewest]
    body = json.dumps({"spec": {"template": {"spec": {"tolerations": [*(seen.pod.get("tolerations") or ()), *made]}}}})
    fix = patched(seen, body) + ROLLS
    return wrong("nodes", f"{words}, which it does not tolerate", "every new replica waits for ever", fix)


def mark(taint: Json) -> tuple[str, str]:
    """Return what a toleration names of a taint."""
    return taint["key"], taint["effect"]


def shown(taints: Iterable[tuple[str, str]]) -> str:
    """Return taints as kubectl names them."""
    return " and ".join(f"{key}:{effect}" for key, effect in taints)


def spots(seen: PoolSeen) -> Iterator[Finding]:
    """Yield that a tier asks for spot and no node is any."""
    spot = seen.core.spot
    if spot is not None and not any(is_spot(labels(one)) for one in seen.known.of("nodes")):
        words = f"tier {spot.name} asks for spot, and no node bears a provider's spot label"
        yield note("spec.capacity.tiers", words, "all of it runs on on-demand until a provisioner makes some")


def either_half(seen: PoolSeen) -> Json:
    """Return the target's pod; of a pool on spot, as it may be on either kind of node: its sibling tolerates spot."""
    if seen.core.spot is None:
        return seen.pod
    tolerated = [{"key": taint.key, "operator": "Exists"} for one in PROVIDERS for taint in one.taints]
    kept = {key: value for key, value in (seen.pod.get("nodeSelector") or {}).items() if key not in CAPACITY_KEYS}
    free = {**seen.pod, "nodeSelector": kept, "tolerations": [*(seen.pod.get("tolerations") or ()), *tolerated]}
    return {**free, "affinity": without_capacity(seen.pod)}


def without_capacity(pod: Json) -> Json:
    """Return the pod's required node affinity without what it says of capacity types."""
    terms = [
        {"matchExpressions": [one for one in term.get("matchExpressions") or () if one["key"] not in CAPACITY_KEYS]}
        for term in required(pod)
    ]
    return {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": terms}}}


def required(pod: Json) -> list[Json]:
    """Return the alternatives of a pod's required node affinity, none where it asks for nothing."""
    affinity = ((pod.get("affinity") or {}).get("nodeAffinity") or {}).get(REQUIRED) or {}
    return list(affinity.get("nodeSelectorTerms") or ())


def selected(pod: Json, node: Json) -> bool:
    """Return whether a node has the labels of the pod's nodeSelector, and those of its required affinity."""
    borne, terms = labels(node), required(pod)
    wanted = pod.get("nodeSelector") or {}
    fits = any(all(asks(one).holds(borne) for one in term.get("matchExpressions") or ()) for term in terms)
    return (fits or not terms) and wanted.items() <= borne.items()


def asks(one: Json) -> Requirement:
    """Return one of a term's expressions."""
    return Requirement(one["key"], one["operator"], tuple(one.get("values") or ()))


def holds(node: Json, gpu: str) -> bool:
    """Return whether a node has any of a resource."""
    return allocatable(node, gpu) > 0


def allocatable(node: Json, gpu: str) -> Decimal:
    """Return how many of a resource a node gives to pods."""
    given = (node.get("status") or {}).get("allocatable") or {}
    return parse_quantity(str(given.get(gpu, "0")))


def untolerated(pod: Json, node: Json) -> list[Json]:
    """Return the taints of a node that keep the pod away for good; one that comes or goes does not."""
    taints = (node.get("spec") or {}).get("taints") or ()
    return [
        one
        for one in taints
        if one["effect"] in BLOCKING
        and not one["key"].startswith(TRANSIENT)
        and one["key"] not in LEAVING
        and not any(tolerates(given, one) for given in pod.get("tolerations") or ())
    ]


def tolerates(given: Json, taint: dict[str, Any]) -> bool:
    """Return whether a toleration covers a taint, as the scheduler reads it."""
    if given.get("effect") not in {None, "", taint["effect"]}:
        return False
    if given.get("key") not in {None, "", taint["key"]}:
        return False
    return given.get("operator") == "Exists" or given.get("value", "") == taint.get("value", "")
