"""The model of the HorizontalPodAutoscaler, held against the real controller look by look.

An aggregated API on loopback answers as a metrics adapter would and writes down each look: when it was, the size, who
was ready and what it said. The model is shown the same looks; what it decides must be the size at the next one. All
autoscalers are played at the same time, each with a script of what its metric says.
"""

import json
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import pytest

from poolkeeper.simulate.peers.hpa import HPA, External, Metric, Pods
from poolkeeper.simulate.peers.rules import BUILT_IN, Behavior, Direction, Limit, Rule
from poolkeeper.simulate.peers.terms import waiting
from rig.api import Api, ApiError, collection
from rig.ground import Ground
from rig.manifests import loading
from rig.space import Space
from rig.waiting import eventually

pytestmark = [pytest.mark.lasts(180), pytest.mark.xdist_group("hpa-model")]

Json = dict[str, Any]

GROUPS = {"external.metrics.k8s.io": "v1beta1", "custom.metrics.k8s.io": "v1beta2"}
SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
ADAPTER = "metrics-adapter"
MINIMUM, MAXIMUM = 1, 20
LAST = 300.0
"""How long all scripts may take."""
NOW, PERIOD, WINDOW = timedelta(0), timedelta(seconds=20), timedelta(seconds=40)
"""Between whole looks of 15 s, so that no look is on an edge."""


class Look(NamedTuple):
    """What the controller saw, when (seconds of the monotonic clock), and what the metric of the whole pool said."""

    now: float
    size: int
    ready: int
    waiting: float
    running: float = 0.0
    kv_usage: float = 0.0
    arrival_rate: float = 0.0
    by_tier: Mapping[str, tuple[int, int]] = {}
    missing: bool = False


@dataclass
class Script:
    """A Deployment, its autoscaler, what its metric says at each look, and the looks."""

    name: str
    size: int
    says: Sequence[float]
    metric: Metric
    spec: Json
    limit: Limit = BUILT_IN
    behavior: Json | None = None
    looks: list[Look] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        """Whether the controller has looked once more than the script says anything."""
        return len(self.looks) > len(self.says)

    def look(self, size: int, ready: int) -> float:
        """Write down a look and return what the metric says."""
        said = self.says[min(len(self.looks), len(self.says) - 1)]
        self.looks.append(Look(time.monotonic(), size, ready, said))
        return said

    @property
    def autoscaler(self) -> Json:
        """The HorizontalPodAutoscaler."""
        spec = {"minReplicas": MINIMUM, "maxReplicas": MAXIMUM, "metrics": [self.spec]}
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": self.name}
        return {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": self.name},
            "spec": {**spec, "scaleTargetRef": target, **({"behavior": self.behavior} if self.behavior else {})},
        }


def external(name: str, target: int) -> Json:
    metric = {"name": name}
    return {"type": "External", "external": {"metric": metric, "target": average(target)}}


def per_pod(name: str, target: int) -> Json:
    return {"type": "Pods", "pods": {"metric": {"name": name}, "target": average(target)}}


def average(target: int) -> Json:
    return {"type": "AverageValue", "averageValue": str(target)}


def slow() -> Json:
    up = {"policies": [{"type": "Pods", "value": 2, "periodSeconds": 20}]}
    down = {"stabilizationWindowSeconds": 40, "policies": [{"type": "Percent", "value": 50, "periodSeconds": 20}]}
    return {"scaleUp": up, "scaleDown": down}


SLOW = Behavior(Direction(NOW, (Rule(PERIOD, pods=2),)), Direction(WINDOW, (Rule(PERIOD, percent=50),)))
AT_ONCE = Behavior(down=Direction(NOW, (Rule(timedelta(seconds=15), percent=100),)))
NEVER_READY = {"poolkeeper.dev/not-ready": "its model loads for ever"}
SCRIPTS = ("default", "slow", "pending", "loading")


def scripts() -> list[Script]:
    """Return what is played: growth and tolerance, the rules of `behavior`, both kinds of pods without metrics."""
    fives, tens, at_once = External(waiting, 5), Pods(waiting, 10), {"scaleDown": {"stabilizationWindowSeconds": 0}}
    pending = Pods(waiting, 10, load=False)
    return [
        Script("default", 2, [10, 10.9, 11.5, 100, 100, 100, 0, 50], fives, external("default", 5)),
        Script("slow", 3, [60, 60, 60, 15, 15, 15, 15, 0], fives, external("slow", 5), SLOW, slow()),
        Script("pending", 2, [20, 40, 40, 70, 70, 12, 30, 30], pending, per_pod("pending", 10), AT_ONCE, at_once),
        Script("loading", 2, [20, 40, 40, 70, 70, 0, 30, 30], tens, per_pod("loading", 10), AT_ONCE, at_once),
    ]


