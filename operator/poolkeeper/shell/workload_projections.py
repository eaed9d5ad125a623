"""From workloads as JSON holds them to the one view we keep of all kinds, and on to the core's Target. Pure functions.

WORKLOADS at the end is what a Reflector takes, by kind.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any, TypeVar

import msgspec

from poolkeeper.api.names import FIELD_MANAGER, GROUP, KIND, LAST_APPLIED, PROVIDER_LABEL, TIER_LABEL
from poolkeeper.api.target import DEPLOYMENT, LEADER_WORKER_SET, ROLLOUT, STATEFUL_SET, WorkloadKind
from poolkeeper.api.workload import TEMPLATE_HASH
from poolkeeper.core.model import ON_DEMAND
from poolkeeper.core.observation import Pod, Target
from poolkeeper.shell.kubernetes_objects import LabelSelector, ManagedFields, ObjectMetadata, OwnerReference
from poolkeeper.shell.list_watch import HasMetadata
from poolkeeper.shell.projections import ROLLOUT_HASH, bare, condition, reserved_by, whole, words
from poolkeeper.shell.reflector import Kind
from poolkeeper.shell.replicas import merged
from poolkeeper.shell.views import PodView, WorkloadView, Writer
from poolkeeper.shell.workload_objects import (
    GroupTemplate,
    LeaderWorkerSetObject,
    Partition,
    StatefulSetObject,
    Template,
    WorkloadObject,
    WorkloadStatus,
)

T = TypeVar("T", bound=HasMetadata)

GITOPS_MARKS = {
    "argocd.argoproj.io/tracking-id": "Argo CD",
    "kustomize.toolkit.fluxcd.io/name": "Flux",
    "helm.toolkit.fluxcd.io/name": "Flux",
}


class _Applied(msgspec.Struct):
    """What the last-applied annotation holds, as far as it matters."""

    class Spec(msgspec.Struct):
        """The applied spec."""

        replicas: int | None = None

    spec: Spec = msgspec.field(default_factory=Spec)


def deployment(found: WorkloadObject) -> WorkloadView:
    """Return what to keep of a Deployment."""
    view = _workload(DEPLOYMENT, found.metadata, found.spec.replicas, found.status)
    return _templated(view, found.spec.selector, found.spec.template)


def stateful_set(found: StatefulSetObject) -> WorkloadView:
    """Return what to keep of a StatefulSet; one that is rolled out by hand (OnDelete) is in no rollout."""
    view = _workload(STATEFUL_SET, found.metadata, found.spec.replicas, found.status)
    by_hand, ordinals = found.spec.update_strategy.type == "OnDelete", found.spec.ordinals
    return replace(
        _templated(view, found.spec.selector, found.spec.template),
        held=view.existing if by_hand else _partition(found.spec.update_strategy.rolling_update),
        start=ordinals.start if ordinals else 0,
        one_by_one=found.spec.pod_management_policy == "OrderedReady",
    )


def rollout(found: WorkloadObject) -> WorkloadView:
    """Return what to keep of an Argo Rollout. The pods of a blue-green preview do not serve until they are promoted."""
    view = _workload(ROLLOUT, found.metadata, found.spec.replicas, found.status)
    pairs = (part.partition("=") for part in found.status.selector.split(","))
    serving = {key: value for key, _, value in pairs if key == ROLLOUT_HASH}
    return replace(_templated(view, found.spec.selector, found.spec.template), serving=serving)


def leader_worker_set(found: LeaderWorkerSetObject) -> WorkloadView:
    """Return what to keep of a LeaderWorkerSet, which itself tells a rollout from groups that are still incomplete."""
    view = _workload(LEADER_WORKER_SET, found.metadata, found.spec.replicas, found.status)
    template = found.spec.leader_worker_template
    is_rolling = _holds(found.status, "UpdateInProgress")
    return replace(
        view,
        held=0 if is_rolling else view.existing,
        pods_each=template.size,
        renting=_renting(template),
        template_digest=_digest(bytes(template.leader) + bytes(template.worker_template)),
    )


def _renting(template: GroupTemplate) -> int:
    """Return how many pods of a group ask for GPUs; all of them where none does."""
    leader, worker = (
        bool(reserved_by(msgspec.json.decode(one, type=Template).spec))
        for one in (template.leader, template.worker_template)
    )
    return leader + worker * (template.size - 1) or template.size


def _workload(kind: WorkloadKind, metadata: ObjectMetadata, replicas: int, status: WorkloadStatus) -> WorkloadView:
    """Return what all kinds have."""
    failure = condition(status.conditions, "ReplicaFailure")
    failed = failure is not None and failure.status == "True"
    owners = metadata.owner_references
    return WorkloadView(
        kind=kind,
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
        resource_version=metadata.resource_version,
        generation=metadata.generation,
        observed_generation=whole(str(status.observed_generation)) or 0,
        replicas=replicas,
        existing=status.replicas,
        updated=status.updated_replicas,
        ready=status.ready_replicas,
        available=status.available_replicas,
        failure=words(failure.reason, failure.message) if failure and failed else "",
        failure_since=failure.last_transition_time if failure and failed else None,
        writers=tuple(_writer(entry) for entry in metadata.managed_fields if _owns_replicas(entry)),
        last_applied=_last_applied(metadata),
        gitops=_gitops(metadata),
        created_at=metadata.creation_timestamp,
        template_hash=(metadata.annotations or {}).get(TEMPLATE_HASH, ""),
        pool_owners=tuple(owner.uid for owner in owners if _is_pool(owner)),
        tier=(metadata.labels or {}).get(TIER_LABEL, ""),
        provider=(metadata.labels or {}).get(PROVIDER_LABEL, ""),
        owners=tuple(owner.uid for owner in owners),
        controller=next((owner.uid for owner in owners if owner.controller), ""),
    )


def _templated(view: WorkloadView, selector: LabelSelector | None, template: msgspec.Raw) -> WorkloadView:
    """Return a workload with what its selector and its one template say."""
    asked = selector or LabelSelector()
    return replace(
        view,
        match_labels=asked.match_labels,
        match_expressions=len(asked.match_expressions),
        template_digest=_digest(bytes(template)),
    )


def target(
    found: WorkloadView,
    replicas: Iterable[tuple[PodView, ...]],
    see: Callable[[PodView], Pod] = bare,
    field_manager: str = FIELD_MANAGER,
) -> Target:
    """Return a workload and its live replicas, as `see` shows their pods; ours is a size that `field_manager` owns.

    Whoever changes the value takes it from all others, so that who shares it has written the same.
    """
    writer = found.writer
    own = [entry for entry in found.writers if entry.manager == field_manager]
    return Target(
        replicas=found.replicas,
        uid=found.uid,
        writer=writer.manager if writer else "",
        ours=bool(own),
        pods=tuple(_replica(found, pods, see) for pods in replicas),
        failure=found.failure,
        failure_since=found.failure_since,
        rolling=found.rolling,
        tier=found.tier or ON_DEMAND.name,
        one_by_one=found.one_by_one,
    )


def _replica(found: WorkloadView, pods: Sequence[PodView], see: Callable[[PodView], Pod]) -> Pod:
    seen = merged([see(pod) for pod in pods], pods[0].group_size)
    number = ordinal(seen.name) if found.kind.ordered else None
    return seen if number is None else replace(seen, ordinal=number - found.start)


def ordinal(name: str) -> int | None:
    """Return the number at the end of a pod's name, as every StatefulSet gives it; None where somebody else made it."""
    return whole(name.rpartition("-")[2])


