"""Kubeconfig files: found, merged as kubectl merges them, and one context picked out."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

DEFAULT = Path("~/.kube/config")


class AccessError(Exception):
    """The way to a cluster cannot be made out; the message names the file or the field."""


class Cluster(msgspec.Struct, rename="kebab"):
    """Where the API server is, and how to know it."""

    server: str = ""
    certificate_authority: str | None = None
    certificate_authority_data: str | None = None
    insecure_skip_tls_verify: bool = False
    tls_server_name: str | None = None
    proxy_url: str | None = None


class User(msgspec.Struct, rename="kebab"):
    """How to prove who we are."""

    client_certificate: str | None = None
    client_certificate_data: str | None = None
    client_key: str | None = None
    client_key_data: str | None = None
    token: str | None = None
    token_file: str | None = msgspec.field(name="tokenFile", default=None)
    username: str | None = None
    password: str | None = None
    exec: dict[str, Any] | None = None
    auth_provider: dict[str, Any] | None = None
    impersonate: str | None = msgspec.field(name="as", default=None)

    @property
    def needs_plugin(self) -> bool:
        """Whether the credentials come from a program or a cloud's library."""
        return self.exec is not None or self.auth_provider is not None


class Context(msgspec.Struct):
    """A cluster, a user and a namespace, by name."""

    cluster: str = ""
    user: str = ""
    namespace: str | None = None


class Login(msgspec.Struct):
    """One context, resolved."""

    cluster: Cluster
    user: User
    namespace: str


class _NamedCluster(msgspec.Struct):
    name: str
    cluster: Cluster


class _NamedUser(msgspec.Struct):
    name: str
    user: User | None = None


class _NamedContext(msgspec.Struct):
    name: str
    context: Context


class _Config(msgspec.Struct, rename="kebab"):
    current_context: str | None = None
    clusters: list[_NamedCluster] | None = None
    users: list[_NamedUser] | None = None
    contexts: list[_NamedContext] | None = None


Named = TypeVar("Named", _NamedCluster, _NamedUser, _NamedContext)


def login(path: Path | None = None, context: str | None = None) -> Login:
    """Return the context called `context`, else the current one, of `path`, else of $KUBECONFIG, else of the default.

    AccessError where a file cannot be read or a name is not there.
    """
    configs = [_read(found) for found in _files(path)]
    name = context or next((config.current_context for config in configs if config.current_context), None)
    if not name:
        raise AccessError("the kubeconfig names no current context")
    chosen = _pick("context", (item for config in configs for item in config.contexts or ()), name).context
    cluster = _pick("cluster", (item for config in configs for item in config.clusters or ()), chosen.cluster).cluster
    users = (item for config in configs for item in config.users or ())
    user = _pick("user", users, chosen.user).user if chosen.user else None
    return Login(cluster, user or User(), chosen.namespace or "default")


def _files(path: Path | None) -> list[Path]:
    if path is not None:
        return [path]
    listed = [Path(part) for part in os.environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    found = [file for file in listed or [DEFAULT.expanduser()] if file.exists()]
    if not found:
        raise AccessError(f"no kubeconfig at {' or '.join(map(str, listed or [DEFAULT]))}")
    return found


def _read(path: Path) -> _Config:
    try:
        config = msgspec.convert(yaml.safe_load(path.read_text()) or {}, _Config)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise AccessError(f"kubeconfig {path} is no YAML{f' (line {mark.line + 1})' if mark else ''}") from error
    except (OSError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise AccessError(f"kubeconfig {path}: {error}") from error
    for cluster in config.clusters or ():
        _anchor(cluster.cluster, path, "certificate_authority")
    for user in config.users or ():
        _anchor(user.user, path, "client_certificate", "client_key", "token_file")
    return config


def _anchor(holder: Cluster | User | None, path: Path, *fields: str) -> None:
    """Make file names absolute: they are relative to the kubeconfig that holds them."""
    for field in fields:
        if holder is not None and (name := getattr(holder, field)):
            setattr(holder, field, str(path.absolute().parent / name))


def _pick(what: str, items: Iterable[Named], name: str) -> Named:
    for item in items:
        if item.name == name:
            return item
    raise AccessError(f"the kubeconfig has no {what} called {name!r}")
