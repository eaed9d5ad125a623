"""The operator's own account as the chart gives it, by a real `helm install`; no pods: the rig runs the operator."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from controlplane import Cluster
from rig.install import Installation

CHART = Path(__file__).parents[2] / "charts" / "poolkeeper"
HELM = Path(sys.executable).with_name("helm")
ABSENT = {"replicas": 0, "crds": {"install": False}, "rbac": {"aggregate": False}}


@contextmanager
def released(cluster: Cluster, name: str, values: Mapping[str, Any]) -> Iterator[Installation]:
    """Install the chart in a namespace of the release's name; uninstall it again."""
    given = json.dumps({**ABSENT, "fullnameOverride": name, **values})
    _helm(cluster, name, "install", name, str(CHART), "--create-namespace", "-f", "-", text=given)
    try:
        yield Installation(name, name, cluster.service_account_kubeconfig(name, name))
    finally:
        _helm(cluster, name, "uninstall", name)
        cluster.kubectl("delete", "namespace", name, "--wait=false")


def _helm(cluster: Cluster, namespace: str, *arguments: str, text: str = "") -> None:
    argv = [str(HELM), *arguments, "--namespace", namespace]
    done = subprocess.run(argv, env=cluster.environment, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
