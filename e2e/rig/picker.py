"""A picker of the Gateway API inference extension: their kinds, its Service and pod, and the metrics that it shows.

The kinds are written after their public schemas (config/crd/bases of kubernetes-sigs/gateway-api-inference-extension),
as far as a picker and its pool need them.
"""

import json
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from controlplane import Cluster
from rig.api import collection
from rig.manifests import deployment
from rig.space import Space

Json = dict[str, Any]

PORT, SEEN = 9090, 8
V1, V1ALPHA2 = "inference.networking.k8s.io/v1", "inference.networking.x-k8s.io/v1alpha2"
NEW = ("llm_d_epp_flow_control_queue_size", "llm_d_epp_average_queue_size", "llm_d_epp_ready_endpoints")
OLD = ("inference_extension_flow_control_queue_size", "inference_pool_average_queue_size", "inference_pool_ready_pods")
_PORT = {"type": "integer", "minimum": 1, "maximum": 65535}
_LABELS = {"type": "object", "additionalProperties": {"type": "string", "maxLength": 63}}
_NAME = {"type": "string", "minLength": 1, "maxLength": 253}
_KIND = {"kind": {"type": "string", "default": "Service"}, "group": {"type": "string", "default": ""}}


def define(cluster: Cluster) -> None:
    """Tell the API server of their InferencePool, in both versions; theirs stay until the cluster ends."""
    ported = _object({"number": _PORT}, ["number"])
    new = _object({"name": _NAME, "port": ported, "failureMode": {"type": "string"}, **_KIND}, ["name"])
    old = _object({"name": _NAME, "portNumber": _PORT, "failureMode": {"type": "string"}, **_KIND}, ["name"])
    selector = _object({"matchLabels": _LABELS}, ["matchLabels"])
    ports = {"type": "array", "minItems": 1, "items": ported}
    specs: dict[str, Json] = {
        V1: {"selector": selector, "targetPorts": ports, "endpointPickerRef": new},
        V1ALPHA2: {"selector": _LABELS, "targetPortNumber": _PORT, "extensionRef": old},
    }
    items = [_definition(version, spec) for version, spec in specs.items()]
    cluster.define("-f", "-", input=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))


def _object(properties: Json, required: list[str]) -> Json:
    return {"type": "object", "properties": properties, "required": required}


def _definition(version: str, spec: Json) -> Json:
    group, _, name = version.partition("/")
    schema = _object({"spec": _object(spec, list(spec))}, ["spec"])
    served = {"name": name, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"kind": "InferencePool", "listKind": "InferencePoolList", "plural": "inferencepools"}
    approved = "https://github.com/kubernetes-sigs/gateway-api-inference-extension/pull/1173"
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"inferencepools.{group}",
            "annotations": {"api-approved.kubernetes.io": approved},
        },
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {**names, "singular": "inferencepool"},
            "versions": [served],
        },
    }


class Picker:
    """The picker of an InferencePool of `name`, which selects the pods of the Deployment of that name."""

    def __init__(self, space: Space, name: str, version: str = V1, selector: Json | None = None) -> None:
        self.space, self.name, self.service = space, name, f"{name}-epp"
        self.version, self.selector = version, selector or {"app": name}
        self.names = NEW if version == V1 else OLD
        self.token = ""
        self._made: list[str] = []
        self.show()
        self._free = threading.Event()
        self._free.set()

    def __enter__(self) -> Self:
        """Make the InferencePool, its picker's Service and its pod, and serve what the pod shows."""
        define(self.space.ground.cluster)
        self._make("/apis/apps/v1/namespaces/{}/deployments", _pod_maker(self.service))
        self._make("/api/v1/namespaces/{}/services", _service(self.service))
        self._make(f"/apis/{self.version}/namespaces/{{}}/inferencepools", self._pool())
        self.address = self.space.wait_until(self._found, f"{self.service} has an address")
        self.serve()
        return self

    def __exit__(self, *_: object) -> None:
        self.free()
        self.leave()
        for path in self._made:
            self.space.api.delete(path)

    @property
    def source(self) -> Json:
        """The pool's source."""
        return {"name": "picker", "endpointPicker": {"inferencePoolRef": {"name": self.name}}}

    def show(self, held: float = 0, waiting: float = 0, ready: int = SEEN) -> None:
        """Show so many requests in flow control, and so many at the model servers that it sees."""
        values = (
            (f'inference_pool="{self.name}",priority="0"', held),
            *((f'name="{self.name}"', value) for value in (waiting / SEEN, ready)),
        )
        lines = zip(self.names, values, strict=True)
        self.page = "".join(f"{name}{{{labels}}} {value}\n" for name, (labels, value) in lines)

    def hang(self) -> None:
        """Answer nobody until `free`."""
        self._free.clear()

    def free(self) -> None:
        """Answer again, and whoever waits."""
        self._free.set()

    def serve(self) -> None:
        """Listen at the pod's address."""
        self._server = ThreadingHTTPServer((self.address, PORT), _handler(self))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def leave(self) -> None:
        """Listen no more: whoever asks is refused."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, authorization: str) -> tuple[int, str]:
        """Return what is answered to somebody who shows this."""
        self._free.wait()
        if self.token and authorization != f"Bearer {self.token}":
            return HTTPStatus.UNAUTHORIZED, "Unauthorized\n"
        return HTTPStatus.OK, self.page

    def _make(self, path: str, body: Json) -> None:
        within = path.format(self.space.name)
        self.space.api.post(within, body)
        self._made.append(f"{within}/{body['metadata']['name']}")

    def _pool(self) -> Json:
        if self.version == V1:
            spec: Json = {
                "selector": {"matchLabels": self.selector},
                "targetPorts": [{"number": 8000}],
                "endpointPickerRef": {"name": self.service, "port": {"number": 9002}},
            }
        else:
            spec = {"selector": self.selector, "targetPortNumber": 8000, "extensionRef": {"name": self.service}}
        return {
            "apiVersion": self.version,
            "kind": "InferencePool",
            "metadata": {"name": self.name},
            "spec": spec,
        }

    def _found(self) -> str:
        """Return the ready pod's address; none until then."""
        pods = self.space.api.get(f"{collection('Pod', self.space.name)}?labelSelector=epp%3D{self.service}")["items"]
        ready = [pod for pod in pods if _is_ready(pod)]
        return str(ready[0]["status"]["podIP"]) if ready else ""


def _is_ready(pod: Json) -> bool:
    return any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", ()))


def _pod_maker(name: str) -> Json:
    made = deployment(name, 1)
    ports = [{"name": "grpc", "containerPort": 9002}, {"name": "metrics", "containerPort": PORT}]
    template = made["spec"]["template"]
    template["metadata"]["labels"] = {"epp": name}
    template["spec"]["containers"] = [{"name": "epp", "image": "epp", "ports": ports}]
    made["spec"]["selector"] = {"matchLabels": {"epp": name}}
    return made


def _service(name: str) -> Json:
    ports = [{"name": "grpc-ext-proc", "port": 9002}, {"name": "http-metrics", "port": PORT}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"epp": name}, "ports": ports},
    }


def _handler(picker: Picker) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, text = picker.answer(self.headers.get("Authorization", ""))
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
