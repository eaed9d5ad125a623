from datetime import UTC, datetime
from typing import Any

from soak_oracle import Rented
from soak_watch import Sight, settled

Json = dict[str, Any]

BOUND = datetime(2027, 3, 1, 8, tzinfo=UTC)
NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)


def pod(uid: str = "p1", node: str = "shared-1", *, ready: bool = True, **metadata: object) -> Json:
    conditions = [{"type": "Ready", "status": "True"}] if ready else []
    if node:
        told = {"type": "PodScheduled", "status": "True", "lastTransitionTime": "2027-03-01T08:00:00Z"}
        conditions.append(told)
    return {
        "metadata": {"uid": uid, "name": uid, "labels": {"app": "chat"}, **metadata},
        "spec": {"nodeName": node} if node else {},
        "status": {"phase": "Running", "conditions": conditions},
    }


def deployment(wanted: int, found: int, generation: int = 1) -> Json:
    return {
        "metadata": {"name": "chat", "generation": generation},
        "spec": {"replicas": wanted},
        "status": {"observedGeneration": 1, "replicas": found},
    }


def sight(*pods: Json) -> Sight:
    made = Sight(lambda: NOW)
    made.reconcile("Pod", pods)
    return made


def test_a_pod_is_rented_from_its_binding_on():
    assert sight(pod()).rented == {"p1": Rented("chat", spot=False, since=BOUND)}


def test_a_pod_without_a_node_is_not_rented():
    assert sight(pod(node="")).rented == {}


def test_a_pod_on_a_spot_node_is_on_spot():
    assert sight(pod(node="spot-3")).rented["p1"].spot


def test_a_pod_is_rented_until_it_is_gone():
    seen = sight(pod())
    seen.take("Pod", "DELETED", pod())
    assert seen.rented["p1"].until == NOW


def test_a_pod_that_has_failed_is_rented_no_more():
    seen = sight(pod())
    failed = pod()
    failed["status"]["phase"] = "Failed"
    seen.take("Pod", "MODIFIED", failed)
    assert seen.rented["p1"].until == NOW


def test_a_pod_that_went_while_nobody_watched_is_missed_in_the_list():
    seen = sight(pod("p1"), pod("p2"))
    seen.reconcile("Pod", [pod("p2")])
    assert [uid for uid, one in seen.rented.items() if one.until] == ["p1"]


def test_each_size_is_noted_once():
    seen = sight()
    for size in (2, 2, 3, 2):
        seen.take("Deployment", "MODIFIED", deployment(size, size))
    assert seen.sizes == {"chat": [(NOW, 2), (NOW, 3), (NOW, 2)]}


def test_all_is_still_when_each_pod_is_ready():
    seen = sight(pod())
    seen.take("Deployment", "ADDED", deployment(1, 1))
    assert seen.is_still()


def test_a_pod_that_loads_moves():
    assert not sight(pod(ready=False)).is_still()


def test_a_pod_that_goes_moves():
    assert not sight(pod(deletionTimestamp="2027-03-01T08:30:00Z")).is_still()


def test_a_pod_that_has_just_found_no_node_moves():
    assert not sight(pod(node="", ready=False)).is_still()


def test_a_deployment_with_too_few_pods_moves():
    assert not settled(deployment(2, 1))


def test_a_deployment_whose_change_its_controller_has_not_seen_moves():
    assert not settled(deployment(1, 1, generation=2))
