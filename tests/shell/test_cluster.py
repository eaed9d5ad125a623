"""What is watched, and where."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from tests.contract.fake_api import FakeApi, RefusalError

from builders import BODY, at
from poolkeeper.api.providers import KARPENTER
from poolkeeper.shell import observe
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import NO_KIND
from poolkeeper.shell.pools import Pools
from poolkeeper.shell.views import LONG_AGO, PodView

BUDGETS = "/apis/policy/v1/poddisruptionbudgets"
OPTIONAL = ("/apis/leaderworkerset.x-k8s.io/v1/leaderworkersets", "/apis/argoproj.io/v1alpha1/rollouts")
PATIENCE = 10
LOST = PodView("lab", "chat-1", "uid", created_at=LONG_AGO, node="n1")


@pytest.fixture
async def api():
    async with FakeApi() as api:
        yield api


@asynccontextmanager
async def watching(api, *namespaces):
    """Run a cluster's reflectors until everything that is waited for was listed."""
    async with KubeClient(api.access) as kube:
        cluster = Cluster(kube, namespaces)
        running = asyncio.create_task(cluster.run())
        try:
            async with asyncio.timeout(PATIENCE):
                await cluster.synced()
            yield cluster
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def until(condition):
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  what is waited for is spread over two programs
            await asyncio.sleep(0.001)


def asked(api, collection):
    return {request.namespace for request in api.requests if request.collection == collection}


async def test_nodes_are_watched_whatever_namespaces_it_is_held_to(api):
    async with watching(api, "lab"):
        assert (asked(api, "/api/v1/nodes"), asked(api, "/api/v1/pods")) == ({None}, {"lab"})


@pytest.mark.parametrize("namespaces", [["lab"], ["lab", "default"]])
async def test_events_of_nodes_are_in_the_default_namespace(api, namespaces):
    async with watching(api, *namespaces):
        await until(lambda: asked(api, "/api/v1/events") == {"lab", "default"})


async def test_events_are_watched_everywhere_by_one_watch(api):
    async with watching(api):
        await until(lambda: asked(api, "/api/v1/events") == {None})


async def test_it_starts_without_events(api):
    def refuse(request):
        if request.collection == "/api/v1/events":
            raise RefusalError(403, "events is forbidden")

    api.intercept = refuse
    async with watching(api) as cluster:
        await until(lambda: any("events is forbidden" in problem for problem in cluster.problems()))


async def test_one_that_is_held_to_namespaces_starts_without_nodes_and_says_so(api):
    refusing(api, "nodes")
    async with watching(api, "lab") as cluster:
        (problem,) = cluster.problems()
    assert problem.startswith("without nodes, no notice of a reclaim is seen: /api/v1/nodes: ")


async def test_no_node_is_gone_where_none_was_ever_shown(api):
    refusing(api, "nodes")
    async with watching(api, "lab") as cluster:
        assert cluster.signals.notice(LOST, at(0)) == ""


async def test_a_node_that_is_gone_is_missed_where_nodes_are_shown(api):
    async with watching(api, "lab") as cluster:
        assert cluster.signals.notice(LOST, at(0)) == "node n1 is gone"


async def test_events_of_nodes_may_be_hidden_where_it_is_held_to_namespaces(api):
    def refuse(request):
        if request.collection == "/api/v1/events" and request.namespace == "default":
            raise RefusalError(403, "events is forbidden")

    api.intercept = refuse
    async with watching(api, "lab") as cluster:
        await until(lambda: cluster.reflectors["events"].is_synced)
        assert cluster.problems() == []


def refusing(api, kind, status=403):
    """Let the API server forbid a kind, or know none such."""

    def refuse(request):
        if request.collection.endswith(f"/{kind}"):
            raise RefusalError(status, f"{kind} is forbidden")

    api.intercept = refuse


@pytest.mark.parametrize("kind", ["statefulsets", "leaderworkersets", "rollouts"])
@pytest.mark.parametrize("status", [403, 404])
async def test_a_kind_that_comes_with_something_else_may_be_hidden(api, kind, status):
    refusing(api, kind, status)
    async with watching(api) as cluster:
        assert cluster.problems() == []


async def test_one_namespace_may_hide_what_another_shows(api):
    def refuse(request):
        if request.collection.endswith("/rollouts") and request.namespace == "lab":
            raise RefusalError(403, "rollouts is forbidden")

    api.intercept = refuse
    async with watching(api, "lab", "other") as cluster:
        assert (cluster.problems(), cluster.reflectors["rollouts"].is_missing) == ([], False)


async def test_a_target_of_a_hidden_kind_says_so(api):
    refusing(api, "rollouts")
    async with watching(api) as cluster:
        pool = Pools().take(BODY | {"spec": BODY["spec"] | {"targetRef": {"kind": "Rollout", "name": "chat"}}})
        words = observe.absence(pool, cluster)
    assert words.startswith("rollout/chat is not in inference: /apis/argoproj.io/v1alpha1/rollouts: ")


async def test_a_target_of_a_kind_that_is_not_installed_says_so(api):
    def refuse(request):
        if request.collection.endswith("/leaderworkersets"):
            raise RefusalError(404, NO_KIND)

    api.intercept = refuse
    async with watching(api) as cluster:
        made = {"targetRef": {"kind": "LeaderWorkerSet", "name": "chat"}}
        words = observe.absence(Pools().take(BODY | {"spec": BODY["spec"] | made}), cluster)
    assert words == "the cluster has no LeaderWorkerSet (leaderworkerset.x-k8s.io/v1): install it"


async def test_one_that_is_missing_is_said_to_be(api):
    async with watching(api) as cluster:
        assert observe.absence(Pools().take(BODY), cluster) == "deployment/chat is not in inference"


@pytest.mark.parametrize("kind", ["leaderworkersets", "rollouts"])
async def test_one_that_was_seen_before_is_not_forgotten_when_it_is_hidden(api, kind):
    collection = next(path for path in OPTIONAL if path.endswith(kind))
    await api.put(collection, "lab", "chat", spec={})
    async with watching(api) as cluster:
        await until(lambda: cluster.reflectors[kind].items)
        refusing(api, kind)
        api.cut()
        await until(cluster.problems)
        assert ("lab", "chat") in cluster.reflectors[kind].items


async def test_budgets_are_found_by_namespace(api):
    for namespace in ("lab", "other"):
        await api.put(BUDGETS, namespace, "chat", spec={"minAvailable": 1})
    async with watching(api) as cluster:
        assert [budget.namespace for budget in cluster.budgets("lab")] == ["lab"]


async def test_a_budget_that_is_gone_is_not(api):
    await api.put(BUDGETS, "lab", "chat", spec={"minAvailable": 1})
    async with watching(api) as cluster:
        await api.remove(BUDGETS, "lab", "chat")
        await until(lambda: cluster.budgets("lab") == ())


async def test_what_is_said_of_nodes_reaches_the_signals(api):
    labels = {"karpenter.sh/capacity-type": "spot"}
    async with watching(api) as cluster:
        await api.put("/api/v1/nodes", "", "n1", metadata={"labels": labels})
        await until(lambda: cluster.signals.provider("auto") is KARPENTER)
