"""Who else writes a target's size (R10), read off the cluster's objects. Each answer names what to change where."""

from poolkeeper.api.names import API_VERSION, FIELD_MANAGER, KIND, LAST_APPLIED, PLURAL, shown
from poolkeeper.api.sibling import TIER, sibling_name
from poolkeeper.api.target import DEPLOYMENT, WorkloadKind
from poolkeeper.core.observation import Conflict
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.pools import Pool, Pools
from poolkeeper.shell.views import WorkloadView
from poolkeeper.shell.workload_projections import GITOPS_MARKS

POOL = WorkloadKind(API_VERSION, KIND, PLURAL)

GITOPS_MANAGERS = {
    "argocd-controller": "Argo CD",
    "argocd-application-controller": "Argo CD",
    "kustomize-controller": "Flux",
    "helm-controller": "Flux",
    "fleetagent": "Fleet",
}


def find(pool: Pool, target: WorkloadView, cluster: Cluster, pools: Pools) -> Conflict | None:
    """Return the first owner of the target's size that is not this pool, None where it has it to itself."""
    for name in halves(pool, target):
        place = (pool.key[0], target.kind, name)
        for scaled in cluster.scaled_objects.of(*place):
            words = f"scaledobject/{scaled.name}: delete it, or pause it with autoscaling.keda.sh/paused"
            return Conflict(Reason.CONFLICT_SCALED_OBJECT, words)
        for scaler in cluster.autoscalers.of(*place):
            return Conflict(Reason.CONFLICT_AUTOSCALER, f"hpa/{scaler.name}: delete it, or set mode: Observe")
    rival = pools.rival(pool)
    if rival is not None:
        return Conflict(Reason.CONFLICT_POOL, f"{shown(rival.key[1])} has {target.shown}: delete one of them")
    return half_on_spot(target, pools) or gitops(target)


def scaler_of(pool: Pool, cluster: Cluster) -> str:
    """Return the autoscaler that scales the pool itself, as kubectl names it; empty where none does."""
    place = (pool.key[0], POOL, pool.key[1])
    found = [f"scaledobject/{one.name}" for one in cluster.scaled_objects.of(*place)]
    found += [f"hpa/{one.name}" for one in cluster.autoscalers.of(*place)]
    return min(found, default="")


def half_on_spot(target: WorkloadView, pools: Pools) -> Conflict | None:
    """Return the conflict of a target that is another one's sibling: its size is that of a part, whoever is older.

    One whose pool is gone goes on serving for a successor; one that lost its owner is free until a pool adopts it.
    """
    whole = target.name.removesuffix(f"-{TIER}")
    if target.kind is not DEPLOYMENT or target.tier != TIER or target.name != sibling_name(whole):
        return None
    pool = pools.splitting((target.namespace, DEPLOYMENT.name, whole))
    if not target.owners and pool is None:
        return None
    whose = f"{shown(pool.key[1])}'s half" if pool else "the half"
    words = f"{target.shown} is {whose} of deployment/{whole} on spot: let one pool name {whole}, and none this"
    return Conflict(Reason.CONFLICT_POOL, words)


def halves(pool: Pool, target: WorkloadView) -> tuple[str, ...]:
    """Return the names of the workloads whose size the pool sets."""
    uses_spot = pool.core is not None and pool.core.spot is not None
    return (target.name, sibling_name(target.name)) if uses_spot else (target.name,)


def gitops(target: WorkloadView) -> Conflict | None:
    """Return the GitOps tool that holds a size of its own for a target."""
    return _owned(target) or _applied(target)


def _owned(target: WorkloadView) -> Conflict | None:
    """Return the tool among the field's managers.

    One that owns it together with us wrote what we had written: Argo CD, told to respect what it ignores, applies the
    size that it finds. Had it another one of its own, its write would have taken the field from us.
    """
    if any(one.manager == FIELD_MANAGER for one in target.writers):
        return None
    tool = next((GITOPS_MANAGERS[one.manager] for one in target.writers if one.manager in GITOPS_MANAGERS), None)
    return None if tool is None else _holds(tool, target, "")


def _applied(target: WorkloadView) -> Conflict | None:
    """Return the tool that has a size in what it last applied, whoever owns the field.

    A patch from the client's side leaves a size alone that is already its own: the tool owns nothing until it differs.
    """
    tool = next((GITOPS_MARKS[key] for key, _ in target.gitops if key in GITOPS_MARKS), None)
    if tool is None or target.last_applied is None:
        return None
    return _holds(tool, target, f" and remove {LAST_APPLIED}")


def _holds(tool: str, target: WorkloadView, besides: str) -> Conflict:
    words = f"{tool} owns spec.replicas of {target.shown}: drop it from the manifest in Git, or have it ignored"
    return Conflict(Reason.CONFLICT_GITOPS, words + besides)
