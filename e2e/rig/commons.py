"""Namespaces that many tests share, under one operator for the whole run: to start one costs more than most tests.

A test takes part with a `Space` of its own, names what it makes as nobody else does in that namespace, and leaves it
without its pools.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from rig.ground import Ground
from rig.operators import Operator
from rig.space import Space, make_namespace, scope

NAMES = ("drain", "objects", "ownership", "shared")
OPERATOR = "common-operator"


def establish(ground: Ground) -> None:
    """Make the namespaces, and start their operator."""
    for name in NAMES:
        make_namespace(ground.api, name)
    Operator(ground.cluster, OPERATOR, [*scope(ground, NAMES), "--identity", "common"])


@contextmanager
def common(ground: Ground, name: str) -> Iterator[Space]:
    """Take part in one of the namespaces, once their operator leads."""
    space = Space(ground, name, Operator(ground.cluster, OPERATOR).wait_until_leading())
    try:
        yield space
    finally:
        space.close()
