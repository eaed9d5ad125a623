"""The Deployment of a pool that has a `template`: rendered here, made and kept by shell.workload.

A provider is given where the pool uses its spot capacity: then this Deployment is the on-demand half (R7).
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from poolkeeper.api import pinning
from poolkeeper.api.names import API_VERSION, GROUP, KIND, POOL_LABEL
from poolkeeper.api.providers import Provider
from poolkeeper.api.spec import Spec

Json = dict[str, Any]

TEMPLATE_HASH = f"{GROUP}/template-hash"
MAKE_BEFORE_BREAK: Json = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}}


def deployment(name: str, namespace: str, uid: str, spec: Spec, provider: Provider | None = None) -> Json:
    """Return the Deployment at the pool's minimum size; an owner only where the pool's end is to be its end (R10)."""
    template = pod_template(name, spec, provider)
    metadata: Json = {
        "name": name,
        "namespace": namespace,
        "labels": {POOL_LABEL: name},
        "annotations": {TEMPLATE_HASH: digest(template)},
    }
    if spec.deletion_policy == "Delete":
        metadata["ownerReferences"] = [owner(name, uid)]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {
            "replicas": spec.min_replicas,
            "selector": {"matchLabels": {POOL_LABEL: name}},
            "strategy": MAKE_BEFORE_BREAK,
            "template": template,
        },
    }


def owner(name: str, uid: str) -> Json:
    """Return the owner reference that makes the pool's end the end of what bears it."""
    return {"apiVersion": API_VERSION, "kind": KIND, "name": name, "uid": uid}


def pod_template(name: str, spec: Spec, provider: Provider | None = None) -> Json:
    """Return the pool's pod template with the label that its Deployment selects by, and with its pin."""
    given: Mapping[str, Any] = spec.template or {}
    metadata = dict(given.get("metadata") or {})
    metadata["labels"] = {**(metadata.get("labels") or {}), POOL_LABEL: name}
    return {**given, "metadata": metadata, **_pinned(given, provider)}


def _pinned(template: Mapping[str, Any], provider: Provider | None) -> Json:
    """Return the template's pod as it runs on the provider's on-demand nodes alone; nothing where it does anyway."""
    pod = template.get("spec")
    if pod is None or provider is None or pinning.is_pinned(pod, provider):
        return {}
    return {"spec": pinning.require_on_demand(pod, provider)}


def digest(template: Mapping[str, Any]) -> str:
    """Return a short name for a template's content."""
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:12]


def update(name: str, spec: Spec, provider: Provider | None = None) -> list[Json]:
    """Return the JSON patch that brings an existing Deployment to the pool's template; its size stays."""
    template = pod_template(name, spec, provider)
    key = TEMPLATE_HASH.replace("/", "~1")
    return [
        {"op": "replace", "path": "/spec/template", "value": template},
        {"op": "add", "path": f"/metadata/annotations/{key}", "value": digest(template)},
    ]


def owned(name: str, uid: str) -> Json:
    """Return the strategic merge patch that makes the pool an owner; other owners stay, told apart by UID."""
    return {"metadata": {"ownerReferences": [owner(name, uid)]}}


def let_go(uid: str) -> Json:
    """Return the strategic merge patch after which the pool is no owner; other owners stay."""
    return {"metadata": {"ownerReferences": [{"$patch": "delete", "uid": uid}]}}
