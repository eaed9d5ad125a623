"""What each provider's spot capacity looks like: one table. A new provider is a row here and nothing else.

DESIGN.md section 4, checked against the providers' own documentation and source.
"""

from dataclasses import dataclass

Label = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Taint:
    """A taint by key; `value` and `effect` as the provider sets them."""

    key: str
    value: str = ""
    effect: str = "NoSchedule"


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider. `marks`: label keys that its nodes bear, whatever they cost: `auto` goes by them.

    A node is spot if it bears any label of `spot`; the first is what the sibling requires. `on_demand`: labels that
    say the opposite (none: the absence of a spot label does). `taints`: what its spot nodes bear, to be tolerated.
    """

    name: str
    marks: tuple[str, ...]
    spot: tuple[Label, ...]
    on_demand: tuple[Label, ...] = ()
    taints: tuple[Taint, ...] = ()


KARPENTER = Provider(
    "karpenter",
    marks=("karpenter.sh/capacity-type", "karpenter.sh/nodepool"),
    spot=(("karpenter.sh/capacity-type", "spot"),),
    on_demand=(("karpenter.sh/capacity-type", "on-demand"), ("karpenter.sh/capacity-type", "reserved")),
)
EKS = Provider(
    "eks",
    marks=("eks.amazonaws.com/capacityType", "eks.amazonaws.com/nodegroup"),
    spot=(("eks.amazonaws.com/capacityType", "SPOT"),),
    on_demand=(("eks.amazonaws.com/capacityType", "ON_DEMAND"),),
)
GKE = Provider(
    "gke",
    marks=("cloud.google.com/gke-nodepool",),
    spot=(
        ("cloud.google.com/gke-spot", "true"),
        ("cloud.google.com/gke-preemptible", "true"),
        ("cloud.google.com/gke-provisioning", "spot"),
    ),
    taints=(Taint("cloud.google.com/gke-spot", "true"),),
)
AKS = Provider(
    "aks",
    marks=("kubernetes.azure.com/cluster", "kubernetes.azure.com/agentpool"),
    spot=(("kubernetes.azure.com/scalesetpriority", "spot"),),
    taints=(Taint("kubernetes.azure.com/scalesetpriority", "spot"),),
)
PROVIDERS = (KARPENTER, EKS, GKE, AKS)
