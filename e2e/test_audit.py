"""A stranger's look at a whole cluster: workloads of every kind on the nodes of several clouds, and nothing installed.

What each of them has, costs and does is known here, and the audit's figures are held against it. The control plane is
this file's own: an audit is of all that a cluster has, and other tests have GPUs too.
"""

import csv
import io
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt

from controlplane import Cluster, ControlPlane
from controlplane.backfill import recorded
from controlplane.nodes import gpu_nodes
from rig.api import Api
from rig.audit import requests
from rig.ground import wait_for_pools
from rig.manifests import FAST
from rig.space import make_namespace
from rig.waiting import eventually
from rig.workloads import define_kinds, leader_worker_set, rollout

pytestmark = [pytest.mark.xdist_group("audit"), pytest.mark.lasts(90)]

Json = dict[str, Any]

PAGE = Path(__file__).parents[1] / "docs" / "how-to" / "audit-a-cluster.md"
POOLKEEPER = str(Path(sys.executable).with_name("poolkeeper"))
CRDS = Path(__file__).parents[1] / "crds"
SPACE, ACCOUNT, VIEWER = "models", "auditor", "viewer"
MONTH = Decimal(730)
EKS, GKE, AKS, A100 = Decimal("2.24208"), Decimal("0.30"), Decimal("1.75"), Decimal("2.10")
"""What a GPU costs an hour: as AWS lists it, as the command line says, as the book has it of a machine, of a GPU."""
BOOK = """provider,region,zone,instance_type,gpu,capacity_type,price,currency,effective_from,source
azure,*,*,Standard_NC40ads_H100_v5,,on-demand,15.75,USD,,contract
*,*,*,,A100,on-demand,2.10,USD,,contract
"""
POOLS = ("canary", "chat", "small")
"""Workloads of more than one replica whose size a pool could set."""
AGE = timedelta(days=9)
"""How long two engines have run."""
END, DAYS = datetime(2025, 11, 20, tzinfo=UTC), 14
OPENS, CLOSES = 9, 17
"""When people ask `chat` something, each day."""
UNKNOWN_KIND = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: inferenceservices.serving.kserve.io}
spec:
  group: serving.kserve.io
  names: {kind: InferenceService, plural: inferenceservices, singular: inferenceservice}
  scope: Namespaced
  versions:
  - name: v1beta1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""


@dataclass(frozen=True)
class Scene:
    """The cluster, and what may be read of it by whom."""

    cluster: Cluster
    all_of_it: Path
    one_namespace: Path
    book: Path

    def audit(self, *options: str, kubeconfig: Path | None = None, code: int = 0) -> str:
        """Return what the command prints."""
        place = os.environ | {"COLUMNS": "80", "NO_COLOR": "1"}
        command = [POOLKEEPER, "audit", "--kubeconfig", str(kubeconfig or self.all_of_it), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=place)
        assert done.returncode == code, done.stderr
        return done.stdout

    def found(self, *options: str, kubeconfig: Path | None = None) -> Json:
        """Return what the command finds, with all prices given."""
        priced = ("--price", "L4:spot=0.30", "--price-book", str(self.book))
        answer: Json = json.loads(self.audit("-o", "json", *priced, *options, kubeconfig=kubeconfig))
        return answer


def pod(gpus: int, resource: str = "nvidia.com/gpu", **place: object) -> Json:
    """Return the spec of a pod with so many GPUs, on any pretended node unless a place is given."""
    engine = {"name": "vllm", "image": "vllm/vllm-openai", "resources": {"limits": {resource: str(gpus)}}}
    return {"containers": [engine], "tolerations": [{"operator": "Exists"}], **place}


def on(provider: str) -> Json:
    """Return the place of pods that run on a provider's nodes."""
    return {"nodeSelector": {"cloud": provider}}


def templated(name: str, spec: Json, **labels: str) -> Json:
    """Return a pod template, and the selector that goes with it."""
    marks = {"app": name, **labels}
    return {
        "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": marks, "annotations": FAST}, "spec": spec},
    }


def thing(kind: str, name: str, spec: Json, version: str = "apps/v1", **metadata: Any) -> Json:  # noqa: ANN401  JSON
    """Return an object."""
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": SPACE, **metadata},
        "spec": spec,
    }


