"""All that is told of a study: the pools, what their traffic was made of, and what came of each policy."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby

from poolkeeper.cli.simulate_setting import Asked
from poolkeeper.simulate.study import Entry, Pool, Row, Scene
from poolkeeper.simulate.trace import Trace


@dataclass(frozen=True, slots=True)
class Group:
    """The policies of one pool with one load, ours first."""

    pool: Pool
    entries: Sequence[Entry]
    title: str

    @property
    def first(self) -> Entry:
        """The pool as it is."""
        return self.entries[0]

    @property
    def sla(self) -> timedelta:
        """How long a request may wait."""
        return self.pool.sla

    @property
    def currency(self) -> str:
        """What costs are in."""
        return self.pool.spec.cost.currency

    @property
    def on_spot(self) -> bool:
        """Whether some of it may be on spot."""
        return self.pool.spec.spot is not None

    @property
    def plotted(self) -> list[Row]:
        """A row of each policy with what happened moment by moment."""
        return [one.rows[0] for one in self.entries if one.rows[0].moments]


@dataclass(frozen=True, slots=True)
class Shown:
    """A study: `entries` come pool by pool, load by load. `origin` says where the traffic is from.

    `asked` is what the command line says of all else that pools were lived in.
    """

    pools: Sequence[Pool]
    scene: Scene
    trace: Trace
    entries: Sequence[Entry]
    origin: str = ""
    notes: Sequence[str] = ()
    asked: Asked = field(default_factory=Asked)

    @property
    def groups(self) -> list[Group]:
        """What is shown in one table, by pool and load."""
        pools = {pool.name: pool for pool in self.pools}
        found = groupby(self.entries, key=lambda one: (one.pool, one.load))
        return [Group(pools[name], list(inside), self.title(name, load)) for (name, load), inside in found]

    def title(self, pool: str, load: float) -> str:
        """Return which pool and load a table is about, as far as there are several."""
        several = len({one.load for one in self.entries}) > 1 or load != 1
        return f"{pool}, {load:g} x the traffic" if several else pool
