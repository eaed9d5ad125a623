"""Facts -> what is to be known or done besides the pool."""

from collections.abc import Iterator

from poolkeeper.api.names import shown
from poolkeeper.api.pinning import advice, is_pinned
from poolkeeper.cli.starting.facts import Asked, Facts
from poolkeeper.cli.starting.manifest import spot_of


def remarks(facts: Facts, asked: Asked, file: str) -> Iterator[str]:
    """Yield what is to be known or done; `file` is where the pool is."""
    if facts.pool:
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
        words = "no label tells their GPU or instance type, so the pool has no price: --price says one, or label them"
        yield f"{len(facts.nameless)} of its nodes ({facts.nameless[0]}): {words}"
    if not any(one.get("readinessProbe") for one in facts.pod.get("containers") or ()):
        yield "its containers have no readinessProbe: a replica counts as ready before its model is loaded"
    yield f"next: poolkeeper check -f {file}, then kubectl apply -f {file}"