def here(found: Json) -> Json:
    """Return an object in the namespace; nobody makes pods of it."""
    return found | {"metadata": {**found["metadata"], "namespace": SPACE}}


def deployment(name: str, replicas: int, spec: Json, **metadata: Any) -> Json:  # noqa: ANN401  JSON
    """Return a Deployment."""
    return thing("Deployment", name, {"replicas": replicas, **templated(name, spec)}, **metadata)


def owned(cluster: Cluster, kind: str, name: str) -> list[Json]:
    """Return the reference to what controls an object."""
    found = cluster.get(kind, name, "-n", SPACE)
    keys = {"apiVersion": found["apiVersion"], "kind": found["kind"], "name": name, "uid": found["metadata"]["uid"]}
    return [{**keys, "controller": True}]


def job(name: str, **metadata: Any) -> Json:  # noqa: ANN401  JSON
    """Return a Job that goes on and on."""
    spec = pod(1, **on("aks")) | {"restartPolicy": "Never"}
    return thing("Job", name, {"template": {"metadata": {"annotations": FAST}, "spec": spec}}, "batch/v1", **metadata)


def furnish(cluster: Cluster) -> None:
    """Make nodes of three clouds, one with slices, and workloads of each kind on them."""
    for provider, kind, gpus, count in (("eks", "on-demand", 1, 4), ("gke", "spot", 4, 1), ("aks", "on-demand", 9, 1)):
        names = cluster.add_provider_nodes(provider, kind, count, gpus)
        cluster.kubectl("label", "node", *names, f"cloud={provider}")
    cluster.add_provider_nodes("eks", "spot", 1, 1)
    labels = {"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-40GB", "cloud": "slices"}
    (node,) = gpu_nodes(["slices-0"], 0, labels)
    node["status"] = {key: room | {"nvidia.com/mig-1g.5gb": "7"} for key, room in node["status"].items()}
    (plain,) = gpu_nodes(["plain-0"], 2, {"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-40GB"})
    del plain["metadata"]["annotations"]
    for one_node in (node, plain):
        cluster.kubectl("create", "-f", "-", input=json.dumps(one_node))
    define_kinds(cluster)
    cluster.define("-f", "-", input=UNKNOWN_KIND)
    make_namespace(Api(cluster), SPACE)
    cluster.apply(
        deployment("chat", 4, pod(1, **on("eks")), labels={"team": "search", "app.kubernetes.io/managed-by": "Helm"}),
        deployment("small", 2, pod(1, **on("gke")), labels={"team": "legal"}),
        deployment("slices", 1, pod(2, "nvidia.com/mig-1g.5gb", **on("slices"))),
        deployment("huge", 1, pod(16, **on("eks"))),
        thing("DaemonSet", "everywhere", templated("everywhere", pod(1, **on("aks")))),
        thing("Pod", "notebook", pod(1, **on("aks")), "v1", labels={"owner": "ada"}, annotations=FAST),
        thing("CronJob", "nightly", nightly(), "batch/v1"),
        here(leader_worker_set("groups", 1, worker=1)),
        here(rollout("canary", 2)),
        thing("InferenceService", "llama", {}, "serving.kserve.io/v1beta1"),
        job("trainer"),
    )
    cluster.apply(
        job("nightly-29000000", ownerReferences=owned(cluster, "cronjob", "nightly")),
        row("groups", 2, ownerReferences=owned(cluster, "leaderworkerset", "groups")),
        thing("ReplicaSet", "canary-abc", twice("canary"), ownerReferences=owned(cluster, "rollout", "canary")),
        deployment(
            "llama-predictor", 1, pod(1, **on("aks")), ownerReferences=owned(cluster, "inferenceservice", "llama")
        ),
        scaler("chat"),
    )


def nightly() -> Json:
    """Return a CronJob that never fires by itself."""
    return {"schedule": "0 0 31 2 *", "jobTemplate": {"spec": job("nightly")["spec"]}}


def twice(name: str) -> Json:
    """Return the spec of two pods on AKS."""
    return {"replicas": 2, **templated(name, pod(1, **on("aks")))}


def row(name: str, replicas: int, **metadata: Any) -> Json:  # noqa: ANN401  JSON
    """Return a StatefulSet on AKS whose pods come at once."""
    spec = {"replicas": replicas, "podManagementPolicy": "Parallel", "serviceName": name}
    return thing("StatefulSet", name, spec | templated(name, pod(1, **on("aks"))), **metadata)


