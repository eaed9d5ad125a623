"""What a cluster was seen to hold that concerns GPUs: pods, nodes, who owns whom, what scales whom.

All of it is read once, by whoever may read no more than a viewer; what could not be read is among `skipped`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from poolkeeper.api.gpus import Devices, count
from poolkeeper.api.places import place
from poolkeeper.core.prices import Place


@dataclass(frozen=True, slots=True)
class Reference:
    """An object as those that it owns name it."""

    kind: str
    name: str
    uid: str
    api_version: str = ""


@dataclass(frozen=True, slots=True)
class GpuPod:
    """A pod that asks for GPUs, neither finished nor about to end.

    `devices` are those that the scheduler keeps for it, `claims` the GPUs of its resource claims (DRA) by their names,
    None where it has claims whose devices nobody told. `trouble` says why it does not run. `ports` are those with a
    name.
    """

    namespace: str
    name: str
    uid: str
    created_at: datetime
    owner: Reference | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    devices: Devices = ()
    claims: Mapping[str, Decimal] | None = field(default_factory=dict)
    node: str = ""
    trouble: str = ""
    ready_at: datetime | None = None
    ports: Mapping[str, int] = field(default_factory=dict)

    @property
    def pending(self) -> bool:
        """Whether it has no node."""
        return not self.node

    def gpus(self, node: "GpuNode | None") -> Decimal | None:
        """Return how many GPUs it has on its node, None where nobody can tell."""
        if self.claims is None:
            return None
        claimed = sum(self.claims.values(), Decimal(0))
        if not self.devices:
            return claimed
        found = count(self.devices, node.labels if node else {}, node.devices if node else ())
        return None if found is None else found + claimed


@dataclass(frozen=True, slots=True)
class GpuNode:
    """A node with GPUs. `devices` are those that it came with, `allocatable` those that pods can have.

    `cordoned`: it takes no more pods, so that those of its GPUs that nobody has are not free.
    """

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    provider_id: str = ""
    devices: Devices = ()
    allocatable: Devices = ()
    cordoned: bool = False

    @property
    def gpus(self) -> Decimal:
        """How many GPUs it came with."""
        return count(self.devices, self.labels, self.devices) or Decimal(0)

    @property
    def usable(self) -> Decimal:
        """How many GPUs pods can have."""
        return count(self.allocatable, self.labels, self.devices) or Decimal(0)

    @property
    def place(self) -> Place:
        """Where it is and what it is."""
        return place(self.labels, self.provider_id, self.gpus)


@dataclass(frozen=True, slots=True)
class Parent:
    """An object that owns others, and who owns it.

    `replicas` are those that it asks for, None where it does not say; `devices` are the GPUs that a pod of its
    template asks for, None where it has no template that is read.
    """

    reference: Reference
    namespace: str
    owner: Reference | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    replicas: int | None = None
    devices: Devices | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Scaler:
    """Something that sets the size of a workload: an HPA, a ScaledObject, a pool. `trouble`: why it does not, if so."""

    kind: str
    namespace: str
    name: str
    target_kind: str
    target_name: str
    least: int = 1
    most: int = 1
    trouble: str = ""

    @property
    def shown(self) -> str:
        """How messages name it."""
        return f"{self.kind} {self.name}, {self.least} to {self.most}"


@dataclass(frozen=True, slots=True)
class Survey:
    """What was seen at an instant. `nodes` is None where they may not be read; `whole`: all namespaces were read."""

    at: datetime
    pods: tuple[GpuPod, ...] = ()
    nodes: Mapping[str, GpuNode] | None = None
    parents: Mapping[str, Parent] = field(default_factory=dict)
    scalers: tuple[Scaler, ...] = ()
    whole: bool = True
    skipped: tuple[str, ...] = ()

    def node_of(self, pod: GpuPod) -> GpuNode | None:
        """Return a pod's node, None where it has none or nobody may see it."""
        return (self.nodes or {}).get(pod.node)


def shared(pods: Iterable[GpuPod]) -> tuple[GpuPod, ...]:
    """Return pods with each claim divided among those that have it, so that together they have it once (R8).

    A claim is had by the pods on nodes; while there are none, by those that wait.
    """
    found = tuple(pods)
    sharers = Counter((pod.namespace, name, pod.pending) for pod in found for name in pod.claims or ())

    def part(pod: GpuPod, name: str, gpus: Decimal) -> Decimal:
        if pod.pending and sharers[pod.namespace, name, False]:
            return Decimal(0)
        return gpus / sharers[pod.namespace, name, pod.pending]

    return tuple(
        replace(pod, claims={name: part(pod, name, gpus) for name, gpus in pod.claims.items()}) if pod.claims else pod
        for pod in found
    )
