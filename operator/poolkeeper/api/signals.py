"""What provisioners say of a pod that has no node, read from the events that they post.

    Karpenter             Nominated                          LAUNCHING      on the pod; names the NodeClaim
                          InsufficientCapacityError          STOCK_OUT      on the NodeClaim
                          NoCompatibleInstanceTypes          STOCK_OUT      on a NodePool, beside a refusal on the pod
                          FailedScheduling                   see `refusal`  on the pod
    Cluster Autoscaler    TriggeredScaleUp                   LAUNCHING      on the pod
                          FailedScaleUp                      STOCK_OUT      on the pod (GKE: out of resources, quota)
                          NotTriggerScaleUp                  see `decline`  on the pod

Sources: karpenter 1.14.1 `pkg/events`, `pkg/controllers/provisioning/scheduling/{events,nodeclaim,scheduler}.go`,
`pkg/scheduling/requirements.go`; kubernetes/autoscaler `processors/status/eventing_scale_up_processor.go`,
`core/scaleup/orchestrator/skippedreasons.go`; GKE's "Troubleshoot cluster autoscaler not scaling up".
"""

import re
from collections.abc import Iterator
from enum import Enum

from poolkeeper.api.providers import CAPACITY_KEYS, RECLAIM_EVENTS
from poolkeeper.core.observation import Wait

_NOT_MATCHED = "didn't match Pod's node affinity/selector"
_REFUSED = "Failed to schedule pod, "
_UNAVAILABLE = re.compile(
    r"required offering(?! met| had)"
    r"|filtered out all available instance types"
    r"|exceed limits for nodepool"
    r"|limits have been exhausted"
)
_UNSUITABLE = re.compile(r"incompatible requirements|no instance type|did not tolerate taint")
_KEY = re.compile(r'(?:key|label) "?([^\s",]+)')
_SKIPPED = re.compile(r"in backoff after failed scale-up|max node group size reached|max cluster .* limit reached")
_CLAIM = re.compile(r"nodeclaim/([^\s,]+)")


class Kind(Enum):
    """How an event stands to others about the same pod: a launch, its failure, or a refusal to begin one."""

    LAUNCH = "launch"
    FAILURE = "failure"
    REFUSAL = "refusal"


KINDS = {
    "Nominated": Kind.LAUNCH,
    "TriggeredScaleUp": Kind.LAUNCH,
    "InsufficientCapacityError": Kind.FAILURE,
    "FailedScaleUp": Kind.FAILURE,
    "FailedScheduling": Kind.REFUSAL,
    "NotTriggerScaleUp": Kind.REFUSAL,
}
EMPTIED = "NoCompatibleInstanceTypes"
ENDED_WITH_ITS_NODE = frozenset(
    {
        "DeletionByPodGC",
        "DeletionByTaintManager",
        "NodeAffinity",
        "NodeShutdown",
        "TerminationByKubelet",
        "Terminated",
    }
)
"""Why a pod ended, by its DisruptionTarget condition or its failure: nobody asked for it, its node did not last.

Sources: kubernetes.io/docs/concepts/workloads/pods/disruptions (condition), kubelet `nodeshutdown` and `lifecycle`.
"""
PREEMPTED = "PreemptionByScheduler"
_ABOUT = {
    "Pod": frozenset(KINDS) - {"InsufficientCapacityError"},
    "NodeClaim": RECLAIM_EVENTS | {"InsufficientCapacityError"},
    "Node": RECLAIM_EVENTS,
    "NodePool": frozenset({EMPTIED}),
}


def matters(kind: str, reason: str, message: str) -> bool:
    """Return whether an event about an object of `kind` is one of the table; the scheduler's own refusal is not."""
    return reason in _ABOUT.get(kind, ()) and (reason != "FailedScheduling" or _REFUSED in message)


def wait(reason: str, message: str) -> Wait | None:
    """Return what an event about a pod (or its NodeClaim) says of its node, None where that is unclear."""
    kind = KINDS[reason]
    if kind is Kind.REFUSAL:
        return refusal(message) if reason == "FailedScheduling" else decline(message)
    return Wait.LAUNCHING if kind is Kind.LAUNCH else Wait.STOCK_OUT


def claim(message: str) -> str:
    """Return the NodeClaim that a nomination names, empty where it names none."""
    found = _CLAIM.search(message)
    return found[1] if found else ""


def refusal(message: str) -> Wait | None:
    """Return what Karpenter's refusal means: it gives one reason for each NodePool, separated by semicolons.

    STOCK_OUT where a NodePool has nothing left to offer, or is at its limit. Else unclear where one differs in the
    capacity type alone, for then another tier may help; MISCONFIGURED where all differ in more than that.
    """
    reasons = tuple(_by_pool(message))
    if any(_UNAVAILABLE.search(reason) for reason in reasons):
        return Wait.STOCK_OUT
    if any(_differs_in_type_alone(reason) for reason in reasons):
        return None
    return Wait.MISCONFIGURED if any(_UNSUITABLE.search(reason) for reason in reasons) else None


def decline(message: str) -> Wait | None:
    """Return what the Cluster Autoscaler's refusal means: it counts the node groups by what speaks against them.

    A group that failed lately or may not grow is skipped before the pod is looked at. So a skipped group need not be
    one that would do; but had one been free to grow, there were no refusal: that is read as a STOCK_OUT. Only where
    none was skipped, and the pod's labels ruled groups out, it is MISCONFIGURED.
    """
    if _SKIPPED.search(message):
        return Wait.STOCK_OUT
    return Wait.MISCONFIGURED if _NOT_MATCHED in message and "not ready for scale-up" not in message else None


def scheduler_found_no_match(words: str) -> bool:
    """Return whether the scheduler says that no node that it might use has the labels that the pod requires."""
    return _NOT_MATCHED in words and "Insufficient" not in words


def _by_pool(message: str) -> Iterator[str]:
    """Yield the reasons by NodePool; several keys of one pool are separated as pools are, and stay together."""
    _, _, words = message.partition(_REFUSED)
    group = ""
    for part in words.split("; "):
        if group and not part.startswith("key "):
            yield group
            group = ""
        group = f"{group}; {part}" if group else part
    yield group


def _differs_in_type_alone(reason: str) -> bool:
    return "incompatible requirements" in reason and CAPACITY_KEYS.issuperset(_KEY.findall(reason))