def scaler(name: str) -> Json:
    """Return an HPA whose metric nobody serves."""
    metric = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
    }
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    spec = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 8, "metrics": [metric]}
    return thing("HorizontalPodAutoscaler", name, spec, "autoscaling/v2")


def settled(cluster: Cluster) -> bool:
    """Tell whether all pods run but one, and the HPA has said what is wrong."""
    pods = cluster.get("pods", "-n", SPACE)["items"]
    phases = sorted(one["status"]["phase"] for one in pods)
    hpa = cluster.get("hpa", "chat", "-n", SPACE)["status"]
    says = {one["type"]: one["status"] for one in hpa.get("conditions") or ()}
    return phases == ["Pending"] + 18 * ["Running"] and says.get("ScalingActive") == "False"


def allow(cluster: Cluster) -> None:
    """Let one account read what an audit reads, and another one what Kubernetes lets people view of a namespace."""
    for account in (ACCOUNT, VIEWER):
        cluster.kubectl("create", "serviceaccount", account, "-n", SPACE)
    rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list"]}]
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "read-all"}}
    cluster.apply(role | {"rules": rules})
    cluster.kubectl(
        "create", "clusterrolebinding", "read-all", "--clusterrole=read-all", f"--serviceaccount={SPACE}:{ACCOUNT}"
    )
    cluster.kubectl(
        "create", "rolebinding", "view", "-n", SPACE, "--clusterrole=view", f"--serviceaccount={SPACE}:{VIEWER}"
    )


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A cluster in which nobody ever heard of Poolkeeper."""
    with ControlPlane(audit=True) as cluster:
        furnish(cluster)
        allow(cluster)
        for name, is_asked in (("asked", True), ("unasked", False)):
            serve(cluster, name, Engine(is_asked=is_asked).server_port)
        eventually(partial(settled, cluster), "all pods run but the huge one, and the HPA has looked")
        book = tmp_path_factory.mktemp("prices") / "prices.csv"
        book.write_text(BOOK)
        everywhere, here = (within(cluster.service_account_kubeconfig(SPACE, one)) for one in (ACCOUNT, VIEWER))
        yield Scene(cluster, everywhere, here, book)


def within(path: Path) -> Path:
    """Let a kubeconfig's context be in the namespace, and return it."""
    config = yaml.safe_load(path.read_text())
    config["contexts"][0]["context"]["namespace"] = SPACE
    path.write_text(yaml.safe_dump(config))
    return path


class Engine(ThreadingHTTPServer):
    """A vLLM's page, as far as a look at it goes: it has counted one more request at each look, or never any."""

    def __init__(self, *, is_asked: bool) -> None:
        super().__init__((own_address(), 0), Page)
        self.is_asked, self.count = is_asked, 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def look(self) -> str:
        """Return the page."""
        self.count += self.is_asked
        gauges = "vllm:num_requests_waiting 0\nvllm:num_requests_running 0\n"
        return f"{gauges}vllm:request_success_total {self.count}\n"


class Page(BaseHTTPRequestHandler):
    """Answers with the page."""

    server: Engine

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.server.look().encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
        """Say nothing."""


def own_address() -> str:
    """Return an address of this machine that is no loopback: the API server's proxy goes to no other."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])


def serve(cluster: Cluster, name: str, port: int) -> None:
    """Let a Deployment's pod, on a node that nobody plays, have run for days and show the page at a port of ours."""
    spec = pod(1, nodeName="plain-0")
    spec["containers"][0]["ports"] = [{"name": "http", "containerPort": port}]
    cluster.apply(deployment(name, 1, spec))
    found = eventually(lambda: cluster.get("pods", "-n", SPACE, "-l", f"app={name}")["items"], f"{name} has a pod")
    since = (datetime.now(UTC) - AGE).strftime("%Y-%m-%dT%H:%M:%SZ")
    conditions = [{"type": kind, "status": "True", "lastTransitionTime": since} for kind in ("PodScheduled", "Ready")]
    status = {"phase": "Running", "podIP": own_address(), "podIPs": [{"ip": own_address()}], "conditions": conditions}
    Api(cluster).patch(f"/api/v1/namespaces/{SPACE}/pods/{found[0]['metadata']['name']}/status", {"status": status})


