"""R1 and R2: up above, down below, nothing between. Grace 6 s, loads of 5 and 20 s, settle 1 and 2 s."""

import itertools
import time

import pytest

from rig.manifests import loading, pool, published
from rig.space import Space
from rig.strain import Strain
from rig.waiting import eventually, let_pass

GRACE, LOAD, LONG_LOAD, INTERVAL = 6, 5, 20, 1
SETTLE = 30
"""By default: so long the replicas that were just made count as on their way."""
SLACK = 0.5
"""Two moments of a recorded watch may be so much nearer to each other than the writes were."""


def test_a_queue_over_the_threshold_adds_one_replica_and_only_one_while_it_loads(space: Space) -> None:
    space.deploy("chat", annotations=loading(LOAD))
    space.operate().wait_until_leading()
    space.create(pool("chat", published()))
    space.fleet.queue(space.workload("chat"), 1001)
    space.wait_for_size("chat", 4)
    made = space.wait_until(lambda: space.status("chat")["history"][-2:][1:] and space.status("chat"), "both are told")
    ready = [change["inputs"]["ready"] for change in made["history"][-2:]]
    assert (space.sizes("chat")[:3], ready) == ([2, 3, 4], [3, 2])


@pytest.mark.lasts(25)
def test_a_long_load_under_a_constant_queue_never_cascades(space: Space) -> None:
    queues = {"one": 1500, "three": 3500, "between": 999}
    for name in queues:
        space.create_deployment(name, 3, annotations=loading(LONG_LOAD))
    for name, total in queues.items():
        space.wait_until_ready(name, 3)
        space.fleet.queue(space.workload(name), total)
    space.operate().wait_until_leading()
    space.create(*(pool(name, published(settle="2s"), maxReplicas=20) for name in queues))
    began = space.wait_for_size("one", 4).at
    space.wait_for_size("three", 6)
    let_pass(began + LONG_LOAD - 2 - time.monotonic())
    assert {name: max(space.sizes(name)) for name in queues} == {"one": 4, "three": 6, "between": 3}


@pytest.mark.lasts(20)
def test_a_short_queue_takes_one_replica_away_for_each_grace_period_down_to_the_minimum(
    space: Space, strain: Strain
) -> None:
    space.deploy("chat", 4)
    space.fleet.queue(space.workload("chat"), 100)
    space.operate().wait_until_leading()
    space.create(pool("chat", published(f"{GRACE}s"), drain={"deadline": "0s"}))
    space.wait_for_reason("chat", "Steady")
    short = space.shorten("chat", 99)
    space.wait_for_size("chat", 2)
    space.wait_for_reason("chat", "AtMinimum")
    moments = [short, *(change.at for change in space.changes("chat"))]
    late = [strain.worth(before + GRACE, after) for before, after in itertools.pairwise(moments)]
    assert space.sizes("chat") == [4, 3, 2]
    assert all(moment >= short + number * GRACE - SLACK for number, moment in enumerate(moments))
    assert max(late) <= 3 * INTERVAL or space.faults("chat")


def test_a_queue_between_the_thresholds_changes_nothing_and_clears_the_clock(space: Space) -> None:
    space.deploy("chat", 4)
    space.operate().wait_until_leading()
    space.create(pool("chat", published("1h")))
    space.wait_for_reason("chat", "Grace")
    let_pass(GRACE / 2)
    space.fleet.queue(space.workload("chat"), 100)
    space.wait_for_reason("chat", "Steady")
    space.api.patch(space.path("InferencePool", "chat"), {"spec": {"queue": published(f"{GRACE}s")}})
    eventually(lambda: space.status("chat").get("observedGeneration") == 2, "the shorter grace is seen")
    short = space.shorten("chat", 0)
    assert space.wait_for_size("chat", 3).at - short >= GRACE - SLACK


@pytest.mark.lasts(35)
def test_a_pool_of_nothing_but_defaults_finds_its_engine_and_follows_the_queue_per_replica(space: Space) -> None:
    space.deploy("chat")
    space.operate().wait_until_leading()
    let_pass(SETTLE + 1)  # else the one replica counts as settled a second before the other
    space.fleet.queue(space.workload("chat"), 30)
    space.create(pool("chat"))
    space.wait_for_size("chat", 4)
    space.wait_until_ready("chat", 4)
    assert space.sizes("chat") in ([2, 4], [2, 3, 4])  # a page that was read late is counted a second later


@pytest.mark.lasts(30)
def test_a_pool_whose_requests_waited_too_long_refuses_to_shrink(space: Space) -> None:
    names = ("promised", "careless")
    for name in names:
        space.deploy(name, 3)
        space.fleet.queue(space.workload(name), 500)
    space.operate().wait_until_leading()
    space.create(pool("promised", published("2s"), slo={"queueTime": "1s"}), pool("careless", published("2s")))
    for name in names:
        space.wait_for_reason(name, "Steady")
        space.fleet.load(space.workload(name), "constant:260", window=(0, 1))
    space.wait_until(lambda: space.explain("promised").get("slo", {}).get("reason") == "OutsideSLO", "requests waited")
    for name in names:
        space.shorten(name, 0)
    space.wait_for_size("careless", 2)
    space.wait_for_reason("promised", "SLOAtRisk")
    assert space.sizes("promised") == [3]
