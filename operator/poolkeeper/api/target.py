"""What a pool may scale: the reference as users write it, and one table of kinds (decision 0044).

    kind              a replica is         its pods are found by               first to go
    Deployment        a pod                ReplicaSets                         as marked (R6)
    Rollout           a pod                ReplicaSets; those that serve       as marked
    StatefulSet       a pod                itself                              the highest ordinal
    LeaderWorkerSet   a group: a leader    a StatefulSet of leaders, each      the highest ordinal
                      and its workers      of which has one of its workers

All of them have a scale subresource at `.spec.replicas`. A new kind is a row here and a projection in the shell.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from poolkeeper.api.rules import Part, Rule
from poolkeeper.api.sources import ObjectName


@dataclass(frozen=True, slots=True)
class WorkloadKind:
    """One kind of target. `ordered`: the highest ordinal goes first, whatever anybody marks.

    `optional`: where it is not installed, or is hidden from the operator, nobody misses it.
    """

    api_version: str
    name: str
    plural: str
    ordered: bool = False
    optional: bool = False

    @property
    def group(self) -> str:
        """The API group."""
        return self.api_version.partition("/")[0]

    @property
    def api(self) -> str:
        """The path under which the API server has the group."""
        return f"/apis/{self.api_version}"

    def path(self, namespace: str, name: str) -> str:
        """Return the path of one workload."""
        return f"{self.api}/namespaces/{namespace}/{self.plural}/{name}"

    def shown(self, name: str) -> str:
        """Return how messages name a workload."""
        return f"{self.name.lower()}/{name}"


DEPLOYMENT = WorkloadKind("apps/v1", "Deployment", "deployments")
STATEFUL_SET = WorkloadKind("apps/v1", "StatefulSet", "statefulsets", ordered=True, optional=True)
LEADER_WORKER_SET = WorkloadKind(
    "leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", "leaderworkersets", ordered=True, optional=True
)
ROLLOUT = WorkloadKind("argoproj.io/v1alpha1", "Rollout", "rollouts", optional=True)
KINDS = {kind.name: kind for kind in (DEPLOYMENT, STATEFUL_SET, LEADER_WORKER_SET, ROLLOUT)}


VERSIONS = "{" + ", ".join(f"'{kind.name}': '{kind.api_version}'" for kind in KINDS.values()) + "}"
"""The API version of each kind, as CEL."""


class TargetRef(Part):
    """The workload whose replicas the pool sets."""

    api_version: Literal["apps/v1", "leaderworkerset.x-k8s.io/v1", "argoproj.io/v1alpha1"] | None = None
    """The target's API version. Without it, that of its kind."""
    kind: Literal["Deployment", "StatefulSet", "LeaderWorkerSet", "Rollout"] = "Deployment"
    """The target's kind. A LeaderWorkerSet's replica is a group: its leader is asked for the queue, and its size,
    readiness and cost are those of the whole group."""
    name: ObjectName
    """The target's name, in the pool's own namespace."""

    RULES: ClassVar = (
        Rule(
            f"!has(self.apiVersion) || self.apiVersion == {VERSIONS}[self.kind]",
            lambda it: it.api_version in {None, it.workload.api_version},
            "leave apiVersion out, or give that of the kind: "
            + ", ".join(f"{kind.api_version} {kind.name}" for kind in KINDS.values()),
        ),
    )

    @property
    def workload(self) -> WorkloadKind:
        """What the table knows of the kind."""
        return KINDS[self.kind]
