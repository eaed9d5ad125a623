"""Do PodDisruptionBudgets guard the pods, and let nodes be drained all the same?"""

from collections.abc import Iterator
from fractions import Fraction
from math import ceil
from typing import Any

import msgspec

from poolkeeper.api.names import POOL_LABEL
from poolkeeper.cli.checks.finding import Finding, note, wrong
from poolkeeper.cli.checks.known import PoolSeen, labels, name_of
from poolkeeper.shell.kubernetes_objects import BudgetObject
from poolkeeper.shell.node_projections import disruption_budget
from poolkeeper.shell.views import DisruptionBudgetView

Json = dict[str, Any]


def check(seen: PoolSeen) -> Iterator[Finding]:
    """Yield what is wrong with the budgets over the target's pods."""
    if not seen.template or "poddisruptionbudgets" in seen.known.unread:
        return
    found = [one for one in seen.known.of("poddisruptionbudgets") if covers(one, labels(seen.template))]
    if len(found) > 1:
        yield several(seen, found)
    for one in found:
        if POOL_LABEL not in labels(one):
            yield from blocking(seen, one)
    if not found and seen.replicas > 1:
        yield unguarded(seen)


def covers(budget: Json, borne: dict[str, str]) -> bool:
    """Return whether a budget selects pods with these labels."""
    return view(budget).selects(borne)


def view(budget: Json) -> DisruptionBudgetView:
    """Return a budget as the operator keeps it in memory."""
    return disruption_budget(msgspec.convert(budget, BudgetObject))


def several(seen: PoolSeen, found: list[Json]) -> Finding:
    """Return that several budgets select the same pods; what other workloads may rely on is not to be deleted."""
    names = [name_of(one) for one in found]
    theirs = [one for one in found if POOL_LABEL not in labels(one)] or found[-1:]
    alone = [one for one in theirs if selector(one) == selector(seen.target)]
    words = f"{' and '.join(names)} {'all' if found[2:] else 'both'} select the pods of {seen.shown}"
    fix = f"kubectl edit pdb {name_of(theirs[0])} -n {seen.namespace}  # narrow its selector: leave out {seen.shown}"
    if alone:
        fix = f"kubectl delete pdb {name_of(alone[0])} -n {seen.namespace}"
    return wrong(
        "poddisruptionbudgets", words, "with two of them every eviction is refused: no node can be drained", fix
    )


def selector(thing: Json) -> tuple[Json, list[Json]]:
    """Return what a budget or a workload selects, alike however it leaves out what is empty."""
    found = thing["spec"].get("selector") or {}
    return found.get("matchLabels") or {}, found.get("matchExpressions") or []


def blocking(seen: PoolSeen, budget: Json) -> Iterator[Finding]:
    """Yield that a budget never lets a pod go."""
    spec, name = budget["spec"], name_of(budget)
    size = max(seen.replicas, len(seen.pods))
    least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
    if most in {0, "0", "0%"} or least == "100%" or (least is not None and size and kept(least, size) >= size):
        said = f"maxUnavailable is {most}" if least is None else f"minAvailable is {least} of {size} replicas"
        why = "it blocks every drain of a node: upgrades and consolidation stop there"
        patch = '{"spec":{"minAvailable":null,"maxUnavailable":1}}'
        fix = f"kubectl patch pdb {name} -n {seen.namespace} --type=merge -p '{patch}'"
        yield wrong(f"poddisruptionbudget/{name}", said, why, fix)


def kept(least: int | str, size: int) -> int:
    """Return how many pods must stay; a share of them is rounded up, as policy/v1 has it."""
    return least if isinstance(least, int) else ceil(Fraction(least.removesuffix("%")) * size / 100)


def unguarded(seen: PoolSeen) -> Finding:
    """Return that a drain may take all replicas at once, with a budget to paste."""
    chosen = (seen.target["spec"].get("selector") or {}).get("matchLabels") or {}
    pairs = ",".join(f"{key}={value}" for key, value in chosen.items())
    name = seen.shown.rpartition("/")[2]
    fix = f"kubectl create pdb {name} -n {seen.namespace} --selector={pairs} --max-unavailable=1"
    return note("poddisruptionbudgets", f"none guards {seen.shown}", "one drain may take several replicas at once", fix)
