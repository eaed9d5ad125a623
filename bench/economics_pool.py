"""What is played: a trace scaled until its peak needs so many replicas, and the pool that serves it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from math import ceil
from typing import Any

from fleet.trace import directory
from poolkeeper.core.model import PoolSpec
from poolkeeper.simulate.peers import PEERS
from poolkeeper.simulate.study import OURS, Entrant, Pool, Scene
from poolkeeper.simulate.trace import Trace, read_tokens, unpacked, with_clients

FLOOR, SPARE = 1, 1.25
SLA = timedelta(seconds=2)
PRICE = {"on-demand": Decimal(3)}
STARTUPS = tuple(timedelta(seconds=seconds) for seconds in (60, 240, 600))
FINE, COARSE = timedelta(seconds=1), timedelta(seconds=5)
ON_SPOT = {"skyserve-spot", "skyserve-hedge"}
"""They buy on spot, which this pool has none of: bench/skyserve.py."""
RIVALS = tuple(name for name in PEERS if name not in ON_SPOT)
ALL = "all"


@dataclass(frozen=True)
class Scale:
    """A trace, and how many replicas its peak needs."""

    name: str
    peak: int

    @property
    def most(self) -> int:
        """The replicas that a pool may have."""
        return ceil(SPARE * self.peak)


SCALES = (
    Scale("azure2024_conv_digitised", 8),
    Scale("servegen_m_small", 8),
    Scale("servegen_m_small", 40),
    Scale("azure2023_conv", 8),
    Scale("azure2023_code", 8),
)


def load(name: str) -> Trace:
    """Return a trace, with what its clients say of bursts."""
    path = directory() / f"{name}.csv.gz"
    trace, clients = read_tokens(unpacked(path.read_bytes())), path.with_name(f"{name}_clients.csv.gz")
    return with_clients(trace, unpacked(clients.read_bytes())) if clients.exists() else trace


def scene(trace: Trace, scale: Scale) -> Scene:
    """Return what makes traffic of a trace: whoever knows seconds is drawn by the second."""
    return Scene(step=FINE if trace.width < COARSE else COARSE, peak_replicas=scale.peak)


def spec(scale: Scale) -> PoolSpec:
    """Return ours by default."""
    return PoolSpec(FLOOR, scale.most)


def raw(scale: Scale) -> dict[str, Any]:
    """Return the same as somebody writes it."""
    return {"targetRef": {"name": "chat"}, "minReplicas": FLOOR, "maxReplicas": scale.most}


def pool(scale: Scale, startup: timedelta, entrants: Iterable[Entrant]) -> Pool:
    """Return the pool that all of these compete for."""
    return Pool(scale.name, spec(scale), tuple(entrants), startup, SLA, PRICE)


def ours(scale: Scale) -> Entrant:
    """Return ours by default, as it competes."""
    return Entrant(OURS, spec(scale))


def rivals(names: str) -> tuple[Entrant, ...]:
    """Return the peers of these names, in the order of all.

    Raises:
        ValueError: there is none of a name.
    """
    asked = set(RIVALS) if names == ALL else {name for name in names.split(",") if name}
    if strange := sorted(asked - set(RIVALS)):
        raise ValueError(f"no peer is called {', '.join(strange)}; there are {', '.join(RIVALS)}")
    return tuple(Entrant(name) for name in RIVALS if name in asked)
