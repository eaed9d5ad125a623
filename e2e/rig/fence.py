"""The write fence of manifests/fence around an installation, and who a write comes from: a pod's own token."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml

from controlplane import Cluster
from controlplane.ground import write_kubeconfig
from rig.api import Api, ApiError, collection
from rig.install import Installation
from rig.waiting import eventually

FENCE = Path(__file__).parents[2] / "manifests" / "fence" / "fence.yaml"
NAME = "poolkeeper-fence-poolkeeper"
PROBE = {"metadata": {"name": "poolkeeper-probe"}}


class Bearer(Api):
    """Requests as whoever a token says, instead of the administrator's."""

    def __init__(self, cluster: Cluster, token: str) -> None:
        super().__init__(cluster)
        self._tls = ssl.create_default_context(cafile=str(cluster.ca))
        self._headers = {**self._headers, "Authorization": f"Bearer {token}"}


def pods(api: Api, installation: Installation, count: int) -> list[str]:
    """Let the installation have so many pods, and return their names. They only look like operators."""
    deployment = f"/apis/apps/v1/namespaces/{installation.namespace}/deployments/{installation.account}"
    api.patch(f"{deployment}/scale", {"spec": {"replicas": count}})

    def running() -> list[str]:
        found = api.get(collection("Pod", installation.namespace))["items"]
        names = [one["metadata"]["name"] for one in found if one["status"].get("phase") == "Running"]
        return names if len(names) == count else []

    return eventually(running, f"{count} pods of {installation.account}")


def token(cluster: Cluster, installation: Installation, pod: str = "") -> str:
    """Return a token of the installation's account, as the kubelet gives a pod its own; without a pod, nobody's own."""
    bound = ("--bound-object-kind", "Pod", "--bound-object-name", pod) if pod else ()
    return cluster.kubectl("create", "token", installation.account, "-n", installation.namespace, *bound).strip()


def pods_kubeconfig(cluster: Cluster, installation: Installation, pod: str) -> Path:
    """Write a kubeconfig that acts as the installation's account from inside a pod."""
    credentials = {"token": token(cluster, installation, pod)}
    return write_kubeconfig(cluster.directory / f"{pod}.kubeconfig", cluster.server, cluster.ca, credentials)


def objects(installation: Installation) -> list[dict[str, Any]]:
    """Return the policy and its binding, for an installation of another name."""
    text = FENCE.read_text().replace(NAME, f"{installation.account}-fence")
    text = text.replace("namespace: poolkeeper", f"namespace: {installation.namespace}")
    return list(yaml.safe_load_all(text.replace(":poolkeeper'", f":{installation.account}'")))


@contextmanager
def fenced(cluster: Cluster, installation: Installation) -> Iterator[None]:
    """Put the fence around an installation that has a lease, wait until it holds, and take its binding away again.

    The policy stays, and does nothing: an API server that has once lost its last policy with leases as parameters reads
    none for those that come later (1.36: the informer that the policy shared has ended, and is not started anew).
    """
    nobody = Bearer(cluster, token(cluster, installation))
    cluster.apply(*(found := objects(installation)))
    try:
        eventually(lambda: _is_refused(nobody, installation), "the fence holds")
        yield
    finally:
        for one in found[1:]:
            cluster.kubectl("delete", one["kind"], one["metadata"]["name"], "--wait=false")


def _is_refused(writer: Api, installation: Installation) -> bool:
    """Return whether somebody who does not lead may not write a ConfigMap, as the ledger is."""
    with suppress(ApiError):
        writer.post(f"{collection('ConfigMap', installation.namespace)}?dryRun=All", PROBE)
        return False
    return True
