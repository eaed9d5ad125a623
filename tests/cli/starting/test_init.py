"""A first pool: what each fact makes of it, and that it is one."""

import re
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
import yaml
from typer.testing import CliRunner

from poolkeeper.api.pinning import require_on_demand
from poolkeeper.api.providers import KARPENTER
from poolkeeper.api.target import DEPLOYMENT, STATEFUL_SET
from poolkeeper.cli import init as module
from poolkeeper.cli.check import examined
from poolkeeper.cli.main import app
from poolkeeper.cli.manifest import Loader
from poolkeeper.cli.starting import bounds, lines, look, manifest
from poolkeeper.cli.starting.facts import Asked, Beside, Facts, Page
from poolkeeper.cli.starting.images import guess
from poolkeeper.cli.starting.remarks import remarks
from poolkeeper.core.model import Limits
from poolkeeper.shell.kube_errors import Forbidden, NotFound
from poolkeeper.simulate.proposal import Profile, Proposed

POD = {"containers": [{"name": "vllm", "image": "vllm/vllm-openai:v0.11.0"}]}
HPA = Beside("hpa/chat", 3, 12)
OFFICE = Proposed("office", "Mon-Fri", "08:00", "18:00", 6)


def facts(**known):
    given = {"namespace": "inference", "kind": "Deployment", "name": "chat", "replicas": 4, "pod": POD}
    return Facts(**given | {"gpus": Decimal(1), "page": Page("vllm", "http", "its page")} | known)


def text(known, found=None, **asked):
    found = found or bounds.without_history(known)
    return lines.written(manifest.pool(known, found, Asked(**{"queue_time": "2s"} | asked)))


def spec(known, found=None, **asked):
    """Return the spec of a pool that passes `check`."""
    [body] = yaml.load_all(text(known, found, **asked), Loader)
    assert examined(body)["problems"] == []
    return body["spec"]


def recommended(**changed):
    """Return what history proposes."""
    found = {"windows": (OFFICE,), "outside": Limits(), "min_replicas": 2, "max_replicas": 9, "helps": True}
    found |= {"scale_up_above": 3.5, "scale_down_below": 0.5, "because": "half as many GPU-hours"}
    return SimpleNamespace(**found | {"profile": Profile((), (), (2, None, 8))} | changed)


def test_a_workload_alone_is_scaled_at_once():
    made = spec(facts())
    assert (made["mode"], made["minReplicas"], made["maxReplicas"]) == ("Active", 2, 4)


@pytest.mark.parametrize("name", ["007", "1e3", "0x1f", "2026-01-01", "true", "no", "null", "y", "1.5"])
def test_a_name_that_looks_like_something_else_is_text(name):
    known = facts(name=name, namespace=name)
    written = text(known)
    assert f'  namespace: "{name}"' in written
    [body] = yaml.load_all(written, Loader)
    assert (body["metadata"]["name"], body["spec"]["targetRef"]["name"]) == (name, name)


def test_a_name_that_is_plainly_one_stands_without_quotes():
    assert "  name: chat " in text(facts())


def test_beside_an_autoscaler_the_pool_looks_on_with_its_bounds():
    made = spec(facts(beside=(HPA,)))
    assert (made["mode"], made["minReplicas"], made["maxReplicas"]) == ("Observe", 3, 12)


@pytest.mark.parametrize(("replicas", "expected"), [(0, (1, 2)), (1, (1, 2)), (2, (2, 3)), (3, (2, 3)), (9, (5, 9))])
def test_the_bounds_of_a_size_have_room(replicas, expected):
    found = bounds.without_history(facts(replicas=replicas))
    assert (found.least, found.most) == expected


def test_history_gives_bounds_thresholds_and_windows():
    found = bounds.by_history(facts(), recommended(), 30, "Europe/Prague")
    made = spec(facts(), found)
    assert (made["minReplicas"], made["maxReplicas"]) == (2, 9)
    assert (made["queue"]["scaleUp"]["above"], made["queue"]["scaleDown"]["below"]) == (3.5, 0.5)
    assert made["schedule"]["windows"][0]["minReplicas"] == 6
    assert "the quietest half hour needs 2" in text(facts(), found)


