"""Who else writes a target's size (R10), read off the cluster's objects. Each answer names what to change where."""

from poolkeeper.api.names import shown
from poolkeeper.api.sibling import TIER, sibling_name
from poolkeeper.core.observation import Conflict
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.pools import Pool, Pools
from poolkeeper.shell.projections import GITOPS_MARKS
from poolkeeper.shell.views import DeploymentView

GITOPS_MANAGERS = {
    "argocd-controller": "Argo CD",
    "argocd-application-controller": "Argo CD",
    "kustomize-controller": "Flux",
    "helm-controller": "Flux",
    "fleetagent": "Fleet",
}


def find(pool: Pool, target: DeploymentView, cluster: Cluster, pools: Pools) -> Conflict | None:
    """Return the first owner of the target's size that is not this pool, None where it has it to itself."""
    for name in halves(pool, target):
        place = (pool.key[0], "Deployment", name)
        for scaled in cluster.scaled_objects.of(*place):
            words = f"scaledobject/{scaled.name}: delete it, or pause it with autoscaling.keda.sh/paused"
            return Conflict(Reason.CONFLICT_SCALED_OBJECT, words)
        for scaler in cluster.autoscalers.of(*place):
            return Conflict(Reason.CONFLICT_AUTOSCALER, f"hpa/{scaler.name}: delete it, or set mode: Observe")
    rival = pools.rival(pool)
    if rival is not None:
        return Conflict(Reason.CONFLICT_POOL, f"{shown(rival.key[1])} has deployment/{target.name}: delete one of them")
    return half_on_spot(target, pools) or gitops(target)


def half_on_spot(target: DeploymentView, pools: Pools) -> Conflict | None:
    """Return the conflict of a target that is another one's sibling: its size is that of a part, whoever is older.

    One whose pool is gone goes on serving for a successor; one that lost its owner is free until a pool adopts it.
    """
    whole = target.name.removesuffix(f"-{TIER}")
    if target.tier != TIER or target.name != sibling_name(whole):
        return None
    pool = pools.splitting((target.namespace, whole))
    if not target.owners and pool is None:
        return None
    whose = f"{shown(pool.key[1])}'s half" if pool else "the half"
    words = (
        f"deployment/{target.name} is {whose} of deployment/{whole} on spot: let one pool name {whole}, and none this"
    )
    return Conflict(Reason.CONFLICT_POOL, words)


def halves(pool: Pool, target: DeploymentView) -> tuple[str, ...]:
    """Return the names of the Deployments whose size the pool sets."""
    uses_spot = pool.core is not None and pool.core.spot is not None
    return (target.name, sibling_name(target.name)) if uses_spot else (target.name,)


def gitops(target: DeploymentView) -> Conflict | None:
    """Return the GitOps tool that owns `spec.replicas`, by managed fields or by what it last applied."""
    tool = next((GITOPS_MANAGERS[one.manager] for one in target.writers if one.manager in GITOPS_MANAGERS), None)
    if tool is None and target.last_applied is not None:
        tool = next((GITOPS_MARKS[key] for key, _ in target.gitops if key in GITOPS_MARKS), None)
    if tool is None:
        return None
    words = (
        f"{tool} owns spec.replicas of deployment/{target.name}: drop it from the manifest in Git, or have it ignored"
    )
    return Conflict(Reason.CONFLICT_GITOPS, words)
