"""From objects that concern nodes to the views we keep of them: nodes, what is said of them, and what guards pods.

The KINDS at the end are what a Reflector takes.
"""

from poolkeeper.api.gpus import devices
from poolkeeper.api.names import POOL_LABEL
from poolkeeper.api.providers import RECLAIM_CONDITIONS
from poolkeeper.api.signals import matters
from poolkeeper.shell.kubernetes_objects import BudgetObject, Condition, EventObject, NodeObject
from poolkeeper.shell.projections import condition, requirements
from poolkeeper.shell.reflector import Kind
from poolkeeper.shell.views import LONG_AGO, DisruptionBudgetView, EventView, NodeView

# Most events are none of ours: the server leaves out those whose posters tell nothing of nodes, for there is no `or`
# in a field selector with which to ask for the few that do. `source` is the component of either API.
_NOISY = (
    "kubelet",
    "default-scheduler",
    "deployment-controller",
    "replicaset-controller",
    "statefulset-controller",
    "daemonset-controller",
    "job-controller",
    "cronjob-controller",
    "horizontal-pod-autoscaler",
    "keda-operator",
    "endpoint-slice-controller",
    "persistentvolume-controller",
    "attachdetach-controller",
    "taint-eviction-controller",
    "node-controller",
    "controllermanager",
    "poolkeeper",
)
_QUIET = ",".join(f"source!={component}" for component in _NOISY)


def disruption_budget(found: BudgetObject) -> DisruptionBudgetView:
    """Return what to keep of a PodDisruptionBudget."""
    metadata, selector = found.metadata, found.spec.selector
    return DisruptionBudgetView(
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
        resource_version=metadata.resource_version,
        pool=(metadata.labels or {}).get(POOL_LABEL, ""),
        min_available=found.spec.min_available,
        match_labels=selector.match_labels if selector else None,
        match_expressions=requirements(selector.match_expressions) if selector else (),
        owners=tuple(owner.uid for owner in metadata.owner_references),
    )


def node(found: NodeObject) -> NodeView:
    """Return what to keep of a node; one that never said how it is has been unready since it was made."""
    metadata = found.metadata
    created_at = metadata.creation_timestamp or LONG_AGO
    ready = condition(found.status.conditions, "Ready")
    since = ready.last_transition_time if ready else None
    claim = next((owner for owner in metadata.owner_references if owner.kind == "NodeClaim"), None)
    return NodeView(
        name=metadata.name,
        uid=metadata.uid,
        created_at=created_at,
        labels=metadata.labels or {},
        taints={taint.key: taint.value for taint in found.spec.taints},
        conditions={one.type: one.message or "" for one in found.status.conditions if _tells_of_a_reclaim(one)},
        unready_since=None if ready and ready.status == "True" else since or created_at,
        node_claim=claim.name if claim else "",
        node_claim_uid=claim.uid if claim else "",
        devices=devices(found.status.capacity or {}),
        provider_id=found.spec.provider_id,
    )


def _tells_of_a_reclaim(found: Condition) -> bool:
    return found.status == "True" and any(found.type == kind for kind, _ in RECLAIM_CONDITIONS)


def event(found: EventObject) -> EventView | None:
    """Return what to keep of an event, None where it tells nothing of nodes."""
    about, again = found.involved_object, found.series.last_observed_time if found.series else None
    if not matters(about.kind, found.reason, found.message):
        return None
    since = found.first_timestamp or found.event_time or found.metadata.creation_timestamp or LONG_AGO
    return EventView(
        reason=found.reason,
        message=found.message,
        since=since,
        at=found.last_timestamp or again or since,
        kind=about.kind,
        name=about.name,
        uid=about.uid,
    )


EVENTS = Kind("/api/v1", "events", EventObject, event, fields=_QUIET, bookmarks=False)
DISRUPTION_BUDGETS = Kind("/apis/policy/v1", "poddisruptionbudgets", BudgetObject, disruption_budget)
NODES = Kind("/api/v1", "nodes", NodeObject, node)
