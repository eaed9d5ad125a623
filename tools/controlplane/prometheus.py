"""A real Prometheus beside a control plane."""

import http.client
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from controlplane import assets
from controlplane.network import free_ports
from controlplane.programs import Programs
from controlplane.readiness import wait_until_ready


@dataclass(frozen=True)
class Prometheus:
    """A Prometheus that runs; `stop` and `start` are for tests of outages."""

    name: str
    address: str
    port: int
    programs: Programs

    @property
    def url(self) -> str:
        """Where its HTTP API is."""
        return f"http://{self.address}:{self.port}"

    def stop(self) -> None:
        """Kill it; what it scraped is kept."""
        self.programs.stop(self.name)

    def start(self) -> None:
        """Start it again, at the same address and with its data, and wait until it answers."""
        self.programs.start(self.name, tied=True)
        self.wait()

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the elements of an instant query: `metric` (its labels) and `value` (time, text) each."""
        return self._asked("query", {"query": expression})

    def query_range(self, expression: str, since: float, until: float, step: timedelta) -> list[dict[str, Any]]:
        """Return the elements of a query at every step between two instants: `metric` and `values` (time, text) each.

        Instants are in seconds since the epoch, as in the answer.
        """
        span = {"start": str(since), "end": str(until), "step": str(step.total_seconds())}
        return self._asked("query_range", {"query": expression, **span})

    def _asked(self, what: str, parameters: Mapping[str, str]) -> list[dict[str, Any]]:
        connection = http.client.HTTPConnection(self.address, self.port, timeout=10)
        try:
            connection.request("GET", f"/api/v1/{what}?{urlencode(parameters)}")
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        elements: list[dict[str, Any]] = answer["data"]["result"]
        return elements

    def wait(self) -> None:
        """Wait until it answers."""
        wait_until_ready(self.programs, self.name, f"{self.url}/-/ready")


@contextmanager
def running(
    programs: Programs, address: str, interval: timedelta, scrape: Sequence[Mapping[str, Any]] | None
) -> Iterator[Prometheus]:
    """Run one, with its configuration and its storage in the control plane's directory."""
    binary = assets.ensure([assets.PROMETHEUS])[assets.PROMETHEUS]
    ports = free_ports(address, ("prometheus", "discovery"))
    prometheus = Prometheus(f"prometheus-{ports['prometheus']}", address, ports["prometheus"], programs)
    home = programs.directory / prometheus.name
    home.mkdir()
    with ExitStack() as stack:
        if scrape is None:
            scrape = [annotated_pods(stack.enter_context(_pod_discovery(programs, address, ports["discovery"])))]
        (home / "prometheus.yml").write_text(_configuration(interval, scrape), encoding="utf-8")
        stack.callback(prometheus.stop)
        programs.start(prometheus.name, _command(binary, home, prometheus), tied=True)
        prometheus.wait()
        yield prometheus


@contextmanager
def _pod_discovery(programs: Programs, address: str, port: int) -> Iterator[str]:
    name, url = f"pod-discovery-{port}", f"http://{address}:{port}/"
    kubeconfig = programs.directory / "prometheus.kubeconfig"
    programs.start(
        name, [sys.executable, "-m", "controlplane.discovery", str(kubeconfig), address, str(port)], tied=True
    )
    try:
        wait_until_ready(programs, name, url)
        yield url
    finally:
        programs.stop(name)


def annotated_pods(targets: str) -> dict[str, Any]:
    """Return a scrape configuration as the Prometheus chart has it: pods that ask for it by annotation.

    `prometheus.io/scrape: "true"` asks, `prometheus.io/port` says where (8000 when absent). The series carry
    `namespace`, `pod` and the pod's labels. `targets` is the URL of a pod discovery.
    """
    ip, port = "__meta_kubernetes_pod_ip", "__meta_kubernetes_pod_annotation_prometheus_io_port"
    return {
        "job_name": "pods",
        "http_sd_configs": [{"url": targets, "refresh_interval": "1s"}],
        "relabel_configs": [
            _rule("keep", "__meta_kubernetes_pod_annotation_prometheus_io_scrape", regex="true"),
            _rule("drop", "__meta_kubernetes_pod_phase", regex="Pending|Succeeded|Failed"),
            _rule("replace", ip, target_label="__address__", replacement="$1:8000"),
            _rule("replace", ip, port, regex=r"(.+);(\d+)", target_label="__address__", replacement="$1:$2"),
            {"action": "labelmap", "regex": "__meta_kubernetes_pod_label_(.+)"},
            _rule("replace", "__meta_kubernetes_namespace", target_label="namespace"),
            _rule("replace", "__meta_kubernetes_pod_name", target_label="pod"),
        ],
    }


def _rule(action: str, *sources: str, **fields: str) -> dict[str, Any]:
    return {"action": action, "source_labels": list(sources), **fields}


def _configuration(interval: timedelta, scrape: Sequence[Mapping[str, Any]]) -> str:
    pace = f"{round(interval.total_seconds() * 1000)}ms"
    moments = {"scrape_interval": pace, "scrape_timeout": pace, "evaluation_interval": pace}
    return yaml.safe_dump({"global": moments, "scrape_configs": [dict(config) for config in scrape]}, sort_keys=False)


def _command(binary: Path, home: Path, prometheus: Prometheus) -> list[str]:
    return [
        str(binary),
        f"--config.file={home / 'prometheus.yml'}",
        f"--storage.tsdb.path={home / 'data'}",
        f"--web.listen-address={prometheus.address}:{prometheus.port}",
        "--log.level=warn",
    ]
