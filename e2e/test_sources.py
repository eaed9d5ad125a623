"""Where the queue is read: Prometheus beside the pods, in one batched query, and several sources in one pool."""

from typing import Any

from rig.manifests import pool, published
from rig.space import Space
from rig.waiting import let_pass

Json = dict[str, Any]

PODS = {"name": "pods", "pods": {}}


def edge(space: Space, app: str, server: str = "default") -> Json:
    """Return a source for the proxy's queue of one app, as the exporter shows it."""
    selector = {"app": app}
    return {
        "name": "edge",
        "prometheus": {"server": server, "metric": "edge_queue", "selector": selector, "maxAge": "5s"},
    }


def show_edge(space: Space, app: str, value: float) -> None:
    """Let the exporter show the proxy's queue of one app."""
    space.fleet.gauge("edge_queue", value, {"namespace": space.name, "app": app})


def test_several_sources_are_added_or_the_largest_counts(space: Space) -> None:
    for name in ("sum", "max"):
        space.deploy(name)
        space.fleet.queue(space.workload(name), 600)
        show_edge(space, name, 700)
    space.operate().wait_until_leading()
    space.create(pool("sum", published(sources=[PODS, edge(space, "sum")])))
    space.create(pool("max", published(sources=[PODS, edge(space, "max")], combine="Max")))
    space.wait_for_size("sum", 3)
    space.wait_until(lambda: space.explain("max").get("queue") == 700, "the larger of both is taken")
    assert space.sizes("max") == [2]


def test_one_batched_query_gives_each_pool_its_own_series(space: Space) -> None:
    for name, value in (("busy", 1500), ("calm", 500)):
        space.deploy(name)
        show_edge(space, name, value)
    space.operate().wait_until_leading()
    space.create(*(pool(name, published(sources=[edge(space, name)])) for name in ("busy", "calm")))
    space.wait_for_size("busy", 3)
    space.wait_until(lambda: space.explain("calm").get("queue") == 500, "the calm pool reads its own series")
    assert space.sizes("calm") == [2]


def test_series_of_live_pods_are_added_and_those_of_dead_ones_are_not(space: Space) -> None:
    space.deploy("chat")
    for pod in [*(pod.name for pod in space.pods("chat")), "chat-dead"]:
        space.show_pod("chat", pod, 700)
    space.operate().wait_until_leading()
    space.create(pool("chat", published(sources=[space.series_of("chat")])))
    space.wait_for_size("chat", 3)
    first = space.wait_until(lambda: space.status("chat").get("history"), "the change is in the status")[-1]
    assert first["inputs"]["queue"] == 1400


def test_an_unknown_server_is_said_and_costs_no_replica(space: Space) -> None:
    space.deploy("chat", 4)
    space.operate().wait_until_leading()
    space.create(pool("chat", published("1s", sources=[edge(space, "chat", server="nowhere")])))
    said = space.wait_for_condition("chat", "MetricsAvailable", "MetricUnknownServer")
    let_pass(3)
    assert "'nowhere' is not configured; there are: default" in said["message"]
    assert space.sizes("chat") == [4]
