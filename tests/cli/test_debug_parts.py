"""A report of a small API server that has a secret wherever one can be; what cannot be had is named."""

import json

import pytest
from aiohttp.test_utils import TestServer
from tests.contract.fake_api import FakeApi, RefusalError

from poolkeeper.api import names
from poolkeeper.cli.debug_parts import Wanted, gather
from poolkeeper.shell.http import Served, application
from poolkeeper.shell.inside import shown
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.pools import Pools
from poolkeeper.shell.settings import Settings
from poolkeeper.shell.telemetry import Telemetry

CANARY = "cAnArY8f2c71dd"
HOME = "pools/inference/chat"
POOLS = f"/apis/{names.API_VERSION}/{names.PLURAL}"
TEMPLATE = {
    "metadata": {"labels": {"app": "chat"}, "annotations": {"x": CANARY}},
    "spec": {
        "containers": [
            {
                "name": "vllm",
                "image": "vllm",
                "env": [{"name": "HF_TOKEN", "value": CANARY}],
                "args": ["--api-key", CANARY],
                "livenessProbe": {"httpGet": {"httpHeaders": [{"name": "Authorization", "value": CANARY}]}},
            }
        ],
        "volumes": [{"name": "v", "csi": {"volumeAttributes": {"token": CANARY}}}],
    },
}
META = {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": CANARY}}
SAID = {"reason": "Said", "message": f"asked https://me:{CANARY}@registry"}


@pytest.fixture
async def api():
    async with FakeApi() as api:
        said = [{"type": "Ready", "message": f"Authorization: Bearer {CANARY}"}]
        status = {"conditions": said, "acceptedSpec": {"template": TEMPLATE}}
        await api.put(POOLS, "inference", "chat", metadata=dict(META), spec={"template": TEMPLATE}, status=status)
        spec = {"replicas": 2, "selector": {"matchLabels": {"app": "chat"}}, "template": TEMPLATE}
        await api.put("/apis/apps/v1/deployments", "inference", "chat", metadata=dict(META), spec=spec)
        labels = {"labels": {"app": "chat"}}
        waiting = {"containerStatuses": [{"state": {"waiting": {"message": f"password={CANARY}"}}}]}
        await api.put("/api/v1/pods", "inference", "chat-1", metadata=labels, spec=TEMPLATE["spec"], status=waiting)
        about = {"kind": names.KIND, "name": "chat"}
        await api.put("/api/v1/events", "inference", "e", involvedObject=about, **SAID)
        await api.put("/api/v1/secrets", "inference", "chat", data={"token": CANARY})
        yield api


@pytest.fixture
async def operator():
    settings = Settings(lease_namespace="poolkeeper")
    served = Served(
        Pools(), Telemetry(), list, lambda: True, lambda: [f"https://a:{CANARY}@b is down"], lambda: shown(settings)
    )
    async with TestServer(application(served)) as server:
        yield str(server.make_url("")).rstrip("/")


async def gathered(api, **wanted):
    async with KubeClient(api.access) as kube:
        return await gather(kube, Wanted(operator_namespace="poolkeeper", **wanted))


async def test_no_secret_is_in_any_part(api, operator):
    bundle = await gathered(api, operator=operator)
    parts = {**bundle.parts, "contents.txt": bundle.contents.encode()}
    assert not [place for place, body in parts.items() if CANARY.encode() in body]


async def test_secrets_are_not_asked_for(api, operator):
    await gathered(api, operator=operator)
    assert not [asked for asked in api.requests if asked.collection.endswith("/secrets")]


async def test_only_reads_and_reviews_are_asked(api, operator):
    await gathered(api, operator=operator)
    writes = [asked.collection for asked in api.requests if asked.method != "GET"]
    assert not [path for path in writes if not path.endswith("reviews")]


async def test_a_pool_is_there_with_what_belongs_to_it(api, operator):
    bundle = await gathered(api, operator=operator)
    assert {f"{HOME}/{part}.json" for part in ("pool", "workload", "pods", "events", "journal")} <= set(bundle.parts)


async def test_the_operators_pages_are_there(api, operator):
    bundle = await gathered(api, operator=operator)
    assert b"poolkeeper_leader" in bundle.parts["operator/local/metrics.txt"]
    assert json.loads(bundle.parts["operator/local/inside.json"])["settings"]["operatorNamespace"] == "poolkeeper"


async def test_without_an_operator_the_rest_is_there(api):
    bundle = await gathered(api, operator="http://127.0.0.1:9")
    assert f"{HOME}/pool.json" in bundle.parts
    assert "operator/local/metrics.txt" in bundle.missing


async def test_what_may_not_be_read_is_named_with_the_servers_words(api, operator):
    def forbid(asked):
        if asked.collection == "/api/v1/pods":
            raise RefusalError(403, "pods is forbidden to me")

    api.intercept = forbid
    bundle = await gathered(api, operator=operator)
    assert bundle.missing[f"{HOME}/pods.json"] == "pods is forbidden to me"
    assert f"{HOME}/events.json" in bundle.parts


async def test_pools_of_another_namespace_are_left_alone(api, operator):
    bundle = await gathered(api, operator=operator, namespace="search")
    assert not [place for place in bundle.parts if place.startswith("pools/")]
