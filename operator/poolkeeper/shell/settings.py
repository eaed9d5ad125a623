"""What the administrator configures: flags of `poolkeeper run`, and nothing that a pool's YAML can reach."""

import os
import socket
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from poolkeeper.core.teams import Overhead, Team
from poolkeeper.shell.brokers import Broker
from poolkeeper.shell.servers import ServerConfig

NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
CLUSTER = "default"
PRICE_BOOK = "poolkeeper-prices"
LEDGER_LABELS = ("team", "feature", "model")


@dataclass(frozen=True, slots=True)
class JournalTerms:
    """How many bytes each pool's journal may have, 0: there is none; and for how long it is kept."""

    quota: int = 256 * 2**10
    keep: timedelta = timedelta(days=7)

    @property
    def kept(self) -> bool:
        """Whether there is a journal."""
        return self.quota > 0


@dataclass(frozen=True, slots=True)
class Settings:
    """The operator's configuration. `namespaces` empty: the whole cluster.

    `cluster` is what the ledger calls this cluster, `price_book` the ConfigMap that prices it; the ledger bears those
    labels of a pool that are among `ledger_labels`. `teams` are budgets over several pools, `overheads` what is paid
    besides them.
    """

    kubeconfig: Path | None = None
    context: str | None = None
    namespaces: tuple[str, ...] = ()
    prometheus: tuple[ServerConfig, ...] = ()
    brokers: tuple[Broker, ...] = ()
    lease_namespace: str = ""
    lease_duration: timedelta = timedelta(seconds=15)
    listen: str = ""
    cluster: str = CLUSTER
    price_book: str = PRICE_BOOK
    ledger_labels: tuple[str, ...] = LEDGER_LABELS
    teams: tuple[Team, ...] = ()
    overheads: tuple[Overhead, ...] = ()
    journal: JournalTerms = field(default_factory=JournalTerms)
    identity: str = field(default_factory=lambda: os.environ.get("POD_NAME") or socket.gethostname())

    @property
    def operator_namespace(self) -> str:
        """Where lease, price book and ledger live: given, else the pod's own namespace, else `default`."""
        if self.lease_namespace:
            return self.lease_namespace
        return NAMESPACE_FILE.read_text().strip() if NAMESPACE_FILE.exists() else "default"
