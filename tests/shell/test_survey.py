"""A cluster read once: what is kept of it, and what is said of what may not be read."""

import msgspec
import pytest
from tests.contract.fake_api import FakeApi, RefusalError

from poolkeeper.shell.kube import KubeClient, Limits
from poolkeeper.shell.kube_errors import Forbidden
from poolkeeper.shell.survey import Surveyor
from poolkeeper.shell.survey_objects import ScalerObject, gpu_pod, scaler
from poolkeeper.shell.survey_owners import Climber

GPU = {"name": "vllm", "resources": {"limits": {"nvidia.com/gpu": "2"}}}
RUNS = {"phase": "Running"}


@pytest.fixture
async def api():
    async with FakeApi() as api:
        yield api


@pytest.fixture
async def kube(api):
    async with KubeClient(api.access, limits=Limits(page=2)) as kube:
        yield kube


def raw(metadata=None, spec=None, status=None):
    body = {"metadata": {"name": "a", "namespace": "models", "uid": "u"} | (metadata or {})}
    return msgspec.Raw(
        msgspec.json.encode(body | {"spec": {"containers": [GPU]} | (spec or {}), "status": status or RUNS})
    )


def test_a_pod_with_gpus_is_kept_with_its_owner():
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "chat-1", "uid": "r", "controller": True}
    found = gpu_pod(raw({"ownerReferences": [{**owner, "uid": "x", "controller": False}, owner]}), {})
    assert (found.owner.uid, found.gpus(None)) == ("r", 2)


@pytest.mark.parametrize(
    "given",
    [
        {"spec": {"containers": [{"name": "web"}]}},
        {"status": {"phase": "Succeeded"}},
        {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}},
        {"spec": {"containers": [], "resourceClaims": [{"name": "disk", "resourceClaimName": "disk"}]}},
    ],
)
def test_other_pods_are_not(given):
    assert gpu_pod(raw(**given), {("models", "disk"): 0}) is None


@pytest.mark.parametrize(("claims", "gpus"), [({("models", "two"): 2}, 4), (None, None)])
def test_claimed_devices_count_where_they_may_be_read(claims, gpus):
    status = RUNS | {"resourceClaimStatuses": [{"name": "gpu", "resourceClaimName": "two"}]}
    assert gpu_pod(raw(spec={"resourceClaims": [{"name": "gpu"}]}, status=status), claims).gpus(None) == gpus


def autoscaler(kind="HPA", annotations=None, conditions=(), **spec):
    body = {
        "metadata": {"name": "a", "namespace": "models", "annotations": annotations or {}},
        "spec": {"scaleTargetRef": {"name": "chat"}} | spec,
        "status": {"conditions": list(conditions)},
    }
    return scaler(msgspec.convert(body, ScalerObject), kind)


def condition(kind, status, **words):
    return {"type": kind, "status": status, **words}


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (autoscaler(conditions=[condition("ScalingActive", "True")]), ""),
        (autoscaler(), "it has not said anything yet"),
        (autoscaler(conditions=[condition("ScalingActive", "False", reason="Broken", message="m")]), "Broken: m"),
        (autoscaler("ScaledObject", conditions=[condition("Ready", "Unknown")]), "Ready is Unknown"),
        (autoscaler("ScaledObject", {"autoscaling.keda.sh/paused": "true"}), "paused"),
        (autoscaler("ScaledObject", {"autoscaling.keda.sh/paused-replicas": "0"}), "paused"),
    ],
)
def test_an_autoscaler_tells_whether_it_works(found, words):
    assert found.trouble == words


def test_bounds_are_the_defaults_of_each():
    hpa, keda = autoscaler(maxReplicas=4), autoscaler("ScaledObject")
    assert [(one.least, one.most) for one in (hpa, keda)] == [(1, 4), (0, 100)]


async def furnish(api, pods=5):
    for number in range(pods):
        name = f"ray-{number}"
        owner = {"apiVersion": "ray.io/v1", "kind": "RayCluster", "name": "ray", "uid": "c", "controller": True}
        metadata = {"ownerReferences": [owner]}
        await api.put("/api/v1/pods", "models", name, metadata=metadata, spec={"containers": [GPU]}, status=RUNS)
    await api.put("/api/v1/nodes", "", "gpu-0", status={"capacity": {"nvidia.com/gpu": "8"}})


def refusing(api, *collections):
    def intercept(asked):
        if any(asked.collection.endswith(one) and asked.namespace is None for one in collections):
            raise RefusalError(403, f"{asked.collection} is forbidden")

    api.intercept = intercept


async def survey(kube, namespace=None):
    told = []
    found = await Surveyor(kube, namespace, told.append).survey()
    return found, told


async def test_all_pages_of_pods_are_read_and_told(api, kube):
    await furnish(api)
    found, told = await survey(kube)
    assert (len(found.pods), told[:3]) == (5, [f"{n} pods read, {n} with GPUs" for n in (2, 4, 5)])


async def test_a_claim_is_divided_among_pods_of_all_pages(api, kube):
    results = [{"driver": "gpu.nvidia.com"}] * 3
    status = {"allocation": {"devices": {"results": results}}}
    await api.put("/apis/resource.k8s.io/v1/resourceclaims", "models", "three", status=status)
    claims = {"containers": [], "nodeName": "gpu-0", "resourceClaims": [{"name": "g", "resourceClaimName": "three"}]}
    for name in ("ray-0", "ray-1", "ray-2"):
        await api.put("/api/v1/pods", "models", name, spec=claims, status=RUNS)
    found, _ = await survey(kube)
    assert [pod.gpus(None) for pod in found.pods] == [1, 1, 1]


