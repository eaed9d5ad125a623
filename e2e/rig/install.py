"""The operator's own account, as the manifests give it: a kustomize overlay of `manifests/base`, applied for real."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from controlplane import Cluster
from rig.manifests import SHARED_NODES

BASE = Path(__file__).parents[2] / "manifests" / "base"
STEADY = [{"op": "add", "path": "/spec/template/spec/nodeSelector", "value": SHARED_NODES}]
"""Nodes that no test takes away."""


@dataclass(frozen=True)
class Installation:
    """Where the operator is installed, and who it is there."""

    namespace: str
    account: str
    kubeconfig: Path

    @property
    def user(self) -> str:
        """Its name in the audit log."""
        return f"system:serviceaccount:{self.namespace}:{self.account}"

    @property
    def arguments(self) -> tuple[str, ...]:
        """What `poolkeeper run` must be told to keep its lease there, and to renew it while a test looks."""
        return ("--lease-namespace", self.namespace, "--lease-duration", "20s")


@contextmanager
def installed(cluster: Cluster, suffix: str) -> Iterator[Installation]:
    """Apply the manifests in a namespace and under names that end in `suffix`; take them away again."""
    namespace, overlay = f"poolkeeper-{suffix}", cluster.directory / f"overlay-{suffix}"
    overlay.mkdir()
    kustomization = {
        "resources": [os.path.relpath(BASE, overlay)],
        "namespace": namespace,
        "nameSuffix": f"-{suffix}",
        "patches": [{"patch": json.dumps(STEADY), "target": {"kind": "Deployment"}}],
    }
    (overlay / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    cluster.kubectl("apply", "--server-side", "-k", str(overlay))
    account = f"poolkeeper-{suffix}"
    try:
        yield Installation(namespace, account, cluster.service_account_kubeconfig(namespace, account))
    finally:
        cluster.kubectl("delete", "--wait=false", "-k", str(overlay))
