"""The fields that matter of the objects we watch, as JSON holds them: msgspec skips all others, hence its speed.

What may be absent has a default; what a controller may set to null says so.
"""

from datetime import datetime

import msgspec

from poolkeeper.shell.kube import Metadata
from poolkeeper.shell.list_watch import HasMetadata


class OwnerReference(msgspec.Struct, rename="camel"):
    """Who an object belongs to."""

    kind: str
    name: str
    uid: str
    api_version: str = ""
    controller: bool = False


class Replicas(msgspec.Struct):
    """The part of a managed field set that says whether `spec.replicas` is in it."""

    replicas: dict[str, object] | None = msgspec.field(name="f:replicas", default=None)


class FieldSet(msgspec.Struct):
    """A managed field set."""

    spec: Replicas | None = msgspec.field(name="f:spec", default=None)


class ManagedFields(msgspec.Struct, rename="camel"):
    """Which fields one manager owns, and how it wrote them."""

    manager: str = ""
    operation: str = ""
    subresource: str = ""
    time: datetime | None = None
    fields: FieldSet | None = msgspec.field(name="fieldsV1", default=None)


class ObjectMetadata(Metadata, rename="camel"):
    """The metadata of an object, in full as far as we care."""

    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    deletion_grace_period_seconds: int | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[OwnerReference] = msgspec.field(default_factory=list)
    managed_fields: list[ManagedFields] = msgspec.field(default_factory=list)

    def controller(self, kind: str) -> OwnerReference | None:
        """Return the reference to the object that controls this one, if it is of `kind`."""
        return next((owner for owner in self.owner_references if owner.controller and owner.kind == kind), None)


class Condition(msgspec.Struct, rename="camel"):
    """A condition of any kind of object."""

    type: str
    status: str
    reason: str | None = None
    message: str | None = None
    last_transition_time: datetime | None = None


class ContainerPort(msgspec.Struct, rename="camel"):
    """A port that a container declares."""

    container_port: int
    name: str = ""


class Resources(msgspec.Struct):
    """What a container asks for: quantities by resource. Nobody but the device's plugin has to understand them."""

    requests: dict[str, object] | None = None
    limits: dict[str, object] | None = None


class Container(msgspec.Struct, rename="camel"):
    """A container of a pod's spec."""

    name: str
    ports: list[ContainerPort] = []
    resources: Resources | None = None
    restart_policy: str | None = None


class Waiting(msgspec.Struct):
    """Why a container does not run, in the kubelet's words."""

    reason: str | None = None
    message: str | None = None


class ContainerState(msgspec.Struct):
    """What a container does; of interest while it waits."""

    waiting: Waiting | None = None


class ContainerStatus(msgspec.Struct):
    """The kubelet's word on one container."""

    state: ContainerState | None = None


class Expression(msgspec.Struct, frozen=True):
    """One requirement of a selector, of labels or of nodes."""

    key: str
    operator: str
    values: list[str] | None = None


class NodeSelectorTerm(msgspec.Struct, rename="camel"):
    """One of the alternatives of a node affinity; fields, of which only the name can be asked for, are left out."""

    match_expressions: list[Expression] = []


class NodeSelector(msgspec.Struct, rename="camel"):
    """What a node affinity requires."""

    node_selector_terms: list[NodeSelectorTerm] = []


class NodeAffinity(msgspec.Struct):
    """What a pod requires of its node."""

    required: NodeSelector | None = msgspec.field(name="requiredDuringSchedulingIgnoredDuringExecution", default=None)


class Affinity(msgspec.Struct, rename="camel"):
    """A pod's affinity, as far as it concerns nodes."""

    node_affinity: NodeAffinity | None = None


class PodSpec(msgspec.Struct, rename="camel"):
    """A pod's spec."""

    containers: list[Container] = []
    init_containers: list[Container] = []
    node_name: str = ""
    node_selector: dict[str, str] = {}
    affinity: Affinity | None = None


class PodStatus(msgspec.Struct, rename="camel"):
    """A pod's status."""

    phase: str = ""
    pod_ip: str = msgspec.field(name="podIP", default="")
    message: str = ""
    reason: str = ""
    conditions: list[Condition] = []
    init_container_statuses: list[ContainerStatus] = []
    container_statuses: list[ContainerStatus] = []


class PodObject(HasMetadata):
    """A v1 Pod."""

    metadata: ObjectMetadata
    spec: PodSpec = msgspec.field(default_factory=PodSpec)
    status: PodStatus = msgspec.field(default_factory=PodStatus)


class OwnedObject(HasMetadata):
    """An object of which the metadata is enough: a ReplicaSet."""

    metadata: ObjectMetadata


class LabelSelector(msgspec.Struct, rename="camel", frozen=True):
    """Which pods a workload claims, or a budget protects."""

    match_labels: dict[str, str] = {}
    match_expressions: list[Expression] = []


class ScaleTarget(msgspec.Struct, rename="camel"):
    """What an autoscaler scales. KEDA's default kind is Deployment; the HPA's is always given."""

    name: str
    kind: str | None = None
    api_version: str | None = None


class AutoscalerSpec(msgspec.Struct, rename="camel"):
    """The spec of an HPA or a ScaledObject."""

    scale_target_ref: ScaleTarget


class AutoscalerObject(HasMetadata):
    """An autoscaling/v2 HorizontalPodAutoscaler, or a keda.sh/v1alpha1 ScaledObject."""

    metadata: ObjectMetadata
    spec: AutoscalerSpec


class BudgetSpec(msgspec.Struct, rename="camel"):
    """A PodDisruptionBudget's spec."""

    min_available: int | str | None = None
    selector: LabelSelector | None = None


class BudgetObject(HasMetadata):
    """A policy/v1 PodDisruptionBudget."""

    metadata: ObjectMetadata
    spec: BudgetSpec = msgspec.field(default_factory=BudgetSpec)


class NodeTaint(msgspec.Struct):
    """A taint of a node."""

    key: str
    value: str = ""


class NodeSpec(msgspec.Struct):
    """A node's spec."""

    taints: list[NodeTaint] = []
    provider_id: str = msgspec.field(name="providerID", default="")


class NodeStatus(msgspec.Struct):
    """A node's status."""

    conditions: list[Condition] = []
    capacity: dict[str, object] | None = None


class NodeObject(HasMetadata):
    """A v1 Node."""

    metadata: ObjectMetadata
    spec: NodeSpec = msgspec.field(default_factory=NodeSpec)
    status: NodeStatus = msgspec.field(default_factory=NodeStatus)


class InvolvedObject(msgspec.Struct):
    """What an event is about."""

    kind: str = ""
    name: str = ""
    uid: str = ""


class EventSeries(msgspec.Struct, rename="camel"):
    """An event that was said again, by the newer API."""

    last_observed_time: datetime | None = None


class EventObject(HasMetadata, rename="camel"):
    """A v1 Event: first and last timestamp by the older API, `event_time` and `series` by the newer."""

    metadata: ObjectMetadata
    involved_object: InvolvedObject
    reason: str = ""
    message: str = ""
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None
    event_time: datetime | None = None
    series: EventSeries | None = None
