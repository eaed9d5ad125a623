"""Objects of other scalers, and what comes of them."""

from tests.cli.migrate.golden import NOW

from poolkeeper.cli.migration import objects, pools

PROMETHEUS = {"type": "prometheus", "metadata": {"serverAddress": "http://p:9090", "query": "depth", "threshold": "10"}}


def scaled(*triggers, **spec):
    """Return a ScaledObject."""
    made = {"scaleTargetRef": {"name": "chat"}, "minReplicaCount": 2, "maxReplicaCount": 8, "triggers": list(triggers)}
    metadata = {"name": "chat", "namespace": "inference", "annotations": spec.pop("annotations", {})}
    return {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": metadata, "spec": made | spec}


def autoscaler(*metrics, **spec):
    """Return a HorizontalPodAutoscaler."""
    made = {"scaleTargetRef": {"kind": "Deployment", "name": "chat"}, "maxReplicas": 8, "metrics": list(metrics)}
    return {"kind": "HorizontalPodAutoscaler", "metadata": {"name": "chat"}, "spec": made | spec}


def told(**annotations):
    """Return a Deployment that kube-downscaler is told of."""
    marks = {f"downscaler/{name}": value for name, value in annotations.items()}
    metadata = {"name": "chat", "namespace": "inference", "annotations": marks}
    return {"kind": "Deployment", "metadata": metadata, "spec": {"replicas": 4}}


def migrated(*bodies):
    """Return what the one workload of some objects comes to."""
    [group] = objects.groups(bodies, "inference")
    return pools.migrated(group, pools.servers([group]), NOW, "chat.yaml")


def spec_of(*bodies):
    """Return the spec that some objects come to."""
    return migrated(*bodies).body["spec"]


def fates(found):
    """Return what becomes of each field."""
    return {note.field: note.fate.value for note in found.notes}
