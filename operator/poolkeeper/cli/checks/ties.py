"""What a pool names that is not there, or cannot be asked from here: its peer, its brokers."""

from collections.abc import Iterator

from poolkeeper.api import names
from poolkeeper.core.model import PoolSpec, RabbitSource, RedisSource
from poolkeeper.shell import observe
from poolkeeper.shell.brokers import Broker, missing_files
from poolkeeper.shell.pools import Pool, Pools

NEEDED = "give --brokers-file as the operator has it"


def itself(spec: PoolSpec, name: str) -> Iterator[str]:
    """Yield what is wrong with a pool that is held beside itself."""
    if spec.tie is not None and spec.tie.name == name:
        yield f"spec.peerRef.name: {names.shown(name)} is this pool itself"


def lacking(pool: Pool, pools: Pools, beside: frozenset[tuple[str, str]]) -> Iterator[str]:
    """Yield why a pool cannot be held beside another that it names; one that is checked with it will be there."""
    tie = pool.core.tie if pool.core else None
    if tie is not None and tie.name != pool.key[1] and (pool.key[0], tie.name) not in beside:
        lack = observe.lacking(pool, pools.get((pool.key[0], tie.name)))
        yield from [f"spec.peerRef.name: {names.shown(tie.name)} {lack}"] if lack else ()


def unasked(spec: PoolSpec | None, brokers: tuple[Broker, ...] | None) -> dict[str, str]:
    """Return the sources that cannot be asked from here as the operator asks them, by name, with why.

    `brokers` is None where nobody gave a file of them.
    """
    sources = [one for one in spec.queue.sources if isinstance(one, RedisSource | RabbitSource)] if spec else []
    if brokers is None:
        return {one.name: f"its broker is not known here: {NEEDED}" for one in sources}
    lacks = {one.name: "; ".join(missing_files(one)) for one in brokers}
    return {one.name: f"--brokers-file: {lacks[one.server]}" for one in sources if lacks.get(one.server)}
