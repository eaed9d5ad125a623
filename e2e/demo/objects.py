"""What is applied to the cluster: a namespace, a Deployment of pretended vLLM pods, and the pool that sizes it."""

from datetime import timedelta
from typing import Any

from demo.scenario import (
    ABOVE,
    BELOW,
    DRAIN,
    GRACE,
    INTERVAL,
    MAXIMUM,
    MINIMUM,
    MODEL_LOAD,
    MODEL_LOAD_JITTER,
    MOST_AT_ONCE,
    SETTLE,
    STARTUP,
    wall,
)
from fleet import Profile

NAMESPACE, NAME = "demo", "chat"
WORKLOAD = f"{NAMESPACE}/{NAME}"

Json = dict[str, Any]


def objects() -> list[Json]:
    """Everything, in the order in which it is applied."""
    return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}, deployment(), pool()]


def pool() -> Json:
    """The pool: defaults, but it grows a little earlier and less at once; compressed durations; vLLM's slots."""
    queue = {
        "interval": milliseconds(wall(INTERVAL)),
        "slotsPerReplica": Profile().slots,
        "scaleUp": {"above": ABOVE, "maxStep": MOST_AT_ONCE, "settle": milliseconds(wall(SETTLE))},
        "scaleDown": {"below": BELOW, "gracePeriod": milliseconds(wall(GRACE))},
    }
    return {
        "apiVersion": "poolkeeper.io/v1alpha1",
        "kind": "InferencePool",
        "metadata": {"name": NAME, "namespace": NAMESPACE},
        "spec": {
            "targetRef": {"name": NAME},
            "minReplicas": MINIMUM,
            "maxReplicas": MAXIMUM,
            "queue": queue,
            "startup": {"timeout": milliseconds(wall(STARTUP))},
        },
    }


def deployment() -> Json:
    """One GPU a replica; the annotations tell the pretended nodes how long a model loads and a pod drains."""
    container = {
        "name": "vllm",
        "image": "vllm",
        "ports": [{"name": "http", "containerPort": 8000}],
        "resources": {"limits": {"nvidia.com/gpu": "1"}},
    }
    timing = {
        "poolkeeper.dev/load-ms": number(wall(MODEL_LOAD)),
        "poolkeeper.dev/load-jitter-ms": number(wall(MODEL_LOAD_JITTER)),
        "poolkeeper.dev/stop-ms": number(wall(DRAIN)),
    }
    labels = {"app": NAME}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": NAME, "namespace": NAMESPACE},
        "spec": {
            "replicas": MINIMUM,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, "annotations": timing},
                "spec": {"containers": [container]},
            },
        },
    }


def milliseconds(duration: timedelta) -> str:
    """A duration as Kubernetes writes it (GEP-2257)."""
    return f"{number(duration)}ms"


def number(duration: timedelta) -> str:
    """Milliseconds, as a string: what an annotation holds."""
    return f"{duration / timedelta(milliseconds=1):.0f}"
