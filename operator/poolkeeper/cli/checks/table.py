"""Which checks there are, in the order in which they are told. A new one is a file, and a line here."""

from collections.abc import Callable, Iterator
from importlib.metadata import version

from poolkeeper.cli.checks import budgets, clocks, definition, hooks, nodes, operators, pods, quotas, standing
from poolkeeper.cli.checks.finding import Finding
from poolkeeper.cli.checks.known import Known, PoolSeen

OF_A_POOL: tuple[Callable[[PoolSeen], Iterator[Finding]], ...] = (
    standing.check,
    pods.check,
    quotas.check,
    nodes.check,
    budgets.check,
)


def of_the_cluster(known: Known) -> Iterator[Finding]:
    """Yield what is found of what all pools share."""
    yield from definition.check(known)
    yield from operators.check(known, version("poolkeeper"))
    yield from clocks.check(known)
    yield from hooks.check(known)
    yield from operators.unread(known)


def of_a_pool(seen: PoolSeen) -> Iterator[Finding]:
    """Yield what is found of a pool."""
    for check in OF_A_POOL:
        yield from check(seen)
