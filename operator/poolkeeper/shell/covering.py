"""Does an InferencePool's selector cover the pool's pods, of both halves? Its picker sends nothing to the others.

A sibling bears the labels of its target's pods, and a tier of its own: a selector that asks for the target's tier, or
for what only some pods bear, leaves a half without traffic and its queue out of every figure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from poolkeeper.core.decision import Decision
from poolkeeper.core.model import PickerSource
from poolkeeper.core.reasons import Reason
from poolkeeper.shell import observe
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.pools import Pool


def told(decision: Decision, pool: Pool, cluster: Cluster) -> Decision:
    """Return the decision with what its conditions are to say of the selector, unless worse is told."""
    words = left_out(pool, cluster)
    if not words:
        return decision
    health = decision.health
    if health.metrics is Reason.AS_EXPECTED:
        health = replace(health, metrics=Reason.PODS_NOT_PICKED, metrics_detail=words)
    if health.split is Reason.AS_EXPECTED:
        health = replace(health, split=Reason.PODS_NOT_PICKED, split_detail=words)
    return replace(decision, health=health)


def left_out(pool: Pool, cluster: Cluster) -> str:
    """Return whose pods the pool's InferencePools leave out, and by which labels; empty where they select all."""
    sources = pool.core.queue.sources if pool.core else ()
    names = [source.pool for source in sources if isinstance(source, PickerSource)]
    found = (words for name in names for words in _left_out(pool, cluster, name))
    return "; ".join(dict.fromkeys(found))


def _left_out(pool: Pool, cluster: Cluster, name: str) -> Iterator[str]:
    selector = cluster.picked.get((pool.key[0], name), {})
    for half in filter(None, (observe.target_of(pool, cluster), observe.sibling_of(pool, cluster))):
        pods = cluster.pods_of(half)
        wanting = dict(pair for pod in pods for pair in selector.items() - pod.labels.items())
        if wanting:
            yield f"pods of {half.name} lack {_shown(wanting)}, which InferencePool {name!r} selects by"


def _shown(labels: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(labels.items()))
