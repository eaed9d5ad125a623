"""Targets of every kind on the real control plane, with exactly the rights that the manifests give the operator.

StatefulSets are run by Kubernetes itself; LeaderWorkerSets and Rollouts by stand-ins that make what their controllers
make (rig.stand_ins). In flight is what the pretended pods show as running; a grace of 1 s.
"""

import threading
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from secrets import token_hex
from typing import Any

import pytest

from rig.api import ApiError, collection
from rig.ground import Ground
from rig.install import installed
from rig.manifests import SHARED_NODES, pool, published
from rig.space import Space
from rig.stand_ins import PROMOTED, digest, standing_in
from rig.waiting import eventually, let_pass
from rig.workloads import define_kinds, leader_worker_set, rollout, stateful_set, template, workers

pytestmark = [pytest.mark.xdist_group("workloads"), pytest.mark.lasts(60)]

Json = dict[str, Any]

COST = "controller.kubernetes.io/pod-deletion-cost"
HOLDING, LONG, SHORT = 500, 1500, 0
QUEUE = published("1s")
PATIENT = {"drain": {"deadline": "1h"}}
GPU_HOUR = {"on-demand": "3.00"}


@pytest.fixture(scope="module")
def space(ground: Ground) -> Iterator[Space]:
    define_kinds(ground.cluster)
    suffix = f"workloads-{token_hex(3)}"
    with installed(ground.cluster, suffix) as installation:
        made = Space(ground, suffix)
        with standing_in(ground.api, made.name):
            made.operate(*installation.arguments, kubeconfig=installation.kubeconfig).wait_until_leading()
            yield made
        made.close()


def scaling(kind: str, name: str, **spec: object) -> Json:
    """Return a pool of 2 to 3 over a workload of this kind."""
    return pool(name, QUEUE, **({"targetRef": {"kind": kind, "name": name}, "maxReplicas": 3} | spec))


def have(space: Space, made: Json, in_flight: list[int], **spec: object) -> str:
    """Have a workload whose replicas run so many requests, and a pool over it; return its name."""
    name: str = made["metadata"]["name"]
    space.create(made)
    space.wait_until_ready(name, len(in_flight))
    for number, count in enumerate(in_flight):
        space.fleet.running(space.workload(name), count, pod=f"{name}-{number}")
    space.create(scaling(made["kind"], name, **spec))
    return name


def size(space: Space, kind: str, name: str) -> int:
    return int(space.api.get(space.path(kind, name))["spec"].get("replicas", 1))


def has_size(space: Space, kind: str, name: str, replicas: int) -> bool:
    return eventually(lambda: size(space, kind, name) == replicas, f"{name} has {replicas} replicas")


def pods(space: Space, name: str) -> dict[str, Json]:
    """Return the pods with this label, those that end left out."""
    found = space.api.get(f"{collection('Pod', space.name)}?labelSelector=app%3D{name}")["items"]
    return {one["metadata"]["name"]: one for one in found if "deletionTimestamp" not in one["metadata"]}


def watched(space: Space, kind: str, name: str) -> list[Json]:
    """Return a list to which a real watch adds every version of a workload from now on."""
    seen: list[Json] = []

    def follow() -> None:
        with suppress(ApiError, OSError, ValueError):
            for event in space.api.watch(collection(kind, space.name)):
                if event["object"]["metadata"]["name"] == name:
                    seen.append(event["object"])  # noqa: PERF401  others read it while it grows

    threading.Thread(target=follow, daemon=True).start()
    return seen


def probe(space: Space, pod: str, *, ready: bool) -> None:
    """Let a pod's readiness probe fail, or pass again."""
    annotation = {"poolkeeper.dev/not-ready": None if ready else "true"}
    space.api.patch(f"{collection('Pod', space.name)}/{pod}", {"metadata": {"annotations": annotation}})


def ready(space: Space, name: str) -> int | None:
    found: int | None = space.status(name).get("readyReplicas")
    return found


def per_hour(space: Space, name: str) -> Decimal:
    """Return what a pool costs an hour, as its status tells it."""
    return Decimal((space.status(name).get("cost") or {}).get("perHour") or 0)


# A StatefulSet


def test_a_stateful_set_grows_and_shrinks(space: Space) -> None:
    name = have(space, stateful_set("row", 2), [0, 0])
    space.fleet.queue(space.workload(name), LONG)
    has_size(space, "StatefulSet", name, 3)
    space.wait_until_ready(name, 3)
    space.fleet.queue(space.workload(name), SHORT)
    has_size(space, "StatefulSet", name, 2)
    assert eventually(lambda: set(pods(space, name)) == {"row-0", "row-1"}, "the last one is gone")


