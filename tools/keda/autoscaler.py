"""The HorizontalPodAutoscaler controller in a process of its own.

As a rule it is one of forty controllers in kube-controller-manager, whose processor time nobody can share out. Alone it
keeps its own copy of the pods, which the others would have lent it: what that costs is what it uses while no
HorizontalPodAutoscaler is there.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from controlplane import Cluster
from controlplane.components import command
from controlplane.network import free_ports
from controlplane.readiness import verified, wait_until_ready

NAME = "horizontal-pod-autoscaler"
USER = f"system:serviceaccount:kube-system:{NAME}"
"""Its name in the audit log."""
_HOST = "kube-controller-manager"
_CONTROLLER = f"{NAME}-controller"


@contextmanager
def apart(cluster: Cluster) -> Iterator[str]:
    """Take it out of the controller manager, and run it under the program name that is yielded."""
    flags = command(cluster.site, _HOST)
    _restart(cluster, _HOST, [*flags, f"--controllers=*,-{_CONTROLLER}"], cluster.site.ports[_HOST])
    port = free_ports(cluster.site.network.address, (NAME,))[NAME]
    _restart(cluster, NAME, [*flags, f"--secure-port={port}", f"--controllers={_CONTROLLER}"], port)
    try:
        yield NAME
    finally:
        cluster.stop(NAME)


def _restart(cluster: Cluster, name: str, argv: list[str], port: int) -> None:
    if name in cluster.programs.pids():
        cluster.stop(name)
    cluster.programs.start(name, argv, env={**os.environ, "TZ": "UTC"})
    pki = cluster.site.pki
    url = f"https://{cluster.site.network.address}:{port}/healthz"
    wait_until_ready(cluster.programs, name, url, verified(pki / "ca.crt", pki / "admin.crt", pki / "admin.key"))
