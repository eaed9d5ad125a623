"""Would the namespace let the pool grow to its maximum? ResourceQuota, LimitRange, PriorityClass."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from poolkeeper.api.quantities import parse_quantity
from poolkeeper.cli import room
from poolkeeper.cli.checks.finding import Finding, wrong
from poolkeeper.cli.checks.known import PoolSeen, name_of

Json = dict[str, Any]

BUILT_IN = ("system-cluster-critical", "system-node-critical")


def check(seen: PoolSeen) -> Iterator[Finding]:
    """Yield what keeps the pool from its maximum."""
    if seen.pod:
        yield from quotas(seen)
        yield from ranges(seen)
        yield from priority(seen)


def quotas(seen: PoolSeen) -> Iterator[Finding]:
    """Yield the quotas that the pool at its maximum does not fit into."""
    current = len(seen.pods) or seen.replicas
    each, more = room.requests(seen.template), seen.spec.max_replicas - current
    for one in room.shortages(seen.known.of("resourcequotas"), each, more) if more > 0 else ():
        words = (
            f"{seen.shown} cannot grow from {current} to maxReplicas {seen.spec.max_replicas}: "
            f"{one.wanted:f} of {one.resource} more are asked for, {max(one.left, Decimal(0)):f} are left"
        )
        body = json.dumps({"spec": {"hard": {one.resource: f"{one.needed:f}"}}})
        fix = f"kubectl patch resourcequota {one.quota} -n {seen.namespace} --type=merge -p '{body}'"
        yield wrong(one.shown, words, "the pool stops growing before its queue is served", fix)


def ranges(seen: PoolSeen) -> Iterator[Finding]:
    """Yield the limits that a container of the template is over: no pod of it is let in."""
    for one in seen.known.of("limitranges"):
        for limit in one["spec"].get("limits") or ():
            if limit.get("type") == "Container":
                yield from over(seen, name_of(one), limit.get("max") or {})


def over(seen: PoolSeen, name: str, most: Json) -> Iterator[Finding]:
    """Yield what a container asks for that is over a LimitRange's `max`."""
    for container in seen.containers():
        asked = (container.get("resources") or {}).get("limits") or {}
        for resource, amount in most.items():
            if resource in asked and parse_quantity(str(asked[resource])) > parse_quantity(str(amount)):
                words = f"container {container['name']} asks for {asked[resource]} of {resource}, max is {amount}"
                fix = f"kubectl edit limitrange {name} -n {seen.namespace}  # max.{resource}: {asked[resource]}"
                yield wrong(f"limitrange/{name}", words, "no new pod is let in", fix)


def priority(seen: PoolSeen) -> Iterator[Finding]:
    """Yield that the template names a PriorityClass that is not there."""
    wanted, known = seen.pod.get("priorityClassName"), seen.known
    if not wanted or wanted in BUILT_IN or "priorityclasses" in known.unread:
        return
    if wanted not in {name_of(one) for one in known.of("priorityclasses")}:
        words = f"priorityClassName of {seen.shown} is {wanted}, which does not exist"
        there = ", ".join(sorted(map(name_of, known.of("priorityclasses"))))
        other = f"name one that is there ({there}), or " if there else ""
        fix = f"{other}make it with a value that you choose: where nodes are full, pods of a lower value are preempted"
        yield wrong("spec.template.spec.priorityClassName", words, "no new pod is let in", fix)
