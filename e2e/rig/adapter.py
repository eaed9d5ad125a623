"""An adapter behind the API server: the external metrics API as KEDA and others serve it, with values that a test sets.

It listens on the loopback; a Service of type ExternalName `localhost` leads the API server there. What it answers about
itself stays right whatever a test does to its metrics: an API that cannot be discovered hinders the whole cluster.
"""

import base64
import json
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from controlplane.certificates import Authority, Subject
from rig.api import ApiError
from rig.space import Space

Json = dict[str, Any]

GROUP, VERSION = "external.metrics.k8s.io", "v1beta1"
APIS = f"/apis/{GROUP}/{VERSION}"
NAME = "adapter"


class Adapter:
    """Serves external metrics of any namespace, for as long as a `with` block lasts; one at a time in a cluster."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.items: list[Json] | None = []
        self.status, self.selectors = HTTPStatus.OK, set[str]()
        self._free = threading.Event()
        self._free.set()

    def __enter__(self) -> Self:
        """Serve, and wait until the API server passes on what it is asked."""
        api, inside = self.space.api, f"/api/v1/namespaces/{self.space.name}/services"
        with TemporaryDirectory() as directory:
            authority = Authority("adapter-ca", Path(directory))
            names = [f"{NAME}.{self.space.name}.svc"]
            tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            tls.load_cert_chain(*authority.issue(NAME, Subject(NAME, names=names)))
            trusted = base64.b64encode(authority.certificate.read_bytes()).decode()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        port = self._server.server_address[1]
        api.post(inside, {"metadata": {"name": NAME}, "spec": {"type": "ExternalName", "externalName": "localhost"}})
        api.post("/apis/apiregistration.k8s.io/v1/apiservices", _service(self.space.name, port, trusted))
        self.space.wait_until(self._is_there, "the API server serves external metrics")
        return self

    def __exit__(self, *_: object) -> None:
        """Take the API away, and wait until the API server knows it no more."""
        self.free()
        self.space.api.delete(f"/apis/apiregistration.k8s.io/v1/apiservices/{VERSION}.{GROUP}")
        self.space.wait_until(lambda: not self._is_there(), "the API server serves no external metrics")
        self.space.api.delete(f"/api/v1/namespaces/{self.space.name}/services/{NAME}")
        self._server.shutdown()
        self._server.server_close()

    def show(self, *values: str, old: timedelta = timedelta(0)) -> None:
        """Show one series for each value, stamped so long ago."""
        stamp = (datetime.now(UTC) - old).strftime("%Y-%m-%dT%H:%M:%SZ") if old else None
        self.items = [{"metricName": "any", "metricLabels": {}, "timestamp": stamp, "value": value} for value in values]

    def hang(self) -> None:
        """Answer no question about a metric until `free`."""
        self._free.clear()

    def free(self) -> None:
        """Answer again."""
        self._free.set()

    def answer(self, target: str) -> tuple[int, Json]:
        """Return what is answered to a GET."""
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        if path == APIS:
            return HTTPStatus.OK, _resources()
        if not path.startswith(f"{APIS}/namespaces/"):
            return HTTPStatus.NOT_FOUND, _refusal(HTTPStatus.NOT_FOUND)
        self.selectors |= set(query.get("labelSelector", ()))
        self._free.wait()
        if self.status != HTTPStatus.OK:
            return self.status, _refusal(self.status)
        kind = {"kind": "ExternalMetricValueList", "apiVersion": f"{GROUP}/{VERSION}", "metadata": {}}
        return HTTPStatus.OK, {**kind, "items": self.items}

    def _is_there(self) -> bool:
        try:
            self.space.api.get(APIS)
        except ApiError:
            return False
        return True


def _service(namespace: str, port: int, trusted: str) -> Json:
    spec = {
        "group": GROUP,
        "version": VERSION,
        "service": {"namespace": namespace, "name": NAME, "port": port},
        "caBundle": trusted,
        "groupPriorityMinimum": 100,
        "versionPriority": 100,
    }
    return {"metadata": {"name": f"{VERSION}.{GROUP}"}, "spec": spec}


def _resources() -> Json:
    known = {"name": "jobs_waiting", "singularName": "", "namespaced": True, "kind": "ExternalMetricValueList"}
    resources = [{**known, "verbs": ["get"]}]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{GROUP}/{VERSION}",
        "resources": resources,
    }


def _refusal(status: HTTPStatus) -> Json:
    known = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status}
    return {**known, "reason": status.phrase.replace(" ", ""), "message": status.description}


def _handler(adapter: Adapter) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, body = adapter.answer(self.path)
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
