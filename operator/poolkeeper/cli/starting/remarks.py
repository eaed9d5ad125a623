"""Facts -> what is to be known or done besides the pool."""

from collections.abc import Iterator, Sequence

from poolkeeper.api.names import shown
from poolkeeper.api.pinning import advice, is_pinned
from poolkeeper.cli.starting.facts import Asked, Facts
from poolkeeper.cli.starting.manifest import spot_of


def remarks(facts: Facts, asked: Asked, file: str) -> Iterator[str]:
    """Yield what is to be known or done; `file` is where the pool is."""
    if facts.pool and facts.pool != facts.name:
        yield f"{shown(facts.pool)} has {facts.shown} already: a second one would be in conflict with it"
    for one in facts.beside:
        yield f"{one.name} scales it: poolkeeper migrate {one.name} -n {facts.namespace} carries over what it says"
    found = spot_of(facts)
    if found is not None and not is_pinned(facts.pod, found):
        yield f"for spot: {advice(facts.namespace, facts.name, facts.pod, found)}"
    for name in facts.budgets:
        words = "a pool on spot makes a budget of its own, and a pod under two cannot be evicted at all"
        yield f"poddisruptionbudget/{name} covers its pods: {words}"
    if facts.nameless and not asked.price:
        yield unpriced(facts.nameless)
    if not any(one.get("readinessProbe") for one in facts.pod.get("containers") or ()):
        yield "its containers have no readinessProbe: a replica counts as ready before its model is loaded"
    yield f"next: {following(facts, file)}"


def unpriced(nodes: Sequence[str]) -> str:
    """Return that nobody can tell what these nodes cost, and what to do."""
    several = len(nodes) > 1
    example, whose, them = (f"such as {nodes[0]}", "their", "them") if several else (nodes[0], "its", "it")
    words = f"no label tells {whose} GPU or instance type, so the pool has no price: --price says one, or label {them}"
    return f"{len(nodes)} of its nodes ({example}): {words}"


def following(facts: Facts, file: str) -> str:
    """Return what comes next: nothing that would take the place of a pool that is there, or fight it."""
    if facts.namesake is not None:
        return f"kubectl diff -f {file} shows each field; what {shown(facts.name)} is to keep goes into {file} first"
    if facts.pool:
        return f"kubectl describe {shown(facts.pool)} -n {facts.namespace} shows the one that is there"
    return f"poolkeeper check -f {file}, then kubectl apply -f {file}"
