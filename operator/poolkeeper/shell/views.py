"""What is kept in memory of each object that is watched: frozen values, compared to tell news from noise."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from poolkeeper.api.gpus import Devices, count
from poolkeeper.api.target import DEPLOYMENT, WorkloadKind
from poolkeeper.core.observation import Pod

ENDED = frozenset({"Succeeded", "Failed"})
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One of a selector's expressions: `operator` is In, NotIn, Exists or DoesNotExist; for nodes also Gt or Lt."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Return whether labels satisfy it; NotIn also where the key is absent, as Kubernetes has it."""
        found = labels.get(self.key)
        match self.operator:
            case "In":
                return found in self.values
            case "NotIn":
                return found not in self.values
            case "Exists":
                return found is not None
            case "DoesNotExist":
                return found is None
            case _:
                return self._compares(found)

    def _compares(self, found: str | None) -> bool:
        try:
            number, limit = int(found or ""), int(self.values[0])
        except ValueError:
            return False
        return number > limit if self.operator == "Gt" else number < limit


@dataclass(frozen=True, slots=True)
class PodView:
    """A pod. `trouble` holds the scheduler's or the kubelet's own words on why it does not run.

    `ready_at` is the last time it became ready, None while it is not; `unready_since` is the last time it ceased to
    be, or was made, None while it is ready. `controller` is the UID of the ReplicaSet or StatefulSet that controls it,
    empty where none does. `ended_at` is when its end began, None while it is live; `disruption` why, as its
    DisruptionTarget condition or its failure has it, empty where neither says. `alternatives` are kept while it waits
    for a node: of each, a node must satisfy all; none at all suits any node. `devices` are the GPUs that the scheduler
    keeps for it. Where it is one of a group, `group_size` pods are a replica.
    """

    namespace: str
    name: str
    uid: str
    created_at: datetime
    controller: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    template: str = ""
    scheduled_at: datetime | None = None
    ready_at: datetime | None = None
    unready_since: datetime | None = None
    ip: str = ""
    ports: dict[str, int] = field(default_factory=dict)
    terminating: bool = False
    phase: str = ""
    node: str = ""
    trouble: str = ""
    disruption: str = ""
    ended_at: datetime | None = None
    deletion_cost: int | None = None
    alternatives: tuple[tuple[Requirement, ...], ...] = ()
    devices: Devices = ()
    group_size: int = 1

    @property
    def gpus(self) -> Decimal | None:
        """How many GPUs it asks for, as far as that can be told without its node; None where it asks for none."""
        return count(self.devices, {}, ())

    @property
    def live(self) -> bool:
        """Whether its controller counts it: neither terminating nor finished nor evicted."""
        return not self.terminating and self.phase not in ENDED

    def fits(self, labels: Mapping[str, str], but_for: Container[str]) -> bool:
        """Return whether a node with these labels is one that it asks for, whatever it says of the keys `but_for`."""
        asked = (tuple(one for one in terms if one.key not in but_for) for terms in self.alternatives or ((),))
        return any(all(one.holds(labels) for one in terms) for terms in asked)

    @property
    def core(self) -> Pod:
        """The pod as the core sees it, before anything is said of its node."""
        return Pod(
            uid=self.uid,
            name=self.name,
            created_at=self.created_at,
            scheduled_at=self.scheduled_at,
            ready_at=self.ready_at,
            unready_since=self.unready_since,
            template=self.template,
            trouble=self.trouble,
            node=self.node,
        )


@dataclass(frozen=True, slots=True)
class SetView:
    """A ReplicaSet, and the UID of what controls it (empty: nothing does)."""

    namespace: str
    name: str
    uid: str
    controller: str = ""


