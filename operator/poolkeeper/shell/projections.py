"""From an object as JSON holds it to the view we keep of it, and on to a value of the core. Pure functions.

The KINDS at the end are what a Reflector takes.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from hashlib import blake2b

import msgspec

from poolkeeper.api.gpus import Devices, devices, reserved
from poolkeeper.api.names import DELETION_COST, FIELD_MANAGER, GROUP, KIND, LAST_APPLIED, PROVIDER_LABEL, TIER_LABEL
from poolkeeper.api.workload import TEMPLATE_HASH
from poolkeeper.core.model import ON_DEMAND
from poolkeeper.core.observation import Pod, Target
from poolkeeper.shell.kubernetes_objects import (
    AutoscalerObject,
    Condition,
    Container,
    DeploymentObject,
    Expression,
    ManagedFields,
    ObjectMetadata,
    OwnedObject,
    OwnerReference,
    PodObject,
    PodSpec,
    PodStatus,
)
from poolkeeper.shell.reflector import Kind
from poolkeeper.shell.views import (
    ENDED,
    LONG_AGO,
    AutoscalerView,
    DeploymentView,
    PodView,
    ReplicaSetView,
    Requirement,
    Writer,
)

POD_TEMPLATE_HASH = "pod-template-hash"
KEDA_PAUSED = "autoscaling.keda.sh/paused"
KEDA_PAUSED_REPLICAS = "autoscaling.keda.sh/paused-replicas"
GITOPS_MARKS = {
    "argocd.argoproj.io/tracking-id": "Argo CD",
    "kustomize.toolkit.fluxcd.io/name": "Flux",
    "helm.toolkit.fluxcd.io/name": "Flux",
}

_NO_TROUBLE = {None, "", "ContainerCreating", "PodInitializing"}


class _Applied(msgspec.Struct):
    """What the last-applied annotation holds, as far as it matters."""

    class Spec(msgspec.Struct):
        """The applied spec."""

        replicas: int | None = None

    spec: Spec = msgspec.field(default_factory=Spec)


def pod(found: PodObject) -> PodView:
    """Return what to keep of a pod."""
    metadata, status = found.metadata, found.status
    owner = metadata.controller("ReplicaSet")
    return PodView(
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
        created_at=metadata.creation_timestamp or LONG_AGO,
        replica_set=owner.uid if owner else "",
        replica_set_name=owner.name if owner else "",
        labels=metadata.labels or {},
        template=(metadata.labels or {}).get(POD_TEMPLATE_HASH, ""),
        scheduled_at=_since(status.conditions, "PodScheduled", "True"),
        ready_at=_since(status.conditions, "Ready", "True"),
        unready_since=_since(status.conditions, "Ready", "False"),
        ip=status.pod_ip,
        ports={port.name: port.container_port for one in found.spec.containers for port in one.ports if port.name},
        terminating=metadata.deletion_timestamp is not None,
        phase=status.phase,
        node=found.spec.node_name,
        trouble=_trouble(found),
        disruption=_disruption(status),
        ended_at=_ended_at(found),
        deletion_cost=_deletion_cost(metadata),
        alternatives=() if found.spec.node_name else _alternatives(found.spec),
        devices=_devices(found.spec),
    )


def _devices(spec: PodSpec) -> Devices:
    starting = ((_asked(one), one.restart_policy == "Always") for one in spec.init_containers)
    return reserved((_asked(one) for one in spec.containers), starting)


def _asked(container: Container) -> Devices:
    found = container.resources
    return devices({**(found.limits or {}), **(found.requests or {})}) if found else ()


def _deletion_cost(metadata: ObjectMetadata) -> int | None:
    cost = (metadata.annotations or {}).get(DELETION_COST, "")
    return int(cost) if cost.removeprefix("-").isdecimal() else None


def _alternatives(spec: PodSpec) -> tuple[tuple[Requirement, ...], ...]:
    always = tuple(Requirement(key, "In", (value,)) for key, value in spec.node_selector.items())
    affinity = spec.affinity.node_affinity if spec.affinity else None
    terms = affinity.required.node_selector_terms if affinity and affinity.required else []
    return tuple(always + requirements(term.match_expressions) for term in terms) or (always,)


def requirements(expressions: Iterable[Expression]) -> tuple[Requirement, ...]:
    """Return a selector's expressions as views keep them."""
    return tuple(Requirement(one.key, one.operator, tuple(one.values or ())) for one in expressions)


def replica_set(found: OwnedObject) -> ReplicaSetView:
    """Return what to keep of a ReplicaSet."""
    owner = found.metadata.controller("Deployment")
    return ReplicaSetView(found.metadata.namespace, found.metadata.name, found.metadata.uid, owner.uid if owner else "")


def deployment(found: DeploymentObject) -> DeploymentView:
    """Return what to keep of a Deployment."""
    metadata, status = found.metadata, found.status
    failure = condition(status.conditions, "ReplicaFailure")
    failed = failure is not None and failure.status == "True"
    return DeploymentView(
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
        resource_version=metadata.resource_version,
        generation=metadata.generation,
        observed_generation=status.observed_generation,
        replicas=found.spec.replicas,
        existing=status.replicas,
        updated=status.updated_replicas,
        ready=status.ready_replicas,
        available=status.available_replicas,
        match_labels=found.spec.selector.match_labels,
        match_expressions=len(found.spec.selector.match_expressions),
        failure=_words(failure.reason, failure.message) if failure and failed else "",
        failure_since=failure.last_transition_time if failure and failed else None,
        writers=tuple(_writer(entry) for entry in metadata.managed_fields if _owns_replicas(entry)),
        last_applied=_last_applied(metadata),
        gitops=_gitops(metadata),
        created_at=metadata.creation_timestamp,
        template_hash=(metadata.annotations or {}).get(TEMPLATE_HASH, ""),
        pool_owners=tuple(owner.uid for owner in metadata.owner_references if _is_pool(owner)),
        template_digest=blake2b(bytes(found.spec.template), digest_size=8).hexdigest(),
        tier=(metadata.labels or {}).get(TIER_LABEL, ""),
        provider=(metadata.labels or {}).get(PROVIDER_LABEL, ""),
        owners=tuple(owner.uid for owner in metadata.owner_references),
    )