async def test_nodes_are_kept_by_name(api, kube):
    await furnish(api)
    found, _ = await survey(kube)
    assert (found.nodes["gpu-0"].gpus, found.whole, found.skipped) == (8, True, ())


@pytest.mark.parametrize("spec", [{"unschedulable": True}, {}])
async def test_a_node_tells_whether_it_takes_pods(api, kube, spec):
    await api.put("/api/v1/nodes", "", "gpu-1", spec=spec, status={"capacity": {"nvidia.com/gpu": "8"}})
    found, _ = await survey(kube)
    assert found.nodes["gpu-1"].cordoned is bool(spec)


async def test_nodes_that_may_not_be_read_are_said(api, kube):
    await furnish(api)
    refusing(api, "/nodes")
    found, _ = await survey(kube)
    assert found.nodes is None
    assert found.skipped[0].startswith("nodes: /api/v1/nodes is forbidden; so capacity types")


async def test_who_may_see_one_namespace_sees_that(api, kube):
    await furnish(api)
    await api.put("/api/v1/pods", "default", "mine", spec={"containers": [GPU]}, status=RUNS)
    refusing(api, "/pods", "/deployments")
    found, _ = await survey(kube)
    assert ([pod.name for pod in found.pods], found.whole) == (["mine"], False)
    assert found.skipped == ("other namespaces than default: /api/v1/pods is forbidden",)


async def test_a_namespace_that_was_asked_for_must_be_readable(api, kube):
    def intercept(_):
        raise RefusalError(403, "no")

    api.intercept = intercept
    with pytest.raises(Forbidden):
        await survey(kube, "models")


async def test_a_kind_that_may_not_be_read_is_said_and_left_out(api, kube):
    refusing(api, "/statefulsets", "/resourceclaims")
    found, _ = await survey(kube)
    assert found.skipped == ("statefulsets: /apis/apps/v1/statefulsets is forbidden",)


async def test_kinds_that_are_not_installed_are_nothing(api, kube):
    api.missing |= {"/apis/keda.sh/v1alpha1/scaledobjects", "/apis/resource.k8s.io/v1/resourceclaims"}
    found, _ = await survey(kube)
    assert (found.scalers, found.skipped) == ((), ())


async def test_kinds_that_are_not_installed_are_not_asked_for(api, kube, monkeypatch):
    async def served(_self):
        return frozenset({"apps", "batch"})

    monkeypatch.setattr(Surveyor, "served", served)
    refusing(api, "/scaledobjects", "/rollouts", "/inferencepools")
    found, _ = await survey(kube)
    assert found.skipped == ()


async def test_owners_of_unknown_kinds_are_looked_up(api, kube, monkeypatch):
    async def kinds(_self, _api):
        return {"RayCluster": "rayclusters"}

    monkeypatch.setattr(Climber, "kinds", kinds)  # the fake serves no discovery; e2e/test_audit.py has the real one
    await furnish(api, 1)
    owner = {"apiVersion": "ray.io/v1", "kind": "RayService", "name": "llm", "uid": "s", "controller": True}
    await api.put("/apis/ray.io/v1/rayclusters", "models", "ray", metadata={"ownerReferences": [owner]})
    found, _ = await survey(kube)
    assert found.parents["c"].owner.name == "llm"


async def test_owners_that_may_not_be_read_end_the_chain(api, kube):
    await furnish(api, 1)
    found, _ = await survey(kube)
    assert (found.parents["c"].reference.name, found.parents["c"].owner) == ("ray", None)


async def test_pools_scale_too(api, kube):
    spec = {"targetRef": {"name": "chat"}, "minReplicas": 1, "maxReplicas": 4, "mode": "Observe"}
    await api.put("/apis/poolkeeper.io/v1alpha1/inferencepools", "models", "chat", spec=spec)
    (found,) = (await survey(kube))[0].scalers
    assert (found.shown, found.target_kind, found.trouble) == ("ipool chat, 1 to 4", "Deployment", "mode Observe")


async def test_workloads_are_kept_with_what_their_pods_ask_for(api, kube):
    spec = {"replicas": 3, "template": {"spec": {"containers": [GPU]}}}
    await api.put("/apis/apps/v1/deployments", "models", "chat", spec=spec)
    group = {"replicas": 2, "leaderWorkerTemplate": {"workerTemplate": {"spec": {"containers": [GPU]}}}}
    await api.put("/apis/leaderworkerset.x-k8s.io/v1/leaderworkersets", "models", "groups", spec=group)
    everywhere = {"template": {"spec": {"containers": [GPU]}}}
    status = {"desiredNumberScheduled": 5}
    await api.put("/apis/apps/v1/daemonsets", "models", "agents", spec=everywhere, status=status)
    found, _ = await survey(kube)
    told = {one.reference.kind: (one.replicas, one.devices[0][1]) for one in found.parents.values()}
    assert told == {"Deployment": (3, 2), "LeaderWorkerSet": (2, 2), "DaemonSet": (5, 2)}


async def test_nothing_is_written(api, kube):
    await furnish(api)
    await survey(kube)
    assert {asked.method for asked in api.requests} == {"GET"}
    assert not any("watch" in asked.query for asked in api.requests)