def test_windows_that_help_nothing_are_left_out():
    found = bounds.by_history(facts(), recommended(helps=False, scale_up_above=5, scale_down_below=1), 30, "UTC")
    made = spec(facts(), found)
    assert "schedule" not in made
    assert "scaleUp" not in made["queue"]


def test_spot_is_used_where_the_target_is_held_off_it():
    pinned = require_on_demand(POD, KARPENTER)
    made = spec(facts(pod=pinned, spot={"karpenter": 3}))
    assert made["capacity"]["guaranteed"] == {"base": 2}
    assert [tier["type"] for tier in made["capacity"]["tiers"]] == ["Spot", "OnDemand"]


def test_a_target_that_may_be_on_spot_is_to_be_pinned_first():
    known = facts(spot={"karpenter": 3})
    assert "capacity" not in spec(known)
    assert "nothing keeps the target itself off them" in text(known)
    assert any(
        "kubectl --namespace inference patch deployment chat" in one for one in remarks(known, Asked("2s"), "chat.yaml")
    )


def test_any_other_kind_is_one_whole():
    made = spec(facts(kind="StatefulSet", spot={"karpenter": 3}))
    assert (made["targetRef"], "capacity" in made) == ({"kind": "StatefulSet", "name": "chat"}, False)


def test_gpus_that_nobody_tells_of_are_a_guess():
    assert spec(facts(gpus=None))["cost"] == {"gpusPerReplica": 1}


def test_a_budget_is_written_where_it_is_asked_for():
    assert spec(facts(), budget="15000")["cost"] == {"currency": "USD", "budget": {"monthly": "15000"}}


def test_a_price_is_written_where_it_is_given():
    assert spec(facts(), price="3.00")["cost"]["pricePerGPUHour"] == {"on-demand": "3.00"}


@pytest.mark.parametrize(("price", "said"), [(None, True), ("3.00", False)])
def test_nodes_without_a_name_have_no_price(price, said):
    found = remarks(facts(nameless=("gpu-0",)), Asked("2s", price=price), "chat.yaml")
    assert any("1 of its nodes (gpu-0): no label tells" in one for one in found) is said


def test_a_node_is_named_by_its_gpu_or_its_instance_type():
    named = {"metadata": {"name": "a", "labels": {"node.kubernetes.io/instance-type": "p5"}}}
    bare, elsewhere = ({"metadata": {"name": name}} for name in "bc")
    assert list(look.nameless([named, bare, elsewhere], {"a", "b"})) == ["b"]


def test_an_unknown_engine_is_found_by_the_operator():
    assert spec(facts(page=Page()))["queue"]["sources"] == [{"name": "pods", "pods": {}}]


def test_comments_are_as_wide_as_people_read():
    known = facts(beside=(HPA,), spot={"karpenter": 3}, gpus=None)
    found = bounds.by_history(known, recommended(), 30, "UTC")
    assert max(map(len, text(known, found, budget="1").splitlines())) <= lines.WIDTH


def test_the_same_facts_make_the_same_pool():
    assert text(facts()) == text(facts())


def test_what_is_to_be_done_is_said():
    known = facts(beside=(HPA,), budgets=("chat",), pool="other")
    said = "\n".join(remarks(known, Asked("2s"), "chat.yaml"))
    assert "ipool/other has deployment/chat already" in said
    assert "poolkeeper migrate hpa/chat -n inference" in said
    assert "a pod under two cannot be evicted" in said
    assert "no readinessProbe" in said