@pytest.fixture(scope="module")
def glimpsed(scene: Scene) -> Json:
    """What is found by two looks at pods, without a server."""
    return scene.found("--look", "500ms")


@pytest.fixture(scope="module")
def bare(scene: Scene) -> Json:
    """What is found without a server, and without a look at pods."""
    return scene.found("--look", "0s")


def by_name(found: Json) -> dict[str, Json]:
    """Return the workloads by their names."""
    return {one["name"]: one for one in found["workloads"]}


def test_every_workload_is_found_under_the_kind_that_people_made(bare: Json) -> None:
    kinds = {(one["kind"], one["name"]) for one in bare["workloads"]}
    deployments = {("Deployment", name) for name in ("chat", "small", "slices", "huge", "asked", "unasked")}
    others = {("DaemonSet", "everywhere"), ("Pod", "notebook"), ("Job", "trainer"), ("CronJob", "nightly")}
    tops = {("LeaderWorkerSet", "groups"), ("Rollout", "canary"), ("InferenceService", "llama")}
    assert kinds == deployments | others | tops


def test_gpus_and_their_money_are_those_that_were_given_out(bare: Json) -> None:
    truth: dict[str, tuple[Decimal | int, Decimal | int]] = {
        "chat": (4, 4 * EKS),
        "small": (2, 2 * GKE),
        "slices": (Decimal("0.285714286"), Decimal(2) / 7 * A100),
        "groups": (2, 2 * AKS),
        "canary": (2, 2 * AKS),
        "huge": (0, 0),
        **dict.fromkeys(("asked", "unasked"), (1, A100)),
        **dict.fromkeys(("everywhere", "notebook", "trainer", "nightly", "llama"), (1, AKS)),
    }
    found = {name: (Decimal(one["gpus"]), Decimal(one["month"])) for name, one in by_name(bare).items()}
    assert {name: gpus for name, (gpus, _) in found.items()} == {name: gpus for name, (gpus, _) in truth.items()}
    assert {name: money for name, (_, money) in found.items()} == {
        name: pytest.approx(Decimal(price) * MONTH, abs=Decimal("0.01")) for name, (_, price) in truth.items()
    }


def test_the_cluster_s_gpus_add_up(bare: Json) -> None:
    taken = 17 + Decimal("0.285714286")
    totals = bare["totals"]["gpus"]
    assert {key: Decimal(value) for key, value in totals.items()} == {
        "offered": 21,
        "allocatable": 21,
        "allocated": taken,
        "free": 21 - taken,
        "cordoned": 0,
    }
    free = 2 * GKE + EKS + (1 - Decimal("0.285714286")) * A100
    assert Decimal(bare["totals"]["freeMonth"]) == pytest.approx(free * MONTH, abs=Decimal("0.05"))


def test_a_list_price_is_said_to_be_assumed(bare: Json) -> None:
    found = by_name(bare)
    assert [found[name]["assumed"] for name in ("chat", "small", "trainer")] == [True, False, False]
    assert "assumed list price" in found["chat"]["prices"][0]


def test_capacity_types_are_those_of_the_nodes(bare: Json) -> None:
    found = by_name(bare)
    assert [found[name]["capacity"] for name in ("chat", "small", "huge")] == ["on-demand", "spot", None]


def test_a_broken_autoscaler_is_told_in_its_own_words(bare: Json) -> None:
    hpa = by_name(bare)["chat"]["autoscaler"]
    assert (hpa["kind"], hpa["name"]) == ("HPA", "chat")
    assert "FailedGetResourceMetric" in hpa["trouble"]


def test_whose_they_are_is_told(bare: Json) -> None:
    found = by_name(bare)
    assert (found["chat"]["team"], found["chat"]["manager"]) == ("search", "Helm")
    assert found["notebook"]["team"] == "ada"


def test_a_pod_that_waits_is_told_with_the_scheduler_s_words(bare: Json) -> None:
    (waiting,) = bare["pending"]
    assert waiting["pod"].startswith(f"{SPACE}/huge-")
    assert "Insufficient nvidia.com/gpu" in waiting["why"]


