"""`poolkeeper run` as a process of its own, restricted to the namespaces that its arguments name."""

import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from controlplane import Cluster
from rig.waiting import PATIENCE, eventually

FAULTS = "poolkeeper_source_faults_total{"
POOLKEEPER = Path(sys.executable).with_name("poolkeeper")


class Operator:
    """One process, from its start to its end; `name` names its log. It ends with who started it at the latest.

    Without arguments it is the one that runs under this name already.
    """

    def __init__(
        self, cluster: Cluster, name: str, arguments: Sequence[str] | None = None, kubeconfig: Path | None = None
    ) -> None:
        self.name = name
        self.waited = 0.0
        self._began = time.monotonic()
        self._programs = cluster.programs
        if arguments is not None:
            command = [str(POOLKEEPER), "run", "--kubeconfig", str(kubeconfig or cluster.kubeconfig)]
            cluster.run(name, [*command, "--listen", "127.0.0.1:0", *arguments])

    def wait_until_leading(self) -> "Operator":
        """Wait until it has the lease and looks at pools; `waited` says how long that took from its start."""
        eventually(lambda: self.said("leading"), f"{self.name} leads")
        self.waited = time.monotonic() - self._began
        return self

    def kill(self) -> None:
        """End it as a crash would, by SIGKILL; returns when it is gone."""
        self._programs.stop(self.name)

    def stop(self) -> None:
        """End it as Kubernetes would, by SIGTERM; returns when it is gone."""
        os.kill(self.pid, signal.SIGTERM)
        eventually(lambda: not self.running, f"{self.name} ends")

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._programs.pids()[self.name]

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self.name in self._programs.pids()

    @property
    def log(self) -> str:
        """All that it has said so far."""
        path = self._programs.log(self.name)
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def said(self, event: str) -> dict[str, Any]:
        """Return the newest line of the log with this event, empty if there is none."""
        lines = [json.loads(line) for line in self.log.splitlines() if line.startswith("{") and line.endswith("}")]
        return next((line for line in reversed(lines) if line.get("event") == event), {})

    def page(self, path: str) -> str:
        """Return what it serves at a path."""
        with urllib.request.urlopen(f"{self._address}{path}", timeout=PATIENCE) as answer:  # noqa: S310  an http address
            return str(answer.read().decode())

    def faults(self, namespace: str, pool: str) -> float:
        """Return how often a source of a pool failed it: each time its grace clock begins anew (R3)."""
        lines = [line for line in self.page("/metrics").splitlines() if line.startswith(FAULTS)]
        mine = [line for line in lines if f'namespace="{namespace}",pool="{pool}",' in line]
        return sum(float(line.rpartition(" ")[2]) for line in mine)

    @cached_property
    def _address(self) -> str:
        return str(self.said("serving")["address"])

    def explain(self, namespace: str, pool: str) -> dict[str, Any]:
        """Return the last decision on a pool with its trail; empty while there is none."""
        try:
            shown: dict[str, Any] = json.loads(self.page(f"/pools/{namespace}/{pool}"))
        except urllib.error.HTTPError:
            return {}
        decision: dict[str, Any] = shown.get("decision", {})
        return decision