@pytest.mark.parametrize(
    ("container", "engine", "port"),
    [
        ({"image": "vllm/vllm-openai", "ports": [{"containerPort": 9000}]}, "vllm", 9000),
        ({"image": "own/serve", "command": ["python", "-m", "sglang.launch_server"]}, "sglang", 30000),
        ({"image": "ghcr.io/huggingface/text-generation-inference:3"}, "tgi", 80),
        ({"image": "own/trt", "args": ["trtllm-serve", "m", "--port", "8123"]}, "trtllm-serve", 8123),
        ({"image": "nvcr.io/nvidia/tritonserver:25", "args": ["--port=8009"]}, "triton", 8009),
        ({"image": "vllm", "ports": [{"name": "http", "containerPort": 1}, {"containerPort": 2}]}, "vllm", "http"),
        ({"image": "nginx"}, "", ""),
    ],
)
def test_an_image_tells_of_its_engine(container, engine, port):
    found = guess({"containers": [container]})
    assert (found.engine, found.port) == (engine, port)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("chat", (DEPLOYMENT, "chat")), ("deploy/chat", (DEPLOYMENT, "chat")), ("sts/chat", (STATEFUL_SET, "chat"))],
)
def test_a_workload_is_named_as_kubectl_does(text, expected):
    assert module.parsed(text) == expected


def test_another_kind_is_refused_with_those_that_can_be():
    with pytest.raises(module.typer.BadParameter, match="daemonset cannot be a pool's target; these can: deployment"):
        module.parsed("daemonset/chat")


# The cluster


class Kube:
    """An API server's collections, by the end of their path; `forbidden` may not be listed."""

    def __init__(self, forbidden=(), **found):
        self.found, self.forbidden = found, forbidden
        self.access = SimpleNamespace(namespace="inference")

    async def list(self, path, **_):
        plural = path.rpartition("/")[2]
        if plural in self.forbidden:
            raise Forbidden("no", status=403)
        if plural not in self.found:
            raise NotFound("none", status=404)
        return tuple(self.found[plural])


def workload(name, gpus="1"):
    pod = {"containers": [{"resources": {"limits": {"nvidia.com/gpu": gpus}}}]} if gpus else {"containers": [{}]}
    return {"metadata": {"name": name}, "spec": {"template": {"spec": pod}}}


async def test_workloads_with_gpus_can_be_meant():
    kube = Kube(deployments=[workload("chat"), workload("web", "")], statefulsets=[workload("rank")])
    assert await look.candidates(kube, "inference") == [("Deployment", "chat"), ("StatefulSet", "rank")]


async def test_the_only_one_is_meant():
    assert await module.chosen(Kube(deployments=[workload("chat")]), None, None) == ("inference", DEPLOYMENT, "chat")


@pytest.mark.parametrize(
    ("found", "words"),
    [([], "no workload in inference asks for GPUs"), ([workload("a"), workload("b")], "deployment/a, deployment/b")],
)
async def test_who_is_meant_must_be_said(found, words, monkeypatch):
    monkeypatch.setattr(module.sys.stdin, "isatty", lambda: False)
    with pytest.raises(module.typer.BadParameter, match=words):
        await module.chosen(Kube(deployments=found), None, None)


