"""The fields that matter of objects that a survey reads once, as JSON holds them, and what is kept of them.

Sources: apps/v1, batch/v1, autoscaling/v2; keda.sh/v1alpha1 (KEDA 2.17); the workloads of workload_objects.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from poolkeeper.api.gpus import Devices, devices
from poolkeeper.api.survey import GpuNode, GpuPod, Parent, Reference, Scaler
from poolkeeper.shell.kubernetes_objects import (
    Condition,
    NodeSpec,
    NodeStatus,
    ObjectMetadata,
    OwnedObject,
    OwnerReference,
    PodObject,
    PodSpec,
    ScaleTarget,
)
from poolkeeper.shell.list_watch import HasMetadata
from poolkeeper.shell.projections import condition, pod, reserved_by, words
from poolkeeper.shell.survey_claims import Claims, claims_of
from poolkeeper.shell.workload_objects import Template

PAUSED = ("autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-replicas")


class SurveyedSpec(NodeSpec):
    """A node's spec, with whether it takes pods."""

    unschedulable: bool = False


class SurveyedStatus(NodeStatus):
    """A node's status, with what pods can have of it."""

    allocatable: dict[str, object] | None = None


class SurveyedNode(HasMetadata):
    """A v1 Node."""

    metadata: ObjectMetadata
    spec: SurveyedSpec = msgspec.field(default_factory=SurveyedSpec)
    status: SurveyedStatus = msgspec.field(default_factory=SurveyedStatus)


class GroupSpec(msgspec.Struct, rename="camel"):
    """What a LeaderWorkerSet makes of a replica."""

    worker_template: Template | None = None


class ParentSpec(msgspec.Struct, rename="camel"):
    """What workloads of all kinds say of their size and their pods; a Rollout may have no template."""

    replicas: int | None = None
    template: Template | None = None
    leader_worker_template: GroupSpec | None = None

    @property
    def pod(self) -> PodSpec | None:
        """What its pods are made by, the workers where there are groups."""
        group = self.leader_worker_template
        found = self.template or (group.worker_template if group else None)
        return found.spec if found else None


class ParentStatus(msgspec.Struct, rename="camel"):
    """How many pods a DaemonSet wants; no other kind says so here."""

    desired_number_scheduled: int | None = None


class ParentObject(HasMetadata):
    """A workload of any kind."""

    metadata: ObjectMetadata
    spec: ParentSpec = msgspec.field(default_factory=ParentSpec)
    status: ParentStatus = msgspec.field(default_factory=ParentStatus)


class ScalerSpec(msgspec.Struct, rename="camel"):
    """The spec of an HPA or a ScaledObject: each names its bounds in its own way."""

    scale_target_ref: ScaleTarget
    min_replicas: int | None = None
    max_replicas: int | None = None
    min_replica_count: int | None = None
    max_replica_count: int | None = None


class ScalerStatus(msgspec.Struct):
    """What an autoscaler says of itself; null until it has looked once."""

    conditions: list[Condition] | None = None


class ScalerObject(HasMetadata):
    """An HPA or a ScaledObject."""

    metadata: ObjectMetadata
    spec: ScalerSpec
    status: ScalerStatus = msgspec.field(default_factory=ScalerStatus)


def reference(owner: OwnerReference) -> Reference:
    """Return an owner as it is named."""
    return Reference(owner.kind, owner.name, owner.uid, owner.api_version)


def owner_of(metadata: ObjectMetadata) -> Reference | None:
    """Return who controls an object, else the first of its owners, None where it has none."""
    owners = metadata.owner_references
    found = next((one for one in owners if one.controller), owners[0] if owners else None)
    return reference(found) if found else None


def gpu_pod(raw: msgspec.Raw, claimed: Claims | None) -> GpuPod | None:
    """Return what to keep of a pod, None where it neither has nor asks for a GPU, or is at its end.

    `claimed` are None where they could not be read. A claim is its whole here, whoever shares it.
    """
    found = msgspec.json.decode(raw, type=PodObject)
    asked, claims = reserved_by(found.spec), claims_of(raw, found.metadata.namespace, claimed)
    if not (asked or claims) or not (view := pod(found)).live:
        return None
    return GpuPod(
        namespace=view.namespace,
        name=view.name,
        uid=view.uid,
        created_at=view.created_at,
        owner=owner_of(found.metadata),
        labels=view.labels,
        devices=asked,
        claims=claims,
        node=view.node,
        trouble=view.trouble,
        ready_at=view.ready_at,
        ports=view.ports,
    )


def gpu_node(found: SurveyedNode) -> GpuNode:
    """Return what to keep of a node, whether it has GPUs or not."""
    offered: Devices = devices(found.status.capacity or {})
    usable = found.status.capacity if found.status.allocatable is None else found.status.allocatable
    return GpuNode(
        name=found.metadata.name,
        labels=found.metadata.labels or {},
        provider_id=found.spec.provider_id,
        devices=offered,
        allocatable=devices(usable or {}),
        cordoned=found.spec.unschedulable,
    )


def parent(found: ParentObject, kind: str, api_version: str) -> Parent:
    """Return what to keep of a workload."""
    template = found.spec.pod
    wanted = found.status.desired_number_scheduled if kind == "DaemonSet" else found.spec.replicas
    return replace(
        step(found, kind, api_version),
        replicas=wanted,
        devices=reserved_by(template) if template else None,
        created_at=found.metadata.creation_timestamp,
    )


def step(found: OwnedObject | ParentObject, kind: str, api_version: str) -> Parent:
    """Return what to keep of an object that stands between pods and whoever made them."""
    metadata = found.metadata
    return Parent(
        reference=Reference(kind, metadata.name, metadata.uid, api_version),
        namespace=metadata.namespace,
        owner=owner_of(metadata),
        labels=metadata.labels or {},
        annotations=metadata.annotations or {},
    )


def scaler(found: ScalerObject, kind: str) -> Scaler:
    """Return what to keep of an HPA or a ScaledObject. Where neither bound is given, the defaults are its own."""
    spec, metadata = found.spec, found.metadata
    keda = kind == "ScaledObject"
    least, most = (spec.min_replica_count, spec.max_replica_count) if keda else (spec.min_replicas, spec.max_replicas)
    return Scaler(
        kind=kind,
        namespace=metadata.namespace,
        name=metadata.name,
        target_kind=spec.scale_target_ref.kind or "Deployment",
        target_name=spec.scale_target_ref.name,
        least=(0 if keda else 1) if least is None else least,
        most=100 if most is None else most,
        trouble=trouble(
            found.status.conditions or (), metadata.annotations or {}, "Ready" if keda else "ScalingActive"
        ),
    )


def trouble(conditions: Iterable[Condition], annotations: Mapping[str, Any], kind: str) -> str:
    """Return why an autoscaler does not scale, in its own words; empty where it does."""
    if any(annotations.get(key, "false") != "false" for key in PAUSED):
        return "paused"
    found = condition(list(conditions), kind)
    if found is None:
        return "it has not said anything yet"
    return "" if found.status == "True" else words(found.reason, found.message) or f"{kind} is {found.status}"
