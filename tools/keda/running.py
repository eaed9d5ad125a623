"""KEDA's operator and adapter beside a control plane, as their chart would run them.

Both run under KEDA's own ServiceAccount and roles, with the flags and limits that it has by default. What differs from
a cluster: they are processes and no pods, and the API server finds the adapter by a Service of type ExternalName.
"""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from controlplane import Cluster
from controlplane.certificates import Authority, Subject
from controlplane.network import free_ports
from controlplane.readiness import verified, wait_until_ready
from keda.programs import ADAPTER, OPERATOR

NAMESPACE = "keda"
ACCOUNT = "keda-operator"
USER = f"system:serviceaccount:{NAMESPACE}:{ACCOUNT}"
"""The name of both in the audit log."""
SERVICE = "keda-metrics-apiserver"
GROUP, VERSION = "external.metrics.k8s.io", "v1beta1"
_RIGHTS = (
    "service_account/service_account.yaml",
    "rbac/role.yaml",
    "rbac/role_binding.yaml",
    "metrics-server/role.yaml",
    "metrics-server/role_binding.yaml",
)
_PORTS = ("metrics", "probe", "grpc", "adapter", "adapter-metrics")
_HOST = "127.0.0.1"


@dataclass(frozen=True)
class _Place:
    """Where the two are: their programs, account, certificates and ports."""

    cluster: Cluster
    home: Path
    kubeconfig: Path
    certificates: Path
    ports: dict[str, int]

    @property
    def environment(self) -> dict[str, str]:
        return {
            **self.cluster.environment,
            "POD_NAMESPACE": NAMESPACE,
            "POD_NAME": "keda",
            "KEDA_CLUSTER_OBJECT_NAMESPACE": NAMESPACE,
            "WATCH_NAMESPACE": "",
            "KEDA_HTTP_DEFAULT_TIMEOUT": "3000",
        }

    def operator(self) -> list[str]:
        """Return the operator's command line."""
        return [
            str(self.home / OPERATOR),
            f"--kubeconfig={self.kubeconfig}",
            f"--metrics-bind-address={_HOST}:{self.ports['metrics']}",
            f"--health-probe-bind-address={_HOST}:{self.ports['probe']}",
            f"--metrics-service-bind-address={_HOST}:{self.ports['grpc']}",
            f"--cert-dir={self.certificates}",
            "--leader-elect",
            "--zap-log-level=info",
            "--zap-encoder=console",
        ]

    def adapter(self) -> list[str]:
        """Return the adapter's command line."""
        known = ("kubeconfig", "lister-kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig")
        return [
            str(self.home / ADAPTER),
            *(f"--{name}={self.kubeconfig}" for name in known),
            f"--secure-port={self.ports['adapter']}",
            f"--bind-address={_HOST}",
            f"--client-ca-file={self.certificates / 'ca.crt'}",
            f"--tls-cert-file={self.certificates / 'tls.crt'}",
            f"--tls-private-key-file={self.certificates / 'tls.key'}",
            f"--cert-dir={self.certificates}",
            f"--metrics-service-address=localhost:{self.ports['grpc']}",
            f"--port={self.ports['adapter-metrics']}",
            "--zap-log-level=error",
        ]


@contextmanager
def running(cluster: Cluster, home: Path) -> Iterator[tuple[str, str]]:
    """Run KEDA from the directory that `keda.programs.ensure` tells; yield the names of its two programs.

    Raises:
        controlplane.readiness.BootError: one of them died or was not ready in a minute.
    """
    place = _furnish(cluster, home)
    try:
        cluster.programs.start(OPERATOR, place.operator(), env=place.environment, tied=True)
        wait_until_ready(cluster.programs, OPERATOR, f"http://{_HOST}:{place.ports['probe']}/readyz")
        cluster.programs.start(ADAPTER, place.adapter(), env=place.environment, tied=True)
        _wait_for_adapter(place)
        cluster.apply(*_aggregated(place))
        _wait_until_passed_on(cluster)
        yield OPERATOR, ADAPTER
    finally:
        for name in {OPERATOR, ADAPTER} & cluster.programs.pids().keys():
            cluster.stop(name)


def _furnish(cluster: Cluster, home: Path) -> _Place:
    cluster.define("-f", str(home / "config" / "crd" / "bases"))
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    for path in _RIGHTS:
        cluster.kubectl("apply", "--server-side", "-f", str(home / "config" / path))
    certificates = cluster.directory / "keda-certificates"
    certificates.mkdir(mode=0o700)
    names = ["localhost", _HOST, f"{SERVICE}.{NAMESPACE}.svc"]
    Authority("ca", certificates).issue("tls", Subject("keda", names=names))
    # All addresses, since the adapter's own metrics are on all.
    ports = free_ports("0.0.0.0", _PORTS)  # noqa: S104  asked for, not opened
    return _Place(cluster, home, cluster.service_account_kubeconfig(NAMESPACE, ACCOUNT), certificates, ports)


def _wait_for_adapter(place: _Place) -> None:
    authority, pki = place.certificates / "ca.crt", place.certificates
    url = f"https://{_HOST}:{place.ports['adapter']}/readyz"
    wait_until_ready(place.cluster.programs, ADAPTER, url, verified(authority, pki / "tls.crt", pki / "tls.key"))


def _aggregated(place: _Place) -> list[dict[str, object]]:
    trusted = base64.b64encode((place.certificates / "ca.crt").read_bytes()).decode()
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": SERVICE, "namespace": NAMESPACE},
            "spec": {"type": "ExternalName", "externalName": "localhost"},
        },
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": f"{VERSION}.{GROUP}"},
            "spec": {
                "group": GROUP,
                "version": VERSION,
                "service": {"namespace": NAMESPACE, "name": SERVICE, "port": place.ports["adapter"]},
                "caBundle": trusted,
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
            },
        },
    ]


def _wait_until_passed_on(cluster: Cluster) -> None:
    admin = cluster.site.pki
    context = verified(cluster.ca, admin / "admin.crt", admin / "admin.key")
    wait_until_ready(cluster.programs, "kube-apiserver", f"{cluster.server}/apis/{GROUP}/{VERSION}", context)
