"""Whose GPUs they are: pods under the object at the top of their owner chain, whatever kind it is.

Pod -> ReplicaSet -> Deployment                              a Deployment
Pod -> ReplicaSet -> Deployment -> InferenceService          an InferenceService, sized by whoever made the Deployment
Pod -> Job -> CronJob                                        a CronJob
Pod                                                          itself
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from poolkeeper.api.survey import GpuPod, Parent, Reference, Scaler, Survey
from poolkeeper.api.target import KINDS

DEEPEST = 10
"""More owners one above the other than anybody has."""
TEAMS = (
    "team",
    "owner",
    "app.kubernetes.io/team",
    "cost-center",
    "app.kubernetes.io/part-of",
    "app.kubernetes.io/name",
    "app",
)
"""Labels that say whose a workload is, the surest first."""
MANAGERS = {
    "argocd.argoproj.io/tracking-id": "Argo CD",
    "argocd.argoproj.io/instance": "Argo CD",
    "kustomize.toolkit.fluxcd.io/name": "Flux",
    "helm.toolkit.fluxcd.io/name": "Flux",
    "meta.helm.sh/release-name": "Helm",
}
MANAGED_BY = "app.kubernetes.io/managed-by"


@dataclass(frozen=True, slots=True)
class Holding:
    """A workload that has GPUs, or asks for them.

    `top` is the object that people made. `sized` is the one below it, or itself, whose replicas are set by number;
    None where there is none that we know of. `scaler` sets that size. `members` are all such objects, as the halves of
    a split pair are. `replicas` are those asked for, of all members together.
    """

    namespace: str
    top: Reference
    pods: tuple[GpuPod, ...] = ()
    sized: Parent | None = None
    members: tuple[Parent, ...] = ()
    scaler: Scaler | None = None
    replicas: int = 0
    team: str = ""
    manager: str = ""

    @property
    def shown(self) -> str:
        """How messages name it."""
        return f"{self.namespace}/{self.top.name}"

    @property
    def poolable(self) -> bool:
        """Whether a pool could set its size: nobody above its target would set it back."""
        return self.sized is not None and self.sized.reference.uid == self.top.uid


def holdings(survey: Survey) -> tuple[Holding, ...]:
    """Return all workloads that have GPUs or ask for them, in order of their names."""
    found: defaultdict[str, list[GpuPod]] = defaultdict(list)
    chains: dict[str, tuple[Reference, ...]] = {}
    namespaces: dict[str, str] = {}
    for pod in survey.pods:
        chain = chain_of(pod.owner, survey.parents) or (Reference("Pod", pod.name, pod.uid, "v1"),)
        top = chain[-1].uid
        found[top].append(pod)
        # the pods of one top may hang on several Deployments, as in a split pair; the longest way tells most
        chains[top] = max(chains.get(top, ()), chain, key=len)
        namespaces[top] = pod.namespace
    for parent in waiting(survey):
        chain = chain_of(parent.reference, survey.parents)
        chains.setdefault(chain[-1].uid, chain)
        namespaces.setdefault(chain[-1].uid, parent.namespace)
    sized = members(survey)
    made = (holding(survey, namespaces[top], chains[top], tuple(found[top]), sized.get(top, ())) for top in chains)
    return tuple(sorted(made, key=lambda one: (one.namespace, one.top.name, one.top.kind)))


def waiting(survey: Survey) -> Iterator[Parent]:
    """Yield what asks for replicas with GPUs, whether or not there is a pod of it: a quota may let none be."""
    for parent in survey.parents.values():
        if parent.devices and parent.replicas:
            yield parent


def members(survey: Survey) -> dict[str, tuple[Parent, ...]]:
    """Return by the UID of their top the objects with GPUs whose replicas are set by number, the uppermost first.

    What one of another kind made, as a LeaderWorkerSet its StatefulSets, has no replicas of its own.
    """
    carriers = {one.uid for pod in survey.pods for one in chain_of(pod.owner, survey.parents)}
    chains: defaultdict[str, list[tuple[Reference, ...]]] = defaultdict(list)
    for parent in survey.parents.values():
        chain = chain_of(own := parent.reference, survey.parents)
        made = any(one.kind in KINDS and one.kind != own.kind for one in chain)
        if own.kind in KINDS and parent.replicas is not None and (parent.devices or own.uid in carriers) and not made:
            chains[chain[-1].uid].append(chain)
    return {top: tuple(survey.parents[chain[0].uid] for chain in sorted(ways, key=len)) for top, ways in chains.items()}


def chain_of(owner: Reference | None, parents: Mapping[str, Parent]) -> tuple[Reference, ...]:
    """Return an owner and those above it, the top last; what is known of no object ends it."""
    chain: list[Reference] = []
    while owner is not None and owner.kind != "Node" and len(chain) < DEEPEST:
        chain.append(owner)
        parent = parents.get(owner.uid)
        owner = parent.owner if parent else None
    return tuple(chain)


def holding(
    survey: Survey,
    namespace: str,
    chain: Sequence[Reference],
    pods: tuple[GpuPod, ...],
    sized_by_number: tuple[Parent, ...],
) -> Holding:
    """Return one workload."""
    known = [survey.parents[one.uid] for one in reversed(chain) if one.uid in survey.parents]
    sized = next((one for one in known if one.reference.kind in KINDS and one.replicas is not None), None)
    alone = next((one.replicas for one in known if one.replicas is not None), len(pods))
    labels = [*(one.labels for one in known), *(pod.labels for pod in pods[:1])]
    marks = [mark for one in known for mark in (one.annotations, one.labels)]
    return Holding(
        namespace=namespace,
        top=chain[-1],
        pods=pods,
        sized=sized,
        scaler=scaler_of(survey.scalers, namespace, chain),
        members=sized_by_number,
        replicas=sum(one.replicas or 0 for one in sized_by_number) if sized_by_number else alone,
        team=next((one[key] for key in TEAMS for one in labels if one.get(key)), ""),
        manager=manager(marks),
    )


def manager(marks: Sequence[Mapping[str, str]]) -> str:
    """Return who keeps a workload's manifest, empty where nothing tells."""
    known = next((words for key, words in MANAGERS.items() for one in marks if key in one), "")
    return known or next((one[MANAGED_BY] for one in marks if one.get(MANAGED_BY)), "")


def scaler_of(scalers: Sequence[Scaler], namespace: str, chain: Sequence[Reference]) -> Scaler | None:
    """Return what scales one of a chain; KEDA's own HPA gives way to its ScaledObject."""
    names = {(one.kind, one.name) for one in chain}
    found = [one for one in scalers if one.namespace == namespace and (one.target_kind, one.target_name) in names]
    return max(found, key=lambda one: one.kind != "HPA", default=None)
