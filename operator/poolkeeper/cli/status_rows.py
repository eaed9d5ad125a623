"""What `status` knows of a pool: one row of JSON, live where the operator answers, else what the status holds."""

from collections.abc import Iterator
from typing import Any

from poolkeeper.api.names import API_VERSION, PLURAL
from poolkeeper.cli.connection import page_of
from poolkeeper.cli.refusal import held, refused
from poolkeeper.shell.kube import KubeClient

Json = dict[str, Any]

GOOD = {"Conflict": "False", "ScalingLimited": "False", "SpecWarning": "False", "Autoscaled": "False"}
"""The conditions that are well when they are not True."""
TOLD_ELSEWHERE = {"Ready", "Pinned", "Overridden"}
"""What sums up the others, or has a word of its own in the row."""
MEANT = {"Paused", "Observing", "AtMinimum"}
"""Reasons that somebody asked for: nothing is wrong."""


async def gather(kube: KubeClient, namespace: str | None, operator: str | None) -> tuple[list[Json], bool]:
    """Return each pool's row, and whether an operator answered; without a namespace, of all of them."""
    inside = f"/namespaces/{namespace}" if namespace else ""
    listed = await kube.list(f"/apis/{API_VERSION}{inside}/{PLURAL}", item=dict)
    page = await page_of(kube, operator, "/pools")
    decisions = {(one["namespace"], one["name"]): one.get("decision") for one in (page or {}).get("items", ())}
    rows = [row(pool, decisions.get((pool["metadata"]["namespace"], pool["metadata"]["name"]))) for pool in listed]
    return rows, page is not None


def row(pool: Json, decision: Json | None) -> Json:
    """Return what is shown of one pool: live where that is known, else what its status holds."""
    said = pool.get("status") or {}
    spec = held(pool["spec"], said)
    bounds = (decision["schedule"] if decision else said.get("schedule")) or {}
    return {
        "namespace": pool["metadata"]["namespace"],
        "name": pool["metadata"]["name"],
        "mode": spec["mode"],
        "queue": decision["queue"] if decision else None,
        "desired": decision["size"] if decision else said.get("desiredReplicas"),
        "ready": decision["ready"] if decision else said.get("readyReplicas"),
        "spot": spot(spec, said, decision),
        "tiers": tiers(said, decision),
        "min": bounds.get("floor", spec["minReplicas"]),
        "max": bounds.get("cap", spec["maxReplicas"]),
        "window": bounds.get("window"),
        "turn": bounds.get("next"),
        "slo": said.get("slo"),
        "cost": said.get("cost"),
        "observe": (decision.get("observe") if decision else None) or said.get("observe"),
        "pin": said.get("pin"),
        "override": said.get("override"),
        "peer": said.get("peer"),
        **why(said, decision),
        "createdAt": pool["metadata"].get("creationTimestamp"),
    }


def why(said: Json, decision: Json | None) -> Json:
    """Return the reason for the size, in a word and in a sentence, what comes next, and what is not as it should be."""
    live = decision if decision and not refused(said) else None
    ahead = (decision or {}).get("next") or []
    return {
        "reason": live["reason"] if live else said.get("reason"),
        "because": live["because"] if live else said.get("message"),
        "next": ahead[0] if ahead else None,
        "troubles": list(troubles(said)),
    }


def troubles(said: Json) -> Iterator[str]:
    """Yield the conditions that are not as they should be, each with its reason and its words."""
    for one in said.get("conditions", ()):
        wrong = {"True", "False"} - {GOOD.get(one["type"], "True")}
        if one["status"] in wrong and one["type"] not in TOLD_ELSEWHERE and one["reason"] not in MEANT:
            yield f"{one['type']} {one['reason']}: {one['message']}"


def tiers(said: Json, decision: Json | None) -> list[Json]:
    """Return how many replicas are asked of each tier, and how many of them are ready."""
    if decision:
        return [{"name": one["tier"], "desired": one["size"], "ready": one["ready"]} for one in decision["tiers"]]
    told = said.get("tiers") or ()
    return [{"name": one["name"], "desired": one["replicas"], "ready": one["ready"]} for one in told]


def spot(spec: Json, said: Json, decision: Json | None) -> Json | None:
    """Return how many replicas are asked of spot, how many of them are ready; None where there is no such tier."""
    asked = (spec.get("capacity") or {}).get("tiers") or ()
    name = next((tier["name"] for tier in asked if tier["type"] == "Spot"), None)
    found = (one for one in tiers(said, decision) if one["name"] == name)
    return next(({"desired": one["desired"], "ready": one["ready"]} for one in found), None)


def holds(one: Json) -> Iterator[str]:
    """Yield what people and other pools ask of a pool beside its spec, and until when."""
    pin, override, peer = one["pin"], one["override"], one["peer"]
    if pin:
        yield f"pin {pin['replicas']} until {pin['until']}" if pin["counts"] else f"pin {pin['replicas']} is over"
    if override:
        yield f"{override['summary']} until {override['until']}" if "until" in override else override["summary"]
    if peer:
        yield str(peer["summary"])


def saves(told: Json | None) -> str | None:
    """Return what our sizes would save while the pool is in Observe."""
    if told is None or "until" in told or "percent" not in told["saving"]:
        return None
    return f"{told['saving']['percent']}%"
