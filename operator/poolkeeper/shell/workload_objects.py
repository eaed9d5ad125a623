"""The fields that matter of workloads of all kinds, as JSON holds them.

Sources: apps/v1; leaderworkerset.x-k8s.io/v1 (LeaderWorkerSet 0.7); argoproj.io/v1alpha1 (Argo Rollouts 1.8).
"""

import msgspec

from poolkeeper.shell.kubernetes_objects import Condition, LabelSelector, ObjectMetadata, PodSpec
from poolkeeper.shell.list_watch import HasMetadata


class WorkloadSpec(msgspec.Struct):
    """The spec that most kinds have. The pod template stays as it came: it is told apart, never read.

    A Rollout that takes both from a Deployment has neither template nor selector.
    """

    replicas: int = 1
    template: msgspec.Raw = msgspec.Raw()
    selector: LabelSelector | None = None


class WorkloadStatus(msgspec.Struct, rename="camel"):
    """The status that all kinds have. A Rollout's generation is text; `selector` is a Rollout's alone."""

    observed_generation: int | str = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    conditions: list[Condition] = []
    selector: str = ""


class WorkloadObject(HasMetadata):
    """An apps/v1 Deployment, or an Argo Rollout."""

    metadata: ObjectMetadata
    spec: WorkloadSpec = msgspec.field(default_factory=WorkloadSpec)
    status: WorkloadStatus = msgspec.field(default_factory=WorkloadStatus)


class Partition(msgspec.Struct):
    """Which ordinals a rollout leaves alone: those below."""

    partition: int | None = None


class UpdateStrategy(msgspec.Struct, rename="camel"):
    """How a StatefulSet rolls out."""

    type: str = "RollingUpdate"
    rolling_update: Partition | None = None


class Ordinals(msgspec.Struct):
    """Where a StatefulSet begins to count."""

    start: int = 0


class StatefulSetSpec(WorkloadSpec, rename="camel"):
    """A StatefulSet's spec."""

    pod_management_policy: str = "OrderedReady"
    update_strategy: UpdateStrategy = msgspec.field(default_factory=UpdateStrategy)
    ordinals: Ordinals | None = None


class StatefulSetObject(HasMetadata):
    """An apps/v1 StatefulSet."""

    metadata: ObjectMetadata
    spec: StatefulSetSpec = msgspec.field(default_factory=StatefulSetSpec)
    status: WorkloadStatus = msgspec.field(default_factory=WorkloadStatus)


class Template(msgspec.Struct):
    """A pod template that is read."""

    spec: PodSpec = msgspec.field(default_factory=PodSpec)


class GroupTemplate(msgspec.Struct, rename="camel"):
    """What a group is made of: `size` pods, the leader of them by its own template where that is given."""

    worker_template: msgspec.Raw = msgspec.Raw(b"{}")
    leader_template: msgspec.Raw = msgspec.Raw()
    size: int = 1

    @property
    def leader(self) -> msgspec.Raw:
        """What leaders are made by."""
        return self.worker_template if bytes(self.leader_template) in {b"", b"null"} else self.leader_template


class GroupRollout(msgspec.Struct, rename="camel"):
    """How groups roll out."""

    rolling_update_configuration: Partition | None = None


class LeaderWorkerSetSpec(msgspec.Struct, rename="camel"):
    """A LeaderWorkerSet's spec; its selector is its own."""

    replicas: int = 1
    leader_worker_template: GroupTemplate = msgspec.field(default_factory=GroupTemplate)
    rollout_strategy: GroupRollout = msgspec.field(default_factory=GroupRollout)


class LeaderWorkerSetObject(HasMetadata):
    """A LeaderWorkerSet."""

    metadata: ObjectMetadata
    spec: LeaderWorkerSetSpec = msgspec.field(default_factory=LeaderWorkerSetSpec)
    status: WorkloadStatus = msgspec.field(default_factory=WorkloadStatus)
