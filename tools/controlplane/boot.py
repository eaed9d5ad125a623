"""The order in which components start, and when each counts as ready."""

import os
import ssl
import subprocess
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from controlplane.components import command
from controlplane.ground import Site
from controlplane.programs import Programs
from controlplane.readiness import NotInTimeError, answers, verified, wait_for

_WITHIN = timedelta(seconds=60)
_HEALTH = {
    "etcd": "/readyz",
    "kube-apiserver": "/readyz",
    "kube-controller-manager": "/healthz",
    "kube-scheduler": "/readyz",
    "kwok": "/healthz",
}


class BootError(RuntimeError):
    """A component died or did not become ready; the message holds the end of its log."""


@dataclass(frozen=True)
class Boot:
    """Brings up the components of one site."""

    site: Site
    programs: Programs

    def run(self) -> None:
        """Start everything and wait until it can be used.

        Raises:
            BootError: a component died or was not ready in time.
        """
        self._start("etcd")
        self._wait("etcd")
        self._start("kube-apiserver")
        self._wait("kube-apiserver")
        self._start("kube-controller-manager")
        self._start("kube-scheduler")
        self._allow_kwok()
        self._start("kwok")
        for component in ("kube-scheduler", "kwok", "kube-controller-manager"):
            self._wait(component)
        self._wait("kube-apiserver", "/api/v1/namespaces/default/serviceaccounts/default")

    def _start(self, component: str) -> None:
        # Times in UTC: the stages of KWOK compute with them.
        self.programs.start(component, command(self.site, component), env={**os.environ, "TZ": "UTC"})

    def _wait(self, component: str, path: str | None = None) -> None:
        url = self.site.url(component) + (path or _HEALTH[component])
        try:
            wait_for(lambda: self._answers(component, url), f"{component} at {url}", _WITHIN)
        except NotInTimeError as error:
            raise BootError(f"{error}\n{self.programs.tail(component)}") from error

    def _answers(self, component: str, url: str) -> bool:
        if (code := self.programs.exits().get(component)) is not None:
            raise BootError(f"{component} ended with {code}\n{self.programs.tail(component)}")
        return answers(url, self._etcd if component == "etcd" else self._admin)

    @cached_property
    def _admin(self) -> ssl.SSLContext:
        pki = self.site.pki
        return verified(pki / "ca.crt", pki / "admin.crt", pki / "admin.key")

    @cached_property
    def _etcd(self) -> ssl.SSLContext:
        pki = self.site.pki
        return verified(pki / "etcd-ca.crt", pki / "etcd-client.crt", pki / "etcd-client.key")

    def _allow_kwok(self) -> None:
        kubectl = [str(self.site.binaries["kubectl"]), "--kubeconfig", str(self.site.kubeconfig("admin"))]
        role = Path(__file__).parent / "kwok-role.yaml"
        subprocess.run(
            [
                *kubectl,
                "create",
                "--validate=false",
                "-f",
                str(role),
                "--cache-dir",
                str(self.site.directory / "kubectl-cache"),
            ],
            check=True,
            capture_output=True,
        )
