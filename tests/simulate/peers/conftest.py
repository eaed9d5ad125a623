"""What a peer is shown, every figure with a default."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from poolkeeper.core.engine import Engine
from poolkeeper.simulate.peers import Terms

Show = Callable[..., "Shown"]


@dataclass(frozen=True)
class Shown:
    now: float = 0.0
    size: int = 4
    ready: int = 4
    waiting: float = 0.0
    running: float = 0.0
    kv_usage: float = 0.0
    arrival_rate: float = 0.0
    by_tier: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    missing: bool = False


@pytest.fixture(scope="session")
def show() -> Show:
    """Return what shows a pool: `ready` is its size unless told."""
    return lambda size=4, ready=None, **rest: Shown(size=size, ready=size if ready is None else ready, **rest)


@pytest.fixture(scope="session")
def terms() -> Terms:
    """The preset engine and azure2023_conv's mean request: 64 at once, 6 requests a second."""
    return Terms(Engine(), 1155, 211, timedelta(minutes=4))
