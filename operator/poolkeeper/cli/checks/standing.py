"""What stands on a pool: what people asked of it for a while, and what its operator says is not as it should be."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from poolkeeper.api import names, override
from poolkeeper.api.names import shown
from poolkeeper.cli.checks.finding import Finding, note, wrong
from poolkeeper.cli.checks.known import Json, PoolSeen
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.pools import lifting, paused_until

FAULTS = ("AbleToScale", "ScalingActive")
"""Conditions that are wrong where they are False; the look at the pool itself finds conflicts, sources and splits."""
CAUTIONS = ("WithinSLO", "WithinBudget")
MEANT = {Reason.PAUSED.value, Reason.OBSERVING.value}
FOUND = {Reason.TARGET_NOT_FOUND.value, Reason.INVALID_SPEC.value}
"""What the look at the pool itself tells, with the field."""


def check(seen: PoolSeen) -> Iterator[Finding]:
    """Yield what stands."""
    yield from asked(seen)
    yield from said(seen)


def asked(seen: PoolSeen) -> Iterator[Finding]:
    """Yield the pin, the override and the pause that are in force."""
    pool, place = shown(seen.name), f"-n {seen.namespace}"
    annotations = seen.pool["metadata"].get("annotations") or {}
    if seen.spec.replicas is not None:
        fix = f"poolkeeper unpin {seen.name} {place}"
        yield note("spec.replicas", f"{pool} is pinned at {seen.spec.replicas}", "the queue is not listened to", fix)
    if laid_over(annotations, seen.known.now):
        words = (seen.status.get("override") or {}).get("summary") or "something is laid over the spec for a while"
        yield note("override", words, fix=f"poolkeeper override {seen.name} --clear {place}")
    if seen.spec.mode == "Paused":
        fix = f"""kubectl patch {pool} {place} --type=merge -p '{{"spec":{{"mode":"Active"}}}}'"""
        yield note("spec.mode", "Paused: the size stays as it is", fix=fix)
    elif (until := paused_until(annotations)) is not None and until > seen.known.now:
        words = f"{pool} is paused until {annotations[names.PAUSED_UNTIL]}"
        fix = f"kubectl annotate {pool} {place} {names.PAUSED_UNTIL}-"
        yield note(f"annotation {names.PAUSED_UNTIL}", words, fix=fix)


def laid_over(annotations: Mapping[str, str], now: datetime) -> bool:
    """Return whether something is laid over the spec that has not ended; what cannot be read has not."""
    lifted = lifting(annotations)
    for_a_while = override.in_force(override.read(annotations.get(names.OVERRIDE, "")), now)
    return for_a_while or bool(lifted.problem) or (lifted.until is not None and lifted.until > now)


def said(seen: PoolSeen) -> Iterator[Finding]:
    """Yield what the operator says, where the pool's own look does not find it anyway."""
    pool, conditions = shown(seen.name), seen.status.get("conditions") or ()
    if not conditions:
        yield wrong(
            pool, "no operator has looked at it yet", "it is not sized", "poolkeeper check  # the cluster's part"
        )
    elif seen.status.get("observedGeneration", 0) < seen.pool["metadata"]["generation"]:
        yield note(pool, "its operator has not taken in the newest spec yet")
    reasons: set[str] = set()
    for one in conditions:
        if one["reason"] not in reasons:
            yield from told(pool, one)
        reasons.add(one["reason"])


def told(pool: str, one: Json) -> Iterator[Finding]:
    """Yield a condition that is not as it should be."""
    bad = one["status"] == "False" and one["reason"] not in MEANT | FOUND
    frozen = one["type"] == "ScalingActive" and one["reason"].startswith("Conflict")
    if bad and one["type"] in FAULTS and not frozen:
        yield wrong(f"{pool} {one['type']}", f"{one['reason']}: {one['message']}")
    elif bad and one["type"] in CAUTIONS:
        yield note(f"{pool} {one['type']}", f"{one['reason']}: {one['message']}")
    elif one["type"] == "WithinSLO" and one["status"] == "Unknown":
        why = "spec.slo is judged by the engines' own histograms of waiting: traffic, and an engine that has them"
        yield note(f"{pool} WithinSLO", f"{one['reason']}: {one['message']}", why)
