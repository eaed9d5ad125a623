"""The Prometheus beside a plane finds pods by their annotation, and can fail and come back."""

import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest

from controlplane import Cluster
from controlplane.discovery import target
from controlplane.prometheus import Prometheus
from controlplane.readiness import answers, wait_for

EXPORTER = """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"waiting 7\\n")
HTTPServer((sys.argv[1], 8000), Handler).serve_forever()
"""
POD = {
    "metadata": {
        "name": "chat-1",
        "namespace": "inference",
        "uid": "u",
        "labels": {"app.kubernetes.io/name": "chat"},
        "annotations": {"prometheus.io/scrape": "true"},
    },
    "spec": {"nodeName": "gpu-0"},
    "status": {"phase": "Running", "podIP": "127.20.0.1"},
}


@pytest.fixture(scope="module")
def prometheus(cluster: Cluster) -> Iterator[Prometheus]:
    with cluster.prometheus(timedelta(milliseconds=200)) as running:
        yield running


def test_a_target_is_named_as_kubernetes_discovery_names_it():
    assert (
        target(POD)["labels"].items()
        >= {
            "__meta_kubernetes_namespace": "inference",
            "__meta_kubernetes_pod_label_app_kubernetes_io_name": "chat",
            "__meta_kubernetes_pod_annotation_prometheus_io_scrape": "true",
        }.items()
    )


@pytest.mark.cluster
def test_an_annotated_pod_is_scraped_at_its_own_address(cluster, prometheus, deploy):
    deploy("scraped", 1, {"prometheus.io/scrape": "true"})
    cluster.kubectl("rollout", "status", "deployment/scraped")
    (pod,) = cluster.get("pods", "-l", "app=scraped")["items"]
    cluster.run("exporter", [sys.executable, "-c", EXPORTER, pod["status"]["podIP"]])
    wait_for(lambda: bool(prometheus.query("waiting")), "a sample", timedelta(seconds=20))
    (element,) = prometheus.query("waiting")
    assert (
        element["metric"].items() >= {"namespace": "default", "pod": pod["metadata"]["name"], "app": "scraped"}.items()
    )


@pytest.mark.cluster
def test_it_can_be_stopped_and_started(prometheus):
    prometheus.stop()
    assert not answers(f"{prometheus.url}/-/ready")
    prometheus.start()
    assert answers(f"{prometheus.url}/-/ready")


@pytest.mark.cluster
def test_a_span_of_time_has_a_value_at_every_step(prometheus):
    (element,) = prometheus.query_range("vector(1)", 0, 4, timedelta(seconds=2))
    assert element["values"] == [[0, "1"], [2, "1"], [4, "1"]]