@pytest.mark.parametrize(("answer", "name"), [(2, "b"), (3, None)])
async def test_a_terminal_is_asked(answer, name, monkeypatch):
    monkeypatch.setattr(module.sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(module.typer, "prompt", lambda *_, **__: answer)
    kube = Kube(deployments=[workload("a"), workload("b")])
    if name is None:
        with pytest.raises(module.typer.BadParameter, match="3 is none of 1 to 2"):
            await module.chosen(kube, None, None)
    else:
        assert (await module.chosen(kube, None, None))[2] == name


def test_somebody_at_a_terminal_is_asked_what_the_options_do_not_say(monkeypatch):
    monkeypatch.setattr(module.typer, "prompt", lambda _, default, **__: default or "900")
    assert module.prompted(None, None) == ("2s", "900")
    assert module.prompted("5s", "10") == ("5s", "10")


async def test_nodes_that_nobody_may_list_are_none():
    assert await look.listed(Kube(forbidden=["nodes"]), "/api/v1/nodes") == ()
    with pytest.raises(Forbidden):
        await look.listed(Kube(forbidden=["pods"]), "/api/v1/pods")


async def test_the_autoscalers_of_a_workload_are_told_with_their_bounds():
    target = {"kind": "Deployment", "name": "chat"}
    own = {"metadata": {"name": "k", "ownerReferences": [{"kind": "ScaledObject"}]}, "spec": {"scaleTargetRef": target}}
    hpa = {"metadata": {"name": "chat"}, "spec": {"scaleTargetRef": target, "maxReplicas": 8}}
    scaled = {"metadata": {"name": "chat"}, "spec": {"scaleTargetRef": {"name": "chat"}, "minReplicaCount": 2}}
    kube = Kube(horizontalpodautoscalers=[own, hpa], scaledobjects=[scaled])
    found = [one async for one in look.beside(kube, "inference", DEPLOYMENT, "chat")]
    assert found == [Beside("scaledobject/chat", 2, 100), Beside("hpa/chat", 1, 8)]


# The command


@pytest.fixture
def known(monkeypatch):
    """A cluster with one workload."""
    answers = iter([("inference", DEPLOYMENT, "chat"), facts()])
    monkeypatch.setattr(module, "ask", lambda *_: next(answers))


def run(*options):
    return CliRunner().invoke(app, ["init", "chat", *options], env={"COLUMNS": "100"})


def test_a_pool_is_printed_and_what_is_to_be_done_beside_it(known):
    done = run("--slo", "5s", "--budget", "15000")
    assert (done.exit_code, yaml.safe_load(done.stdout)["spec"]["slo"]["queueTime"]) == (0, "5s")
    assert "next: poolkeeper check -f FILE" in done.stderr


def test_the_load_is_asked_of_the_workloads_own_pods(known, monkeypatch):
    asked = []
    monkeypatch.setattr(module, "historic", lambda _, origin, given: asked.append((origin, given)) or OF_HISTORY)
    assert run("--prometheus", "http://prometheus:9090", "--startup", "3m").exit_code == 0
    [(origin, given)] = asked
    assert origin.query.startswith('sum(rate(vllm:request_success_total{namespace="inference", pod=~"chat-')
    assert (given.max_replicas, given.startup) == (4, timedelta(minutes=3))


@pytest.mark.parametrize(
    ("kind", "name", "own"),
    [
        ("Deployment", "chat-7d9f8b6c5d-x2x4z", True),
        ("Deployment", "chat-embed-7d9f8b6c5d-x2x4z", False),
        ("Deployment", "chat-0", False),
        ("Deployment", "chat-train-x7k2p", False),
        ("StatefulSet", "chat-0", True),
        ("StatefulSet", "chat-7d9f8b6c5d-x2x4z", False),
        ("LeaderWorkerSet", "chat-0-1", True),
    ],
)
def test_load_is_that_of_the_workloads_own_pods(kind, name, own):
    query = module.load_of(facts(kind=kind))
    pattern = query.partition('pod=~"')[2].partition('"')[0]
    assert bool(re.fullmatch(pattern, name)) is own


OF_HISTORY = bounds.Bounds(2, 9, "x", "y")


def test_history_is_read_and_told(monkeypatch):
    monkeypatch.setattr(module, "reader", lambda _: lambda _: "series")
    monkeypatch.setattr(module, "asked", lambda *_: SimpleNamespace(timezone="Europe/Prague"))
    monkeypatch.setattr(module.engine, "recommend", lambda *_: recommended(notes=("a note",)))
    origin, given = SimpleNamespace(days=30), None
    assert module.historic(facts(), origin, given).timezone == "Europe/Prague"


def test_an_engine_that_counts_nothing_needs_a_query():
    with pytest.raises(module.typer.BadParameter, match="needs --query here"):
        module.load_of(facts(page=Page("triton", 8002, "")))


def test_a_query_needs_somebody_to_ask():
    assert "give --prometheus URL" in run("--query", "x").stderr