def _is_pool(owner: OwnerReference) -> bool:
    return owner.kind == KIND and owner.api_version.partition("/")[0] == GROUP


def autoscaler(found: AutoscalerObject) -> AutoscalerView:
    """Return what to keep of an HPA or a ScaledObject."""
    annotations, target = found.metadata.annotations or {}, found.spec.scale_target_ref
    return AutoscalerView(
        namespace=found.metadata.namespace,
        name=found.metadata.name,
        target_kind=target.kind or "Deployment",
        target_name=target.name,
        paused=annotations.get(KEDA_PAUSED) == "true" or KEDA_PAUSED_REPLICAS in annotations,
    )


def bare(found: PodView) -> Pod:
    """Return a pod as the core sees it where nothing is known of its node."""
    return found.core


def target(
    found: DeploymentView,
    pods: Iterable[PodView],
    see: Callable[[PodView], Pod] = bare,
    field_manager: str = FIELD_MANAGER,
) -> Target:
    """Return a Deployment and its pods, as `see` shows them; ours is a size that `field_manager` owns, if not alone.

    Whoever changes the value takes it from all others, so that who shares it has written the same.
    """
    writer = found.writer
    own = [entry for entry in found.writers if entry.manager == field_manager]
    return Target(
        replicas=found.replicas,
        uid=found.uid,
        writer=writer.manager if writer else "",
        ours=bool(own),
        pods=tuple(see(pod) for pod in pods if pod.live),
        failure=found.failure,
        failure_since=found.failure_since,
        rolling=found.rolling,
        tier=found.tier or ON_DEMAND.name,
    )


def condition(conditions: list[Condition], kind: str) -> Condition | None:
    """Return the condition of this type, None where there is none."""
    return next((one for one in conditions if one.type == kind), None)


def _since(conditions: list[Condition], kind: str, status: str) -> datetime | None:
    found = condition(conditions, kind)
    return found.last_transition_time if found and found.status == status else None


def _disruption(status: PodStatus) -> str:
    found = condition(status.conditions, "DisruptionTarget")
    return found.reason or "" if found and found.status == "True" else status.reason


def _ended_at(found: PodObject) -> datetime | None:
    """Return when a pod's end began, None while it is live: as near as its status has it where that was not asked for.

    The API server stamps the end of the time that a deleted one is given.
    """
    metadata, status = found.metadata, found.status
    if metadata.deletion_timestamp is None and status.phase not in ENDED:
        return None
    stopped = _since(status.conditions, "DisruptionTarget", "True") or _since(status.conditions, "Ready", "False")
    if metadata.deletion_timestamp is None or status.phase in ENDED:  # an old wreck may be cleared away at any time
        return stopped or metadata.creation_timestamp
    return metadata.deletion_timestamp - timedelta(seconds=metadata.deletion_grace_period_seconds or 0)


def _trouble(found: PodObject) -> str:
    """Return the first of: why it was not scheduled, why a container waits, why the pod failed."""
    scheduled = condition(found.status.conditions, "PodScheduled")
    if scheduled and scheduled.status == "False":
        return _words(scheduled.reason, scheduled.message)
    for container in (*found.status.init_container_statuses, *found.status.container_statuses):
        waiting = container.state.waiting if container.state else None
        if waiting and waiting.reason not in _NO_TROUBLE:
            return _words(waiting.reason, waiting.message)
    return _words(found.status.reason, found.status.message)


def _words(reason: str | None, message: str | None) -> str:
    return ": ".join(filter(None, (reason, message)))


def _owns_replicas(entry: ManagedFields) -> bool:
    return entry.fields is not None and entry.fields.spec is not None and entry.fields.spec.replicas is not None


def _writer(entry: ManagedFields) -> Writer:
    return Writer(entry.manager, entry.operation, entry.subresource, entry.time)


def _last_applied(metadata: ObjectMetadata) -> int | None:
    applied = (metadata.annotations or {}).get(LAST_APPLIED)
    if not applied:
        return None
    try:
        return msgspec.json.decode(applied, type=_Applied).spec.replicas
    except msgspec.DecodeError:  # anybody may write anything into an annotation
        return None


def _gitops(metadata: ObjectMetadata) -> tuple[tuple[str, str], ...]:
    marks = {**(metadata.labels or {}), **(metadata.annotations or {})}
    return tuple((key, marks[key]) for key in GITOPS_MARKS if key in marks)


PODS = Kind("/api/v1", "pods", PodObject, pod)
DEPLOYMENTS = Kind("/apis/apps/v1", "deployments", DeploymentObject, deployment)
REPLICA_SETS = Kind("/apis/apps/v1", "replicasets", OwnedObject, replica_set, metadata_only=True)
AUTOSCALERS = Kind("/apis/autoscaling/v2", "horizontalpodautoscalers", AutoscalerObject, autoscaler)
SCALED_OBJECTS = Kind("/apis/keda.sh/v1alpha1", "scaledobjects", AutoscalerObject, autoscaler)