@dataclass(frozen=True, slots=True)
class Writer:
    """Somebody who owns `spec.replicas`: managed fields, as the API server keeps them."""

    manager: str
    operation: str
    subresource: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WorkloadView:
    """A workload of any kind. `last_applied` is what kubectl last applied as its replicas, None where it did not.

    `gitops` holds the labels and annotations, as they are, that GitOps tools mark what they own with;
    `template_hash` names the pool's template that a Deployment of ours was made from, `pool_owners` the UIDs of the
    pools whose end is its end. `template_digest` changes with anything in the pod template; `tier` is the tier that
    its label names, `provider` whose nodes a sibling was made for, both empty where it bears none; `owners` are the
    UIDs of all that it belongs to, `controller` that of what controls it.

    `held` replicas are to stay at the older template, as its rollout is told; the first ordinal is `start`, and with
    `one_by_one` each pod is made when the one before it is ready. A replica
    is `pods_each` pods, of which `renting` ask for GPUs (all of them where none does). `serving` are labels of the pods
    that serve, where others are there, too.
    """

    namespace: str
    name: str
    uid: str
    resource_version: str
    generation: int
    observed_generation: int
    replicas: int
    existing: int
    updated: int
    ready: int
    available: int
    match_labels: dict[str, str] = field(default_factory=dict)
    match_expressions: int = 0
    failure: str = ""
    failure_since: datetime | None = None
    writers: tuple[Writer, ...] = ()
    last_applied: int | None = None
    gitops: tuple[tuple[str, str], ...] = ()
    created_at: datetime | None = None
    template_hash: str = ""
    pool_owners: tuple[str, ...] = ()
    template_digest: str = ""
    tier: str = ""
    provider: str = ""
    owners: tuple[str, ...] = ()
    kind: WorkloadKind = DEPLOYMENT
    controller: str = ""
    held: int = 0
    start: int = 0
    pods_each: int = 1
    renting: int = 1
    serving: dict[str, str] = field(default_factory=dict)
    one_by_one: bool = False

    @property
    def shown(self) -> str:
        """How messages name it."""
        return self.kind.shown(self.name)

    @property
    def rolling(self) -> bool:
        """Whether pods of an older template are still there that are to go (a change of size alone is no rollout)."""
        return self.existing - self.updated > self.held

    def serves(self, pod: PodView) -> bool:
        """Return whether one of its pods is among those that serve."""
        return self.serving.items() <= pod.labels.items()

    @property
    def writer(self) -> Writer | None:
        """Who wrote `spec.replicas` last."""
        return max(self.writers, key=lambda writer: writer.at or LONG_AGO, default=None)


@dataclass(frozen=True, slots=True)
class AutoscalerView:
    """An HPA or a ScaledObject, and what it scales; without `target_group`, of any. A paused one writes nothing."""

    namespace: str
    name: str
    target_kind: str
    target_name: str
    paused: bool = False
    target_group: str = ""


@dataclass(frozen=True, slots=True)
class DisruptionBudgetView:
    """A PodDisruptionBudget; `pool` names the pool that ours was made for, empty for anybody else's.

    `owners` are the UIDs of all that it belongs to.
    `match_labels` is None where there is no selector at all: such a budget selects nothing (policy/v1).
    """

    namespace: str
    name: str
    uid: str
    resource_version: str
    pool: str = ""
    min_available: int | str | None = None
    match_labels: dict[str, str] | None = None
    match_expressions: tuple[Requirement, ...] = ()
    owners: tuple[str, ...] = ()

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Return whether pods of its namespace with these labels are under it; an empty selector selects all."""
        if self.match_labels is None or not self.match_labels.items() <= labels.items():
            return False
        return all(requirement.holds(labels) for requirement in self.match_expressions)


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node. `unready_since` is the last time it ceased to be ready or to answer, None while it is ready.

    `taints`: values by key; `conditions`: messages by type, of those that are true and tell of a reclaim.
    `node_claim` names the Karpenter NodeClaim that it was launched for, empty where there is none. `devices` are the
    GPUs that it came with, healthy or not; `provider_id` is its cloud's name for it.
    """

    name: str
    uid: str
    created_at: datetime
    labels: dict[str, str] = field(default_factory=dict)
    taints: dict[str, str] = field(default_factory=dict)
    conditions: dict[str, str] = field(default_factory=dict)
    unready_since: datetime | None = None
    node_claim: str = ""
    node_claim_uid: str = ""
    devices: Devices = ()
    provider_id: str = ""

    @property
    def gpus(self) -> Decimal | None:
        """How many GPUs it has; None where it tells of none."""
        return count(self.devices, self.labels, self.devices)


@dataclass(frozen=True, slots=True)
class EventView:
    """What somebody said of the object of this kind and name (and, where given, UID), from `since` to `at`."""

    reason: str
    message: str
    since: datetime
    at: datetime
    kind: str
    name: str
    uid: str = ""
