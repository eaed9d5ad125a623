"""The Deployment of a pool that has a `template`: rendered here, made and kept by shell.workload."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from poolkeeper.api.names import API_VERSION, GROUP, KIND, POOL_LABEL
from poolkeeper.api.spec import Spec

Json = dict[str, Any]

TEMPLATE_HASH = f"{GROUP}/template-hash"


def deployment(name: str, namespace: str, uid: str, spec: Spec) -> Json:
    """Return the Deployment at the pool's minimum size; an owner only where the pool's end is to be its end (R10)."""
    template = pod_template(name, spec)
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
            "template": template,
        },
    }


def owner(name: str, uid: str) -> Json:
    """Return the owner reference that makes the pool's end the end of what bears it."""
    return {"apiVersion": API_VERSION, "kind": KIND, "name": name, "uid": uid}


def pod_template(name: str, spec: Spec) -> Json:
    """Return the pool's pod template with the label that its Deployment selects by."""
    given: Mapping[str, Any] = spec.template or {}
    metadata = dict(given.get("metadata") or {})
    metadata["labels"] = {**(metadata.get("labels") or {}), POOL_LABEL: name}
    return {**given, "metadata": metadata}


def digest(template: Mapping[str, Any]) -> str:
    """Return a short name for a template's content."""
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:12]


def update(name: str, spec: Spec) -> list[Json]:
    """Return the JSON patch that brings an existing Deployment to the pool's template; its size stays."""
    template = pod_template(name, spec)
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