def _partition(asked: Partition | None) -> int:
    return (asked.partition if asked else None) or 0


def _holds(status: WorkloadStatus, kind: str) -> bool:
    found = condition(status.conditions, kind)
    return found is not None and found.status == "True"


def _digest(template: bytes) -> str:
    return blake2b(template, digest_size=8).hexdigest()


def _is_pool(owner: OwnerReference) -> bool:
    return owner.kind == KIND and owner.api_version.partition("/")[0] == GROUP


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
    except (msgspec.DecodeError, RecursionError):  # anybody may write anything into an annotation
        return None


def _gitops(metadata: ObjectMetadata) -> tuple[tuple[str, str], ...]:
    marks = {**(metadata.labels or {}), **(metadata.annotations or {})}
    return tuple((key, marks[key]) for key in GITOPS_MARKS if key in marks)


def _kind(
    known: WorkloadKind, item: type[T], project: Callable[[T], WorkloadView]
) -> tuple[WorkloadKind, Kind[T, WorkloadView]]:
    return known, Kind(known.api, known.plural, item, project, optional=known.optional)


WORKLOADS: dict[WorkloadKind, Kind[Any, WorkloadView]] = dict(
    (
        _kind(DEPLOYMENT, WorkloadObject, deployment),
        _kind(STATEFUL_SET, StatefulSetObject, stateful_set),
        _kind(LEADER_WORKER_SET, LeaderWorkerSetObject, leader_worker_set),
        _kind(ROLLOUT, WorkloadObject, rollout),
    )
)
