"""What each provider's spot capacity looks like, and how it says that a node goes: one table.

A new provider is a row here and nothing else. Sources: the labels' and taints' documentation by EKS, GKE and AKS;
karpenter-provider-aws `pkg/controllers/interruption/events`; aws-node-termination-handler `pkg/node` (TAINT_NODE);
GKE's maintenance-handler (`--taint=cloud.google.com/impending-node-termination::NoSchedule`); AKS "node auto-drain"
and its node-problem-detector (condition `VMEventScheduled`, event `PreemptScheduled`).
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass

Label = tuple[str, str]
Condition = tuple[str, str]


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
    A spot node is being reclaimed if it bears any of the keys in `reclaim_taints`, has a condition of the type in
    `reclaim_conditions` whose message starts with the words there, or is named by one of the `reclaim_events`.
    """

    name: str
    marks: tuple[str, ...]
    spot: tuple[Label, ...]
    on_demand: tuple[Label, ...] = ()
    taints: tuple[Taint, ...] = ()
    reclaim_taints: tuple[str, ...] = ()
    reclaim_conditions: tuple[Condition, ...] = ()
    reclaim_events: tuple[str, ...] = ()


AUTO = "auto"
KARPENTER = Provider(
    "karpenter",
    marks=("karpenter.sh/capacity-type", "karpenter.sh/nodepool"),
    spot=(("karpenter.sh/capacity-type", "spot"),),
    on_demand=(("karpenter.sh/capacity-type", "on-demand"), ("karpenter.sh/capacity-type", "reserved")),
    reclaim_events=("SpotInterrupted",),
)
EKS = Provider(
    "eks",
    marks=("eks.amazonaws.com/capacityType", "eks.amazonaws.com/nodegroup"),
    spot=(("eks.amazonaws.com/capacityType", "SPOT"),),
    on_demand=(("eks.amazonaws.com/capacityType", "ON_DEMAND"),),
    reclaim_taints=(
        "aws-node-termination-handler/spot-itn",
        "aws-node-termination-handler/rebalance-recommendation",
        "aws-node-termination-handler/asg-lifecycle-termination",
    ),
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
    reclaim_taints=("cloud.google.com/impending-node-termination",),
)
AKS = Provider(
    "aks",
    marks=("kubernetes.azure.com/cluster", "kubernetes.azure.com/agentpool"),
    spot=(("kubernetes.azure.com/scalesetpriority", "spot"),),
    taints=(Taint("kubernetes.azure.com/scalesetpriority", "spot"),),
    reclaim_taints=("remediator.kubernetes.azure.com/unschedulable",),
    # the one condition tells of reboots and freezes too, the other is newer and tells of this alone
    reclaim_conditions=(("VMEventScheduled", "Preempt Scheduled:"), ("PreemptionScheduled", "Preempt Scheduled:")),
    reclaim_events=("PreemptScheduled",),
)
PROVIDERS = (KARPENTER, EKS, GKE, AKS)
"""In order of preference: where Karpenter and EKS, GKE or AKS are both, Karpenter makes the nodes."""

LOSS_TAINTS = ("node.kubernetes.io/out-of-service", "node.cloudprovider.kubernetes.io/shutdown")
"""What says of any node, spot or not, that it is lost (kubernetes.io/docs/reference/labels-annotations-taints)."""

CAPACITY_KEYS = frozenset(key for provider in PROVIDERS for key, _ in (*provider.spot, *provider.on_demand))
RECLAIM_CONDITIONS = tuple(condition for provider in PROVIDERS for condition in provider.reclaim_conditions)
RECLAIM_EVENTS = frozenset(reason for provider in PROVIDERS for reason in provider.reclaim_events)
_RECLAIM_TAINTS = frozenset(key for provider in PROVIDERS for key in provider.reclaim_taints)


def provider(name: str, seen: Container[str] = ()) -> Provider | None:
    """Return the provider of this name; for `auto` the preferred one of those `seen`; None where there is none."""
    return next((one for one in PROVIDERS if one.name == name or (name == AUTO and one.name in seen)), None)


def makers(labels: Mapping[str, str]) -> frozenset[str]:
    """Return the names of the providers whose marks a node bears."""
    return frozenset(one.name for one in PROVIDERS if any(mark in labels for mark in one.marks))


def is_spot(labels: Mapping[str, str]) -> bool:
    """Return whether a node with these labels can be reclaimed, whoever provides it."""
    return any(labels.get(key) == value for one in PROVIDERS for key, value in one.spot)


def loss(taints: Mapping[str, str]) -> str:
    """Return in words what says that a node is lost, empty where nothing does. `taints`: values by key."""
    return next((f"taint {key}" for key in LOSS_TAINTS if key in taints), "")


def reclaim(taints: Mapping[str, str], conditions: Mapping[str, str]) -> str:
    """Return in words what on a spot node says that it is being reclaimed, empty where nothing does.

    `taints`: values by key; `conditions`: messages by type, of those that are true.
    """
    borne = next((f"taint {key}" for key in taints if key in _RECLAIM_TAINTS), "")
    told = (conditions[kind] for kind, words in RECLAIM_CONDITIONS if conditions.get(kind, "").startswith(words))
    return borne or next(told, "")
