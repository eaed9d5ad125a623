"""What is known of a workload before it has a pool."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Beside:
    """An autoscaler of the same workload, as kubectl names it, with its bounds."""

    name: str
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Page:
    """Where the pods' metrics are: the engine and the port (a name or a number), and what told so.

    Without an engine nothing did.
    """

    engine: str = ""
    port: int | str = ""
    because: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """A workload: its place, its size and pod spec, who else scales it, and which nodes there are.

    `gpus` are those of a replica, None where its pods do not tell. `spot` counts the nodes that may be reclaimed, by
    provider. `budgets` are the PodDisruptionBudgets over its pods. `pool` names a pool that it has already; `namesake`
    is the spec of the pool that has its name, whatever that is for. `nameless` are the nodes under its pods of which
    nobody can tell what they cost: no label has their GPU or their instance type.
    """

    namespace: str
    kind: str
    name: str
    replicas: int
    pod: Json
    gpus: Decimal | None = None
    page: Page = field(default_factory=Page)
    beside: tuple[Beside, ...] = ()
    spot: dict[str, int] = field(default_factory=dict)
    budgets: tuple[str, ...] = ()
    pool: str = ""
    namesake: Json | None = None
    nameless: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """How kubectl names it."""
        return f"{self.kind.lower()}/{self.name}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user wants of the pool: how long a request may wait, what a month may cost; what a GPU costs an hour."""

    queue_time: str
    budget: str | None = None
    price: str | None = None
    currency: str = "USD"
