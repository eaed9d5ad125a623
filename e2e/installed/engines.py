"""The engines that pools keep: the fleet's on pretended GPU nodes, or pods that run one of a few lines."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from controlplane import Cluster
from fleet import FleetControl
from rig.manifests import deployment
from rig.waiting import eventually

Json = dict[str, Any]

QUEUE = "/tmp/queue"  # noqa: S108  in a container of its own
ENGINE = f"""
import http.server, pathlib
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        queue = pathlib.Path("{QUEUE}")
        waiting = queue.read_text() if queue.exists() else "0"
        self.send_response(200)
        self.end_headers()
        page = 'vllm:num_requests_waiting{{model_name="m"}} %s\\nvllm:num_requests_running{{model_name="m"}} 0\\n'
        self.wfile.write((page % waiting).encode())
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("0.0.0.0", 8000), Page).serve_forever()
"""


class Engines(Protocol):
    """What a test can do with the engines of a cluster."""

    def deploy(self, namespace: str, name: str, replicas: int) -> None:
        """Create a Deployment of engines and wait until all are ready."""

    def queue(self, namespace: str, name: str, total: int) -> None:
        """Let so many requests wait at a Deployment's engines, all in all."""


@dataclass(frozen=True)
class FleetEngines:
    """Pods that KWOK pretends, each with a real page at its own address: the operator scrapes them across the link."""

    fleet: FleetControl
    cluster: Cluster

    def deploy(self, namespace: str, name: str, replicas: int) -> None:
        """Create a Deployment of engines and wait until all are ready."""
        made = deployment(name, replicas)
        made["metadata"]["namespace"] = namespace
        self.cluster.apply(made)
        eventually(lambda: len(self.fleet.pods(f"{namespace}/{name}")) == replicas, f"{replicas} of {name} ready")

    def queue(self, namespace: str, name: str, total: int) -> None:
        """Let so many requests wait, shared by all engines, however many they become."""
        self.fleet.queue(f"{namespace}/{name}", total)


@dataclass(frozen=True)
class PodEngines:
    """Real pods of an image that has Python, each with a page whose queue is a file in it."""

    kubectl: Path
    kubeconfig: Path
    image: str

    def deploy(self, namespace: str, name: str, replicas: int) -> None:
        """Create a Deployment of engines and wait until all are ready."""
        self._run("apply", "--namespace", namespace, "-f", "-", given=json.dumps(self._deployment(name, replicas)))
        self._run("rollout", "status", "--namespace", namespace, f"deployment/{name}", "--timeout=180s")

    def queue(self, namespace: str, name: str, total: int) -> None:
        """Let so many requests wait at the oldest engine; nobody ever waits at another, and it is the last to go."""
        asked = ("get", "pods", "--namespace", namespace, "-l", f"app={name}", "--sort-by=.metadata.creationTimestamp")
        oldest = self._run(*asked, "-o", "name").split()[0]
        self._run("exec", "--namespace", namespace, oldest, "--", "sh", "-c", f"echo {total} > {QUEUE}")

    def _deployment(self, name: str, replicas: int) -> Json:
        made = deployment(name, replicas)
        made["spec"]["template"]["spec"] = {
            "terminationGracePeriodSeconds": 1,
            "containers": [
                {
                    "name": "engine",
                    "image": self.image,
                    "command": ["python3", "-c", ENGINE],
                    "ports": [{"name": "http", "containerPort": 8000}],
                    "readinessProbe": {"httpGet": {"path": "/metrics", "port": "http"}, "periodSeconds": 1},
                }
            ],
        }
        return made

    def _run(self, *arguments: str, given: str | None = None) -> str:
        environment = {**os.environ, "KUBECONFIG": str(self.kubeconfig)}
        done = subprocess.run(
            [str(self.kubectl), *arguments], env=environment, input=given, capture_output=True, text=True, check=True
        )
        return done.stdout