class Adapter:
    """Serves both metrics APIs for the scripts of one namespace."""

    def __init__(self, space: Space, played: Sequence[Script]) -> None:
        self.space, self.scripts = space, {script.name: script for script in played}
        self.server = ThreadingHTTPServer(("localhost", 0), handler(self))
        pki, tls = space.ground.cluster.site.pki, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(pki / "server.crt", pki / "server.key")
        self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server.server_address[1])

    def answer(self, path: str) -> Json | None:
        """Return what is at a path, None where there is nothing."""
        parts = unquote(urlsplit(path).path).strip("/").split("/")
        if len(parts) < 3 or parts[1] not in GROUPS:
            return None
        if len(parts) == 3:
            return discovery(parts[1])
        return self.values(parts[1], parts[-1])

    def values(self, group: str, name: str) -> Json:
        """Return what a script's metric says: of the pool, or of each of its pods that is ready."""
        script, pods = self.scripts[name], self.ready(name)
        said = script.look(self.size(name), len(pods))
        items = (
            [one_value(name, said)]
            if group.startswith("external")
            else [pod_value(name, said / len(pods), self.space.name, pod) for pod in pods]
        )
        kind = "ExternalMetricValueList" if group.startswith("external") else "MetricValueList"
        return {"kind": kind, "apiVersion": f"{group}/{GROUPS[group]}", "metadata": {}, "items": items}

    def size(self, name: str) -> int:
        """Return the size that a Deployment asks for."""
        return int(self.space.api.get(self.space.path("Deployment", name))["spec"]["replicas"])

    def ready(self, name: str) -> list[str]:
        """Return a Deployment's pods that are ready."""
        pods = self.space.api.get(f"{collection('Pod', self.space.name)}?labelSelector=app%3D{name}")["items"]
        return [pod["metadata"]["name"] for pod in pods if is_ready(pod)]

    def close(self) -> None:
        """End it."""
        self.server.shutdown()
        self.server.server_close()


def is_ready(pod: Json) -> bool:
    conditions = pod["status"].get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def discovery(group: str) -> Json:
    kind = "ExternalMetricValueList" if group.startswith("external") else "MetricValueList"
    resource = {"name": "*/*", "singularName": "", "namespaced": True, "kind": kind, "verbs": ["get"]}
    version = f"{group}/{GROUPS[group]}"
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": [resource]}


def one_value(name: str, value: float) -> Json:
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"metricName": name, "metricLabels": {}, "timestamp": at, "value": f"{round(value * 1000)}m"}


def pod_value(name: str, value: float, namespace: str, pod: str) -> Json:
    described = {"kind": "Pod", "apiVersion": "/v1", "namespace": namespace, "name": pod}
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"describedObject": described, "metric": {"name": name}, "timestamp": at, "value": f"{round(value * 1000)}m"}


def handler(adapter: Adapter) -> type[BaseHTTPRequestHandler]:
    """Return what handles the adapter's requests."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = adapter.answer(self.path)
            body = json.dumps(found or {"kind": "Status", "status": "Failure"}).encode()
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    return Handler


def serve(api: Api, space: str, port: int) -> None:
    """Let the API server ask the adapter, and wait until it can."""
    spec = {"type": "ExternalName", "externalName": "localhost"}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": ADAPTER}, "spec": spec}
    api.post(f"/api/v1/namespaces/{space}/services", service)
    for group, version in GROUPS.items():
        target = {"name": ADAPTER, "namespace": space, "port": port}
        priority = {"groupPriorityMinimum": 100, "versionPriority": 100, "insecureSkipTLSVerify": True}
        name = {"name": f"{version}.{group}"}
        made = {"group": group, "version": version, "service": target, **priority}
        api.post(
            SERVICES, {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": name, "spec": made}
        )
    eventually(lambda: all(served(api, group) for group in GROUPS), "the metrics APIs are served")


def served(api: Api, group: str) -> bool:
    try:
        return bool(api.get(f"/apis/{group}/{GROUPS[group]}"))
    except ApiError:
        return False


def deploy(space: Space, script: Script) -> None:
    """Create a script's Deployment with its first pods ready, and those that come later as it is called."""
    later = {"pending": loading(35), "loading": NEVER_READY}.get(script.name, {})
    space.create_deployment(script.name, script.size, annotations=later)
    pods = collection("Pod", space.name)
    for pod in eventually(lambda: first(space, script), f"the pods of {script.name}"):
        space.api.patch(f"{pods}/{pod}", {"metadata": {"annotations": dict.fromkeys(NEVER_READY)}})
    space.wait_until_ready(script.name, script.size)


def first(space: Space, script: Script) -> list[str]:
    pods = space.api.get(f"{collection('Pod', space.name)}?labelSelector=app%3D{script.name}")["items"]
    return [pod["metadata"]["name"] for pod in pods] if len(pods) == script.size else []


@pytest.fixture(scope="module")
def played(ground: Ground) -> Iterator[dict[str, Script]]:
    """All scripts, played to their ends."""
    space, made = Space(ground, "hpa-model"), scripts()
    adapter = Adapter(space, made)
    try:
        for script in made:
            deploy(space, script)
        serve(ground.api, space.name, adapter.port)
        space.create(*(script.autoscaler for script in made))
        eventually(lambda: all(script.is_over for script in made), "all scripts are over", LAST)
        yield adapter.scripts
    finally:
        for group, version in GROUPS.items():
            ground.api.delete(f"{SERVICES}/{version}.{group}")
        adapter.close()
        space.close()


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_model_decides_what_the_controller_decides(played: dict[str, Script], name: str) -> None:
    script = played[name]
    model = HPA(name, MINIMUM, MAXIMUM, [script.metric], script.limit, lag=NOW)
    decided = [model.decide(look) for look in script.looks]
    assert decided[:-1] == [look.size for look in script.looks[1:]]
    assert len(set(decided)) > 2
