"""Nodes, events and pods as each provider makes them; the fields that nobody reads are left in where they may mislead.

Sources are named beside each: the shapes come from the providers' code and documents, not from us.
"""

from datetime import UTC, datetime

from tests.shell.raw_objects import read

from poolkeeper.shell import node_projections, projections
from poolkeeper.shell.kubernetes_objects import EventObject, NodeObject, PodObject

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
START_WORDS = "2026-03-02T12:00:00Z"


def stamp(second):
    return f"2026-03-02T12:{second // 60:02}:{second % 60:02}Z"


def ready(status, second=0):
    """The Ready condition: True, False, or Unknown once the node's lease is 40 s old."""
    reason = {"True": "KubeletReady", "False": "KubeletNotReady", "Unknown": "NodeStatusUnknown"}[status]
    return {"type": "Ready", "status": status, "reason": reason, "lastTransitionTime": stamp(second)}


def node(name="n1", *, labels=None, taints=(), conditions=(), **metadata):
    """A node made at START that is ready, unless its conditions say otherwise."""
    known = {"name": name, "uid": f"uid-{name}", "resourceVersion": "7", "creationTimestamp": START_WORDS}
    body = {
        "metadata": known | {"labels": {"kubernetes.io/hostname": name} | (labels or {})} | metadata,
        "spec": {"providerID": f"aws:///us-east-1a/i-{name}", "taints": list(taints)},
        "status": {"conditions": [*conditions, ready("True")]},
    }
    return node_projections.node(read(body, NodeObject))


def karpenter(name="n1", capacity="spot", **more):
    """karpenter 1.14.1 `pkg/controllers/nodeclaim/lifecycle/registration.go`: labels and owner of its NodeClaim."""
    owner = {"apiVersion": "karpenter.sh/v1", "kind": "NodeClaim", "name": f"gpu-{name}", "uid": f"uid-gpu-{name}"}
    labels = {"karpenter.sh/capacity-type": capacity, "karpenter.sh/nodepool": "gpu", "karpenter.sh/registered": "true"}
    return node(name, labels=labels, ownerReferences=[owner | {"blockOwnerDeletion": True}], **more)


def eks(name="n1", capacity="SPOT", **more):
    """EKS managed node groups: `eks.amazonaws.com/capacityType`."""
    labels = {"eks.amazonaws.com/capacityType": capacity, "eks.amazonaws.com/nodegroup": "gpu"}
    return node(name, labels=labels, **more)


def gke(name="n1", *, spot=True, taints=(), **more):
    """GKE "Spot VMs": the label on every such node; node pools carry the taint of the same name."""
    labels = {
        "cloud.google.com/gke-nodepool": "gpu",
        "cloud.google.com/gke-provisioning": "spot" if spot else "standard",
    }
    own = [{"key": "cloud.google.com/gke-spot", "value": "true", "effect": "NoSchedule"}] if spot else []
    return node(
        name, labels=labels | ({"cloud.google.com/gke-spot": "true"} if spot else {}), taints=[*own, *taints], **more
    )


def aks(name="n1", *, spot=True, taints=(), **more):
    """AKS "Add a spot node pool": label and taint `kubernetes.azure.com/scalesetpriority=spot`."""
    key, labels = "kubernetes.azure.com/scalesetpriority", {"kubernetes.azure.com/cluster": "mc_lab"}
    own = [{"key": key, "value": "spot", "effect": "NoSchedule"}] if spot else []
    return node(name, labels=labels | ({key: "spot"} if spot else {}), taints=[*own, *taints], **more)


def taint(key, value="", effect="NoSchedule"):
    return {"key": key, "value": value, "effect": effect, "timeAdded": START_WORDS}


def event(reason, message, about, seconds, component="karpenter"):
    """An event by client-go's older recorder, which Karpenter and the Cluster Autoscaler use; said once, or again."""
    first, last = seconds if isinstance(seconds, tuple) else (seconds, seconds)
    namespace = about.get("namespace", "default")
    body = {
        "metadata": {
            "name": f"{about['name']}.{reason}.{last}",
            "namespace": namespace,
            "creationTimestamp": START_WORDS,
        },
        "involvedObject": about,
        "reason": reason,
        "message": message,
        "type": "Warning",
        "count": 1,
        "source": {"component": component},
        "reportingComponent": component,
        "eventTime": None,
        "firstTimestamp": stamp(first),
        "lastTimestamp": stamp(last),
    }
    return node_projections.event(read(body, EventObject))


def about_node(name="n1", uid=None):
    return {"apiVersion": "v1", "kind": "Node", "name": name, "uid": uid or f"uid-{name}"}


def about_claim(name="gpu-n1", uid=None):
    return {"apiVersion": "karpenter.sh/v1", "kind": "NodeClaim", "name": name, "uid": uid or f"uid-{name}"}


def about_pod(name="p1"):
    return {"apiVersion": "v1", "kind": "Pod", "namespace": "lab", "name": name, "uid": f"uid-{name}"}


def about_node_pool(name="gpu"):
    return {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "name": name, "uid": f"uid-{name}"}


def pod(name="p1", *, on="", since=0, words="", **spec):
    """A pod bound to the node `on` at second `since`, or waiting for one with the scheduler's words."""
    known = {"name": name, "namespace": "lab", "uid": f"uid-{name}", "creationTimestamp": START_WORDS}
    condition = {"type": "PodScheduled", "status": "True" if on else "False", "lastTransitionTime": stamp(since)}
    if not on:
        condition |= {"reason": "Unschedulable", "message": words}
    status = {"phase": "Running" if on else "Pending", "conditions": [condition]}
    return projections.pod(read({"metadata": known, "spec": {"nodeName": on} | spec, "status": status}, PodObject))
