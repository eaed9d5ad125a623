"""What is kept in memory of each object that is watched: frozen values, compared to tell news from noise."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from poolkeeper.core.observation import Pod

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PodView:
    """A pod. `trouble` holds the scheduler's or the kubelet's own words on why it does not run.

    `ready_at` is the last time it became ready, None while it is not; `unready_since` is the last time it ceased to
    be, or was made, None while it is ready. `replica_set` is its controller's UID,
    empty where no ReplicaSet controls it.
    """

    namespace: str
    name: str
    uid: str
    created_at: datetime
    replica_set: str = ""
    replica_set_name: str = ""
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

    @property
    def live(self) -> bool:
        """Whether the ReplicaSet controller counts it: neither terminating nor finished nor evicted."""
        return not self.terminating and self.phase not in {"Succeeded", "Failed"}

    @property
    def core(self) -> Pod:
        """The pod as the core sees it."""
        return Pod(
            uid=self.uid,
            name=self.name,
            created_at=self.created_at,
            scheduled_at=self.scheduled_at,
            ready_at=self.ready_at,
            unready_since=self.unready_since,
            template=self.template,
            trouble=self.trouble,
        )


@dataclass(frozen=True, slots=True)
class ReplicaSetView:
    """A ReplicaSet, and the UID of the Deployment that controls it (empty: none)."""

    namespace: str
    name: str
    uid: str
    deployment: str = ""


@dataclass(frozen=True, slots=True)
class Writer:
    """Somebody who owns `spec.replicas`: managed fields, as the API server keeps them."""

    manager: str
    operation: str
    subresource: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeploymentView:
    """A Deployment. `last_applied` is the replicas in kubectl's last-applied annotation, None where it has none.

    `gitops` holds the labels and annotations, as they are, that GitOps tools mark what they own with;
    `template_hash` names the pool's template that a Deployment of ours was made from, `pool_owners` the UIDs of the
    pools whose end is its end.
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
    progress: str = ""
    writers: tuple[Writer, ...] = ()
    last_applied: int | None = None
    gitops: tuple[tuple[str, str], ...] = ()
    created_at: datetime | None = None
    template_hash: str = ""
    pool_owners: tuple[str, ...] = ()

    @property
    def rolling(self) -> bool:
        """Whether pods of an older template are still there (a change of size alone is no rollout)."""
        return self.existing > self.updated

    @property
    def writer(self) -> Writer | None:
        """Who wrote `spec.replicas` last."""
        return max(self.writers, key=lambda writer: writer.at or LONG_AGO, default=None)


@dataclass(frozen=True, slots=True)
class AutoscalerView:
    """An HPA or a ScaledObject, and what it scales. A paused one writes nothing."""

    namespace: str
    name: str
    target_kind: str
    target_name: str
    paused: bool = False
