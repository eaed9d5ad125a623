"""The command line of each component."""

from pathlib import Path

from controlplane.ground import Site
from controlplane.network import RoutedNetwork

_HERE = Path(__file__).parent
_QPS, _BURST = "1000", "2000"  # twenty Deployments scaled at once must not wait for a client-side rate limit

# In the order of their start; etcd first, since the API server gives up when it finds no store.
COMPONENTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")


def command(site: Site, component: str) -> list[str]:
    """Return what to execute for `component`."""
    flags = {
        "etcd": _etcd,
        "kube-apiserver": _api_server,
        "kube-controller-manager": _controller_manager,
        "kube-scheduler": _scheduler,
        "kwok": _kwok,
    }[component](site)
    return [str(site.binaries[component]), *(f"--{name}={value}" for name, value in flags.items())]


def _etcd(site: Site) -> dict[str, object]:
    client, peer = site.url("etcd"), site.url("etcd-peer")
    return {
        "data-dir": site.directory / "etcd",
        "unsafe-no-fsync": "true",  # the store is as short-lived as its directory
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"default={peer}",
        "client-cert-auth": "true",
        "trusted-ca-file": site.pki / "etcd-ca.crt",
        "cert-file": site.pki / "etcd.crt",
        "key-file": site.pki / "etcd.key",
        "peer-client-cert-auth": "true",
        "peer-trusted-ca-file": site.pki / "etcd-ca.crt",
        "peer-cert-file": site.pki / "etcd.crt",
        "peer-key-file": site.pki / "etcd.key",
        "log-level": "warn",
    }


def _api_server(site: Site) -> dict[str, object]:
    return {
        "bind-address": site.network.address,
        "secure-port": site.ports["kube-apiserver"],
        "advertise-address": site.network.address,
        "endpoint-reconciler-type": "none",  # endpoints on loopback are refused
        "service-cluster-ip-range": site.network.services,
        "tls-cert-file": site.pki / "server.crt",
        "tls-private-key-file": site.pki / "server.key",
        "client-ca-file": site.pki / "ca.crt",
        "authorization-mode": "Node,RBAC",
        "enable-admission-plugins": "NodeRestriction",
        "allow-privileged": "true",
        "max-requests-inflight": 2000,
        "max-mutating-requests-inflight": 1000,
        **_api_server_store(site),
        **_api_server_tokens(site),
        **_api_server_aggregation(site),
        **(_api_server_audit(site) if site.audit else {}),
        **(_api_server_kubelet(site) if isinstance(site.network, RoutedNetwork) else {}),
    }


def _api_server_store(site: Site) -> dict[str, object]:
    return {
        "etcd-servers": site.url("etcd"),
        "etcd-cafile": site.pki / "etcd-ca.crt",
        "etcd-certfile": site.pki / "etcd-client.crt",
        "etcd-keyfile": site.pki / "etcd-client.key",
    }


def _api_server_tokens(site: Site) -> dict[str, object]:
    return {
        "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
        "service-account-key-file": site.pki / "service-accounts.pub",
        "service-account-signing-key-file": site.pki / "service-accounts.key",
    }


def _api_server_aggregation(site: Site) -> dict[str, object]:
    return {
        "requestheader-client-ca-file": site.pki / "front-proxy-ca.crt",
        "requestheader-allowed-names": "front-proxy-client",
        "requestheader-username-headers": "X-Remote-User",
        "requestheader-group-headers": "X-Remote-Group",
        "requestheader-extra-headers-prefix": "X-Remote-Extra-",
        "proxy-client-cert-file": site.pki / "front-proxy.crt",
        "proxy-client-key-file": site.pki / "front-proxy.key",
    }


def _api_server_kubelet(site: Site) -> dict[str, object]:
    return {
        "kubelet-certificate-authority": site.pki / "ca.crt",
        "kubelet-client-certificate": site.pki / "kubelet-client.crt",
        "kubelet-client-key": site.pki / "kubelet-client.key",
        "kubelet-preferred-address-types": "InternalIP",
    }


def _api_server_audit(site: Site) -> dict[str, object]:
    return {
        "audit-policy-file": _HERE / "audit-policy.yaml",
        "audit-log-path": site.audit_log,
        "audit-log-mode": "blocking",  # a request's line is there before its answer
        "audit-log-maxsize": 10_000,  # megabytes: never rotated while a test reads it
    }


def _controller_manager(site: Site) -> dict[str, object]:
    return {
        **_served(site, "kube-controller-manager"),
        "use-service-account-credentials": "true",
        "service-account-private-key-file": site.pki / "service-accounts.key",
        "root-ca-file": site.pki / "ca.crt",
        "kube-api-qps": _QPS,
        "kube-api-burst": _BURST,
        "concurrent-deployment-syncs": 20,
        "concurrent-replicaset-syncs": 20,
        "concurrent-gc-syncs": 20,
    }


def _scheduler(site: Site) -> dict[str, object]:
    configuration = site.directory / "scheduler.yaml"
    text = (_HERE / "scheduler.yaml").read_text(encoding="utf-8")
    configuration.write_text(text.replace("KUBECONFIG", str(site.kubeconfig("kube-scheduler"))), encoding="utf-8")
    return {**_served(site, "kube-scheduler"), "config": configuration}


def _served(site: Site, component: str) -> dict[str, object]:
    kubeconfig = site.kubeconfig(component)
    return {
        "kubeconfig": kubeconfig,
        "authentication-kubeconfig": kubeconfig,
        "authorization-kubeconfig": kubeconfig,
        "leader-elect": "false",
        "bind-address": site.network.address,
        "secure-port": site.ports[component],
        "tls-cert-file": site.pki / "server.crt",
        "tls-private-key-file": site.pki / "server.key",
    }


def _kwok(site: Site) -> dict[str, object]:
    return {
        "kubeconfig": site.kubeconfig("kwok"),
        "config": ",".join(str(path) for path in sorted((_HERE / "stages").glob("*.yaml"))),
        "cidr": site.network.pods,
        "node-ip": site.network.node_address,
        "manage-nodes-with-annotation-selector": "kwok.x-k8s.io/node=fake",
        "node-lease-duration-seconds": 40,
        "server-address": f"{site.network.address}:{site.ports['kwok']}",
        "tls-cert-file": site.pki / "server.crt",
        "tls-private-key-file": site.pki / "server.key",
    }
