"""A small client of the API server: plain HTTP, the administrator's certificate, JSON in and out."""

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from controlplane import Cluster

Json = dict[str, Any]

TIMEOUT = 90.0
WATCH_SECONDS = 600
COLLECTIONS = {
    "ConfigMap": "/api/v1/{}/configmaps",
    "Deployment": "/apis/apps/v1/{}/deployments",
    "Event": "/api/v1/{}/events",
    "HorizontalPodAutoscaler": "/apis/autoscaling/v2/{}/horizontalpodautoscalers",
    "InferencePool": "/apis/poolkeeper.io/v1alpha1/{}/inferencepools",
    "LeaderWorkerSet": "/apis/leaderworkerset.x-k8s.io/v1/{}/leaderworkersets",
    "Lease": "/apis/coordination.k8s.io/v1/{}/leases",
    "Pod": "/api/v1/{}/pods",
    "PodDisruptionBudget": "/apis/policy/v1/{}/poddisruptionbudgets",
    "ReplicaSet": "/apis/apps/v1/{}/replicasets",
    "ResourceQuota": "/api/v1/{}/resourcequotas",
    "Rollout": "/apis/argoproj.io/v1alpha1/{}/rollouts",
    "StatefulSet": "/apis/apps/v1/{}/statefulsets",
}


class ApiError(RuntimeError):
    """The API server said no; the message is its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class Api:
    """Requests to one cluster's API server, each on a connection of its own."""

    def __init__(self, cluster: Cluster) -> None:
        self._address = urlsplit(cluster.server).netloc
        self._tls = _tls(cluster.ca, cluster.site.pki)

    def get(self, path: str) -> Json:
        """Return the object or the list at a path."""
        return self._send("GET", path)

    def create(self, thing: Mapping[str, Any]) -> Json:
        """Create an object in the namespace that it names."""
        return self._send("POST", collection(thing["kind"], thing["metadata"]["namespace"]), thing)

    def post(self, path: str, body: Mapping[str, Any]) -> Json:
        """Create an object at a path."""
        return self._send("POST", path, body)

    def patch(self, path: str, body: Mapping[str, Any]) -> Json:
        """Change fields by a merge patch."""
        return self._send("PATCH", path, body, "application/merge-patch+json")

    def delete(self, path: str) -> Json:
        """Delete what is at a path."""
        return self._send("DELETE", path)

    def watch(self, path: str, seconds: int = WATCH_SECONDS, labels: str = "") -> Iterator[Json]:
        """Yield what is there, then every change, for so many seconds; `labels` select."""
        connection = self._connect(seconds + TIMEOUT)
        try:
            query = {"watch": "1", "timeoutSeconds": str(seconds), "labelSelector": labels}
            connection.request("GET", f"{path}?{urlencode(query)}")
            for line in _checked(connection.getresponse()):
                yield json.loads(line)
        finally:
            connection.close()

    def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, kind: str = "application/json"
    ) -> Json:
        connection = self._connect(TIMEOUT)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Content-Type": kind, "User-Agent": "kubectl/e2e"})
            answer: Json = json.loads(_checked(connection.getresponse()).read())
            return answer
        finally:
            connection.close()

    def _connect(self, timeout: float) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self._address, timeout=timeout, context=self._tls)


def collection(kind: str, namespace: str) -> str:
    """Return the path of a namespace's objects of a kind."""
    return COLLECTIONS[kind].format(f"namespaces/{namespace}")


def _checked(response: http.client.HTTPResponse) -> http.client.HTTPResponse:
    if response.status >= http.HTTPStatus.BAD_REQUEST:
        body = response.read()
        raise ApiError(response.status, json.loads(body).get("message", "") if body[:1] == b"{" else body.decode())
    return response


def _tls(authority: Path, pki: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority))
    context.load_cert_chain(str(pki / "admin.crt"), str(pki / "admin.key"))
    return context
