"""What the administrator configures: flags of `poolkeeper run`, and nothing that a pool's YAML can reach."""

import os
import socket
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from poolkeeper.shell.servers import ServerConfig

NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


@dataclass(frozen=True, slots=True)
class Settings:
    """The operator's configuration. `namespaces` empty: the whole cluster."""

    kubeconfig: Path | None = None
    context: str | None = None
    namespaces: tuple[str, ...] = ()
    prometheus: tuple[ServerConfig, ...] = ()
    lease_namespace: str = ""
    lease_duration: timedelta = timedelta(seconds=15)
    listen: str = ""
    identity: str = field(default_factory=lambda: os.environ.get("POD_NAME") or socket.gethostname())

    @property
    def operator_namespace(self) -> str:
        """Where the lease lives: given, else the pod's own namespace, else `default`."""
        if self.lease_namespace:
            return self.lease_namespace
        return NAMESPACE_FILE.read_text().strip() if NAMESPACE_FILE.exists() else "default"
