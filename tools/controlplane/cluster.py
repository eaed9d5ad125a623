"""What one works with: a control plane that runs, whether this process booted it or another."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from controlplane.ground import write_kubeconfig
from controlplane.network import Network
from controlplane.nodes import gpu_nodes
from controlplane.programs import Programs

_CARD = "cluster.json"


class KubectlError(RuntimeError):
    """Kubectl said no; the message is its own."""


@dataclass(frozen=True)
class Cluster:
    """A running control plane: its addresses, its files, and the acts that tests, demo and benchmarks need.

    Several processes may use one cluster at a time: `attach` reads what the one that booted it wrote down.
    """

    directory: Path
    number: int
    server: str
    binaries: Mapping[str, str]
    audited: bool

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.directory / "admin.kubeconfig"

    @property
    def ca(self) -> Path:
        """The authority that signed every server's certificate."""
        return self.directory / "pki" / "ca.crt"

    @property
    def audit_log(self) -> Path | None:
        """The API server's audit log, one JSON object a line; None when it was not asked for."""
        return self.directory / "logs" / "audit.log" if self.audited else None

    @property
    def pod_network(self) -> str:
        """The CIDR, on the loopback, of the addresses that pods get."""
        return self.network.pods

    @property
    def network(self) -> Network:
        """The part of the loopback that belongs to this cluster alone."""
        return Network(self.number)

    @property
    def programs(self) -> Programs:
        """Everything that runs for this cluster; what is started here ends with it."""
        return Programs(self.network.guardian, self.directory)

    @property
    def environment(self) -> dict[str, str]:
        """The environment for programs that use this cluster: KUBECONFIG, our kubectl on PATH, no cache elsewhere."""
        return {
            **os.environ,
            "KUBECONFIG": str(self.kubeconfig),
            "KUBECACHEDIR": str(self.directory / "kubectl-cache"),
            "PATH": f"{Path(self.binaries['kubectl']).parent}:{os.environ.get('PATH', '')}",
        }

    def kubectl(self, *args: str, input: str | None = None) -> str:  # noqa: A002  as subprocess.run calls it
        """Run kubectl as the administrator and return what it prints.

        Raises:
            KubectlError: it failed; the message is what it said.
        """
        done = subprocess.run(
            [self.binaries["kubectl"], *args],
            env=self.environment,
            input=input,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if done.returncode:
            raise KubectlError(f"kubectl {' '.join(args)}: {done.stderr.strip()}")
        return done.stdout

    def apply(self, *objects: Mapping[str, Any]) -> str:
        """Create or update objects by server-side apply."""
        items = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        return self.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", input=json.dumps(items))

    def get(self, *args: str) -> dict[str, Any]:
        """Return what `kubectl get ARGS -o json` prints, parsed."""
        answer: dict[str, Any] = json.loads(self.kubectl("get", *args, "-o", "json"))
        return answer

    def add_gpu_nodes(
        self, count: int, gpus: int = 8, *, labels: Mapping[str, str] | None = None, prefix: str = "gpu"
    ) -> list[str]:
        """Add pretended nodes `<prefix>-0`, `<prefix>-1` … with `gpus` nvidia.com/gpu each; return their names."""
        nodes = gpu_nodes([f"{prefix}-{index}" for index in range(count)], gpus, labels or {})
        self.kubectl("create", "-f", "-", input=json.dumps({"apiVersion": "v1", "kind": "List", "items": nodes}))
        return [node["metadata"]["name"] for node in nodes]

    def service_account_kubeconfig(self, namespace: str, name: str) -> Path:
        """Write a kubeconfig that acts as an existing ServiceAccount, by a token of the TokenRequest API (one day)."""
        token = self.kubectl("create", "token", name, "--namespace", namespace, "--duration=24h").strip()
        path = self.directory / f"{namespace}.{name}.kubeconfig"
        return write_kubeconfig(path, self.server, self.ca, {"token": token})

    def stop(self, component: str) -> None:
        """Kill a component at once, as a crash would; `start` brings it back."""
        self.programs.stop(component)

    def start(self, component: str) -> None:
        """Start a component again, at its address and with its data; it is not waited for."""
        self.programs.start(component)

    def run(self, name: str, argv: Sequence[str]) -> int:
        """Start a program that ends with this cluster and with this process; return its process id.

        Its output goes to `programs.log(name)`; KUBECONFIG and PATH are those of `environment`.
        """
        return self.programs.start(name, argv, env=self.environment, tied=True)

    def write_card(self) -> None:
        """Write down, in the directory, what `attach` needs."""
        content = asdict(self) | {"directory": str(self.directory)}
        (self.directory / _CARD).write_text(json.dumps(content), encoding="utf-8")


def attach(path: Path) -> Cluster:
    """Return the cluster that another process booted; `path` is its directory, or the cluster.json in it."""
    card = path / _CARD if path.is_dir() else path
    content = json.loads(card.read_text(encoding="utf-8"))
    return Cluster(**(content | {"directory": Path(content["directory"])}))
