"""Everything the components of one control plane must agree on: where, which ports, whose certificates."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from controlplane.certificates import Authority, Subject, write_key_pair
from controlplane.network import Network, RoutedNetwork, free_ports

PORTS = ("etcd", "etcd-peer", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
CARD = "cluster.json"
_HTTPS = 443
WORKER = "worker"
"""The name of the real node, if there is one."""


@dataclass(frozen=True)
class Site:
    """One control plane's directory, network, ports and programs."""

    directory: Path
    network: Network
    ports: Mapping[str, int]
    binaries: Mapping[str, Path]
    audit: bool = False

    @property
    def pki(self) -> Path:
        """Where keys and certificates are."""
        return self.directory / "pki"

    @property
    def audit_log(self) -> Path:
        """Where the API server writes its audit log, if it was asked to."""
        return self.directory / "logs" / "audit.log"

    def url(self, component: str) -> str:
        """Return the HTTPS address of a component."""
        return f"https://{self.network.address}:{self.ports[component]}"

    def kubeconfig(self, user: str) -> Path:
        """Return the kubeconfig of one of our own users."""
        return self.directory / f"{user}.kubeconfig"


def prepare(directory: Path, network: Network, binaries: Mapping[str, Path], *, audit: bool) -> Site:
    """Choose the ports and write all certificates, keys and kubeconfigs."""
    site = Site(directory, network, _ports(network), binaries, audit)
    site.pki.mkdir(mode=0o700)
    _write_servers(site)
    _write_users(site)
    write_key_pair(public=site.pki / "service-accounts.pub", private=site.pki / "service-accounts.key")
    return site


def _ports(network: Network) -> dict[str, int]:
    if not isinstance(network, RoutedNetwork):
        return free_ports(network.address, PORTS)
    free = free_ports("127.0.0.1", PORTS)  # nobody else has the address, which comes with the node
    return free | {"kube-apiserver": _HTTPS}  # what the Service `kubernetes` promises to pods


def write_card(site: Site) -> None:
    """Write down, in the directory, what another process needs to use the control plane."""
    content = {
        "directory": str(site.directory),
        "network": site.network.number,
        "routed": isinstance(site.network, RoutedNetwork),
        "ports": dict(site.ports),
        "binaries": {name: str(path) for name, path in site.binaries.items()},
        "audit": site.audit,
    }
    (site.directory / CARD).write_text(json.dumps(content), encoding="utf-8")


def read_card(card: Path) -> Site:
    """Return what `write_card` wrote."""
    content = json.loads(card.read_text(encoding="utf-8"))
    binaries = {name: Path(path) for name, path in content["binaries"].items()}
    network = (RoutedNetwork if content["routed"] else Network)(content["network"])
    return Site(Path(content["directory"]), network, content["ports"], binaries, content["audit"])


def _write_servers(site: Site) -> None:
    # Three authorities, as kubeadm has them: a caller of the API server must not open etcd, or pose as a proxy.
    etcd = Authority("etcd-ca", site.pki)
    etcd.issue("etcd", Subject("etcd", names=[site.network.address]))
    etcd.issue("etcd-client", Subject("kube-apiserver"))
    proxy = Authority("front-proxy-ca", site.pki)
    proxy.issue("front-proxy", Subject("front-proxy-client"))


def _write_users(site: Site) -> None:
    authority = Authority("ca", site.pki)
    api_names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"]
    authority.issue(
        "server", Subject("server", names=[site.network.address, "localhost", site.network.kubernetes, *api_names])
    )
    _write_kubelet(site, authority)
    for user, group in (
        ("admin", "system:masters"),
        ("system:kube-controller-manager", None),
        ("system:kube-scheduler", None),
        ("poolkeeper:kwok", None),
        ("poolkeeper:prometheus", None),
        ("poolkeeper:karpenter", None),
        (f"system:node:{WORKER}", "system:nodes"),
    ):
        name = user.rpartition(":")[2]
        certificate, key = authority.issue(name, Subject(user, group))
        credentials = {"client-certificate": str(certificate), "client-key": str(key)}
        write_kubeconfig(site.kubeconfig(name), site.url("kube-apiserver"), authority.certificate, credentials)


def _write_kubelet(site: Site, authority: Authority) -> None:
    """Give the real node a certificate to be called by, and the API server one to call it with."""
    if isinstance(site.network, RoutedNetwork):
        authority.issue("kubelet", Subject(WORKER, names=[WORKER, site.network.machine_address]))
        authority.issue("kubelet-client", Subject("kube-apiserver"))


def write_kubeconfig(path: Path, server: str, authority: Path, credentials: Mapping[str, str]) -> Path:
    """Write a kubeconfig for one user; `credentials` are the user's fields, such as `token`."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "poolkeeper",
        "clusters": [{"name": "poolkeeper", "cluster": {"server": server, "certificate-authority": str(authority)}}],
        "users": [{"name": "poolkeeper", "user": dict(credentials)}],
        "contexts": [{"name": "poolkeeper", "context": {"cluster": "poolkeeper", "user": "poolkeeper"}}],
    }
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path
