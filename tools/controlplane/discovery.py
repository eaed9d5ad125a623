"""Pods as Prometheus targets, over HTTP: Debian builds its Prometheus without Kubernetes discovery.

`python -m controlplane.discovery KUBECONFIG ADDRESS PORT` follows the cluster's pods and answers every GET with one
target for each that has an address, under the `__meta_kubernetes_…` labels of Prometheus' own `role: pod`.
"""

import json
import re
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from kubernetes import client, config, watch
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

_PAUSE = 1.0  # seconds before the pods are listed again after a failure
_PREFIX = "__meta_kubernetes_"


def target(pod: Mapping[str, Any]) -> dict[str, Any]:
    """Return the target of a pod with an address, as Prometheus' HTTP discovery wants it."""
    metadata, status = pod["metadata"], pod["status"]
    labels = {
        "namespace": metadata["namespace"],
        "pod_name": metadata["name"],
        "pod_uid": metadata["uid"],
        "pod_ip": status["podIP"],
        "pod_phase": status["phase"],
        "pod_node_name": pod["spec"].get("nodeName", ""),
        **_mapped("pod_label", metadata.get("labels", {})),
        **_mapped("pod_annotation", metadata.get("annotations", {})),
    }
    return {"targets": [status["podIP"]], "labels": {_PREFIX + name: value for name, value in labels.items()}}


def _mapped(kind: str, entries: Mapping[str, str]) -> dict[str, str]:
    return {f"{kind}_{re.sub('[^a-zA-Z0-9_]', '_', name)}": value for name, value in entries.items()}


class Pods:
    """The pods of the cluster, as last heard."""

    def __init__(self, api: client.CoreV1Api) -> None:
        self.listed = threading.Event()
        self._api = api
        self._pods: dict[str, Mapping[str, Any]] = {}

    def follow(self) -> None:
        """Keep up with the API server for ever; while it is away, the last state stands."""
        while True:
            try:
                self._watch(self._list())
            except (ApiException, HTTPError, OSError) as error:
                print(f"pods: {error}", flush=True)
                time.sleep(_PAUSE)

    def targets(self) -> list[dict[str, Any]]:
        """Return one target for each pod that has an address."""
        return [target(pod) for pod in list(self._pods.values()) if pod["status"].get("podIP")]

    def _list(self) -> str:
        listed = self._api.api_client.sanitize_for_serialization(self._api.list_pod_for_all_namespaces())
        self._pods = {pod["metadata"]["uid"]: pod for pod in listed["items"]}
        self.listed.set()
        return str(listed["metadata"]["resourceVersion"])

    def _watch(self, version: str) -> None:
        pods = self._api.list_pod_for_all_namespaces
        stream: Iterable[dict[str, Any]]
        stream = watch.Watch().stream(pods, resource_version=version, timeout_seconds=300)  # type: ignore[no-untyped-call]
        for event in stream:
            pod = event["raw_object"]
            self._pods[pod["metadata"]["uid"]] = pod
            if event["type"] == "DELETED":
                del self._pods[pod["metadata"]["uid"]]


def serve(pods: Pods, address: str, port: int) -> None:
    """Answer GET requests with the targets, for ever."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(pods.targets()).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Say nothing: it is asked every second."""

    ThreadingHTTPServer((address, port), Handler).serve_forever()


def main(kubeconfig: str, address: str, port: int) -> None:
    """Follow the pods of the cluster in one thread and answer in others."""
    pods = Pods(client.CoreV1Api(config.new_client_from_config(kubeconfig)))  # type: ignore[no-untyped-call]
    threading.Thread(target=pods.follow, daemon=True).start()
    pods.listed.wait()  # whoever gets an answer gets all pods
    serve(pods, address, port)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