def test_what_nobody_tells_is_unknown(bare: Json) -> None:
    assert {one["state"] for one in bare["workloads"]} == {"unknown"}
    assert {(one["busy"], one["saves"]) for one in bare["workloads"]} == {(None, None)}
    assert bare["totals"]["idleShare"] is None


def test_it_does_nothing_but_get_and_list(scene: Scene, bare: Json) -> None:
    asked = requests(scene.cluster, f"system:serviceaccount:{SPACE}:{ACCOUNT}")
    print(sorted({(one.verb, one.resource) for one in asked}))
    assert {one.verb for one in asked} <= {"get", "list"}
    assert bare["skipped"] == []


def test_a_viewer_of_a_namespace_sees_that(scene: Scene) -> None:
    found = scene.found("--look", "0s", "--price", "3.00", kubeconfig=scene.one_namespace)
    chat = by_name(found)["chat"]
    assert (chat["gpus"], chat["capacity"], Decimal(chat["month"])) == ("4", "unknown", 4 * 3 * MONTH)
    assert [words.partition(":")[0] for words in found["skipped"]][:2] == [f"other namespaces than {SPACE}", "nodes"]
    assert found["totals"]["gpus"]["free"] is None


def test_text_fits_a_narrow_terminal(scene: Scene) -> None:
    text = scene.audit("--look", "0s", "--price-book", str(scene.book))
    print(text)
    assert max(map(len, text.splitlines())) <= 80
    assert f"{SPACE}/chat" in text


def test_csv_has_a_row_for_each(scene: Scene, bare: Json) -> None:
    rows = list(csv.DictReader(io.StringIO(scene.audit("--look", "0s", "-o", "csv"))))
    assert {row["name"] for row in rows} == set(by_name(bare))


def minutes(step: int = 1) -> Iterator[datetime]:
    """Yield the past, minute by minute."""
    for number in range(0, DAYS * 1440 + 1, step):
        yield END - timedelta(days=DAYS) + timedelta(minutes=number)


def is_open(at: datetime) -> bool:
    """Tell whether people ask something."""
    return OPENS <= at.hour < CLOSES


def asked() -> Iterator[tuple[float, float]]:
    """Yield a counter that grows by ten a second while people ask."""
    count = 0
    for at in minutes():
        count += 600 if is_open(at) else 0
        yield at.timestamp(), count


def steady(value: float) -> Iterator[tuple[float, float]]:
    """Yield the same all the time."""
    return ((at.timestamp(), value) for at in minutes())


def at_work() -> Iterator[tuple[float, float]]:
    """Yield what a replica of `chat` runs."""
    return ((at.timestamp(), 8.0 if is_open(at) else 0.0) for at in minutes())


def series(metric: str, name: str) -> str:
    """Return a pod's series."""
    return f'{metric}{{namespace="{SPACE}",pod="{name}"}}'


@pytest.fixture(scope="module")
def history() -> Iterator[str]:
    """Two weeks of `chat`, which works by day, of `small`, which nobody asks, and of the GPUs of two others.

    The pods of then had other names than those of now.
    """
    past = {
        series("vllm:request_success_total", "chat-7d9c5b6f8-bcdfg"): asked(),
        series("vllm:request_success_total", "small-5f6d8c9b7-fghjk"): steady(4711),
        # another workload whose name begins with the same word
        series("vllm:request_success_total", "small-print-5f6d8c9b7-klmnp"): asked(),
        **{series("vllm:num_requests_running", f"chat-7d9c5b6f8-bcdf{letter}"): at_work() for letter in "hjkl"},
        series("DCGM_FI_DEV_GPU_UTIL", "trainer-x7k2p"): steady(95),
        series("DCGM_FI_DEV_GPU_UTIL", "notebook"): steady(0),
    }
    with recorded(past) as url:
        yield url


