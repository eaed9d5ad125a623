"""The order in which components start, and when each counts as ready."""

import os
import ssl
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from controlplane.components import command
from controlplane.ground import Site
from controlplane.machine import Machine
from controlplane.programs import Programs
from controlplane.readiness import verified, wait_until_ready

_HEALTH = {
    "etcd": "/readyz",
    "kube-apiserver": "/readyz",
    "kube-controller-manager": "/healthz",
    "kube-scheduler": "/readyz",
    "kwok": "/healthz",
}


@dataclass(frozen=True)
class Boot:
    """Brings up the components of one site."""

    site: Site
    programs: Programs
    machine: Machine | None = None

    def run(self) -> None:
        """Start everything and wait until it can be used; a real node, whose address it may live on, first.

        Raises:
            BootError: a component died or was not ready in time.
            NoMachineError: there can be no real node here.
        """
        if self.machine:
            self.machine.start()
        self._start("etcd")
        self.wait("etcd")
        self._start("kube-apiserver")
        self.wait("kube-apiserver")
        self._start("kube-controller-manager")
        self._start("kube-scheduler")
        self._grant()
        self._start("kwok")
        if self.machine:
            self.machine.start_kubelet()
        for component in ("kube-scheduler", "kwok", "kube-controller-manager"):
            self.wait(component)
        self.wait("kube-apiserver", "/api/v1/namespaces/default/serviceaccounts/default")
        if self.machine:
            self.machine.wait()

    def _start(self, component: str) -> None:
        # Times in UTC: the stages of KWOK compute with them.
        self.programs.start(component, command(self.site, component), env={**os.environ, "TZ": "UTC"})

    def wait(self, component: str, path: str | None = None) -> None:
        """Wait until a component answers at its health path, or at `path`."""
        url = self.site.url(component) + (path or _HEALTH[component])
        wait_until_ready(self.programs, component, url, self._etcd if component == "etcd" else self._admin)

    @cached_property
    def _admin(self) -> ssl.SSLContext:
        pki = self.site.pki
        return verified(pki / "ca.crt", pki / "admin.crt", pki / "admin.key")

    @cached_property
    def _etcd(self) -> ssl.SSLContext:
        pki = self.site.pki
        return verified(pki / "etcd-ca.crt", pki / "etcd-client.crt", pki / "etcd-client.key")

    def _grant(self) -> None:
        kubectl = [str(self.site.binaries["kubectl"]), "--kubeconfig", str(self.site.kubeconfig("admin"))]
        roles = Path(__file__).parent / "roles.yaml"
        subprocess.run(
            [
                *kubectl,
                "create",
                "--validate=false",
                "-f",
                str(roles),
                "--cache-dir",
                str(self.site.directory / "kubectl-cache"),
            ],
            check=True,
            capture_output=True,
        )
