import pytest
from aiohttp.test_utils import TestClient, TestServer

from builders import BODY, at, published, seen
from poolkeeper.core.decide import decide
from poolkeeper.core.memory import Memory
from poolkeeper.shell.http import Served, application
from poolkeeper.shell.kube_errors import TimedOut
from poolkeeper.shell.pools import Pools
from poolkeeper.shell.telemetry import Telemetry


@pytest.fixture
def served():
    pools, troubles = Pools(), []
    pool = pools.take(BODY)
    pool.decision, pool.decided_at = decide(published(), seen(1500), Memory(), at(0))[0], at(0)
    return Served(pools, Telemetry(), lambda: troubles, lambda: True, lambda: troubles), troubles


async def fetch(served, path):
    async with TestClient(TestServer(application(served))) as client:
        answer = await client.get(path)
        return answer.status, await answer.text()


async def test_a_pools_decision_is_served_with_its_trail(served):
    status, text = await fetch(served[0], "/pools/inference/chat")
    assert status == 200
    assert '"stage": "demand"' in text


async def test_all_pools_are_listed(served):
    assert '"name": "chat"' in (await fetch(served[0], "/pools"))[1]


async def test_an_unknown_pool_is_not_found(served):
    assert (await fetch(served[0], "/pools/inference/x"))[0] == 404


async def test_health_fails_with_what_is_stuck(served):
    assert (await fetch(served[0], "/healthz"))[0] == 200
    served[1].append("the loop has not turned for 20 s")
    assert await fetch(served[0], "/healthz") == (503, "the loop has not turned for 20 s")


async def test_readiness_tells_what_is_in_the_way(served):
    served[1].append("pods: forbidden")
    assert await fetch(served[0], "/readyz") == (200, "ok\npods: forbidden")


async def test_a_pools_series_come_and_go():
    telemetry, key = Telemetry(), ("inference", "chat")
    decision = decide(published(), seen(1500), Memory(), at(0))[0]
    telemetry.decided(key, published(), decision)
    telemetry.scaled(key, decision)
    assert b'poolkeeper_pool_queue_depth{namespace="inference",pool="chat"} 1500.0' in telemetry.page()
    telemetry.forget(key)
    assert b'pool="chat"' not in telemetry.page()


async def test_an_unknown_queue_has_no_series():
    telemetry = Telemetry()
    decision = decide(published(), seen(None, readings=()), Memory(), at(0))[0]
    telemetry.decided(("inference", "chat"), published(), decision)
    assert b"poolkeeper_pool_queue_depth{" not in telemetry.page()


async def test_a_missing_target_has_no_sizes_and_no_metrics_to_speak_of():
    telemetry = Telemetry()
    decision = decide(published(), seen(target=None), Memory(), at(0))[0]
    telemetry.decided(("inference", "chat"), published(), decision)
    page = telemetry.page().decode()
    shown = {line.partition("{")[0] for line in page.splitlines() if 'pool="chat"' in line}
    assert shown == {"poolkeeper_pool_min_replicas", "poolkeeper_pool_max_replicas"}


async def test_writes_are_counted_by_what_became_of_them():
    telemetry = Telemetry()
    with telemetry.write("scale"):
        pass
    with pytest.raises(TimedOut), telemetry.write("scale"):
        raise TimedOut("no answer in time")
    assert b'poolkeeper_api_writes_total{kind="scale",result="Done"} 1.0' in telemetry.page()
    assert b'poolkeeper_api_writes_total{kind="scale",result="TimedOut"} 1.0' in telemetry.page()