def test_the_last_of_a_stateful_set_is_waited_for_although_others_are_idle(
    space: Space, subtests: pytest.Subtests
) -> None:
    name = have(space, stateful_set("patient", 3), [0, 0, 5], **PATIENT)
    versions = watched(space, "StatefulSet", name)
    space.wait_for_reason(name, "Draining")
    let_pass(2)
    with subtests.test("it stays while that one is busy"):
        assert {one["spec"]["replicas"] for one in versions} == {3}
    space.fleet.running(space.workload(name), 0, pod="patient-2")
    has_size(space, "StatefulSet", name, 2)
    with subtests.test("it alone goes"):
        assert eventually(lambda: set(pods(space, name)) == {"patient-0", "patient-1"}, "the last one is gone")
    with subtests.test("nobody was marked: it would mean nothing"):
        assert [one for one in pods(space, name).values() if COST in one["metadata"]["annotations"]] == []


def test_at_the_deadline_the_last_goes_busy(space: Space) -> None:
    name = have(space, stateful_set("forced", 3), [0, 0, 5], drain={"deadline": "2s"})
    has_size(space, "StatefulSet", name, 2)
    told = eventually(lambda: space.status(name).get("lastDecision"), "the status tells of it")
    assert told["reason"] == "ForcedDrain"


def test_nothing_shrinks_while_a_stateful_set_rolls_out(space: Space) -> None:
    name = have(space, stateful_set("rolled", 3), [0, 0, 0], minReplicas=3)
    versions = watched(space, "StatefulSet", name)
    space.wait_for_reason(name, "AtMinimum")
    slow = {"metadata": {"annotations": {"poolkeeper.dev/load-ms": "3000"}}}
    space.api.patch(space.path("StatefulSet", name), {"spec": {"template": slow}})
    space.api.patch(space.path("InferencePool", name), {"spec": {"minReplicas": 2}})
    space.wait_for_reason(name, "RollingOut")
    has_size(space, "StatefulSet", name, 2)
    shrunk = eventually(lambda: [one for one in versions if one["spec"]["replicas"] == 2], "the watch tells of it")[0]
    assert (shrunk["status"]["replicas"], shrunk["status"]["updatedReplicas"]) == (3, 3)


def test_an_autoscaler_of_a_stateful_set_is_a_conflict_and_one_of_a_namesake_is_none(space: Space) -> None:
    name = have(space, stateful_set("shared", 2), [0, 0])
    for kind in ("Deployment", "StatefulSet"):
        target = {"apiVersion": "apps/v1", "kind": kind, "name": name}
        spec = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 3}
        made = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler"}
        space.create(made | {"metadata": {"name": f"of-{kind.lower()}"}, "spec": spec})
    found = space.wait_for_condition(name, "Conflict", "ConflictAutoscaler")
    assert "hpa/of-statefulset" in found["message"]


def test_a_stateful_set_that_is_not_there_is_said(space: Space) -> None:
    space.create(scaling("StatefulSet", "nowhere"))
    found = space.wait_for_condition("nowhere", "AbleToScale", "TargetNotFound")
    assert "statefulset/nowhere is not in" in found["message"]


# A LeaderWorkerSet: two groups of a leader with one GPU and a worker with three


def test_two_groups_of_four_gpus_cost_eight(space: Space) -> None:
    name = have(space, leader_worker_set("priced", 2), [1, 1], cost={"pricePerGPUHour": GPU_HOUR})
    eventually(lambda: per_hour(space, name) == 2 * 4 * 3, "24 an hour", 300)
    assert ready(space, name) == 2


def test_workers_are_not_asked_for_a_queue_and_leaders_are(space: Space, subtests: pytest.Subtests) -> None:
    name = have(space, leader_worker_set("asked", 2), [0, 0], minReplicas=2)
    eventually(lambda: len(pods(space, workers(name))) == 2, "the workers are there")
    space.wait_for_reason(name, "AtMinimum")
    space.fleet.queue(space.workload(workers(name)), LONG)
    let_pass(2)
    with subtests.test("workers' own pages count for nothing"):
        assert size(space, "LeaderWorkerSet", name) == 2
    space.fleet.queue(space.workload(name), LONG)
    with subtests.test("leaders' pages do"):
        assert has_size(space, "LeaderWorkerSet", name, 3)
    with subtests.test("a group is ready as a whole"):
        assert eventually(lambda: ready(space, name) == 3, "three groups are ready")


def test_a_group_is_not_ready_while_a_worker_is_not(space: Space, subtests: pytest.Subtests) -> None:
    name = have(space, leader_worker_set("broken", 2), [0, 0])
    eventually(lambda: ready(space, name) == 2, "both groups are ready")
    probe(space, "broken-1-1", ready=False)
    with subtests.test("it counts no more"):
        assert eventually(lambda: ready(space, name) == 1, "one group is ready")
    probe(space, "broken-1-1", ready=True)
    with subtests.test("and counts again"):
        assert eventually(lambda: ready(space, name) == 2, "both groups are ready again")


