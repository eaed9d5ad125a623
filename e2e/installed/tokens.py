"""The key that signs the tokens of ServiceAccounts, made anew as administrators do it.

    the API server signs with          old | new         | new
    and believes tokens of             old | old and new | new
    the pods' token is of              old | new, once the kubelet has been started again

A kubelet asks for a new token when four fifths of the old one's hour are over, or when it starts: the second is what a
test can wait for. The pod sees the same either way: its file is replaced by another while it runs.
"""

from pathlib import Path

from controlplane import Cluster
from controlplane.certificates import write_key_pair

API_SERVER, CONTROLLERS = "kube-apiserver", "kube-controller-manager"


def add_key(cluster: Cluster) -> None:
    """Let the API server sign with a new key, and believe both."""
    public, private = _files(cluster)
    old = public.read_bytes()
    write_key_pair(public, private)
    public.with_name("only-new.pub").write_bytes(public.read_bytes())
    public.write_bytes(public.read_bytes() + old)
    restart(cluster)


def drop_old_key(cluster: Cluster) -> None:
    """Let the API server believe no token of the old key any more; the controllers, too, get new ones."""
    public, _ = _files(cluster)
    public.write_bytes(public.with_name("only-new.pub").read_bytes())
    restart(cluster)
    restart(cluster, CONTROLLERS)


def restart(cluster: Cluster, component: str = API_SERVER) -> None:
    """Start the API server, or another, again: keys are read at the start."""
    cluster.stop(component)
    cluster.start(component)


def _files(cluster: Cluster) -> tuple[Path, Path]:
    pki = cluster.site.pki
    return pki / "service-accounts.pub", pki / "service-accounts.key"
