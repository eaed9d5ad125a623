"""Objects as the API server has them, for what is judged of them. Every argument has a default."""

from datetime import UTC, datetime, timedelta

from poolkeeper.api.spec import parse_spec
from poolkeeper.cli.checks.known import Known, PoolSeen

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LABELS = {"app": "chat"}


def known(off=0.0, unread=None, **lists):
    """Return what was read: lists of objects by name, the rest empty."""
    return Known(NOW, NOW + timedelta(seconds=off), lists, unread or {})


def target(replicas=2, limits=None, **pod):
    """Return a Deployment of engines with one GPU each."""
    resources = {"limits": {"nvidia.com/gpu": "1"} | (limits or {})}
    spec = {"containers": [{"name": "vllm", "resources": resources}]} | pod
    template = {"metadata": {"labels": LABELS}, "spec": spec}
    selector = {"matchLabels": LABELS}
    return {"metadata": {"name": "chat"}, "spec": {"replicas": replicas, "selector": selector, "template": template}}


def seen(facts=None, found=None, pods=(), status=None, annotations=None, **spec):
    """Return a pool of 2 to 8 over deployment/chat."""
    raw = {"targetRef": {"name": "chat"}, "minReplicas": 2, "maxReplicas": 8, **spec}
    metadata = {"name": "chat", "namespace": "inference", "generation": 1, "annotations": annotations or {}}
    pool = {"metadata": metadata, "spec": raw, "status": status or {}}
    return PoolSeen(facts or known(), pool, parse_spec(raw), target() if found is None else found, tuple(pods))


def said(findings):
    """Return findings as one line each, with how bad they are."""
    return [f"{one.level}: {one}" for one in findings]
