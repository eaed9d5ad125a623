"""`poolkeeper run` as a process of its own, restricted to one namespace."""

import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from controlplane import Cluster
from rig.waiting import eventually

START = 60.0
POOLKEEPER = Path(sys.executable).with_name("poolkeeper")


class Operator:
    """One process, from its start to its end; `name` names its log. It ends with the test process at the latest."""

    def __init__(self, cluster: Cluster, name: str, arguments: Sequence[str], kubeconfig: Path | None = None) -> None:
        self.name = name
        self.waited = 0.0
        self._started_at = time.monotonic()
        self._programs = cluster.programs
        command = [str(POOLKEEPER), "run", "--kubeconfig", str(kubeconfig or cluster.kubeconfig)]
        self.pid = cluster.run(name, [*command, "--listen", "127.0.0.1:0", *arguments])

    def wait_until_leading(self) -> "Operator":
        """Wait until it has the lease and looks at pools; `waited` says how long that took from its start."""
        eventually(lambda: self.said("leading"), f"{self.name} leads", START)
        self.waited = time.monotonic() - self._started_at
        return self

    def kill(self) -> None:
        """End it as a crash would, by SIGKILL; returns when it is gone."""
        self._programs.stop(self.name)

    def stop(self) -> None:
        """End it as Kubernetes would, by SIGTERM; returns when it is gone."""
        os.kill(self.pid, signal.SIGTERM)
        eventually(lambda: not self.running, f"{self.name} ends")

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
        address = str(self.said("serving")["address"])
        with urllib.request.urlopen(f"{address}{path}", timeout=10) as answer:  # noqa: S310  an http address
            return str(answer.read().decode())

    def explain(self, namespace: str, pool: str) -> dict[str, Any]:
        """Return the last decision on a pool with its trail; empty while there is none."""
        try:
            shown: dict[str, Any] = json.loads(self.page(f"/pools/{namespace}/{pool}"))
        except urllib.error.HTTPError:
            return {}
        decision: dict[str, Any] = shown.get("decision", {})
        return decision
