"""What one works with: a control plane that runs, whether this process booted it or another."""

import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from controlplane import karpenter
from controlplane.boot import Boot
from controlplane.ground import CARD, Site, read_card, write_kubeconfig
from controlplane.karpenter import Karpenter
from controlplane.machine import Machine, machine_of
from controlplane.nodes import NOT_READY, gpu_nodes, provider_nodes
from controlplane.offerings import InstanceType
from controlplane.programs import Programs
from controlplane.prometheus import Prometheus, running

_ESTABLISHED_WITHIN = 30.0


class KubectlError(RuntimeError):
    """Kubectl said no; the message is its own."""


@dataclass(frozen=True)
class Cluster:
    """A running control plane: its addresses, its files, and the acts that tests, demo and benchmarks need.

    Several processes may use one cluster at a time: `attach` reads what the one that booted it wrote down.
    """

    site: Site

    @property
    def directory(self) -> Path:
        """Where all its files are; gone when it ends."""
        return self.site.directory

    @property
    def server(self) -> str:
        """The API server's URL."""
        return self.site.url("kube-apiserver")

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.site.kubeconfig("admin")

    @property
    def ca(self) -> Path:
        """The authority that signed every server's certificate."""
        return self.site.pki / "ca.crt"

    @property
    def audit_log(self) -> Path | None:
        """The API server's audit log, one JSON object a line; None when it was not asked for."""
        return self.site.audit_log if self.site.audit else None

    @property
    def pod_network(self) -> str:
        """The CIDR, on the loopback, of the addresses that pods get."""
        return self.site.network.pods

    @property
    def machine(self) -> Machine:
        """The real node.

        Raises:
            LookupError: it was not asked for.
        """
        if found := machine_of(self.site, self.programs):
            return found
        raise LookupError("this cluster has no real node: ControlPlane(real_node=True) makes one")

    @property
    def programs(self) -> Programs:
        """Everything that runs for this cluster; what is started here ends with it."""
        return Programs(self.site.network.guardian, self.directory)

    @property
    def environment(self) -> dict[str, str]:
        """The environment for programs that use this cluster: KUBECONFIG, our kubectl on PATH, no cache elsewhere."""
        return {
            **os.environ,
            "KUBECONFIG": str(self.kubeconfig),
            "KUBECACHEDIR": str(self.directory / "kubectl-cache"),
            "PATH": f"{self.site.binaries['kubectl'].parent}:{os.environ.get('PATH', '')}",
        }

    def kubectl(self, *args: str, input: str | None = None) -> str:  # noqa: A002  as subprocess.run calls it
        """Run kubectl as the administrator and return what it prints.

        Raises:
            KubectlError: it failed; the message is what it said.
        """
        done = subprocess.run(
            [str(self.site.binaries["kubectl"]), *args],
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

    def define(self, *where: str, input: str | None = None) -> None:  # noqa: A002  as subprocess.run calls it
        """Create or update custom resource definitions and wait until they are established.

        `kubectl wait` fails on one whose conditions nobody has written yet.

        Raises:
            TimeoutError: they were not within half a minute.
        """
        made = self.kubectl("apply", "--server-side", "--force-conflicts", "-o", "name", *where, input=input).split()
        deadline = time.monotonic() + _ESTABLISHED_WITHIN
        while not all(_is_established(self.get(name)) for name in made):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not established: {', '.join(made)}")
            time.sleep(0.1)

    def get(self, *args: str) -> dict[str, Any]:
        """Return what `kubectl get ARGS -o json` prints, parsed."""
        answer: dict[str, Any] = json.loads(self.kubectl("get", *args, "-o", "json"))
        return answer

    def add_gpu_nodes(
        self, count: int, gpus: int = 8, *, labels: Mapping[str, str] | None = None, prefix: str = "gpu"
    ) -> list[str]:
        """Add pretended nodes `<prefix>-0`, `<prefix>-1` … with `gpus` nvidia.com/gpu each; return their names."""
        return self._create_nodes(gpu_nodes([f"{prefix}-{index}" for index in range(count)], gpus, labels or {}))

    def add_provider_nodes(self, provider: str, capacity_type: str, count: int, gpus: int = 1) -> list[str]:
        """Add pretended nodes as `eks`, `gke` or `aks` bring their `spot` or `on-demand` ones; return their names."""
        return self._create_nodes(provider_nodes(provider, capacity_type, count, gpus))

    def taint(self, node: str, key: str, value: str, effect: str) -> None:
        """Put a taint on a node, or change the one that it has under this key and effect."""
        self.kubectl("taint", "node", node, f"{key}={value}:{effect}", "--overwrite")

    def delete_node(self, node: str) -> None:
        """Delete a node's object, as a cloud's node controller does once the instance is gone."""
        self.kubectl("delete", "node", node, "--wait=false")

    def lose_readiness(self, node: str) -> None:
        """Let a pretended node say that it is not ready, and its pods fail their probes, until `regain_readiness`.

        The node controller taints the node `node.kubernetes.io/not-ready`, NoSchedule at once and NoExecute within 5 s.
        """
        self.kubectl("annotate", *self._pods_on(node), f"{NOT_READY}=true")
        self.kubectl("annotate", "node", node, f"{NOT_READY}=true")

    def regain_readiness(self, node: str) -> None:
        """Let a node that lost its readiness say that it is ready, and its pods pass their probes."""
        self.kubectl("annotate", "node", node, f"{NOT_READY}-")
        self.kubectl("annotate", *self._pods_on(node), f"{NOT_READY}-")

    def service_account_kubeconfig(self, namespace: str, name: str) -> Path:
        """Write a kubeconfig that acts as an existing ServiceAccount, by a token of the TokenRequest API (one day)."""
        token = self.kubectl("create", "token", name, "--namespace", namespace, "--duration=24h").strip()
        path = self.directory / f"{namespace}.{name}.kubeconfig"
        return write_kubeconfig(path, self.server, self.ca, {"token": token})

    def stop(self, component: str) -> None:
        """Kill a component at once, as a crash would; `start` brings it back.

        Not for KWOK, which is the ground and no part of Kubernetes: started again, it waits 40 s for its own leases on
        the nodes to end, and gives the addresses of running pods a second time.
        """
        self.programs.stop(component)

    def start(self, component: str) -> None:
        """Start a component again, at its address and with its data, and wait until it is ready."""
        self.programs.start(component)
        Boot(self.site, self.programs).wait(component)

    def run(self, name: str, argv: Sequence[str]) -> int:
        """Start a program that ends with this cluster and with this process; return its process id.

        Its output goes to `programs.log(name)`; KUBECONFIG and PATH are those of `environment`.
        """
        return self.programs.start(name, argv, env=self.environment, tied=True)

    def prometheus(
        self, interval: timedelta = timedelta(seconds=5), scrape: Sequence[Mapping[str, Any]] | None = None
    ) -> AbstractContextManager[Prometheus]:
        """Run a real Prometheus beside the cluster, ready to be asked, for as long as the `with` block lasts.

        Args:
            interval: between two scrapes of a target.
            scrape: Prometheus `scrape_configs`; without, all pods annotated `prometheus.io/scrape: "true"` are scraped.
        """
        return running(self.programs, self.site.network.address, interval, scrape)

    def karpenter(
        self,
        types: Sequence[InstanceType] = (InstanceType(),),
        *,
        consolidate_after: timedelta | None = None,
        forgets: timedelta = timedelta(seconds=5),
    ) -> AbstractContextManager[Karpenter]:
        """Run a real Karpenter for this cluster, for as long as the `with` block lasts; its nodes and objects stay.

        Args:
            types: the instances to be had; without, one of one GPU in three zones, spot and on-demand.
            consolidate_after: when nodes that are empty or could be fewer go; None: never.
            forgets: how long an offering that could not be launched is not tried again (3 minutes on AWS).
        """
        return karpenter.running(self, types, consolidate_after, forgets)

    def _create_nodes(self, nodes: Sequence[Mapping[str, Any]]) -> list[str]:
        self.kubectl("create", "-f", "-", input=json.dumps({"apiVersion": "v1", "kind": "List", "items": nodes}))
        return [node["metadata"]["name"] for node in nodes]

    def _pods_on(self, node: str) -> list[str]:
        return ["pods", "--all-namespaces", f"--field-selector=spec.nodeName={node}"]


def _is_established(definition: Mapping[str, Any]) -> bool:
    conditions = definition.get("status", {}).get("conditions") or ()
    return any(one["type"] == "Established" and one["status"] == "True" for one in conditions)


def attach(path: Path) -> Cluster:
    """Return the cluster that another process booted; `path` is its directory, or the cluster.json in it."""
    return Cluster(read_card(path / CARD if path.is_dir() else path))