@pytest.fixture(scope="module")
def pools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the proposed pools are written."""
    return tmp_path_factory.mktemp("pools")


@pytest.fixture(scope="module")
def known(scene: Scene, history: str, pools: Path) -> Json:
    """What is found with two weeks of history."""
    return scene.found("--prometheus", history, "--at", END.isoformat(), "--write", str(pools))


def test_the_past_tells_how_busy_they_were(known: Json) -> None:
    found = by_name(known)
    print(found["chat"], found["small"], sep="\n")
    assert found["chat"]["busy"] == pytest.approx((CLOSES - OPENS) / 24, abs=0.01)
    assert found["trainer"]["busy"] == pytest.approx(0.95, abs=0.001)
    assert [found[name]["state"] for name in ("chat", "small", "trainer", "notebook")] == [
        "busy",
        "forgotten",
        "busy",
        "idle",
    ]


def test_the_last_request_is_the_last_one(known: Json) -> None:
    last = datetime.fromisoformat(by_name(known)["chat"]["lastRequest"])
    closed = END - timedelta(hours=24 - CLOSES)
    assert abs(last - closed) <= timedelta(minutes=5)


def test_what_nobody_asks_saves_all_but_one_replica_or_all_of_it(known: Json) -> None:
    small = by_name(known)["small"]
    month = 2 * GKE * MONTH
    assert small["saves"] == {"least": str((month / 2).quantize(Decimal("0.01"))), "most": f"{month:.2f}"}


def test_what_would_save_most_comes_first(known: Json) -> None:
    assert [one["name"] for one in known["workloads"][:3]] == ["chat", "notebook", "small"]


def test_a_replay_of_the_past_finds_what_a_pool_would_save(known: Json) -> None:
    chat = by_name(known)["chat"]
    month, saves = Decimal(chat["month"]), chat["saves"]
    least, most = Decimal(saves["least"]) / month, Decimal(saves["most"]) / month
    print(least, most, chat["pool"])
    # two of four replicas for sixteen hours of the day: a third of it, less what leaves only step by step
    assert Decimal("0.28") <= least <= most <= Decimal("0.34")


def test_the_page_shows_what_is_printed(scene: Scene, history: str) -> None:
    priced = ("--price", "L4:spot=0.30", "--price-book", str(scene.book), "--top", "3")
    printed = scene.audit("--prometheus", history, "--at", END.isoformat(), *priced)
    print(printed)
    fences = [token for token in MarkdownIt().parse(PAGE.read_text()) if token.type == "fence"]
    (shown,) = (token.content.splitlines() for token in fences if token.info == "text")
    assert printed.splitlines()[: len(shown)] == shown


def test_the_proposed_pools_are_accepted(scene: Scene, known: Json, pools: Path) -> None:
    files = sorted(pools.glob("*.yaml"))
    assert {one.name for one in files} == {f"{SPACE}-{name}.yaml" for name in POOLS}
    for file in files:
        done = subprocess.run(
            [POOLKEEPER, "check", "-f", str(file), "--offline"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
    assert by_name(known)["llama"]["pool"] is None


def test_the_api_server_accepts_the_proposed_pools(scene: Scene, known: Json, pools: Path) -> None:
    assert known["workloads"]
    scene.cluster.define("-f", str(CRDS))
    wait_for_pools(Api(scene.cluster))
    for file in sorted(pools.glob("*.yaml")):
        assert "created" in scene.cluster.kubectl("create", "--dry-run=server", "-f", str(file))


def test_two_looks_see_who_is_at_work(bare: Json, glimpsed: Json) -> None:
    assert by_name(bare)["asked"]["state"] == "unknown"
    found = by_name(glimpsed)["asked"]
    assert (found["state"], found["why"]) == ("busy", "a request was at work while it was looked at")


def test_engines_that_never_counted_a_request_are_forgotten(glimpsed: Json) -> None:
    found = by_name(glimpsed)["unasked"]
    assert (found["state"], found["busy"]) == ("forgotten", 0.0)
    assert found["why"] == f"no request since its engines started, {AGE.days} days ago"
    assert found["saves"] == {"least": "0.00", "most": found["month"]}


def test_pods_that_show_nothing_stay_unknown(glimpsed: Json) -> None:
    others = {one["name"]: one["state"] for one in glimpsed["workloads"]}
    assert {state for name, state in others.items() if name not in {"asked", "unasked"}} == {"unknown"}
    assert "seen for 500ms, at 2 of" in glimpsed["looked"]


def test_a_viewer_is_told_that_pages_may_not_be_read(scene: Scene) -> None:
    found = scene.found("--look", "500ms", kubeconfig=scene.one_namespace)
    assert found["skipped"][-1].startswith("pods' pages: pods ")
    assert {one["busy"] for one in found["workloads"]} == {None}