def test_the_last_group_goes_whole_once_it_is_idle(space: Space, subtests: pytest.Subtests) -> None:
    name = have(space, leader_worker_set("groups", 3), [0, 0, 5], **PATIENT)
    space.wait_for_reason(name, "Draining")
    let_pass(2)
    with subtests.test("it is waited for"):
        assert size(space, "LeaderWorkerSet", name) == 3
    space.fleet.running(space.workload(name), 0, pod="groups-2")
    has_size(space, "LeaderWorkerSet", name, 2)
    with subtests.test("its worker goes with it"):
        left = {"groups-0-1", "groups-1-1"}
        assert eventually(lambda: set(pods(space, workers(name))) == left, "two workers are left")


def test_a_notice_to_a_worker_concerns_its_group(ground: Ground, space: Space) -> None:
    """Leaders stay on the nodes of all; workers are on nodes of their own, of which one gets a notice."""
    label = {"rig": f"workers-{token_hex(3)}", "eks.amazonaws.com/capacityType": "SPOT"}
    nodes = ground.cluster.add_gpu_nodes(2, 3, labels=label, prefix=label["rig"])
    space.nodes += nodes
    made = leader_worker_set("noticed", 2)
    made["spec"]["leaderWorkerTemplate"]["workerTemplate"]["spec"]["nodeSelector"] = {"rig": label["rig"]}
    name = have(space, made, [5, 5], **PATIENT)
    eventually(lambda: ready(space, name) == 2, "both groups are ready")
    node = pods(space, workers(name))["noticed-1-1"]["spec"]["nodeName"]
    ground.cluster.taint(node, "aws-node-termination-handler/spot-itn", "now", "PreferNoSchedule")
    space.api.patch(space.path("InferencePool", name), {"spec": {"minReplicas": 1}})
    has_size(space, "LeaderWorkerSet", name, 1)
    assert SHARED_NODES.items() <= pods(space, name)["noticed-0"]["spec"]["nodeSelector"].items()


# An Argo Rollout


def test_a_rollout_grows_and_its_idle_replica_goes(space: Space) -> None:
    space.create(rollout("canary", 2))
    space.wait_until_ready("canary", 2)
    space.create(scaling("Rollout", "canary", **PATIENT))
    space.fleet.queue(space.workload("canary"), LONG)
    has_size(space, "Rollout", "canary", 3)
    space.wait_until_ready("canary", 3)
    busy, idle, other = sorted(pods(space, "canary"))
    for one, count in ((busy, 5), (idle, 0), (other, 5)):
        space.fleet.running(space.workload("canary"), count, pod=one)
    space.fleet.queue(space.workload("canary"), SHORT)
    has_size(space, "Rollout", "canary", 2)
    assert eventually(lambda: set(pods(space, "canary")) == {busy, other}, "the idle one is gone")


def test_a_rollout_that_never_said_its_size_is_given_one(space: Space) -> None:
    made = rollout("unsaid", 2)
    del made["spec"]["replicas"]  # as those who keep it in Git are told to
    space.create(made)
    space.wait_until_ready("unsaid", 1)
    space.create(scaling("Rollout", "unsaid"))
    assert has_size(space, "Rollout", "unsaid", 2)


def test_nothing_shrinks_while_a_canary_waits_to_be_promoted(space: Space, subtests: pytest.Subtests) -> None:
    space.create(rollout("paused", 3))
    space.wait_until_ready("paused", 3)
    space.create(scaling("Rollout", "paused", minReplicas=3))
    space.wait_for_reason("paused", "AtMinimum")
    newer = template("paused", annotations={"rig/version": "2"})
    space.api.patch(space.path("Rollout", "paused"), {"spec": {"template": newer}})
    space.wait_until_ready("paused", 4)
    space.api.patch(space.path("InferencePool", "paused"), {"spec": {"minReplicas": 2}})
    space.wait_for_reason("paused", "RollingOut")
    let_pass(2)
    with subtests.test("it holds"):
        assert size(space, "Rollout", "paused") == 3
    asked = space.api.get(space.path("Rollout", "paused"))["spec"]["template"]
    space.api.patch(space.path("Rollout", "paused"), {"metadata": {"annotations": {PROMOTED: digest(asked)}}})
    with subtests.test("until it is promoted"):
        assert has_size(space, "Rollout", "paused", 2)


# All of them


def test_nothing_was_refused(space: Space) -> None:
    assert "forbidden" not in space.operators[0].log.lower()


def test_a_tier_on_spot_is_refused_in_words(space: Space) -> None:
    with pytest.raises(ApiError, match="a tier of type Spot needs a Deployment"):
        space.create(scaling("LeaderWorkerSet", "split", capacity={}))
