"""From an object as JSON holds it to the view we keep of it; workloads are in workload_projections. Pure functions.

The KINDS at the end are what a Reflector takes.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from poolkeeper.api.gpus import Devices, devices, reserved
from poolkeeper.api.names import DELETION_COST
from poolkeeper.core.observation import Pod
from poolkeeper.shell.kubernetes_objects import (
    AutoscalerObject,
    Condition,
    Container,
    Expression,
    ObjectMetadata,
    OwnedObject,
    PodObject,
    PodSpec,
    PodStatus,
)
from poolkeeper.shell.reflector import Kind
from poolkeeper.shell.views import ENDED, LONG_AGO, AutoscalerView, PodView, Requirement, SetView

ROLLOUT_HASH = "rollouts-pod-template-hash"
TEMPLATE_HASHES = (
    "pod-template-hash",
    ROLLOUT_HASH,
    "leaderworkerset.sigs.k8s.io/template-revision-hash",
    "controller-revision-hash",
)
"""Labels that name a pod's template, whoever made the pod."""
GROUP_SIZE = "leaderworkerset.sigs.k8s.io/size"
KEDA_PAUSED = "autoscaling.keda.sh/paused"
KEDA_PAUSED_REPLICAS = "autoscaling.keda.sh/paused-replicas"
DIGITS = 20
"""How long a 64-bit number is with its sign; Python itself reads none of more than 4,300 digits."""
_NO_TROUBLE = {None, "", "ContainerCreating", "PodInitializing"}


def pod(found: PodObject) -> PodView:
    """Return what to keep of a pod."""
    metadata, status = found.metadata, found.status
    return PodView(
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
        created_at=metadata.creation_timestamp or LONG_AGO,
        controller=_controller(metadata, ("ReplicaSet", "StatefulSet")),
        labels=metadata.labels or {},
        template=_template(metadata.labels or {}),
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
        devices=reserved_by(found.spec),
        group_size=_group_size(metadata),
    )


def _controller(metadata: ObjectMetadata, kinds: Iterable[str]) -> str:
    found = (metadata.controller(kind) for kind in kinds)
    return next((owner.uid for owner in found if owner), "")


def _template(labels: Mapping[str, str]) -> str:
    return next((labels[key] for key in TEMPLATE_HASHES if key in labels), "")


def _group_size(metadata: ObjectMetadata) -> int:
    return max(1, whole((metadata.annotations or {}).get(GROUP_SIZE, "")) or 1)


def reserved_by(spec: PodSpec) -> Devices:
    """Return the GPUs that the scheduler keeps for a pod."""
    starting = ((_asked(one), one.restart_policy == "Always") for one in spec.init_containers)
    return reserved((_asked(one) for one in spec.containers), starting)


def _asked(container: Container) -> Devices:
    found = container.resources
    return devices({**(found.limits or {}), **(found.requests or {})}) if found else ()


def _deletion_cost(metadata: ObjectMetadata) -> int | None:
    return whole((metadata.annotations or {}).get(DELETION_COST, ""))


def _alternatives(spec: PodSpec) -> tuple[tuple[Requirement, ...], ...]:
    always = tuple(Requirement(key, "In", (value,)) for key, value in spec.node_selector.items())
    affinity = spec.affinity.node_affinity if spec.affinity else None
    terms = affinity.required.node_selector_terms if affinity and affinity.required else []
    return tuple(always + requirements(term.match_expressions) for term in terms) or (always,)


def requirements(expressions: Iterable[Expression]) -> tuple[Requirement, ...]:
    """Return a selector's expressions as views keep them."""
    return tuple(Requirement(one.key, one.operator, tuple(one.values or ())) for one in expressions)


def replica_set(found: OwnedObject) -> SetView:
    """Return what to keep of a ReplicaSet."""
    metadata = found.metadata
    return SetView(metadata.namespace, metadata.name, metadata.uid, _controller(metadata, ("Deployment", "Rollout")))


def autoscaler(found: AutoscalerObject) -> AutoscalerView:
    """Return what to keep of an HPA or a ScaledObject."""
    annotations, target = found.metadata.annotations or {}, found.spec.scale_target_ref
    return AutoscalerView(
        namespace=found.metadata.namespace,
        name=found.metadata.name,
        target_kind=target.kind or "Deployment",
        target_name=target.name,
        target_group=(target.api_version or "").partition("/")[0],
        paused=annotations.get(KEDA_PAUSED) == "true" or KEDA_PAUSED_REPLICAS in annotations,
    )


def whole(text: str) -> int | None:
    """Return the whole number that somebody wrote, None where it is none or longer than any that Kubernetes reads."""
    return int(text) if len(text) <= DIGITS and text.removeprefix("-").isdecimal() else None


def bare(found: PodView) -> Pod:
    """Return a pod as the core sees it where nothing is known of its node."""
    return found.core


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
        return words(scheduled.reason, scheduled.message)
    for container in (*found.status.init_container_statuses, *found.status.container_statuses):
        waiting = container.state.waiting if container.state else None
        if waiting and waiting.reason not in _NO_TROUBLE:
            return words(waiting.reason, waiting.message)
    return words(found.status.reason, found.status.message)


def words(reason: str | None, message: str | None) -> str:
    """Return a condition's reason and message as one."""
    return ": ".join(filter(None, (reason, message)))


PODS = Kind("/api/v1", "pods", PodObject, pod)
REPLICA_SETS = Kind("/apis/apps/v1", "replicasets", OwnedObject, replica_set, metadata_only=True)
AUTOSCALERS = Kind("/apis/autoscaling/v2", "horizontalpodautoscalers", AutoscalerObject, autoscaler)
SCALED_OBJECTS = Kind("/apis/keda.sh/v1alpha1", "scaledobjects", AutoscalerObject, autoscaler)
