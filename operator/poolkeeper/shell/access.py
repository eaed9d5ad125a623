"""The way to a cluster: its address, how to know it (TLS), and how to prove who we are."""

import asyncio
import base64
import os
import ssl
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from poolkeeper.shell.kubeconfig import AccessError, Cluster, User, login

__all__ = ["Access", "AccessError", "TokenFile"]

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")

Authorization = Callable[[], Awaitable[str | None]]


async def anonymous() -> str | None:
    """Send no Authorization header: a client certificate may say it all."""
    return None


@dataclass(frozen=True, slots=True)
class Access:
    """All that a client needs to know of a cluster. `warning` is for the person who runs us, empty where all is well.

    `authorization` gives the header of that name for each request, so that it can change.
    """

    server: str
    tls: ssl.SSLContext | None = None
    authorization: Authorization = anonymous
    namespace: str = "default"
    server_name: str | None = None
    proxy: str | None = None
    warning: str = ""

    @classmethod
    def find(cls, path: Path | None = None, context: str | None = None) -> "Access":
        """Return the kubeconfig's access where one is named, else the pod's own, else the default kubeconfig's."""
        named = path or context or os.environ.get("KUBECONFIG")
        return (
            cls.in_cluster()
            if not named and "KUBERNETES_SERVICE_HOST" in os.environ
            else cls.from_kubeconfig(path, context)
        )

    @classmethod
    def from_kubeconfig(cls, path: Path | None = None, context: str | None = None) -> "Access":
        """Return the access that a kubeconfig describes; AccessError where it cannot be made out."""
        found = login(path, context)
        _demand_supported(found.cluster, found.user)
        user, authorization = found.user, _authorization(found.user)
        if user.needs_plugin:
            user, authorization = _from_plugin(path, context)
        return cls(
            server=found.cluster.server.rstrip("/"),
            tls=_tls(found.cluster, user),
            authorization=authorization,
            namespace=found.namespace,
            server_name=found.cluster.tls_server_name,
            proxy=found.cluster.proxy_url,
            warning=_warning(found.cluster),
        )

    @classmethod
    def in_cluster(cls, directory: Path = SERVICE_ACCOUNT) -> "Access":
        """Return a pod's own access; AccessError outside of one."""
        try:
            host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
            tls = ssl.create_default_context(cafile=str(directory / "ca.crt"))
            namespace = (directory / "namespace").read_text().strip()
        except (KeyError, OSError) as error:
            raise AccessError(f"no service account of a pod here: {error}") from error
        server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
        return cls(server, tls=tls, authorization=TokenFile(directory / "token"), namespace=namespace)


class TokenFile:
    """A bearer token in a file, read again when the file changes: kubelets rotate them every hour or so."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int, int] | None = None
        self._header = ""

    async def __call__(self) -> str:
        """Return the header; the last known one while the file is being replaced."""
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_ino, found.st_size)
            if stamp != self._stamp:
                self._header, self._stamp = f"Bearer {self._path.read_text().strip()}", stamp
        except OSError as error:
            if not self._header:
                raise AccessError(f"token file {self._path}: {error}") from error
        return self._header


def _demand_supported(cluster: Cluster, user: User) -> None:
    if not cluster.server.startswith(("https://", "http://")):
        raise AccessError(f"the kubeconfig's server must be an http(s) address, not {cluster.server!r}")
    if cluster.proxy_url and not cluster.proxy_url.startswith(("http://", "https://")):
        raise AccessError(f"proxy-url must be an http(s) address, not {cluster.proxy_url!r}")
    if user.impersonate:
        raise AccessError("impersonation (`as`) in a kubeconfig is not supported")


def _warning(cluster: Cluster) -> str:
    if not cluster.insecure_skip_tls_verify:
        return ""
    return f"the kubeconfig says insecure-skip-tls-verify: anybody may pose as {cluster.server}"


def _authorization(user: User) -> Authorization:
    if user.token_file:
        return TokenFile(Path(user.token_file))
    if user.token:
        return _always(f"Bearer {user.token}")
    if user.username is not None:
        pair = f"{user.username}:{user.password or ''}".encode()
        return _always(f"Basic {base64.b64encode(pair).decode()}")
    return anonymous


def _always(header: str) -> Authorization:
    async def constant() -> str:
        return header

    return constant


def _tls(cluster: Cluster, user: User) -> ssl.SSLContext | None:
    if cluster.server.startswith("http://"):
        return None
    try:
        context = ssl.create_default_context(cafile=cluster.certificate_authority, cadata=_authority(cluster))
        _load_client_certificate(context, user)
    except (OSError, ValueError) as error:
        raise AccessError(f"the kubeconfig's certificates cannot be used: {error}") from error
    if cluster.insecure_skip_tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _authority(cluster: Cluster) -> str | None:
    data = cluster.certificate_authority_data
    return base64.b64decode(data).decode() if data else None


def _load_client_certificate(context: ssl.SSLContext, user: User) -> None:
    """Load the pair; inline data must pass through files, which live no longer than this and are ours alone."""
    with tempfile.TemporaryDirectory(prefix="poolkeeper-") as directory:
        certificate = _file(user.client_certificate, user.client_certificate_data, Path(directory, "crt"))
        key = _file(user.client_key, user.client_key_data, Path(directory, "key"))
        if certificate:
            context.load_cert_chain(certificate, key)


def _file(name: str | None, data: str | None, place: Path) -> str | None:
    if not data:
        return name
    place.write_bytes(base64.b64decode(data))
    return str(place)


def _from_plugin(path: Path | None, context: str | None) -> tuple[User, Authorization]:
    """Run an exec or auth-provider plugin through the official client, which is slow to import: only when needed."""
    client: Any = import_module("kubernetes.client")
    config: Any = import_module("kubernetes.config")
    found = client.Configuration()
    try:
        config.load_kube_config(
            config_file=str(path) if path else None, context=context, client_configuration=found, persist_config=False
        )
    except config.ConfigException as error:
        raise AccessError(f"the kubeconfig's credential plugin: {error}") from error
    if not found.api_key and not found.cert_file:
        raise AccessError("the kubeconfig's credential plugin gave neither a token nor a certificate")
    return User(client_certificate=found.cert_file, client_key=found.key_file), _refreshed(found)


def _refreshed(configuration: Any) -> Authorization:  # noqa: ANN401  the official client has no types
    async def current() -> str | None:
        header = await asyncio.to_thread(configuration.get_api_key_with_prefix, "BearerToken")
        return str(header) if header else None

    return current
